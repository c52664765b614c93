"""The general rendering of a value: any type, any nesting, bounded, without calling any code of the program.

One `Writer` makes one text. It counts what it has written and either gives up (`write`, when the text must be whole)
or leaves out the rest (`write_cut`). The commonest values take shorter ways to the same text (`values`).
"""

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterable
from typing import Any, Protocol

from .atoms import atom_text, beginning, huge_int
from .named import named_text
from .originals import BUILTINS as __builtins__  # noqa: F401
from .storage import ATOM_IDS, DICT_IDS, SEQUENCE_IDS, SET_IDS, Storage, all_atoms, args_of, exact, module_of, name_of

_DEEPEST = 50  # containers inside containers that are written out


class Book(Protocol):
    """What a writer needs to know of the recording it writes for."""

    def label(self, value: object, /) -> str: ...
    def known_label(self, value: object, /) -> str | None: ...
    def storage(self, kind: type, /) -> Storage: ...


class _TooLong(Exception):
    """The text does not fit; caught by `Writer.write`."""


class Writer:
    """One rendering: counts what it has written and either gives up (`write`) or leaves out the rest (`write_cut`)."""

    def __init__(self, book: Book, limit: int, cut: bool = False) -> None:
        self.book, self.limit, self.cut = book, limit, cut
        self.left = limit * 4 // 5 if cut else limit * 3  # the latter has room for separators, which count as well
        self.omitted = False
        self.active: set[int] = set()
        self.depth = 0  # objects entered; attributes are shown for the first

    def write(self, value: object) -> str | None:
        """The whole text if it has at most `limit` characters."""
        try:
            text = self._value(value)
        except _TooLong:
            return None
        return text if len(text) <= self.limit and not self.omitted else None

    def write_cut(self, value: object) -> str:
        """As much of the text as fits, and how many elements the whole has; at most `limit` characters in all."""
        if id(type(value)) in ATOM_IDS:
            return atom_text(value, self.limit)
        text = self._value(value)
        if not self.omitted and len(text) <= self.limit:
            return text
        mark = f" (len {self._size(value)})"
        room = self.limit - len(mark)  # the accounts count whole items: the last one may not fit
        return (text if len(text) <= room else f"{text[: room - 3]}...") + mark

    def _value(self, value: Any) -> str:
        kind = type(value)
        if id(kind) in ATOM_IDS:
            return self._spend(self._bounded_atom(value))
        if id(value) in self.active:
            return self._spend(_RECURSIVE.get(id(kind)) or self.book.label(value))
        if len(self.active) > _DEEPEST:
            self.omitted = True
            return self._spend("...")
        self.active.add(id(value))
        try:
            return self._compound(value, kind)
        finally:
            self.active.discard(id(value))

    def _bounded_atom(self, value: Any) -> str:
        if self.cut and (type(value) is str or type(value) is bytes) and len(value) > 8:
            text = beginning(value, max(self.left, 8))
            self.omitted = self.omitted or text.endswith("...")
            return text
        try:
            return repr(value)
        except ValueError:
            return huge_int(value)  # type: ignore[arg-type]  # nothing else raises

    def _compound(self, value: Any, kind: type) -> str:
        if self.cut and len(self.active) > 1:
            self.left -= 2  # the brackets of what is inside something
        if kind is list:
            return f"[{self._items(value)}]"
        if kind is tuple:
            return f"({self._items(value)},)" if len(value) == 1 else f"({self._items(value)})"
        if kind is dict:
            return f"{{{self._pairs(value.items())}}}"
        if kind is set:
            return f"{{{self._items(ordered(value, self.book))}}}" if value else "set()"
        if kind is frozenset:
            return f"frozenset({{{self._items(ordered(value, self.book))}}})" if value else "frozenset()"
        if kind is deque:
            tail = "" if value.maxlen is None else f", maxlen={value.maxlen}"
            return f"deque([{self._items(value)}]{tail})"
        if kind is defaultdict:
            return f"defaultdict({self._value(value.default_factory)}, {{{self._pairs(dict.items(value))}}})"
        if kind is Counter:
            return f"Counter({{{self._pairs(_most_common(value))}}})" if value else "Counter()"
        if kind is OrderedDict:
            return f"OrderedDict({{{self._pairs(value.items())}}})" if value else "OrderedDict()"
        if kind is bytearray:
            return self._spend(f"bytearray({self._bounded_atom(bytes(value))})" if self.cut else repr(value))
        named = named_text(value, kind)
        return self._spend(named) if named else self._object(value, kind)

    def _items(self, items: Iterable[Any]) -> str:
        parts = []
        for item in items:
            if self._is_full():
                parts.append("...")
                break
            parts.append(self._value(item))
            self._spend(", ")
        return ", ".join(parts)

    def _pairs(self, pairs: Iterable[tuple[Any, Any]]) -> str:
        parts = []
        for key, item in pairs:
            if self._is_full():
                parts.append("...")
                break
            parts.append(f"{self._value(key)}: {self._value(item)}")
            self._spend(": , ")
        return ", ".join(parts)

    def _object(self, value: Any, kind: type) -> str:
        if module_of(kind) == "builtins" and not issubclass(kind, BaseException):  # iterators and other inner things
            return self._spend(self.book.label(value))
        storage = self.book.storage(kind)
        if storage.is_error:
            return f"{name_of(kind)}({self._items(args_of(value))})"
        if storage.fields is not None:
            fields = dict(zip(storage.fields, tuple.__iter__(value), strict=False))
            return f"{name_of(kind)}({self._attributes(fields)})"
        if storage.content is not None and issubclass(kind, (int, float, str, bytes)):
            return f"{name_of(kind)}({self._content(value, storage.content)})"
        label = self._spend(self.book.label(value))
        if self.depth >= 1:
            return label
        self.depth += 1
        try:
            content = self._content(value, storage.content) if storage.content is not None else None
            inside = [part for part in (content, self._attributes(storage.attributes(value))) if part]
        finally:
            self.depth -= 1
        return f"{label}({', '.join(inside)})" if inside else label

    def _attributes(self, attributes: dict[str, Any]) -> str:
        parts = []
        for name, item in attributes.items():
            if self._is_full():
                parts.append("...")
                break
            parts.append(f"{self._spend(exact(name))}={self._value(item)}")
            self._spend("=, ")
        return ", ".join(parts)

    def _content(self, value: Any, base: Any) -> str | None:
        """What an instance of a subclass of a built-in type holds as such."""
        if id(base) in SEQUENCE_IDS:
            return f"[{self._items(base.__iter__(value))}]"
        if id(base) in SET_IDS:
            return f"{{{self._items(ordered(base.__iter__(value), self.book))}}}"
        if base is dict:
            return f"{{{self._pairs(dict.items(value))}}}"
        if base is int or base is float or base is str or base is bytes:
            text = base.__repr__(value)
            self.omitted = self.omitted or len(text) > self.limit
            return self._spend(text[: self.limit])
        return None

    def _size(self, value: Any) -> int:
        kind = type(value)
        if id(kind) in SEQUENCE_IDS or id(kind) in SET_IDS or id(kind) in DICT_IDS or kind is bytearray:
            return len(value)
        if (named := named_text(value, kind)) is not None:
            return len(named)
        storage = self.book.storage(kind)
        if storage.is_error:
            return len(args_of(value))
        if storage.content is not None and hasattr(storage.content, "__len__"):
            return storage.content.__len__(value)  # type: ignore[attr-defined]
        return len(storage.attributes(value))

    def _is_full(self) -> bool:
        """Whether what follows is left out."""
        full = self.cut and self.left <= 0
        self.omitted = self.omitted or full
        return full

    def _spend(self, text: str) -> str:
        self.left -= len(text)
        if self.left < 0 and not self.cut:
            raise _TooLong
        return text


_RECURSIVE = {id(list): "[...]", id(tuple): "(...)", id(dict): "{...}", id(deque): "[...]"}


def ordered(items: Iterable[Any], book: Book) -> list[Any]:
    """A set's elements in an order that depends on no hash and no address: by value within a type, else by type and
    text."""
    found = list(items)
    if all_atoms(found):
        kinds = set(map(type, found))
        if kinds <= {int, float, bool} or (len(kinds) == 1 and kinds <= {str, bytes}):
            return sorted(found)
    blank = _Unnumbered(book)
    return sorted(found, key=lambda item: (name_of(type(item)), blank.text(item)))


class _Unnumbered:
    """A book that gives no new numbers: a number given while sorting would depend on the order before it."""

    def __init__(self, book: Book) -> None:
        self.known, self.storage = book.known_label, book.storage

    def known_label(self, value: object) -> str | None:
        return self.known(value)

    def label(self, value: object) -> str:
        return self.known(value) or name_of(type(value))

    def text(self, value: object) -> str:
        return Writer(self, 2000, cut=True).write_cut(value)


def _most_common(counter: Counter[Any]) -> list[tuple[Any, Any]]:
    pairs = list(dict.items(counter))
    return sorted(pairs, key=_negative_count) if all(type(count) is int for _, count in pairs) else pairs


def _negative_count(pair: tuple[Any, int]) -> int:
    return -pair[1]
