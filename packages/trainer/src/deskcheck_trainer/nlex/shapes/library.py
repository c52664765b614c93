"""What built-in functions, methods and a few modules say of what they are given: `len(x)`, `x.split(",")`, `math.sqrt(x)`."""

from __future__ import annotations

import ast
from collections.abc import Callable
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


def _range(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
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
        for one, other in zip(a, a[1:], strict=False):
            one.same_as(other)
        return a[0].vote("number", 0.3) if a else Shape()
    element = usage.element(a[0])
    a[0].mark("filled")
    if "key" in named:
        usage.called(named["key"], [element], {})
    return element


def _sum(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    if not a:
        return Shape()
    element = usage.element(a[0])
    if element.kind() not in ("int", "float", "list"):
        element.vote("number")
    return Shape(element.kind() or "int")


def _enumerate(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    return sequence(row(a[0].part("key"), usage.element(a[0]))) if a else Shape("list")


def _zip(usage: Usage, a: Arguments, named: dict[str, Shape]) -> Shape:
    for one, other in zip(a, a[1:], strict=False):
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
            elif shape.kind() is None:
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
        if shape.kind() is None:
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
    **{"len": _length, "range": _range, "sum": _sum, "enumerate": _enumerate, "zip": _zip, "map": _map},
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

_WHOLE = ("gcd", "lcm", "comb", "perm", "factorial", "isqrt")


def _math(usage: Usage, name: str, a: Arguments, named: dict[str, Shape]) -> Shape:
    if name in ("prod", "fsum"):
        return _sum(usage, a, named)
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
        return _zip(usage, a, named)
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


def _dates(usage: Usage, name: str, a: Arguments, named: dict[str, Shape]) -> Shape:
    if name == "strptime" and len(a) == 2:
        a[0].vote("str").known.formats.update(dict.fromkeys(a[1].constants(str)))
    elif name == "fromisoformat" and a:
        a[0].vote("str").known.formats["%Y-%m-%d"] = None
    elif name in ("datetime", "date", "timedelta"):
        for shape in [*a, *named.values()]:
            shape.vote("int").mark("positive")
    return Shape()


def _numpy(usage: Usage, name: str, a: Arguments, named: dict[str, Shape]) -> Shape:
    if not a:
        return Shape()
    if name in ("array", "asarray", "sort", "cumsum", "copy"):
        usage.element(a[0])
        return a[0]
    if name in ("zeros", "ones", "arange", "linspace", "eye"):
        a[-1].vote("int").mark("count") if name != "arange" else _range(usage, a, named)
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


Module = Callable[["Usage", str, Arguments, dict[str, Shape]], Shape]
MODULES: dict[str, Module] = {
    **{"math": _math, "cmath": _math, "itertools": _itertools, "re": _re, "collections": _collections},
    **{"heapq": _heapq, "datetime": _dates, "date": _dates, "json": _json, "np": _numpy, "numpy": _numpy},
    **{name: lambda usage, name, a, named: Shape() for name in ("random", "string", "time", "sys", "os", "copy", "dt")},
    "statistics": lambda usage, name, a, named: Shape(_sum(usage, a, named).kind() and "float" or "float"),
    "operator": lambda usage, name, a, named: Shape("function"),
    "functools": lambda usage, name, a, named: _reduce(usage, name, a),
}
"""Modules by the names under which they are imported as a rule."""


def _reduce(usage: Usage, name: str, a: Arguments) -> Shape:
    if name == "reduce" and len(a) > 1:
        element = usage.element(a[1])
        a[1].mark("filled")
        return usage.called(a[0], [element, element], {})
    return Shape()


FUNCTIONS["reduce"] = lambda usage, a, named: _reduce(usage, "reduce", a)
for _name in ("combinations", "permutations", "product", "accumulate", "groupby", "chain", "zip_longest"):
    FUNCTIONS[_name] = lambda usage, a, named, name=_name: _itertools(usage, name, a, named)
for _name in ("heappush", "heappop", "heapify", "nlargest", "nsmallest"):
    FUNCTIONS[_name] = lambda usage, a, named, name=_name: _heapq(usage, name, a, named)
for _name in ("factorial", "ceil", "floor", "log", "log2", "log10", "comb"):
    FUNCTIONS[_name] = lambda usage, a, named, name=_name: _math(usage, name, a, named)

_TEXT_TO_TEXT = (
    *("capitalize", "casefold", "center", "expandtabs", "format", "ljust", "lower", "lstrip", "replace", "rjust", "rstrip"),
    *("strip", "swapcase", "title", "translate", "upper", "zfill", "removeprefix", "removesuffix"),
)
_TEXT_TO_BOOL = ("isalnum", "isalpha", "isascii", "isidentifier", "islower", "isprintable", "isspace", "istitle", "isupper")
_DIGITS = ("isdigit", "isdecimal", "isnumeric")
_ENDS = ("startswith", "endswith")
_FINDS = ("find", "rfind", "rindex")
_LIST = ("append", "extend", "insert", "sort", "reverse", "appendleft", "popleft", "extendleft", "rotate")
_DICT = ("items", "keys", "values", "setdefault", "popitem", "get")
_SETS = ("add", "union", "intersection", "difference", "symmetric_difference", "issubset", "issuperset", "discard", "isdisjoint")
_SHARED = {"pop": {"list": 0.6}, "remove": {"list": 0.6}, "update": {"dict": 0.6}, "copy": {}, "clear": {}}
_SHARED |= {"index": {"container": 0.7}, "count": {"container": 0.7}, "most_common": {"dict": 1.0}}


def method(usage: Usage, owner: Shape, name: str, node: ast.Call, a: Arguments) -> Shape:
    """The result of a method that the module does not define; what it says of its owner is noted."""
    if name in ("split", "rsplit", "splitlines", "partition", "rpartition"):
        return _split(owner.vote("str"), name, node)
    if name in _TEXT_TO_TEXT or name in _TEXT_TO_BOOL or name in _DIGITS or name in _ENDS or name in _FINDS:
        return _of_text(owner.vote("str"), name, a)
    if name == "join":
        element = usage.element(a[0]) if a else Shape()
        element.vote("str", 0.6)
        return Shape("str")
    if name in _DICT:
        return _of_dict(owner.vote("dict"), name, node, a)
    if name in _LIST:
        return _of_list(usage, owner.vote("list"), name, a)
    if name in _SETS:
        return _of_set(usage, owner.vote("set"), name, a)
    if name in _SHARED:
        return _of_many(usage, owner, name, a)
    if name == "encode":
        owner.vote("str")
        return Shape("bytes")
    if name in ("is_integer", "bit_length", "bit_count"):
        owner.vote("int" if name.startswith("bit") else "float")
    return Shape()


def _split(owner: Shape, name: str, node: ast.Call) -> Shape:
    match node.args:
        case [ast.Constant(value=str(separator)), *_]:
            owner.known.separators[separator] = None
        case _:
            owner.known.separators["\n" if name == "splitlines" else " "] = None
    piece = owner.part("piece").vote("str", 0.5)
    return sequence(piece)


def _of_text(owner: Shape, name: str, a: Arguments) -> Shape:
    if name in _ENDS or name in _FINDS or name == "replace":
        for shape in a[:2]:
            if shape.kind() != "tuple":
                shape.vote("str", 0.7)
            for text in shape.constants(str):
                owner.known.marks.setdefault(f"holds {text[:20]}")
    if name in _DIGITS:
        owner.mark("alphanumeric")
    if name in ("isalpha", "isalnum", "islower", "isupper", "isspace"):
        owner.mark("alphanumeric")
    if name in _FINDS:
        return Shape("int")
    return Shape("str") if name in _TEXT_TO_TEXT else Shape("bool")


def _of_dict(owner: Shape, name: str, node: ast.Call, a: Arguments) -> Shape:
    owner.mark("measured") if name in ("items", "keys", "values") else None
    if name == "items":
        return sequence(row(owner.part("key"), owner.part("item")))
    if name in ("keys", "values"):
        return sequence(owner.part("key" if name == "keys" else "item"))
    if name == "popitem" or not a:
        return Shape()
    match node.args[0]:
        case ast.Constant(value=str(key)):
            found = owner.part(("field", key))
        case _:
            owner.part("key").same_as(a[0])
            found = owner.part("item")
    for given in a[1:]:
        if given.kind() in (found.kind(), None) or found.kind() is None:
            found.same_as(given)
    return found


def _of_list(usage: Usage, owner: Shape, name: str, a: Arguments) -> Shape:
    owner.mark("measured")
    item = owner.part("item")
    if name in ("append", "appendleft") and a:
        item.same_as(a[0])
    elif name == "insert" and len(a) == 2:
        item.same_as(a[1])
    elif name in ("extend", "extendleft") and a:
        item.same_as(usage.element(a[0]))
    return item if name == "popleft" else Shape()


def _of_set(usage: Usage, owner: Shape, name: str, a: Arguments) -> Shape:
    item = owner.mark("measured").part("iter")
    for shape in a:
        item.same_as(shape if name in ("add", "discard") else usage.element(shape))
    return owner if name in ("union", "intersection", "difference", "symmetric_difference") else Shape()


def _of_many(usage: Usage, owner: Shape, name: str, a: Arguments) -> Shape:
    if not owner.kinds().keys() & {"list", "dict", "set", "str", "tuple"}:
        for kind, weight in _SHARED[name].items():
            owner.vote(kind, weight)
    owner.mark("measured")
    if name == "copy":
        return owner
    if name == "most_common":
        return sequence(row(owner.part("key"), Shape("int")))
    if name in ("index", "count", "remove") and a:
        if owner.kind() != "dict":
            owner.part("item" if owner.has("item") else "iter").same_as(a[0])
        return Shape("int")
    return owner.part("item") if name == "pop" else Shape()


def builtin(name: str) -> Shape:
    """The shape of a built-in function given to another: `map(int, xs)`."""
    shape = Shape("function")
    shape.known.meaning = name
    return shape
