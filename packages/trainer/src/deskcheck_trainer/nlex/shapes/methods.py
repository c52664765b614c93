"""What methods say of their owner and of what they are given: `x.split(",")`, `x.append(y)`, `x.get(key)`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from deskcheck_trainer.nlex.shapes.functions import Arguments
from deskcheck_trainer.nlex.shapes.shape import Shape, row, sequence

if TYPE_CHECKING:
    from deskcheck_trainer.nlex.shapes.usage import Usage

_TEXT_TO_TEXT = (
    *(
        "capitalize",
        "casefold",
        "center",
        "expandtabs",
        "format",
        "ljust",
        "lower",
        "lstrip",
        "replace",
        "rjust",
        "rstrip",
    ),
    *("strip", "swapcase", "title", "translate", "upper", "zfill", "removeprefix", "removesuffix"),
)
_TEXT_TO_BOOL = (
    "isalnum",
    "isalpha",
    "isascii",
    "isidentifier",
    "islower",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
)
_DIGITS = ("isdigit", "isdecimal", "isnumeric")
_ENDS = ("startswith", "endswith")
_FINDS = ("find", "rfind", "rindex")
_LIST = ("append", "extend", "insert", "sort", "reverse", "appendleft", "popleft", "extendleft", "rotate")
_DICT = ("items", "keys", "values", "setdefault", "popitem", "get")
_SETS = (
    "add",
    "union",
    "intersection",
    "difference",
    "symmetric_difference",
    "issubset",
    "issuperset",
    "discard",
    "isdisjoint",
)
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
    return owner.part("pieces").vote("list")


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
