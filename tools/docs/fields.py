"""The keys of a command's configuration, read from its dataclass: name, type, default, and the text that stands below
the field. Nested dataclasses give sections of their own; what a list or a dictionary holds is written `datasets[]`."""

import ast
import dataclasses
import inspect
import textwrap
import types
import typing
from collections.abc import Iterator
from dataclasses import MISSING, dataclass
from enum import Enum
from functools import cache
from typing import Any

from omegaconf import MISSING as MANDATORY

ENUMS_IN_FULL = 12
"""Members up to which a type is written as its choices."""


@dataclass(frozen=True)
class Key:
    """One key, its name with dots."""

    name: str
    type: str
    default: str
    meaning: str
    choices: tuple[tuple[str, str], ...] = ()
    """Of an enum whose members are explained: value and meaning."""


@dataclass(frozen=True)
class Section:
    """The keys of one dataclass at one place of a configuration; `prefix` is empty for the command's own."""

    prefix: str
    schema: type
    keys: tuple[Key, ...]

    @property
    def meaning(self) -> str:
        """What the class says of itself; nothing where dataclasses wrote its docstring."""
        told = inspect.getdoc(self.schema) or ""
        return "" if told.startswith(f"{self.schema.__name__}(") else told


def sections(schema: type, prefix: str = "") -> Iterator[Section]:
    """The command's own keys first, then those of every dataclass below it, in their order."""
    hints = typing.get_type_hints(schema)
    dot = f"{prefix}." if prefix else ""
    entries = [entry for entry in dataclasses.fields(schema) if entry.init]
    yield Section(prefix, schema, tuple(_key(schema, entry, dot, hints[entry.name]) for entry in entries))
    for entry in entries:
        for inner, mark in _dataclasses(hints[entry.name]):
            yield from sections(inner, f"{dot}{entry.name}{mark}")


def _key(schema: type, entry: dataclasses.Field[Any], dot: str, hint: Any) -> Key:
    chosen = next((each for each in _parts(hint) if isinstance(each, type) and issubclass(each, Enum)), None)
    texts = field_texts(chosen) if chosen else {}
    choices = tuple((str(each.value), texts[each.name]) for each in chosen or () if each.name in texts)
    return Key(f"{dot}{entry.name}", type_text(hint), _default(entry), _meaning(schema, entry.name), choices)


def _meaning(schema: type, name: str) -> str:
    """The text below the field, in the class that says it last."""
    return next((texts[name] for owner in schema.__mro__ if name in (texts := field_texts(owner))), "")


@cache
def field_texts(owner: type) -> dict[str, str]:
    """The string that follows each assignment in a class body, its lines joined."""
    if owner.__module__ in ("builtins", "enum"):
        return {}
    try:
        [tree] = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    except (OSError, TypeError):
        return {}
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for before, after in zip(tree.body, tree.body[1:], strict=False):
        target = before.target if isinstance(before, ast.AnnAssign) else None
        if isinstance(before, ast.Assign):
            target = before.targets[0]
        if isinstance(target, ast.Name) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            found[target.id] = " ".join(str(after.value.value).split())
    return found


def _default(entry: dataclasses.Field[Any]) -> str:
    value = entry.default
    if entry.default_factory is not MISSING:
        value = entry.default_factory()
    if value is MISSING or value == MANDATORY:
        return "required"
    if dataclasses.is_dataclass(value):
        return "below"
    return yaml_text(value)


def yaml_text(value: Any) -> str:
    """A value as one would type it in an override."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case Enum():
            return value.name
        case list():
            return f"[{', '.join(map(yaml_text, value))}]"
        case dict():
            return f"{{{', '.join(f'{key}: {yaml_text(each)}' for key, each in value.items())}}}"
    return str(value) if value != "" else "''"


def type_text(hint: Any) -> str:
    """A type in words: int, text, one of a | b, list of text."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join(type_text(each) for each in typing.get_args(hint))
    if typing.get_origin(hint) is list:
        return f"list of {type_text(*typing.get_args(hint))}"
    if typing.get_origin(hint) is dict:
        return f"names to {type_text(typing.get_args(hint)[1])}"
    if hint is Any:
        return "anything"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return " | ".join(each.name for each in hint) if len(hint) <= ENUMS_IN_FULL else "a name, below"
    return {"str": "text", "NoneType": "null"}.get(
        hint.__name__, "keys" if dataclasses.is_dataclass(hint) else hint.__name__
    )


def _parts(hint: Any) -> Iterator[Any]:
    """The types that a type is made of."""
    for each in typing.get_args(hint):
        yield from _parts(each)
    if not typing.get_args(hint):
        yield hint


def _dataclasses(hint: Any) -> Iterator[tuple[type, str]]:
    """The dataclasses in a type, each with the mark of the list or dictionary that holds it."""
    origin = typing.get_origin(hint)
    mark = "[]" if origin is list else ".NAME" if origin is dict else ""
    for each in typing.get_args(hint):
        for inner, deeper in _dataclasses(each):
            yield inner, f"{mark}{deeper}"
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        yield hint, ""
