"""What values looked like when they were last seen: pictures (`picture`), kept up to date as long as nothing changes.

All frames and names share one picture of an object, so that looking again costs a comparison at C speed and no second
text. The comparison is on whole values, by identity first and by type and value second. A picture keeps no object of
the program alive except numbers, strings and tuples of them.
"""

from collections import OrderedDict
from collections.abc import Collection
from operator import is_
from typing import Any

from .originals import BUILTINS as __builtins__  # noqa: F401
from .parts import NO_ENTRY, Parts
from .picture import Entry, Picture, alike, is_flat, same_atom
from .storage import ATOM_IDS, DICT_IDS, SEQUENCE_IDS, SET_IDS, all_atoms
from .values import KeptLabel, Label, Values
from .words import text_of, words_of
from .writer import ordered

_PLAIN_IDS = SEQUENCE_IDS | SET_IDS
_DEEPEST = 50  # containers inside containers that are looked into
_ENOUGH = 50_000  # pictures (and sixteenths of elements) made before all that nobody holds are forgotten
_INSIDE = [Picture(object, [depth], True) for depth in range(_DEEPEST + 1)]
"""In place of a container inside itself: how far from the outermost it is; the last stands for all that is too deep."""


class Pictures:
    """The pictures of all values that were looked at; one per recording."""

    def __init__(self, values: Values) -> None:
        self.values, self.parts = values, Parts(values)
        self.known: dict[int, Picture] = {}
        """id of an object -> its last picture, true or not: the object may have changed or be another one by now."""
        self._inner: dict[int, Picture] = {}  # the same for containers inside objects: of their objects the label alone
        self._made = 0
        self.names_change = False

    def watch_names(self) -> None:
        """From now on functions, classes and the like are compared by the name they are told by, too."""
        self.names_change = True

    def of(self, value: Any, kind: type) -> Any:
        """The picture (or label) of a value that is no atom; the same object as last time if nothing has changed."""
        known = self.known.get(id(value))
        if known is not None and known.flat and known.kind is kind:  # the commonest cases of `_holds`
            items = known.items
            if type(items) is list:
                same = id(kind) in _PLAIN_IDS and len(value) == len(items) and all(map(is_, value, items))
            else:
                same = self._holds_pairs(known, value)
            if same:
                return known
        return self._entry(value, kind, True, {})

    def word(self, value: Any) -> str:
        """Any value in words."""
        kind = type(value)
        if id(kind) in ATOM_IDS:
            return self.values.text(value)
        return self.text(self.of(value, kind), value)

    def text(self, entry: Entry, value: object) -> str:
        """The value in words; `entry` is its picture at this moment."""
        if type(entry) is not Picture:
            return self.values.text(value)
        if entry.text is None:
            if entry.words is None and entry.reader is not None:
                entry.words = words_of(entry)
            entry.text = (text_of(entry) if entry.words is not None else None) or self.values.text(value)
        return entry.text

    def forget(self) -> None:
        """Drop what is known; pictures that are still held stay comparable (`alike`)."""
        self.known.clear()
        self._inner.clear()
        self._made = 0

    # ---- looking ----

    def _entry(self, value: Any, kind: type, deep: bool, active: dict[int, int]) -> Entry:
        key = id(value)
        known = self.known.get(key)
        usable = known is not None and known.kind is kind and (deep or (known.flat and known.label is None))
        if usable and self._holds(known, value, deep, active):  # type: ignore[arg-type]
            return known
        if kind is tuple and all_atoms(value):
            return value
        if id(kind) not in _PLAIN_IDS and id(kind) not in DICT_IDS and kind is not bytearray:
            storage = self.values.storage(kind)
            if storage.by_name and self.names_change:
                return self._named(value, kind)
            if storage.by_name or not (deep or storage.shown_inside):
                return self.values.identity(value)
        if key in active or len(active) >= _DEEPEST:
            return _INSIDE[active.get(key, _DEEPEST)]
        if not deep:
            known = self._inner.get(key)
            if known is not None and known.kind is kind and self._holds(known, value, deep, active):
                return known
        new = self._take(value, kind, deep, active)
        if deep or new.flat:
            self.known[key] = new
        else:
            self._inner[key] = new
        return new

    def _named(self, value: Any, kind: type) -> Picture:
        """What is told by a name that may change; a picture of that name."""
        label, text, known = self.values.identity(value), self.values.text(value), self.known.get(id(value))
        if known is not None and known.label is label and known.items == [text]:
            return known
        self.known[id(value)] = new = Picture(kind, [text], True, label)
        new.text = text
        return self._made_now(new)

    def _holds(self, known: Picture, value: Any, deep: bool, active: dict[int, int]) -> bool:
        """Whether a value still looks as in its picture."""
        kind, items = known.kind, known.items
        if type(items) is dict:
            return self._holds_pairs(known, value)
        if known.label is not None and self.values.labels.get(id(value)) is not known.label:
            return False
        parts: Collection[Any] = value if id(kind) in _PLAIN_IDS else self.parts.of(value, kind)
        if len(parts) != len(items):
            return False
        if known.flat:
            return all(map(is_, parts, items)) or self._renew(known, parts)
        if id(value) in active or len(active) >= _DEEPEST:
            return False
        active[id(value)] = len(active)
        deep = deep and known.label is None
        labels = self.values.labels
        found: list[Any] | None = None  # the newer pictures of parts that look the same
        try:
            for index, (old, item) in enumerate(zip(items, parts, strict=True)):
                if old is item or (type(old) is Label and labels.get(id(item)) is old):
                    continue
                # Another list that looks the same is looked at: what changes in it later has to show here.
                if _is_same_list(old, item) and self.known.get(id(item)) is old:
                    continue
                new = self._part(item, deep, active)
                if new is not old:
                    if not alike(old, new):
                        return False
                    found = found or list(items)
                    found[index] = new
        finally:
            del active[id(value)]
        if found is not None:
            known.items = found
        return True

    def _holds_pairs(self, known: Picture, value: Any) -> bool:
        """The same for a flat dict or object."""
        items, labels = known.items, self.values.labels
        if known.reader is not None:
            if labels.get(id(value)) is not known.label:
                return False
            value = known.reader(value)
        if len(value) != len(items):
            return False
        if all(map(is_, value.values(), items.values())):
            return all(map(is_, value, items)) or all(map(same_atom, items, value))
        for name, old, key, item in zip(items, items.values(), value, value.values(), strict=True):
            if not (name is key or same_atom(name, key)):
                return False
            if old is not item and labels.get(id(item), NO_ENTRY) is not old and not same_atom(old, item):
                return False
        return True

    def _renew(self, known: Picture, parts: Collection[Any]) -> bool:
        """Equal numbers and strings may be other objects than before: then hold these, to be quick next time."""
        if all(map(same_atom, known.items, parts)):
            known.items = list(parts)
            return True
        return False

    # ---- taking ----

    def _take(self, value: Any, kind: type, deep: bool, active: dict[int, int]) -> Picture:
        label: Label | KeptLabel | None = None
        if id(kind) in _PLAIN_IDS:
            items = list(value)
        elif id(kind) in DICT_IDS and kind is not OrderedDict and is_flat(value) and is_flat(value.values()):
            return self._made_now(Picture(kind, dict(value), True))
        elif (reader := self.parts.reader(kind)) is not None:
            label = self.values.identity(value)
            attributes = reader(value)
            if (shown := self.parts.shown(attributes)) is not None:
                return self._made_now(Picture(kind, shown, True, label, reader))
            items = [*attributes, *attributes.values()]
        else:
            label = self.parts.label(value, kind)
            items = self.parts.of(value, kind)
        if is_flat(items):
            return self._made_now(Picture(kind, items, True, label))
        active[id(value)] = len(active)
        deep = deep and label is None
        if id(kind) in SET_IDS:  # objects get their labels in an order that depends on no address
            for item in ordered(items, self.values):
                self._part(item, deep, active)
        picture = Picture(kind, [self._part(item, deep, active) for item in items], False, label)
        del active[id(value)]
        return self._made_now(picture)

    def _part(self, item: Any, deep: bool, active: dict[int, int]) -> Entry:
        kind = type(item)
        if id(kind) in ATOM_IDS:
            return item
        entry = self._entry(item, kind, deep, active)
        if type(entry) is Picture:
            entry.lent = True
        return entry

    def _made_now(self, picture: Picture) -> Picture:
        self.made(len(picture.items))
        return picture

    def made(self, size: int = 0) -> None:
        """A picture of so many parts was made; all are forgotten from time to time, in case nobody holds them."""
        self._made += 1 + size // 16
        if self._made > _ENOUGH:
            self.forget()


def _is_same_list(old: Entry, item: Any) -> bool:
    """A quick look at the rows of a table."""
    if type(old) is not Picture or old.kind is not list or not old.flat or type(item) is not list:
        return False
    return len(item) == len(old.items) and all(map(is_, item, old.items))
