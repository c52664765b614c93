"""What a value looked like: enough of it to tell whether it has changed, and nothing that keeps the program's objects.

For containers a picture holds their elements (atoms as such, the rest as pictures of their own), for other objects
their label and attributes, one object deep like their text. Pictures are compared on whole values, never on shortened
text, and no comparison calls code of the program.
"""

from collections.abc import Callable, Collection
from typing import Any

from .originals import BUILTINS as __builtins__  # noqa: F401
from .storage import ATOM_IDS, SET_IDS, all_atoms
from .values import KeptLabel, Label

Reader = Callable[[object], dict[str, Any]]


class Picture:
    """What a value looked like."""

    __slots__ = ("flat", "items", "kind", "label", "lent", "reader", "text", "words")

    def __init__(
        self, kind: type, items: Any, flat: bool, label: Label | KeptLabel | None = None, reader: Reader | None = None
    ) -> None:
        self.kind = kind
        self.items: Any = items
        """The parts: atoms as such, others as pictures or labels. A dictionary for a flat dict, and for a flat object
        told by its attributes; else a list."""
        self.flat = flat
        """Whether all parts are atoms, tuples of atoms or, among attributes, labels: no part has a picture."""
        self.label = label
        """Which object it is, where that matters; else None."""
        self.reader = reader
        """Gives the attributes of an object whose `items` they are."""
        self.lent: bool | None = None
        """Whether more than one name may hold it, or another picture; None as long as nobody does. If not, it may
        become the next picture of its object."""
        self.text: str | None = None
        """The value in words, once somebody asked."""
        self.words: Any = None
        """Texts of the first parts of a flat list, dict or object that changes part by part."""


Entry = Picture | Label | KeptLabel | Any


def alike(old: Entry, new: Entry) -> bool:
    """Whether two pictures show the same value."""
    if old is new:
        return True
    if type(old) is not Picture or type(new) is not Picture:
        return same_atom(old, new)
    if old.kind is not new.kind or old.label is not new.label or len(old.items) != len(new.items):
        return False
    if type(old.items) is dict or type(new.items) is dict:
        return type(old.items) is type(new.items) and (
            all(map(same_atom, old.items, new.items)) and all(map(same_atom, old.items.values(), new.items.values()))
        )
    if id(old.kind) in SET_IDS and old.flat and new.flat:
        return sorted(map(_typed, old.items)) == sorted(map(_typed, new.items))
    return all(map(alike, old.items, new.items))


def same_atom(old: Any, new: Any) -> bool:
    """Whether two atoms or tuples of atoms are the same: nan is nan, 0.0 is not -0.0, 1 is not True."""
    if old is new:
        return True
    kind = type(new)
    if type(old) is not kind:
        return False
    if kind is float and old != new:
        return old != old and new != new
    if (kind is float and new == 0.0) or kind is complex or kind is range:
        return repr(old) == repr(new)
    if kind is tuple:
        return len(old) == len(new) and all_atoms(old) and all_atoms(new) and all(map(same_atom, old, new))
    return id(kind) in ATOM_IDS and old == new


def is_flat(items: Collection[Any]) -> bool:
    """Whether all items are atoms or tuples of atoms."""
    return all_atoms(items) or all(
        [id(type(item)) in ATOM_IDS or (type(item) is tuple and all_atoms(item)) for item in items]
    )


def _typed(item: Any) -> tuple[str, str]:
    kind = type(item)
    return kind.__name__, hex(item) if kind is int else repr(item)
