"""Whether a value that can change in place has changed since it was last looked at.

A shadow holds enough of a value to tell: for containers their elements (atoms as such, the rest as shadows of their own), for other
objects their label and attributes, one object deep like their text. The comparison is on whole values, never on shortened text, by
identity first (C speed for lists of numbers and strings) and by type and value second, and never calls code of the program. A shadow
keeps no object of the program alive except numbers, strings and the like.
"""

from collections.abc import Callable
from operator import is_
from typing import Any

from .values import ATOMS, DICTS, SEQUENCES, SETS, Values

_module_of: Callable[[type], str] = type.__dict__["__module__"].__get__

_NAMED = ("builtins", "deskcheck_tracer.record")  # told by name or label alone


class Shadow:
    """What a value looked like."""

    __slots__ = ("flat", "items", "kind", "label")

    def __init__(self, kind: type, items: list[Any], flat: bool, label: str | None = None) -> None:
        self.kind, self.items, self.flat, self.label = kind, items, flat, label


def take(value: Any, values: Values, deep: bool = True, active: frozenset[int] = frozenset()) -> Any:
    """The shadow of a value; an atom is its own shadow."""
    kind = type(value)
    if kind in ATOMS:
        return value
    if id(value) in active or len(active) > 50:
        return Shadow(kind, [], True, "...")
    items, label = _elements(value, kind, values, deep)
    if set(map(type, items)) <= ATOMS:
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
    if depth > 50:
        return True
    if shadow.label == "...":  # a value inside itself: compared where it was entered
        return True
    items, label = _elements(value, kind, values, deep)
    if label != shadow.label or len(items) != len(shadow.items):
        return False
    if shadow.flat:
        return all(map(is_, items, shadow.items)) or all(map(_same_atom, shadow.items, items))
    deep = deep and (label is None)
    return all(same(old, item, values, deep, depth + 1) for old, item in zip(shadow.items, items, strict=True))


def equal_atoms(old: Any, new: Any) -> bool:
    """Equality of two atoms of one type; nan equals nan, 0.0 and -0.0 differ."""
    if type(old) in (float, complex, range):
        return repr(old) == repr(new)
    return old == new


def _same_atom(old: Any, new: Any) -> bool:
    return old is new or (type(old) is type(new) and type(old) in ATOMS and equal_atoms(old, new))


def _elements(value: Any, kind: type, values: Values, deep: bool) -> tuple[list[Any], str | None]:
    """The parts of a value, and its label if it is an object."""
    if kind in SEQUENCES or kind in SETS:
        return list(value), None
    if kind in DICTS:
        items = list(dict.keys(value))
        items.extend(dict.values(value))
        return items, None
    if kind is bytearray:
        return [bytes(value)], None
    if issubclass(kind, type) or (_module_of(kind) in _NAMED and not issubclass(kind, BaseException)):
        return [], values.text(value)
    if not deep:
        return [], values.label(value)
    return _object_parts(value, values), values.label(value)


def _object_parts(value: Any, values: Values) -> list[Any]:
    attributes = values.storage(type(value)).read(value)
    parts = [*attributes, *attributes.values()]
    for base in type.__dict__["__mro__"].__get__(type(value))[1:]:
        if base in SEQUENCES or base in SETS:
            parts.extend(base.__iter__(value))
        elif base is dict:
            parts.extend(dict.keys(value))
            parts.extend(dict.values(value))
        elif base in (int, float, str, bytes):
            parts.append(base.__repr__(value))
        elif base is BaseException:
            parts.extend(BaseException.__dict__["args"].__get__(value))
    return parts
