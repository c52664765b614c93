"""Whether a value that can change in place has changed since it was last looked at.

A shadow holds enough of a value to tell: for containers their elements (atoms as such, the rest as shadows of their
own), for other objects their label and attributes, one object deep like their text. The comparison is on whole values,
never on shortened text, by identity first (C speed for lists of numbers and strings) and by type and value second, and
never calls code of the program. A shadow keeps no object of the program alive except numbers, strings and the like.
"""

import types
from collections.abc import Callable
from itertools import chain
from operator import is_
from typing import Any

from .originals import BUILTINS as __builtins__  # noqa: F401
from .values import ATOMS, DICTS, SEQUENCES, SETS, Values

_module_of: Callable[[type], str] = type.__dict__["__module__"].__get__
_mro_of: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
_args_of: Callable[[BaseException], tuple[Any, ...]] = BaseException.__dict__["args"].__get__
_NAMED = ("builtins", "deskcheck_tracer.record")  # their objects are told by name or label alone
_PLAIN = SEQUENCES | SETS
_DEEPEST = 50  # containers inside containers that are looked into


class Shadow:
    """What a value looked like."""

    __slots__ = ("flat", "ident", "items", "kind", "label")

    def __init__(self, kind: type, items: list[Any], flat: bool, label: str | None = None, ident: int = 0) -> None:
        self.kind, self.items, self.flat = kind, items, flat
        self.label = label
        """Label of an object; None for a container."""
        self.ident = ident
        """id of something told by its name alone, for which being the same object is being the same; else 0."""


def is_steady(value: Any, kind: type) -> bool:
    """Whether a value cannot change and may be kept alive: then it can stand for itself as numbers do."""
    if kind is types.FunctionType:
        return value.__closure__ is None and value.__defaults__ is None and value.__kwdefaults__ is None
    return kind is types.ModuleType or kind is type


def take(value: Any, values: Values, deep: bool = True, active: frozenset[int] = frozenset()) -> Any:
    """The shadow of a value; an atom is its own shadow."""
    kind = type(value)
    if kind in ATOMS:
        return value
    if id(value) in active or len(active) > _DEEPEST:
        return Shadow(kind, [], True, "...")
    if is_named(kind):
        return Shadow(kind, [], True, values.text(value), id(value))
    items, label = _elements(value, kind, values, deep)
    if ATOMS.issuperset(map(type, items)):
        return Shadow(kind, items, True, label)
    active |= {id(value)}
    deep = deep and (label is None)
    return Shadow(kind, [take(item, values, deep, active) for item in items], False, label)


def same(shadow: Any, value: Any, values: Values, deep: bool = True, depth: int = 0) -> bool:
    """Whether `value` is still as it was when `shadow` was taken."""
    kind = type(value)
    if type(shadow) is not Shadow:
        return shadow is value or (kind is type(shadow) and kind in ATOMS and equal_atoms(shadow, value))
    if kind is not shadow.kind:
        return False
    items = shadow.items
    if kind in _PLAIN:
        if shadow.label is not None or depth > _DEEPEST:  # a value inside itself: compared where it was entered
            return True
        if len(value) != len(items):
            return False
        if shadow.flat:
            return all(map(is_, value, items)) or all(map(_same_atom, items, value))
        return all([same(old, item, values, deep, depth + 1) for old, item in zip(items, value, strict=True)])
    if shadow.ident:
        return shadow.ident == id(value)
    if shadow.label == "..." or depth > _DEEPEST:
        return True
    parts, label = _elements(value, kind, values, deep)
    if label != shadow.label or len(parts) != len(items):
        return False
    if shadow.flat:
        return all(map(is_, parts, items)) or all(map(_same_atom, items, parts))
    deep = deep and (label is None)
    return all([same(old, item, values, deep, depth + 1) for old, item in zip(items, parts, strict=True)])


def grown(shadow: Shadow, value: Any) -> bool:
    """Bring the shadow of a list up to date that only grew at its end, if that is what happened."""
    items = shadow.items
    if shadow.kind is not list or not shadow.flat or len(value) <= len(items) or not all(map(is_, items, value)):
        return False
    tail = value[len(items) :]
    if not ATOMS.issuperset(map(type, tail)):
        return False
    items.extend(tail)
    return True


def equal_atoms(old: Any, new: Any) -> bool:
    """Equality of two atoms of one type; nan equals nan, 0.0 and -0.0 differ."""
    if type(old) in (float, complex, range):
        return repr(old) == repr(new)
    return old == new


def _same_atom(old: Any, new: Any) -> bool:
    return old is new or (type(old) is type(new) and type(old) in ATOMS and equal_atoms(old, new))


_named_kinds: dict[type, bool] = {}


def is_named(kind: type) -> bool:
    """Whether objects of this class are told by their name or label alone: functions, classes, modules, iterators."""
    known = _named_kinds.get(kind)
    if known is None:
        contents = SEQUENCES | SETS | DICTS | {bytearray}
        known = issubclass(kind, type) or (
            _module_of(kind) in _NAMED and kind not in contents and not issubclass(kind, BaseException)
        )
        if len(_named_kinds) > 10_000:
            _named_kinds.clear()
        _named_kinds[kind] = known
    return known


def _elements(value: Any, kind: type, values: Values, deep: bool) -> tuple[list[Any], str | None]:
    """The parts of a value that is not named, and its label if it is an object."""
    if kind in _PLAIN:
        return list(value), None
    if kind in DICTS:
        return [*chain(dict.keys(value), dict.values(value))], None
    if kind is bytearray:
        return [bytes(value)], None
    label = values.label(value)
    return (_object_parts(value, kind, values) if deep else []), label


def _object_parts(value: Any, kind: type, values: Values) -> list[Any]:
    storage = values.storage(kind)
    attributes = storage.read(value)
    parts = [*attributes, *attributes.values()]
    return parts if storage.bare else parts + _inherited(value, kind)


def _inherited(value: Any, kind: type) -> list[Any]:
    """What an instance of a subclass of a built-in type holds as such."""
    parts: list[Any] = []
    for base in _mro_of(kind)[1:]:
        if base in _PLAIN:
            parts.extend(base.__iter__(value))  # type: ignore[attr-defined]
        elif base is dict:
            parts.extend(chain(dict.keys(value), dict.values(value)))
        elif base in (int, float, str, bytes):
            parts.append(base.__repr__(value))
        elif base is BaseException:
            parts.extend(_args_of(value))
    return parts
