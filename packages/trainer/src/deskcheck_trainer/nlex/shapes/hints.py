"""Evidence that is written down: annotations, default values, and the names of parameters.

Annotations are read off the syntax tree by a list of known names; nothing is evaluated. An annotation is all but
certain, a default is good evidence, a name is a weak hint that decides where nothing else is known.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from deskcheck_trainer.nlex.shapes.shape import Shape
from deskcheck_trainer.nlex.syntax import parsed_expression

ANNOTATED, DEFAULT, NAMED = 100.0, 3.0, 0.4
"""Weights of the three; one use of a value in a body weighs 1."""

_SCALARS = {"int": "int", "float": "float", "str": "str", "bool": "bool", "bytes": "bytes", "AnyStr": "str"}
_SCALARS |= {"complex": "float", "Number": "int", "Real": "float", "Integral": "int", "LiteralString": "str"}
_SEQUENCES = {
    "list": ("list", "List", "Sequence", "MutableSequence", "Iterable", "Iterator", "Collection", "Reversible"),
    "set": ("set", "Set", "frozenset", "FrozenSet", "AbstractSet", "MutableSet"),
    "tuple": ("tuple", "Tuple"),
    "dict": ("dict", "Dict", "Mapping", "MutableMapping", "DefaultDict", "OrderedDict"),
}
_KIND_OF = {name: kind for kind, names in _SEQUENCES.items() for name in names}
_WRAPPERS = ("Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "InitVar")

Classes = Mapping[str, Callable[[Shape], Shape]]
"""By name of a class of the module: what makes a shape one of its instances."""


def annotate(shape: Shape, node: ast.expr | None, classes: Classes, weight: float = ANNOTATED) -> Shape:
    """Add what an annotation says."""
    match node:
        case ast.Constant(value=None):
            shape.mark("none")
        case ast.Constant(value=str(text)) if len(text) < 1000:
            annotate(shape, parsed_expression(text), classes, weight)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            _named(shape, name, classes, weight)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            annotate(annotate(shape, left, classes, weight), right, classes, weight)
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inside):
            parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
            _parametrized(shape, name, parts, classes, weight)
    return shape


def _named(shape: Shape, name: str, classes: Classes, weight: float) -> None:
    if name in classes:
        classes[name](shape)
    elif kind := _SCALARS.get(name) or _KIND_OF.get(name):
        shape.vote(kind, weight)
    elif name in ("Callable", "FunctionType"):
        shape.vote("function", weight)


def _parametrized(shape: Shape, name: str, parts: list[ast.expr], classes: Classes, weight: float) -> None:
    if name == "Literal":
        for part in parts:
            if isinstance(part, ast.Constant):
                shape.constant(part.value).mark("closed").vote(type(part.value).__name__, weight)
    elif name in ("Optional", "Union"):
        for part in parts:
            annotate(shape, part, classes, weight)
        if name == "Optional":
            shape.mark("none")
    elif name in _WRAPPERS:
        annotate(shape, parts[0], classes, weight)
    elif kind := _KIND_OF.get(name):
        _container(shape.vote(kind, weight), kind, parts, classes, weight)
    elif name in ("Callable", "Type", "type"):
        shape.vote("function", weight)
    elif name == "Counter":
        annotate(shape.vote("dict", weight).part("key"), parts[0], classes, weight)
        shape.part("item").vote("int", weight)


def _container(shape: Shape, kind: str, parts: list[ast.expr], classes: Classes, weight: float) -> None:
    if kind == "dict" and len(parts) == 2:
        annotate(shape.part("key"), parts[0], classes, weight)
        annotate(shape.part("item"), parts[1], classes, weight)
    elif kind == "tuple" and not (isinstance(parts[-1], ast.Constant) and parts[-1].value is ...):
        shape.mark("unpacked")
        for i, part in enumerate(parts):
            annotate(shape.part(i), part, classes, weight)
    elif kind != "dict":
        annotate(shape.part("item"), parts[0], classes, weight)


def default(shape: Shape, node: ast.expr | None) -> Shape:
    """Add what a default value says."""
    if isinstance(node, ast.Constant) and node.value is None:
        return shape.mark("none")
    return value(shape, literal(node), DEFAULT) if node is not None else shape


def literal(node: ast.expr | None) -> Any:
    """The value of a literal; `...` where it is none."""
    try:
        return ast.literal_eval(node) if node is not None else ...
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ...


def value(shape: Shape, found: Any, weight: float = 1.0) -> Shape:
    """Add what a value says of its sort: kinds of it and of its parts, scalars as constants."""
    kind = type(found).__name__
    if kind in ("int", "float", "bool", "str", "bytes"):
        shape.vote(kind, weight).constant(found)
    elif isinstance(found, list | tuple | set):
        shape.vote(kind, weight)
        for part in list(found)[:20]:
            value(shape.part("item"), part, weight)
    elif isinstance(found, dict):
        shape.vote(kind, weight)
        for key, part in list(found.items())[:20]:
            value(shape.part("key"), key, weight)
            value(shape.part("item"), part, weight)
    return shape


_NAMES = {
    "int": """
        n k m i j x y z p q num number count size length limit target year month day age index idx pos
        position total max min low high start end stop step steps rows cols digits times hour minute seconds
        amount id level score depth capacity base seed integer order bits val value quantity
    """,
    "float": """
        price rate ratio radius r weight height temperature temp percent percentage v speed distance mass
        time t probability prob alpha beta theta angle velocity salary cost volume pressure density width
        factor tolerance eps float principal
    """,
    "str": """
        s st str string text word name sentence message msg char ch c line txt pattern key password filename
        path letter letters phrase title sub substring prefix suffix label expression expr url email binary
        dna sequence date code
    """,
    "list": """
        nums arr array lst list values numbers items l data a xs elements scores prices weights coins
        heights sequence intervals points grid matrix board mat rows samples queries edges words strings
        sentences names heap stack pairs
    """,
    "tuple": "tup tuple",
    "dict": "d dict dictionary mapping map config counts graph record inventory dic",
    "set": "set",
    "bool": "flag verbose reverse ascending is has use enable should",
}
_KIND_OF_NAME = {name: kind for kind, names in reversed(_NAMES.items()) for name in names.split()}
_OF_TEXTS = ("words", "strings", "sentences", "names", "letters", "lines")
_OF_LISTS = ("grid", "matrix", "board", "mat")
_OF_PAIRS = ("intervals", "points", "edges", "pairs")


def name_hint(shape: Shape, name: str) -> Shape:
    """Add what the name of a parameter says, as of its last word: `test_list2` is a list."""
    words = [re.sub(r"\d+$", "", word) for word in re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().split("_")]
    words = [word for word in words if word] or [""]
    if words[0] in ("is", "has", "use", "enable", "should"):
        return shape.vote("bool", NAMED)
    kind = _KIND_OF_NAME.get(words[-1]) or _KIND_OF_NAME.get(words[0])
    if kind is None:
        return shape
    shape.vote(kind, NAMED)
    if kind == "list":
        part = shape.part("item")
        if words[-1] in _OF_TEXTS:
            part.vote("str", NAMED)
        elif words[-1] in _OF_LISTS:
            part.vote("list", NAMED).part("item").vote("int", NAMED / 2)
        elif words[-1] in _OF_PAIRS:
            part.vote("tuple", NAMED / 2)
        else:
            part.vote("int", NAMED / 2)
    return shape
