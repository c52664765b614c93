"""Text for runtime values: bounded, the same on every run, and made without calling any code of the program.

Numbers, strings, bytes, None and lists, tuples, dicts of them read as `repr` up to LIMIT characters; sets are sorted.
A longer value is cut and says so: its text ends with ` (len N)`, N counting the elements, characters or digits of the
whole (`is_elided`). No text is longer than LIMIT, the mark included. Functions, classes and modules go by name. Any
other object is labelled by its class and a number given on first sight and shows its attributes,
`Node#1(value=3, next=Node#2)`: attributes are read from the instance's own storage, one object deep. A program's
`__repr__`, `__eq__`, `__len__`, `__getattr__` or properties never run here.

`writer` can render everything; the commonest values go shorter ways here, to the same text.
"""

import re
import weakref
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from itertools import accumulate, islice
from typing import Any

from .atoms import atom_text
from .originals import BUILTINS as __builtins__  # noqa: F401
from .storage import ATOM_IDS, Storage, all_atoms, args_of, name_of
from .writer import Writer, ordered

LIMIT = 200
"""Characters up to which a value is shown whole."""

_CUT = re.compile(r" \(len \d+\)\Z")


def is_elided(text: str) -> bool:
    """Whether part of the value was left out of its text."""
    return _CUT.search(text) is not None


class Label(weakref.ref):  # type: ignore[type-arg]
    """The name of one object, `Node#1`, as long as the object lives; compared by identity."""

    __slots__ = ("key", "text")
    key: int
    text: str


class KeptLabel:
    """The name of an object that cannot be watched: it is kept alive, so that its id stays its own."""

    __slots__ = ("text", "value")

    def __init__(self, value: object) -> None:
        self.value = value
        self.text = ""


class Values:
    """Renders values and remembers the labels it gave to objects; one per recording."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.met: Callable[[type], None] = lambda kind: None
        """Told of each class whose instances show more than a name."""
        self.labels: dict[int, Label | KeptLabel] = {}
        """id of an object -> its label, while it lives."""
        self._counts: Counter[str] = Counter()
        self._storages: dict[int, tuple[type, Storage]] = {}  # by id: hashing a class may run code of its metaclass

    def text(self, value: Any) -> str:
        """The value in at most `limit` characters."""
        kind = type(value)
        if kind is int or kind is bool or value is None or kind is float:
            return atom_text(value, self.limit)
        if kind is str and len(value) < 100:
            return repr(value) if len(value) < 20 else atom_text(value, self.limit)
        if (short := self._short(value, kind)) is not None:
            return short
        whole = Writer(self, self.limit).write(value)
        if whole is not None:
            return whole
        return Writer(self, self.limit, cut=True).write_cut(value)

    def _short(self, value: Any, kind: type) -> str | None:
        """The text by one of the shorter ways; None if there is none for this value."""
        try:
            if kind is list or kind is tuple:
                return self._flat(value)
            if kind is dict:
                return self._flat_dict(value)
            if kind is set:
                return self._flat_set(value)
            return self._short_object(value, kind)
        except ValueError:  # an int that cannot be printed
            return None

    def _flat(self, value: Any) -> str | None:
        """A list or tuple of atoms at C speed."""
        head = value[: self.limit // 3 + 1]  # an element takes three characters at least
        if not all_atoms(head):
            return None
        text = repr(head)
        if len(head) == len(value) and len(text) <= self.limit:
            return text
        keep = self.limit * 4 // 5
        if "'" not in text:  # no strings or bytes, whatever their quotes: every comma ends an element
            end = text.rfind(", ", 0, keep + 1)
            inside = text[1 : end + 2] + "..." if end > 0 else ""
        else:
            texts = [repr(item) for item in head]
            kept = bisect_right(list(accumulate(len(text) + 2 for text in texts)), keep)
            inside = ", ".join([*texts[:kept], "..."]) if kept else ""
        if not inside:
            return None
        return f"[{inside}] (len {len(value)})" if type(value) is list else f"({inside}) (len {len(value)})"

    def _flat_dict(self, value: dict[Any, Any]) -> str | None:
        """A dict of atoms."""
        if len(value) <= self.limit // 6:  # a pair takes six characters at least
            if not (all_atoms(value) and all_atoms(value.values())):
                return None
            text = repr(value)
            if len(text) <= self.limit:
                return text
        left, parts = self.limit * 4 // 5, []
        for key, item in islice(value.items(), left):
            if left <= 0:
                parts.append("...")
                break
            if not all_atoms((key, item)):
                return None
            pair = f"{key!r}: {item!r}"
            left -= len(pair) + 2
            if left < 0 and _has_text(key, item):
                return None
            parts.append(pair)
        else:
            return None
        text = f"{{{', '.join(parts)}}} (len {len(value)})"
        return text if len(text) <= self.limit else None

    def _flat_set(self, value: set[Any]) -> str | None:
        """A set of atoms, if its text is whole."""
        if not value or len(value) > self.limit // 3 or not all_atoms(value):
            return None
        text = repr(ordered(value, self))
        return f"{{{text[1:-1]}}}" if len(text) <= self.limit else None

    def _short_object(self, value: Any, kind: type) -> str | None:
        """An instance of a plain class whose attributes are atoms or such instances."""
        if not self.storage(kind).plain:
            return None
        attributes = self.storage(kind).attributes(value)
        if not attributes:
            return None
        label, parts = self.label(value), []
        for name, item in attributes.items():
            if type(name) is not str:
                return None
            if id(type(item)) in ATOM_IDS:
                parts.append(f"{name}={item!r}")
            elif self.storage(type(item)).plain:
                parts.append(f"{name}={self.label(item)}")
            else:
                return None
        text = f"{label}({', '.join(parts)})"
        return text if len(text) <= self.limit else None

    def label(self, value: object) -> str:
        """`Class#n`: n counts the objects of that class name in order of first sight."""
        return self.identity(value).text

    def known_label(self, value: object) -> str | None:
        """The label if the object has one."""
        known = self.labels.get(id(value))
        return known.text if known is not None else None

    def identity(self, value: Any) -> Label | KeptLabel:
        """The label as an object: the same one as long as the value lives."""
        known = self.labels.get(id(value))
        if known is not None:
            return known
        name = name_of(type(value))
        self._counts[name] = number = self._counts[name] + 1
        try:
            label: Label | KeptLabel = Label(value, self._forget)
            label.key = id(value)  # type: ignore[union-attr]
        except TypeError:
            label = KeptLabel(value)
        label.text = f"{name}#{number}"
        self.labels[id(value)] = label
        return label

    def _forget(self, label: Any) -> None:
        self.labels.pop(label.key, None)

    def storage(self, kind: type) -> Storage:
        """Where instances of `kind` keep their attributes."""
        found = self._storages.get(id(kind))
        if found is None:
            found = self._storages[id(kind)] = (kind, Storage(kind))
            if not found[1].by_name:
                self.met(kind)
        return found[1]

    def exception(self, error: BaseException) -> str:
        """`ValueError('x')`, from the exception's own arguments."""
        inner = ", ".join(self.text(argument) for argument in args_of(error)[: self.limit])
        text = f"{name_of(type(error))}({inner})"
        return text if len(text) <= self.limit else f"{text[: self.limit - 4]}...)"


def _has_text(*items: object) -> bool:
    """Whether one of them is text, which the writer may cut."""
    return any(type(item) is str or type(item) is bytes for item in items)
