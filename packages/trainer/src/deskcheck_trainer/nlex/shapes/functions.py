"""What built-in functions say of what they are given, and what they give: `len(x)`, `zip(a, b)`, `int(x)`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from deskcheck_trainer.nlex.shapes.shape import Shape, mapping, row, sequence

if TYPE_CHECKING:
    from deskcheck_trainer.nlex.shapes.usage import Usage

Arguments = list[Shape]
Builtin = Callable[["Usage", Arguments, dict[str, Shape]], Shape]


def _length(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    for shape in a[:1]:
        if shape.kind() not in ("str", "list", "dict", "set", "tuple"):
            shape.vote("container")
        return shape.mark("measured").part("key") if shape.kind() != "dict" else Shape("int")
    return Shape()


def range_(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    for shape in a:
        shape.vote("int").mark("count")
    if not a:
        return Shape()
    bound = a[0] if len(a) == 1 else a[1]
    return sequence(bound if bound.kind() == "int" else Shape("int"))


def _copy(kind: str) -> Builtin:
    def made(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
        for key in ("key", "default"):
            if key in named and a and named[key].known.meaning:
                usage.called(named[key], [usage.element(a[0])], {})
        return sequence(usage.element(a[0]), kind) if a else Shape(kind)

    return made


def _extreme(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    if len(a) != 1:
        for one, other in pairwise(a):
            one.alike(other)
        return a[0].vote("number", 0.3) if a else Shape()
    element = usage.element(a[0])
    a[0].mark("filled")
    if "key" in named:
        usage.called(named["key"], [element], {})
    return element


def sum_(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    if not a:
        return Shape()
    element = usage.element(a[0])
    if element.kind() not in ("int", "float", "list"):
        element.vote("number")
    return Shape(element.kind() or "int")


def _enumerate(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    return sequence(row(a[0].part("key"), usage.element(a[0]))) if a else Shape("list")


def zip_(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    for one, other in pairwise(a):
        one.part("key").same_as(other.part("key"))
    return sequence(row(*(usage.element(shape) for shape in a)))


def _map(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    return sequence(usage.called(a[0], [usage.element(shape) for shape in a[1:]], {})) if len(a) > 1 else Shape("list")


def _filter(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    if len(a) != 2:
        return Shape("list")
    usage.called(a[0], [usage.element(a[1])], {})
    return sequence(usage.element(a[1]))


def _number(kind: str) -> Builtin:
    def made(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
        for shape in a[:1]:
            if len(a) == 2:
                shape.vote("str").mark("digits")
            elif shape.kind() == "str":
                shape.mark("digits")
            elif not shape.told():
                shape.vote(kind, 0.6)
            shape.mark("digits?")
        return Shape(kind)

    return made


def _takes(kind: str, result: str | None, *marks: str) -> Builtin:
    """A function of numbers or texts."""

    def made(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
        for shape in a:
            shape.vote(kind).mark(*marks)
        return Shape(result) if result else Shape()

    return made


def _same(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    """`abs`, `round`: a number gives one of its sort."""
    for shape in a[:1]:
        if shape.kind() not in ("int", "float"):
            shape.vote("number")
    return Shape(a[0].kind() or "int") if a else Shape()


def _divmod(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    for shape in a:
        shape.vote("int")
    for shape in a[1:]:
        shape.mark("positive")
    return row(Shape("int"), Shape("int"))


def _text(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    """`str(x)` tells that x is none: its text is one of digits, or of anything."""
    for shape in a[:1]:
        if not shape.told():
            shape.vote("int", 0.3)
    return Shape("str")


def _dict(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    if not a or a[0].kind() == "dict":
        return a[0] if a else Shape("dict")
    pair = usage.element(a[0])
    return mapping(pair.part(0), pair.part(1))


def _any(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    for shape in a[:1]:
        usage.element(shape)
    return Shape("bool")


def _next(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    return usage.element(a[0]) if a else Shape()


FUNCTIONS: dict[str, Builtin] = {
    **{"len": _length, "range": range_, "sum": sum_, "enumerate": _enumerate, "zip": zip_, "map": _map},
    **{"filter": _filter, "any": _any, "all": _any, "next": _next, "dict": _dict, "str": _text, "repr": _text},
    **{"min": _extreme, "max": _extreme, "abs": _same, "round": _same, "divmod": _divmod, "pow": _same},
    **{"int": _number("int"), "float": _number("float"), "chr": _takes("int", "str", "code point")},
    **{"ord": _takes("str", "int", "char"), "bin": _takes("int", "str"), "hex": _takes("int", "str")},
    **{"oct": _takes("int", "str"), "bool": lambda usage, a, named: Shape("bool"), "iter": _copy("list")},
    **{"list": _copy("list"), "sorted": _copy("list"), "reversed": _copy("list"), "tuple": _copy("tuple")},
    **{"set": _copy("set"), "frozenset": _copy("set"), "deque": _copy("list"), "Fraction": _same, "Decimal": _same},
    **{"sqrt": _takes("number", "float", "positive"), "gcd": _takes("int", "int")},
    **{"defaultdict": lambda usage, a, named: Shape("dict"), "OrderedDict": _dict},
}


def _counter(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    return mapping(usage.element(a[0]) if a else Shape(), Shape("int"))


FUNCTIONS["Counter"] = _counter


def builtin(name: str) -> Shape:
    """The shape of a built-in function given to another: `map(int, xs)`."""
    shape = Shape("function")
    shape.known.meaning = name
    return shape
