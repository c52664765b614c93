"""What functions of the standard library's modules, and a few of numpy's, say of what they are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from deskcheck_trainer.nlex.shapes.functions import FUNCTIONS, Arguments, range_, sum_, zip_
from deskcheck_trainer.nlex.shapes.shape import Shape, row, sequence

if TYPE_CHECKING:
    from deskcheck_trainer.nlex.shapes.usage import Usage

_WHOLE = ("gcd", "lcm", "comb", "perm", "factorial", "isqrt")


def _math(usage: Usage, name: str, a: Arguments, named: dict[str, Shape]) -> Shape:
    if name in ("prod", "fsum"):
        return sum_(usage, a, named)
    for shape in a:
        shape.vote("int" if name in _WHOLE else "number")
        if name in ("sqrt", "log", "log2", "log10", "acos", "isqrt"):
            shape.mark("positive")
        if name in ("comb", "perm", "factorial", "exp"):
            shape.mark("count")
    return Shape("int" if name in (*_WHOLE, "floor", "ceil") else "bool" if name.startswith("is") else "float")


def _itertools(usage: Usage, name: str, a: Arguments, named: dict[str, Shape]) -> Shape:
    if name in ("combinations", "permutations", "combinations_with_replacement") and a:
        for size in a[1:]:
            size.vote("int").mark("count")
        return sequence(sequence(usage.element(a[0]), "tuple").mark("filled"))
    if name == "product":
        return sequence(row(*(usage.element(shape) for shape in a)))
    if name in ("chain", "accumulate", "cycle", "islice") and a:
        return sequence(usage.element(a[0]))
    if name == "zip_longest":
        return zip_(usage, a, named)
    if name == "groupby" and a:
        element = usage.element(a[0])
        return sequence(row(element, sequence(element)))
    return Shape()


def _re(usage: Usage, name: str, a: Arguments, named: dict[str, Shape]) -> Shape:
    for shape in a[:3] if name == "sub" else a[:2]:
        shape.vote("str")
    return sequence(Shape("str")) if name in ("findall", "split") else Shape("str") if name == "sub" else Shape()


def _collections(usage: Usage, name: str, a: Arguments, named: dict[str, Shape]) -> Shape:
    return FUNCTIONS[name](usage, a, named) if name in FUNCTIONS else Shape()


def _heapq(usage: Usage, name: str, a: Arguments, named: dict[str, Shape]) -> Shape:
    places = [i for i, shape in enumerate(a) if i == (1 if name.startswith("n") else 0)]
    element = usage.element(a[places[0]].vote("list")) if places else Shape()
    if name in ("heappush", "heappushpop") and len(a) > 1:
        element.same_as(a[1])
    return sequence(element) if name.startswith("n") else element


def dates(usage: Usage, name: str, a: Arguments, named: dict[str, Shape]) -> Shape:
    """Texts that are read as dates, and what dates are made of."""
    if name == "strptime" and len(a) == 2:
        a[0].vote("str").known.formats.update(dict.fromkeys(a[1].constants(str)))
    elif name in ("fromisoformat", "datetime64", "to_datetime") and a:
        a[0].vote("str").known.formats["%Y-%m-%d"] = None
    elif name in ("datetime", "date", "timedelta"):
        for shape in [*a, *named.values()]:
            shape.vote("int").mark("positive")
    return Shape()


def _numpy(usage: Usage, name: str, a: Arguments, named: dict[str, Shape]) -> Shape:
    if not a:
        return Shape()
    if name in ("array", "asarray", "sort", "cumsum", "copy", "matrix", "diff", "unique"):
        if a[0].kind() != "list":
            a[0].vote("list", 1.5)
        usage.element(a[0])
        return a[0]
    if name in ("zeros", "ones", "arange", "linspace", "eye"):
        a[-1].vote("int").mark("count") if name != "arange" else range_(usage, a, named)
        return sequence(Shape("float"))
    if name in ("mean", "sum", "std", "var", "median", "max", "min", "prod") and a[0].kind() not in ("int", "float"):
        element = usage.element(a[0])
        element.vote("number")
        return Shape("float")
    for shape in a:
        if shape.kind() not in ("int", "float", "list"):
            shape.vote("number")
    return Shape()


def _json(usage: Usage, name: str, a: Arguments, named: dict[str, Shape]) -> Shape:
    if name == "loads" and a:
        a[0].vote("str", 2)
        return a[0].part("json")
    return Shape("str")


def _statistics(usage: Usage, name: str, a: Arguments, named: dict[str, Shape]) -> Shape:
    sum_(usage, a, named)
    return Shape("float")


def _reduce(usage: Usage, name: str, a: Arguments) -> Shape:
    if name == "reduce" and len(a) > 1:
        element = usage.element(a[1])
        a[1].mark("filled")
        return usage.called(a[0], [element, element], {})
    return Shape()


Module = Callable[["Usage", str, Arguments, dict[str, Shape]], Shape]
MODULES: dict[str, Module] = {
    **{"math": _math, "cmath": _math, "itertools": _itertools, "re": _re, "collections": _collections},
    **{"heapq": _heapq, "datetime": dates, "date": dates, "json": _json, "np": _numpy, "numpy": _numpy},
    **{name: lambda usage, name, a, named: Shape() for name in ("random", "string", "time", "sys", "os", "copy", "dt")},
    "statistics": _statistics,
    "operator": lambda usage, name, a, named: Shape("function"),
    "functools": lambda usage, name, a, named: _reduce(usage, name, a),
}
"""Modules by the names under which they are imported as a rule."""


# ---- called without their module: `from math import sqrt` ----

FUNCTIONS["reduce"] = lambda usage, a, named: _reduce(usage, "reduce", a)
for _name in ("combinations", "permutations", "product", "accumulate", "groupby", "chain", "zip_longest"):
    FUNCTIONS[_name] = lambda usage, a, named, name=_name: _itertools(usage, name, a, named)
for _name in ("heappush", "heappop", "heapify", "nlargest", "nsmallest"):
    FUNCTIONS[_name] = lambda usage, a, named, name=_name: _heapq(usage, name, a, named)
for _name in ("factorial", "ceil", "floor", "log", "log2", "log10", "comb"):
    FUNCTIONS[_name] = lambda usage, a, named, name=_name: _math(usage, name, a, named)
