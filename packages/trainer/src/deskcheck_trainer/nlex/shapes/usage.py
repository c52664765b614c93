"""Evidence from bodies: what a function does with its parameters, and what the functions it calls do with them.

A body is walked once, in the order of its lines; every expression has a shape, and what is done with it is evidence for
that shape. Helper functions and classes of the same module are walked when they are met, once each: all their callers
share one signature. Sums are settled at the end, when it is known what is added (numbers, texts, lists). Nothing is
executed. A walk that grows too long stops with what it knows by then.
"""

from __future__ import annotations

import ast
from collections import ChainMap
from collections.abc import Mapping
from functools import partial

from deskcheck_trainer.nlex.shapes import expressions
from deskcheck_trainer.nlex.shapes.definitions import FunctionNode, Instances, Meaning, Scope, Signature
from deskcheck_trainer.nlex.shapes.docstrings import docstring_hints
from deskcheck_trainer.nlex.shapes.functions import FUNCTIONS
from deskcheck_trainer.nlex.shapes.hints import annotate, default, literal, name_hint, value
from deskcheck_trainer.nlex.shapes.operators import settle
from deskcheck_trainer.nlex.shapes.shape import Code, Shape
from deskcheck_trainer.nlex.shapes.statements import MAX_STEPS, bind, walk


class Usage:
    """Walks the functions of one module."""

    def __init__(self, tree: ast.Module) -> None:
        self.steps = 0
        self.sums: list[tuple[ast.operator, Shape, Shape, Shape]] = []
        self.signatures: dict[ast.AST, Signature] = {}
        self.instances: dict[ast.ClassDef, Instances] = {}
        self.module = Scope({})
        self.classes = {n.name: partial(self._is_instance, n) for n in tree.body if isinstance(n, ast.ClassDef)}
        for node in tree.body:
            self._top_level(node)

    def _top_level(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                self.module.names[name] = self.meaning(node, self.module)
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=given)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as given)
            ):
                if isinstance(given, ast.Call) and getattr(given.func, "id", "") == "TypeVar":
                    self.classes[name] = lambda shape: shape.vote("int", 50)  # type: ignore[assignment]
                elif (found := literal(given)) is not ...:
                    self.module.names[name] = value(Shape(), found)

    def entry(self, function: ast.FunctionDef) -> dict[str, Shape]:
        """The shapes of a function's parameters, settled."""
        signature = self.signature(Meaning(function, self.module))
        self._walk_methods()
        for _ in range(4):
            self._settle()
            for shape in signature.parameters.values():
                self._tie(shape, set())
        return signature.parameters

    def _walk_methods(self) -> None:
        """Methods of the objects that were made: what they do with attributes tells what the constructor is given."""
        for instances in list(self.instances.values()):
            for name in instances.methods:
                if (method := self.own_method(instances.itself, name)) is not None:
                    self.signature(method.known.meaning)

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

    def meaning(self, node: FunctionNode | ast.ClassDef, scope: Scope, owner: Shape | None = None) -> Shape:
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
            walk(self, node.body, scope)
        return self.signatures[node]

    def _hints(self, node: FunctionNode, parameters: dict[str, Shape]) -> None:
        a = node.args
        places = [*a.posonlyargs, *a.args]
        defaults = [None] * (len(places) - len(a.defaults)) + list(a.defaults)
        if not isinstance(node, ast.Lambda):
            docstring_hints(ast.get_docstring(node) or "", parameters)
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
        self._rest(meaning, signature, arguments)
        return signature.returns

    def _rest(self, meaning: Meaning, signature: Signature, arguments: list[Shape]) -> None:
        """What `*names` takes of the arguments."""
        if isinstance(meaning.node, ast.ClassDef) or not (rest := meaning.node.args.vararg):
            return
        taken = len(meaning.node.args.posonlyargs) + len(meaning.node.args.args) - (meaning.owner is not None)
        for given in arguments[taken:]:
            signature.parameters[rest.arg].part("item").same_as(given)

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

    # ---- expressions ----

    def shape(self, node: ast.expr, scope: Scope) -> Shape:
        """The shape of an expression; what it does with its parts is noted."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            return Shape()
        return expressions.expression(self, node, scope)

    def bind(self, target: ast.expr, shape: Shape, scope: Scope) -> None:
        """Assign to a target."""
        bind(self, target, shape, scope)

    def test(self, node: ast.expr, scope: Scope) -> None:
        """A condition: a bare name in it may be true or false."""
        if isinstance(node, ast.Name):
            self.shape(node, scope).vote("bool", 0.3)
        else:
            self.shape(node, scope)

    def lambda_(self, node: ast.Lambda, scope: Scope) -> Shape:
        """A function without a name."""
        return self.meaning(node, scope)

    def own_method(self, owner: Shape, name: str) -> Shape | None:
        """The method of a class of the module: of an instance, or of the class itself."""
        meaning = owner.known.meaning
        if isinstance(meaning, Instances) and name in meaning.methods:
            method = meaning.methods[name]
            sort = [getattr(decorator, "id", "") for decorator in method.decorator_list]
            bound = None if "staticmethod" in sort else meaning.itself
            bound = self.module.names.get(meaning.node.name) if "classmethod" in sort else bound
            return self.meaning(method, self.module, bound)
        if isinstance(meaning, Meaning) and isinstance(meaning.node, ast.ClassDef):
            self._is_instance(meaning.node, Shape())
            method = self.own_method(self.instances[meaning.node].itself, name)
            plain = method is not None and method.known.meaning.owner is self.instances[meaning.node].itself
            return self.meaning(method.known.meaning.node, self.module) if method and plain else method
        return None

    def spread(self, function: Shape, given: Shape) -> None:
        """`f(**given)`: a dictionary that holds the parameters."""
        given.vote("dict")
        wanted: Mapping[str, Shape] = {}
        match function.known.meaning:
            case Meaning(node=ast.ClassDef() as node):
                self._is_instance(node, Shape())
                wanted = self.instances[node].constructor
            case Meaning() as meaning:
                wanted = self.signature(meaning).parameters
        for name, shape in wanted.items():
            given.part(("field", name)).same_as(shape)

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
