"""The shape of each sort of expression."""

from __future__ import annotations

import ast
from collections import ChainMap
from typing import TYPE_CHECKING

from deskcheck_trainer.nlex.shapes.functions import FUNCTIONS, builtin
from deskcheck_trainer.nlex.shapes.hints import literal, value
from deskcheck_trainer.nlex.shapes.methods import method
from deskcheck_trainer.nlex.shapes.modules import MODULES, dates
from deskcheck_trainer.nlex.shapes.operators import compared, near_constant
from deskcheck_trainer.nlex.shapes.shape import Code, Shape, mapping, row, sequence

if TYPE_CHECKING:
    from deskcheck_trainer.nlex.shapes.definitions import Scope
    from deskcheck_trainer.nlex.shapes.usage import Usage

_TYPES = ("int", "float", "str", "bool", "list", "tuple", "dict", "set", "bytes")


def expression(usage: Usage, node: ast.expr, scope: Scope) -> Shape:
    """The shape of an expression; what it does with its parts is noted."""
    match node:
        case ast.Constant(value=found):
            return value(Shape(), found, 0.5)
        case ast.Slice():
            return Shape()
        case ast.Name(id=name):
            return scope.names.get(name) or (builtin(name) if name in FUNCTIONS else Shape())
        case ast.BinOp(left=left, op=operator, right=right):
            return _operation(usage, left, operator, right, scope)
        case ast.Compare():
            return _comparison(usage, node, scope)
        case ast.Call():
            return _call(usage, node, scope)
        case ast.Subscript():
            return _subscript(usage, node, scope)
        case ast.Attribute(value=owner, attr=name):
            return _attribute(usage, owner, name, scope)
        case ast.BoolOp(values=parts):
            for part in parts:
                usage.test(part, scope)
            return Shape()
        case ast.UnaryOp(op=operator, operand=operand):
            return _unary(usage, operator, operand, scope)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            usage.test(test, scope)
            return usage.shape(body, scope).alike(usage.shape(orelse, scope))
        case ast.Lambda():
            return usage.lambda_(node, scope)
        case ast.NamedExpr(target=target, value=given):
            usage.bind(target, shape := usage.shape(given, scope), scope)
            return shape
        case _:
            return _display(usage, node, scope)


def _display(usage: Usage, node: ast.expr, scope: Scope) -> Shape:
    match node:
        case ast.List(elts=parts) | ast.Set(elts=parts):
            made = Shape()
            for part in parts:
                made.alike(usage.shape(part, scope))
            return sequence(made, "list" if isinstance(node, ast.List) else "set")
        case ast.Tuple(elts=parts):
            return row(*(usage.shape(part, scope) for part in parts))
        case ast.Dict(keys=keys, values=values):
            key, found = Shape(), Shape()
            for part in keys:
                key.same_as(usage.shape(part, scope)) if part else None
            for part in values:
                found.alike(usage.shape(part, scope))
            return mapping(key, found)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            return _comprehension(usage, node, scope)
        case ast.JoinedStr(values=parts):
            for part in parts:
                if isinstance(part, ast.FormattedValue):
                    _formatted(usage, part, scope)
            return Shape("str")
        case ast.Starred(value=given):
            return usage.element(usage.shape(given, scope))
        case ast.Yield(value=ast.expr() as given) | ast.Await(value=given) | ast.YieldFrom(value=given):
            usage.shape(given, scope)
            return Shape()
    return Shape()


def _formatted(usage: Usage, part: ast.FormattedValue, scope: Scope) -> None:
    shape = usage.shape(part.value, scope)
    if isinstance(part.format_spec, ast.JoinedStr) and ast.unparse(part.format_spec)[-2:-1] in tuple("fdxbe"):
        shape.vote("number", 0.5)


def _comprehension(
    usage: Usage, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope
) -> Shape:
    inner = type(scope)(ChainMap({}, scope.names))
    for loop in node.generators:
        usage.bind(loop.target, usage.element(usage.shape(loop.iter, inner)), inner)
        for test in loop.ifs:
            usage.test(test, inner)
    if isinstance(node, ast.DictComp):
        return mapping(usage.shape(node.key, inner), usage.shape(node.value, inner))
    return sequence(usage.shape(node.elt, inner), "set" if isinstance(node, ast.SetComp) else "list")


def _operation(usage: Usage, left: ast.expr, operator: ast.operator, right: ast.expr, scope: Scope) -> Shape:
    one, other = usage.shape(left, scope), usage.shape(right, scope)
    if isinstance(operator, ast.Add | ast.Sub) and isinstance(right, ast.Constant) and isinstance(right.value, int):
        if one.kind() is None:
            one.vote("number", 0.7)
        return one  # `i + 1` is an index as `i` is, `n - 1` a size as `n` is
    return usage.operation(operator, one, other)


def _unary(usage: Usage, operator: ast.unaryop, operand: ast.expr, scope: Scope) -> Shape:
    if isinstance(operator, ast.Not):
        usage.test(operand, scope)
        return Shape("bool")
    if (found := literal(operand)) is not ... and isinstance(found, int | float):
        return value(Shape(), -found if isinstance(operator, ast.USub) else found, 0.5)
    return usage.shape(operand, scope).vote("number", 0.5)


def _comparison(usage: Usage, node: ast.Compare, scope: Scope) -> Shape:
    parts = [node.left, *node.comparators]
    shapes = [usage.shape(part, scope) for part in parts]
    for i, operator in enumerate(node.ops):
        pair, nodes = (shapes[i], shapes[i + 1]), (parts[i], parts[i + 1])
        member = isinstance(operator, ast.In | ast.NotIn)
        if any(isinstance(n, ast.Constant) and n.value is None for n in nodes):
            pair[0].mark("none?")
        elif not member and (which := [literal(n) is not ... for n in nodes]) != [False, False]:
            near_constant(pair[which[0]], pair[not which[0]])
        elif isinstance(operator, ast.Eq) and (kind := _type_test(nodes)):
            usage.shape(nodes[0].args[0], scope).vote(kind)  # type: ignore[attr-defined] - `type(x) == int`
        elif member and isinstance(nodes[0], ast.Constant) and pair[1].kind() != "str":
            _contains(pair[1], nodes[0].value)
        else:
            compared(pair[0], operator, pair[1])
    return Shape("bool")


def _type_test(nodes: tuple[ast.expr, ast.expr]) -> str | None:
    match nodes:
        case (ast.Call(func=ast.Name(id="type"), args=[_]), ast.Name(id=name)) if name in _TYPES:
            return name
    return None


def _contains(many: Shape, found: object) -> None:
    """`'key' in record`, `' ' in text`, `3 in xs`."""
    if isinstance(found, str):
        many.vote("str" if not found.isidentifier() or len(found) == 1 else "container", 0.7)
        many.known.marks.setdefault(f"holds {found[:20]}")
    else:
        many.vote("container", 0.7)
        value(many.part("item"), found, 0.5)


def _call(usage: Usage, node: ast.Call, scope: Scope) -> Shape:
    arguments = [usage.shape(part, scope) for part in node.args]
    named = {part.arg: usage.shape(part.value, scope) for part in node.keywords if part.arg}
    for part in node.keywords:
        if part.arg is None and isinstance(node.func, ast.Name):
            usage.spread(scope.names.get(node.func.id) or Shape(), usage.shape(part.value, scope))
    match node.func:
        case ast.Name(id="isinstance") if len(node.args) == 2:
            return _is_instance(usage, arguments[0], node.args[1])
        case ast.Name(id=name) if name in scope.names:
            return usage.called(scope.names[name], arguments, named)
        case ast.Name(id=name) if name in FUNCTIONS:
            return FUNCTIONS[name](usage, arguments, named)
        case ast.Attribute(value=ast.Name(id=module), attr=name) if module in MODULES and module not in scope.names:
            return MODULES[module](usage, name, arguments, named)
        case ast.Attribute(attr=("strptime" | "datetime64" | "fromisoformat" | "to_datetime") as name):
            return dates(usage, name, arguments, named)
        case ast.Attribute(value=owner, attr=name):
            shape = usage.shape(owner, scope)
            if (own := usage.own_method(shape, name)) is not None:
                return usage.called(own, arguments, named)
            return method(usage, shape, name, node, arguments)
        case ast.Name():
            return Shape()
    return usage.called(usage.shape(node.func, scope), arguments, named)


def _is_instance(usage: Usage, shape: Shape, node: ast.expr) -> Shape:
    for part in node.elts if isinstance(node, ast.Tuple) else [node]:
        if isinstance(part, ast.Name) and part.id in _TYPES:
            shape.vote(part.id, 0.8)
        elif isinstance(part, ast.Name) and part.id in usage.classes:
            usage.classes[part.id](shape)
    return Shape("bool")


def _subscript(usage: Usage, node: ast.Subscript, scope: Scope) -> Shape:
    owner = usage.shape(node.value, scope)
    found = literal(node.slice)
    if isinstance(node.slice, ast.Slice):
        for part in (node.slice.lower, node.slice.upper, node.slice.step):
            if part is not None:
                usage.shape(part, scope).vote("int").mark("count")
        if owner.kind() not in ("str", "list", "tuple"):
            owner.vote("container")
        return owner.mark("measured")
    if isinstance(found, str):
        owner.vote("dict")
        return owner.part(("field", found))
    if isinstance(found, int):
        if owner.kind() not in ("list", "tuple", "str", "dict"):
            owner.vote("container")
        return owner.part(found) if 0 <= found < 10 else owner.mark("measured", "filled").part("item")
    if isinstance(node.slice, ast.Tuple):
        for part in node.slice.elts:
            usage.shape(part, scope)
        if owner.kind() in (None, "list"):  # m[i, j] of an array
            owner.vote("list").mark("measured").part("key")
            owner.part("item").vote("list").mark("measured").part("key")
            return owner.part("item").part("item")
        return Shape()
    key = usage.shape(node.slice, scope)
    if key.kind() in ("str", "tuple"):
        owner.vote("dict")
    elif owner.kind() is None:
        owner.vote("container")
    if owner.kind() in ("list", "str", "tuple"):
        key.vote("int", 0.5)
    owner.part("key").same_as(key)
    return owner.part("item")


def _attribute(usage: Usage, owner: ast.expr, name: str, scope: Scope) -> Shape:
    if isinstance(owner, ast.Name) and owner.id in usage.classes and owner.id in scope.names:
        shape = usage.classes[owner.id](Shape())
        return shape.constant(Code(f"{owner.id}.{name}")) if shape.marked("closed") else shape.part(("field", name))
    if isinstance(owner, ast.Name) and owner.id in MODULES and owner.id not in scope.names:
        return Shape()
    shape = usage.shape(owner, scope)
    if (own := usage.own_method(shape, name)) is not None:
        return own
    if name == "shape":
        owner_row = shape.vote("list", 2).mark("measured").part("item")
        return row(shape.part("key"), owner_row.part("key"))
    if name in ("real", "imag", "T", "size", "dtype", "ndim"):
        return shape if name == "T" else Shape()
    return shape.vote("object", 0.5).part(("field", name))
