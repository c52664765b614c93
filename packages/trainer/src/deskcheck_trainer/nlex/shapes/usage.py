"""Evidence from bodies: what a function does with its parameters, and what the functions it calls do with them.

A body is walked once, in the order of its lines; every expression has a shape, and what is done with it is evidence for
that shape. Helper functions and classes of the same module are walked when they are met, once each: all their callers
share one signature. Sums are settled at the end, when it is known what is added (numbers, texts, lists). Nothing is
executed. A walk that grows too long stops with what it knows by then.
"""

from __future__ import annotations

import ast
from collections import ChainMap
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from functools import partial

from deskcheck_trainer.nlex.shapes import expressions
from deskcheck_trainer.nlex.shapes.hints import annotate, default, literal, name_hint, value
from deskcheck_trainer.nlex.shapes.library import FUNCTIONS
from deskcheck_trainer.nlex.shapes.operators import settle
from deskcheck_trainer.nlex.shapes.shape import Code, Shape, sequence

MAX_STEPS = 20_000
"""Expressions and statements walked for one function."""

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(eq=False)
class Scope:
    """The names of a function that is being walked."""

    names: MutableMapping[str, Shape]
    returns: Shape = field(default_factory=Shape)


@dataclass(frozen=True)
class Meaning:
    """A function or class of the module, with the scope it was defined in; `self` for methods."""

    node: FunctionNode | ast.ClassDef
    scope: Scope
    owner: Shape | None = None


@dataclass(frozen=True)
class Signature:
    """What a function takes and gives."""

    parameters: dict[str, Shape]
    returns: Shape


@dataclass(frozen=True)
class Instances:
    """A class with what its instances hold; as the meaning of a shape, it is an instance."""

    node: ast.ClassDef
    itself: Shape
    methods: dict[str, FunctionNode]
    bases: tuple[str, ...] = ()
    constructor: dict[str, Shape] = field(default_factory=dict)
    """What `Class(...)` takes, by name."""


class Usage:
    """Walks the functions of one module."""

    def __init__(self, tree: ast.Module) -> None:
        self.steps = 0
        self.sums: list[tuple[ast.operator, Shape, Shape, Shape]] = []
        self.signatures: dict[ast.AST, Signature] = {}
        self.instances: dict[ast.ClassDef, Instances] = {}
        self.module = Scope({})
        self.classes = {
            n.name: partial(self._is_instance, n) for n in tree.body if isinstance(n, ast.ClassDef)
        }
        for node in tree.body:
            self._top_level(node)

    def _top_level(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                self.module.names[name] = self._meaning(node, self.module)
            case ast.Assign(targets=[ast.Name(id=name)], value=given) | ast.AnnAssign(
                target=ast.Name(id=name), value=ast.expr() as given
            ):
                if isinstance(given, ast.Call) and getattr(given.func, "id", "") == "TypeVar":
                    self.classes[name] = lambda shape: shape.vote("int", 50)  # type: ignore[assignment]
                elif (found := literal(given)) is not ...:
                    self.module.names[name] = value(Shape(), found)

    def entry(self, function: ast.FunctionDef) -> dict[str, Shape]:
        """The shapes of a function's parameters, settled."""
        signature = self.signature(Meaning(function, self.module))
        for _ in range(4):
            self._settle()
            for shape in signature.parameters.values():
                self._tie(shape, set())
        return signature.parameters

    def _settle(self) -> None:
        for operator, left, right, result in self.sums:
            settle(operator, left, right, result)

    def _tie(self, shape: Shape, seen: set[int]) -> None:
        if id(shape.root) in seen or len(seen) > 500:
            return
        seen.add(id(shape.root))
        shape.tie()
        for part in list(shape.known.parts.values()):
            self._tie(part, seen)

    # ---- functions and classes ----

    def _meaning(self, node: FunctionNode | ast.ClassDef, scope: Scope, owner: Shape | None = None) -> Shape:
        shape = Shape("function")
        shape.known.meaning = Meaning(node, scope, owner)
        return shape

    def signature(self, meaning: Meaning) -> Signature:
        """What a function takes and gives; walks its body when it is met first."""
        node = meaning.node
        assert not isinstance(node, ast.ClassDef)
        if node in self.signatures:
            return self.signatures[node]
        a = node.args
        named = [*a.posonlyargs, *a.args, *a.kwonlyargs]
        parameters = {p.arg: annotate(Shape(), p.annotation, self.classes) for p in named}
        scope = Scope(ChainMap({}, meaning.scope.names))
        self.signatures[node] = Signature(parameters, scope.returns)
        self._hints(node, parameters)
        if meaning.owner is not None and named:
            parameters[named[0].arg].same_as(meaning.owner)
        for star, kind in ((a.vararg, "list"), (a.kwarg, "dict")):
            if star:
                parameters[star.arg] = Shape(kind)
                annotate(parameters[star.arg].part("item"), star.annotation, self.classes)
        scope.names.update(parameters)
        if isinstance(node, ast.Lambda):
            scope.returns.same_as(self.shape(node.body, scope))
        else:
            self._body(node.body, scope)
        return self.signatures[node]

    def _hints(self, node: FunctionNode, parameters: dict[str, Shape]) -> None:
        a = node.args
        places = [*a.posonlyargs, *a.args]
        defaults = [None] * (len(places) - len(a.defaults)) + list(a.defaults)
        for p, given in zip([*places, *a.kwonlyargs], [*defaults, *a.kw_defaults], strict=True):
            default(parameters[p.arg], given)
            if p.annotation is None and not isinstance(node, ast.Lambda):
                name_hint(parameters[p.arg], p.arg)

    def called(self, function: Shape, arguments: list[Shape], named: dict[str, Shape]) -> Shape:
        """The result of a call of what the module defines."""
        meaning = function.known.meaning
        if isinstance(meaning, Meaning) and isinstance(meaning.node, ast.ClassDef):
            return self._made(meaning.node, arguments, named)
        if isinstance(meaning, str):
            return FUNCTIONS[meaning](self, arguments, named)
        if not isinstance(meaning, Meaning):
            function.vote("function")
            return Shape()
        signature = self.signature(meaning)
        places = list(signature.parameters.values())[meaning.owner is not None :]
        for given, wanted in zip(arguments, places, strict=False):
            wanted.same_as(given)
        for name, given in named.items():
            if name in signature.parameters:
                signature.parameters[name].same_as(given)
        return signature.returns

    def _made(self, node: ast.ClassDef, arguments: list[Shape], named: dict[str, Shape]) -> Shape:
        made = self._is_instance(node, Shape())
        wanted = self.instances[node].constructor
        for name, given in [*zip(wanted, arguments, strict=False), *named.items()]:
            if name in wanted:
                wanted[name].same_as(given)
        return made

    def _is_instance(self, node: ast.ClassDef, shape: Shape) -> Shape:
        if node not in self.instances:
            itself = Shape("object")
            methods = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}
            bases = tuple(getattr(b, "id", getattr(b, "attr", "")) for b in node.bases)
            itself.known.meaning = self.instances[node] = Instances(node, itself, methods, bases)
            self._fields(self.instances[node])
        shape.vote("object", 100).known.meaning = self.instances[node]
        return shape.same_as(self.instances[node].itself)

    def _fields(self, instances: Instances) -> None:
        node, itself = instances.node, instances.itself
        if any("Enum" in base for base in instances.bases):
            for n in node.body:
                if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name):
                    itself.constant(Code(f"{node.name}.{n.targets[0].id}")).mark("closed")
        for n in node.body:
            if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name):
                part = annotate(itself.part(("field", n.target.id)), n.annotation, self.classes)
                default(part, n.value)
        instances.constructor.update(itself.fields())  # of a dataclass or named tuple
        if "__init__" in instances.methods:
            signature = self.signature(Meaning(instances.methods["__init__"], self.module, itself))
            instances.constructor.clear()
            instances.constructor.update(list(signature.parameters.items())[1:])

    # ---- statements ----

    def _body(self, statements: list[ast.stmt], scope: Scope) -> None:
        for statement in statements:
            if self.steps > MAX_STEPS:
                return
            self.steps += 1
            self._statement(statement, scope)

    def _statement(self, node: ast.stmt, scope: Scope) -> None:
        match node:
            case ast.Assign(targets=targets, value=given):
                shape = self.shape(given, scope)
                for target in targets:
                    self.bind(target, shape, scope)
            case ast.AnnAssign(target=target, annotation=annotation, value=given):
                shape = annotate(self.shape(given, scope) if given else Shape(), annotation, self.classes)
                self.bind(target, shape, scope)
            case ast.AugAssign(target=target, op=operator, value=given):
                result = self.operation(operator, self.shape(target, scope), self.shape(given, scope))
                self.bind(target, result, scope)
            case ast.For(target=target, iter=given, body=body, orelse=orelse):
                self.bind(target, self.element(self.shape(given, scope)), scope)
                self._body([*body, *orelse], scope)
            case ast.While(test=test, body=body, orelse=orelse) | ast.If(test=test, body=body, orelse=orelse):
                self.test(test, scope)
                self._body(body, scope)
                self._body(orelse, scope)
            case ast.Return(value=ast.expr() as given):
                scope.returns.same_as(self.shape(given, scope))
            case ast.FunctionDef(name=name):
                scope.names[name] = self._meaning(node, scope)
            case ast.Expr(value=given):
                self.shape(given, scope)
            case _:
                self._other_statement(node, scope)

    def _other_statement(self, node: ast.stmt, scope: Scope) -> None:
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.stmt():
                    self._body([child], scope)
                case ast.ExceptHandler(body=body) | ast.match_case(body=body):
                    self._body(body, scope)
                case ast.withitem(context_expr=given):
                    self.shape(given, scope)
                case ast.expr():
                    self.test(child, scope) if isinstance(node, ast.Assert) else self.shape(child, scope)

    def bind(self, target: ast.expr, shape: Shape, scope: Scope) -> None:
        """Assign: to a name, to several, to a part."""
        match target:
            case ast.Name(id=name):
                scope.names[name] = shape
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                if not any(isinstance(part, ast.Starred) for part in parts):
                    shape.vote("tuple", 0.3).mark("unpacked")
                for i, part in enumerate(parts):
                    self.bind(part, shape.part(i), scope)
            case ast.Starred(value=part):
                self.bind(part, sequence(shape), scope)
            case ast.Subscript() | ast.Attribute():
                self.shape(target, scope).same_as(shape)

    # ---- expressions ----

    def shape(self, node: ast.expr, scope: Scope) -> Shape:
        """The shape of an expression; what it does with its parts is noted."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            return Shape()
        return expressions.expression(self, node, scope)

    def test(self, node: ast.expr, scope: Scope) -> None:
        """A condition: a bare name in it may be true or false."""
        if isinstance(node, ast.Name):
            self.shape(node, scope).vote("bool", 0.3)
        else:
            self.shape(node, scope)

    def lambda_(self, node: ast.Lambda, scope: Scope) -> Shape:
        """A function without a name."""
        return self._meaning(node, scope)

    def own_method(self, owner: Shape, name: str) -> Shape | None:
        """The method of a class of the module."""
        instances = owner.known.meaning
        if isinstance(instances, Instances) and name in instances.methods:
            return self._meaning(instances.methods[name], self.module, instances.itself)
        return None

    def element(self, shape: Shape) -> Shape:
        """What a loop over it gives."""
        if not shape.kinds().keys() & {"list", "dict", "str", "set", "tuple"}:
            shape.vote("container")
        return shape.mark("measured").part("iter")

    def operation(self, operator: ast.operator, left: Shape, right: Shape) -> Shape:
        """The result of a binary operation, settled at the end."""
        result = Shape()
        self.sums.append((operator, left, right, result))
        settle(operator, left, right, result)
        return result

