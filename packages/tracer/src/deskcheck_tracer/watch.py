"""What values looked like when they were last seen: pictures, kept up to date as long as nothing changes.

A picture holds enough of a value to tell whether it has changed: for containers their elements (atoms as such, the
rest as pictures of their own), for other objects their label and attributes, one object deep like their text. All
frames and names share one picture of an object, so that looking again costs a comparison at C speed and no second text.
The comparison is on whole values, never on shortened text, by identity first and by type and value second, and never
calls code of the program. A picture keeps no object of the program alive except numbers, strings and tuples of them.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Collection
from itertools import accumulate, islice
from operator import is_
from typing import Any

from .originals import BUILTINS as __builtins__  # noqa: F401
from .storage import ATOM_IDS, DICT_IDS, SEQUENCE_IDS, SET_IDS, all_atoms, args_of
from .values import LIMIT, KeptLabel, Label, Values
from .writer import named_text, ordered

_PLAIN_IDS = SEQUENCE_IDS | SET_IDS
_DEEPEST = 50  # containers inside containers that are looked into
_WORDS = LIMIT // 3 + 1  # parts of which a text can be made: more do not fit
_ENOUGH = 50_000  # pictures (and sixteenths of elements) made before all that nobody holds are forgotten


class Picture:
    """What a value looked like."""

    __slots__ = ("flat", "items", "kind", "label", "lent", "text", "words")

    def __init__(self, kind: type, items: Any, flat: bool, label: Label | KeptLabel | None = None) -> None:
        self.kind = kind
        self.items: Any = items
        """The parts: atoms as such, others as pictures or labels; for a flat dict a copy of it."""
        self.flat = flat
        """Whether all parts are atoms or tuples of atoms."""
        self.label = label
        """Which object it is, where that matters; else None."""
        self.lent = True
        """Whether others than the frame that asked for it may hold it; if not, it may become the next picture."""
        self.text: str | None = None
        """The value in words, once somebody asked."""
        self.words: Any = None
        """Texts of the first parts of a flat list or dict that changes part by part."""


Entry = Picture | Label | KeptLabel | Any
_INSIDE = [Picture(object, [depth], True) for depth in range(_DEEPEST + 1)]
"""In place of a container inside itself: how far from the outermost it is; the last stands for all that is too deep."""


class Pictures:
    """The pictures of all values that were looked at; one per recording."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.known: dict[int, Picture] = {}
        """id of an object -> its last picture, true or not: the object may have changed or be another one by now."""
        self._inner: dict[int, Picture] = {}  # the same for containers inside objects: of their objects the label alone
        self._made = 0
        self._readers: dict[int, tuple[type, Callable[[object], dict[str, Any]]]] = {}  # of plain classes, by id

    def of(self, value: Any, kind: type) -> Any:
        """The picture (or label) of a value that is no atom; the same object as last time if nothing has changed."""
        known = self.known.get(id(value))
        if known is not None and known.flat and known.kind is kind and type(known.items) is list:
            parts: Any = None  # the commonest cases of `_holds`
            if id(kind) in _PLAIN_IDS:
                parts = value
            elif known.label is not None and self.values.labels.get(id(value)) is known.label:
                parts = self._parts(value, kind)
            if parts is not None and len(parts) == len(known.items) and all(map(is_, parts, known.items)):
                known.lent = True
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
            entry.text = self._from_words(entry) or self._from_attributes(entry) or self.values.text(value)
        return entry.text

    def _from_words(self, entry: Picture) -> str | None:
        """The text of a flat list or dict whose parts have been put into words already, as `Values` would give it."""
        if entry.words is None:
            return None
        words = entry.words if entry.kind is list else list(entry.words.values())
        left, right = "[]" if entry.kind is list else "{}"
        limit, size = self.values.limit, len(entry.items)
        if size == len(words) and sum(map(len, words)) + 2 * size <= limit:
            return f"{left}{', '.join(words)}{right}"
        room = limit * 4 // 5
        ends = list(accumulate(map((2).__add__, map(len, words))))
        kept = bisect_right(ends, room)
        if entry.kind is dict and kept < len(ends) and (kept == 0 or ends[kept - 1] < room):
            kept += 1  # a pair that is begun is finished, unless its strings are cut
            if "'" in words[kept - 1] or '"' in words[kept - 1]:
                return None
        if kept in (0, size):
            return None
        return f"{left}{', '.join(words[:kept])}, ...{right} (len {size})"

    def _from_attributes(self, entry: Picture) -> str | None:
        """The text of an object that has nothing but atoms for attributes."""
        if not entry.flat or entry.label is None or not self.values.storage(entry.kind).plain:
            return None
        half = len(entry.items) // 2
        names = entry.items[:half]
        if not names or any([type(name) is not str for name in names]):
            return None
        try:
            inside = ", ".join([f"{name}={item!r}" for name, item in zip(names, entry.items[half:], strict=True)])
        except ValueError:  # an int that cannot be printed
            return None
        text = f"{entry.label.text}({inside})"
        return text if len(text) <= self.values.limit else None

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
            known.lent = True  # type: ignore[union-attr]
            return known
        if kind is tuple and all_atoms(value):
            return value
        if id(kind) not in _PLAIN_IDS and id(kind) not in DICT_IDS and kind is not bytearray:
            storage = self.values.storage(kind)
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

    def _holds(self, known: Picture, value: Any, deep: bool, active: dict[int, int]) -> bool:
        """Whether a value still looks as in its picture."""
        kind, items = known.kind, known.items
        if known.label is not None and self.values.labels.get(id(value)) is not known.label:
            return False
        if type(items) is dict:
            return len(value) == len(items) and (
                (all(map(is_, value.values(), items.values())) and all(map(is_, value, items)))
                or (all(map(same_atom, items.values(), value.values())) and all(map(same_atom, items, value)))
            )
        parts: Collection[Any] = value if id(kind) in _PLAIN_IDS else self._parts(value, kind)
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
        elif id(kind) in DICT_IDS and kind is not OrderedDict and _is_flat(value) and _is_flat(value.values()):
            return self._made_now(Picture(kind, dict(value), True))
        else:
            label = self._label(value, kind)
            items = self._parts(value, kind)
        if _is_flat(items):
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
        return item if id(kind) in ATOM_IDS else self._entry(item, kind, deep, active)

    def _made_now(self, picture: Picture) -> Picture:
        self._made += 1 + len(picture.items) // 16
        if self._made > _ENOUGH:
            self.forget()
        return picture

    def _label(self, value: Any, kind: type) -> Label | KeptLabel | None:
        """The label of an object whose text begins with it, or that is changed by its attributes."""
        if id(kind) in DICT_IDS or kind is bytearray:
            return None
        storage = self.values.storage(kind)
        if storage.plain:
            return self.values.identity(value)
        is_value = storage.shown_inside or (storage.content is not None and storage.content in (int, float, str, bytes))
        return None if is_value or named_text(value, kind) is not None else self.values.identity(value)

    def _parts(self, value: Any, kind: type) -> list[Any]:
        """What there is to compare of a value that is no list, tuple, deque or set."""
        known = self._readers.get(id(kind))
        if known is not None:
            attributes = known[1](value)
            return [*attributes, *attributes.values()]
        if id(kind) in DICT_IDS:
            return [*value, *value.values()]
        if kind is bytearray:
            return [bytes(value)]
        storage = self.values.storage(kind)
        if storage.plain:
            self._readers[id(kind)] = kind, storage.attributes
        attributes = storage.attributes(value)
        parts = [*attributes, *attributes.values()]
        if storage.is_error:
            parts.extend(args_of(value))
        elif storage.content is not None:
            parts.extend(_content(value, storage.content))
        elif not storage.plain and (named := named_text(value, kind)) is not None:
            parts.append(named)
        return parts

    # ---- one known change ----

    def appended(self, old: Picture, value: list[Any]) -> Picture:
        """The picture of a flat list to which one element was appended since `old`."""
        item = value[-1]
        if len(value) != len(old.items) + 1 or not _is_flat((item,)):
            return self.of(value, list)
        new = self._next(old, value)
        new.items.append(item)
        if len(new.words) < _WORDS:
            new.words.append(_word(item))
        else:
            new.text = _longer(old.text, len(value))
        return new

    def stored(self, old: Picture, value: Any, key: Any) -> Picture:
        """The picture of a flat list or dict in which nothing but the element at `key` may have changed since `old`."""
        items = old.items
        if not (-len(items) <= key < len(items) if type(value) is list else key in value):
            return self.of(value, old.kind)
        item = value[key]
        is_new = type(value) is not list and key not in items
        if not is_new and same_atom(items[key], item):
            return old
        if not _is_flat((key, item)) or len(value) != len(items) + is_new:
            return self.of(value, old.kind)
        new = self._next(old, value)
        new.items[key] = item
        words = new.words
        if old.kind is list:
            place = key if key >= 0 else key + len(items)
            if place < _WORDS:
                words[place] = _word(item)
                return new
        elif words is None:
            return new
        elif key in words or len(words) < _WORDS:
            words[key] = f"{key!r}: {_word(item)}"
            if type(key) is not type(next(iter(items), key)):  # the dict may hold 1 where True is given
                new.words = None
            return new
        new.text = _longer(old.text, len(value))  # what is shown comes before
        return new

    def _next(self, old: Picture, value: Any) -> Picture:
        """A picture with the parts of `old`, which is used up if nobody else holds it."""
        new = Picture(old.kind, old.items.copy() if old.lent else old.items, True)
        if old.words is not None:
            new.words = old.words.copy() if old.lent else old.words
        else:
            new.words = _words(old.items)
        new.lent = False
        self.known[id(value)] = new
        self._made += 1
        return new


def _words(items: Any) -> Any:
    """The texts of the first parts of a flat list or dict; None for a dict with keys of several types."""
    if type(items) is dict:
        if items and set(map(type, items)) not in ({int}, {str}):
            return None
        return {key: f"{_word(key)}: {_word(item)}" for key, item in islice(items.items(), _WORDS)}
    return [_word(item) for item in items[:_WORDS]]


def _word(item: Any) -> str:
    try:
        return repr(item)
    except ValueError:  # an int that cannot be printed
        return " " * LIMIT * 2  # too long: the whole is rendered another way


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


def _typed(item: Any) -> tuple[str, str]:
    kind = type(item)
    return kind.__name__, hex(item) if kind is int else repr(item)


def _is_flat(items: Collection[Any]) -> bool:
    """Whether all items are atoms or tuples of atoms."""
    return all_atoms(items) or all(
        [id(type(item)) in ATOM_IDS or (type(item) is tuple and all_atoms(item)) for item in items]
    )


def _content(value: Any, base: Any) -> list[Any]:
    """What an instance of a subclass of a built-in class holds as such."""
    if id(base) in _PLAIN_IDS:
        return list(base.__iter__(value))
    if base is dict:
        return [*dict.keys(value), *dict.values(value)]
    return [base.__repr__(value)]


def _longer(text: str | None, size: int) -> str | None:
    """The text of a list or dict of `size` parts, changed or longer only where its text has ended already."""
    if text is None or (
        not text.endswith(", ...] (len", 0, text.rfind(" ")) and not text.endswith(", ...} (len", 0, text.rfind(" "))
    ):
        return None
    return f"{text[: text.rindex(' ')]} {size})"
