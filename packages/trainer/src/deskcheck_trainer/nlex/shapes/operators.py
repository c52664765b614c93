"""What operators and comparisons say: `a + b` of two numbers, texts or lists; `x in xs`; `n % 2 == 0`."""

from __future__ import annotations

import ast

from deskcheck_trainer.nlex.shapes.shape import Shape

_INTEGERS = (ast.FloorDiv, ast.Mod, ast.LShift, ast.RShift)
_SETS = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.Sub)
_JOINED = ("str", "list", "tuple", "bytes", "set", "dict")


def settle(operator: ast.operator, left: Shape, right: Shape, result: Shape) -> None:
    """Add what a binary operation says, as far as it is known what is operated on; may be told again later."""
    kinds = [shape.kind() for shape in (left, right, result)]
    match operator:
        case ast.Add():
            _added(kinds, left, right, result)
        case ast.Mult() if "str" in kinds[:2] or "list" in kinds[:2]:
            text, times = (left, right) if kinds[0] in ("str", "list") else (right, left)
            times.vote("int").mark("count")
            result.same_as(text)
        case ast.Mod() if kinds[0] == "str":
            result.vote("str")
        case _ if isinstance(operator, _SETS) and ("set" in kinds[:2] or "dict" in kinds[:2]):
            left.same_as(right).same_as(result)
        case _:
            _numbers(operator, left, right, result)


def _added(kinds: list[str | None], left: Shape, right: Shape, result: Shape) -> None:
    joined = next((kind for kind in kinds if kind in _JOINED), None)
    if joined == "tuple" or (joined and any(shape.fixed() for shape in (left, right))):
        for shape in (left, right, result):
            shape.vote(joined, 0.3)
    elif joined:
        left.same_as(right).same_as(result)
    elif any(kinds):
        _numbers(ast.Add(), left, right, result)


def _numbers(operator: ast.operator, left: Shape, right: Shape, result: Shape) -> None:
    whole = isinstance(operator, (*_INTEGERS, ast.BitAnd, ast.BitOr, ast.BitXor, ast.Invert))
    for shape in (left, right):
        if shape.kind() not in ("int", "float"):
            shape.vote("int" if whole else "number", 0.8)
    if isinstance(operator, ast.Div | ast.FloorDiv | ast.Mod):
        right.mark("positive")
    if isinstance(operator, ast.Pow | ast.LShift):
        right.mark("count")
    exact = whole or (left.kind() == right.kind() == "int" and not isinstance(operator, ast.Div | ast.Pow))
    if result.kind() is None:
        result.vote("int" if exact else "number", 0.8)


def compared(left: Shape, operator: ast.cmpop, right: Shape) -> None:
    """Add what a comparison says."""
    match operator:
        case ast.Is() | ast.IsNot():
            pass
        case ast.In() | ast.NotIn():
            _member(left, right)
        case _:
            sizes = isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE)
            known = {left.kind(), right.kind()} - {None}
            if known <= {"int", "float", "bool"} or len(known) < 2:
                left.same_as(right)
                if sizes and not known:
                    left.vote("number", 0.5)
            elif not known & {"int", "float", "bool"}:
                left.same_as(right)


def _member(one: Shape, many: Shape) -> None:
    if many.kind() == "str":
        one.vote("str")
        for text in many.constants(str):
            for char in dict.fromkeys(text[:60]):
                one.constant(char)
            one.mark("char")
        return
    if many.kind() is None:
        many.vote("container")
    many.mark("measured").part("iter").same_as(one)


def near_constant(shape: Shape, constant: Shape) -> None:
    """A comparison with a literal: what it is, and a value worth trying."""
    for value in constant.constants(int, float, str, bool, bytes):
        shape.constant(value)
    for kind in constant.known.votes:
        shape.vote("number" if kind in ("int", "float") else kind, 0.7)
    for value in constant.constants(str):
        if len(value) == 1:
            shape.mark("char?")
    for value in constant.constants(float):
        if value != int(value):
            shape.vote("float", 0.5)
