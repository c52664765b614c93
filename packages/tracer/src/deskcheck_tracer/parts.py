"""What there is to compare of a value: its elements, or its label and attributes, read without asking it."""

from typing import Any

from .named import named_text
from .originals import BUILTINS as __builtins__  # noqa: F401
from .picture import Reader
from .storage import ATOM_IDS, DICT_IDS, SEQUENCE_IDS, SET_IDS, all_atoms, args_of
from .values import KeptLabel, Label, Values

_PLAIN_IDS = SEQUENCE_IDS | SET_IDS
_BUILT_IN_IDS = _PLAIN_IDS | DICT_IDS
NO_ENTRY: Any = object()


class Parts:
    """Takes values apart; one per recording."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self._readers: dict[int, tuple[type, Reader]] = {}  # of plain classes, by id

    def of(self, value: Any, kind: type) -> list[Any]:
        """What there is to compare of a value that is no list, tuple, deque or set."""
        if (reader := self.reader(kind)) is not None:
            attributes = reader(value)
            return [*attributes, *attributes.values()]
        if id(kind) in DICT_IDS:
            return [*value, *value.values()]
        if kind is bytearray:
            return [bytes(value)]
        storage = self.values.storage(kind)
        attributes = storage.attributes(value)
        parts = [*attributes, *attributes.values()]
        if storage.is_error:
            parts.extend(args_of(value))
        elif storage.content is not None:
            parts.extend(_content(value, storage.content))
        elif not storage.plain and (named := named_text(value, kind)) is not None:
            parts.append(named)
        return parts

    def reader(self, kind: type) -> Reader | None:
        """What gives the attributes of a plain class's instances."""
        known = self._readers.get(id(kind))
        if known is not None:
            return known[1]
        if id(kind) in DICT_IDS or kind is bytearray or not (storage := self.values.storage(kind)).plain:
            return None
        self._readers[id(kind)] = kind, storage.attributes
        return storage.attributes

    def label(self, value: Any, kind: type) -> Label | KeptLabel | None:
        """The label of an object whose text begins with it, or that is changed by its attributes."""
        if id(kind) in DICT_IDS or kind is bytearray:
            return None
        storage = self.values.storage(kind)
        if storage.plain:
            return self.values.identity(value)
        is_value = storage.shown_inside or (storage.content is not None and storage.content in (int, float, str, bytes))
        return None if is_value or named_text(value, kind) is not None else self.values.identity(value)

    def shown(self, attributes: dict[str, Any]) -> dict[str, Any] | None:
        """Attributes that are atoms or objects told by their label alone; None if there are others."""
        shown = {}
        for name, item in attributes.items():
            entry = self.attribute(item)
            if entry is NO_ENTRY or type(name) is not str:
                return None
            shown[name] = entry
        return shown

    def attribute(self, item: Any) -> Any:
        """The part that an attribute is of a flat object's picture; NO_ENTRY if the object is not flat."""
        kind = type(item)
        if id(kind) in ATOM_IDS or (kind is tuple and all_atoms(item)):
            return item
        if id(kind) in _BUILT_IN_IDS or self.reader(kind) is None:
            return NO_ENTRY
        return self.values.identity(item)


def _content(value: Any, base: Any) -> list[Any]:
    """What an instance of a subclass of a built-in class holds as such."""
    if id(base) in _PLAIN_IDS:
        return list(base.__iter__(value))
    if base is dict:
        return [*dict.keys(value), *dict.values(value)]
    return [base.__repr__(value)]
