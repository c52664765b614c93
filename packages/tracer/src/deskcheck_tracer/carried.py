"""Values on the line between a candidate and its check: written as canonical text on one side, read back on the other.

Reading runs nothing: a tokenizer and a small recursive reader know literals, `inf`, `nan` and the few constructors of
the table below; a text that is anything else is refused. (`ast.parse` would do the same and takes some 700 bytes of
memory an element; an answer of a megabyte would cost the check its memory limit.)

On top of `canonical`: an object of a class derived from a built-in one is its value alone (a namedtuple is a tuple),
for whoever answers could have answered with that; Counter, defaultdict, OrderedDict, deque, bytearray, dict views,
range, Decimal and Fraction by name; an iterator (map, filter, zip, generator) is `iter([...])`, made up to MAX_TEXT
characters and MAX_ITEMS items. Everything else (functions, classes, dates ...) is an `Opaque`, which equals nothing
but has the truth value of what it stands for. Identity does not survive: every value arrives as a new object. Standard
library only: this file runs inside the jails, on both sides.
"""

from __future__ import annotations

import collections
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from .canonical import canonical

MAX_TEXT = 500_000
MAX_ITEMS = 10_000
"""What is made of an iterator; it is cut there, and its reader who asks for more is told so by an exception."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>[bB]?(?:'(?:[^'\\]++|\\.)*+'|"(?:[^"\\]++|\\.)*+"))"""
    r"""|(?P<complex>\([^\s(){}\[\],:'"<>]+j\))|(?P<opaque><[^<>]*>)"""
    r"""|(?P<word>[^\s(){}\[\],:'"<>]+)|(?P<mark>[()\[\]{},:]))"""
)
_WORDS: dict[str, Any] = {"None": None, "True": True, "False": False}


class Opaque:
    """What a value was that cannot be carried: equal to nothing, true or false like the original."""

    def __init__(self, name: str, *, truth: bool = True) -> None:
        self.name, self.truth = name, truth

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        return self.truth

    def __repr__(self) -> str:
        return f"<{self.name}>" if self.truth else f"<{self.name}: false>"


class Unreadable(ValueError):
    """A text that is no value."""


def written(value: Any, lost: list[Any] | None = None) -> str:
    """The value as one line of text; iterators are used up. Raises what an iterator of the program raises.

    `lost` collects the parts that cannot be carried.
    """
    return canonical(value, lambda item, again: _other(item, again, [] if lost is None else lost))


def _other(value: Any, again: Callable[[Any], str], lost: list[Any]) -> str:
    kind = type(value)
    if kind is range:
        return repr(value)
    for name, known in _LISTED.items():
        if kind is known:
            return f"{name}({again(list(value))})"
    if kind in _DICTS:
        return f"{_DICTS[kind]}({again(dict(value))})"
    if kind is collections.defaultdict:
        return f"defaultdict({_FACTORIES.get(value.default_factory, 'None')}, {again(dict(value))})"
    if kind.__name__ in ("Decimal", "Fraction") and getattr(sys.modules.get(kind.__module__), kind.__name__, 0) is kind:
        return f"{kind.__name__}({str(value)!r})"
    for base, plain in _BASES.items():
        if isinstance(value, base):
            return again(plain(value))
    if hasattr(kind, "__next__"):
        return _used_up(value, again)
    lost.append(value)
    return repr(value if kind is Opaque else Opaque(re.sub(r"\W", "_", kind.__name__), truth=_truth(value)))


def _used_up(value: Any, again: Callable[[Any], str]) -> str:
    texts, room = list[str](), MAX_TEXT
    for item in value:
        texts.append(again(item))
        room -= len(texts[-1]) + 2
        if room < 0 or len(texts) > MAX_ITEMS:
            return f"iter([{', '.join(texts)}], True)"
    return f"iter([{', '.join(texts)}])"


def _iterator(items: list[Any], cut: bool = False) -> Iterator[Any]:
    yield from items
    if cut:
        raise RuntimeError(f"only the first {len(items)} items of this iterator were carried")


def _truth(value: Any) -> bool:
    try:
        return bool(value)
    except Exception:
        return True


_DICTS = {collections.Counter: "Counter", collections.OrderedDict: "OrderedDict"}
_FACTORIES: dict[Any, str] = {kind: repr(kind.__name__) for kind in (int, float, str, list, dict, set, tuple, bool)}
_BASES: dict[type, Callable[[Any], Any]] = {
    int: int.__pos__, float: float.__pos__, complex: complex.__pos__, str: str.__str__,
    bytes: lambda value: bytes(memoryview(value)), list: lambda value: list(list.__iter__(value)),
    tuple: lambda value: tuple(tuple.__iter__(value)), dict: lambda value: dict(dict.items(value)),
    set: lambda value: set(set.__iter__(value)), frozenset: lambda value: frozenset(frozenset.__iter__(value)),
}  # fmt: skip
_LISTED: dict[str, type] = {
    "dict_keys": type({}.keys()), "dict_values": type({}.values()), "dict_items": type({}.items()),
    "deque": collections.deque, "bytearray": bytearray,
}  # fmt: skip


def _number(name: str) -> Callable[[str], Any]:
    def make(text: str) -> Any:
        import decimal
        import fractions

        return {"Decimal": decimal.Decimal, "Fraction": fractions.Fraction}[name](text)

    return make


_MAKERS: dict[str, Callable[..., Any]] = {
    "set": set, "frozenset": frozenset, "range": range, "iter": _iterator, "deque": collections.deque,
    "bytearray": bytearray, "Counter": collections.Counter, "OrderedDict": collections.OrderedDict,
    "defaultdict": lambda name, items: collections.defaultdict(_MADE_BY.get(name), items),
    "dict_keys": lambda items: dict.fromkeys(items).keys(),
    "dict_values": lambda items: dict(enumerate(items)).values(),
    "dict_items": lambda items: dict(items).items(),
    "Decimal": _number("Decimal"), "Fraction": _number("Fraction"),
}  # fmt: skip
_MADE_BY = {kind.__name__: kind for kind in _FACTORIES}
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def become(old: Any, new: Any) -> None:
    """Make of a value what a call on the other side has made of it, in place; TypeError for another type."""
    if type(old) is not type(new):
        raise TypeError(f"a {type(old).__name__} cannot become a {type(new).__name__}")
    if isinstance(old, tuple) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            become(one, other)
    elif isinstance(old, (list, bytearray)):
        old[:] = new
    elif isinstance(old, (collections.deque, dict, set)):
        old.clear()
        (old.extend if isinstance(old, collections.deque) else old.update)(new)


def read(text: str) -> Any:
    """The value that `written` (or `canonical`) wrote; Unreadable for any other text."""
    try:
        reader = _Reader(text.rstrip())
        value = reader.value()
        if reader.kind:
            raise Unreadable("text goes on after the value")
        return value
    except Unreadable:
        raise
    except Exception as error:  # a set of lists, a number of 5,000 digits, 10,000 brackets, range() of a string
        raise Unreadable(f"{type(error).__name__}: {error}") from None


class _Reader:
    """One token ahead: `kind` and `token`; kind is empty at the end."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next()

    def _next(self) -> tuple[str, str]:
        taken = (self.kind, self.token) if hasattr(self, "kind") else ("", "")
        self.kind, self.token = next(self._tokens)
        return taken

    def value(self) -> Any:
        kind, token = self._next()
        if kind == "string":
            return _unquoted(token)
        if kind == "complex":
            return complex(token)
        if kind == "opaque":
            name, _, note = token[1:-1].partition(":")
            return Opaque(name, truth=not note)
        if kind == "word":
            return _made(token, self._items("(")) if self.token == "(" else _atom(token)
        if token == "{":
            return self._braces()
        if token in ("(", "["):
            return self._sequence(token)
        raise Unreadable(f"a value expected, got {token!r}")

    def _items(self, opening: str) -> list[Any]:
        self._next()
        return list(self._until(_CLOSING[opening]))

    def _sequence(self, opening: str) -> Any:
        items = list(self._until(_CLOSING[opening]))
        return items if opening == "[" else tuple(items)

    def _until(self, closing: str) -> Iterator[Any]:
        while self.token != closing or self.kind != "mark":
            yield self.value()
            if self.token == "," and self.kind == "mark":
                self._next()
            elif self.token != closing:
                raise Unreadable(f"',' or {closing!r} expected, got {self.token!r}")
        self._next()

    def _braces(self) -> Any:
        if self.token == "}":
            self._next()
            return {}
        first = self.value()
        if self.token != ":":
            if self.token == ",":
                self._next()
            return {first, *self._until("}")}
        self._next()
        pairs = {first: self.value()}
        while self.token == ",":
            self._next()
            key = self.value()
            if self._next()[1] != ":":
                raise Unreadable("':' expected after a key")
            pairs[key] = self.value()
        if self._next() != ("mark", "}"):
            raise Unreadable("'}' expected")
        return pairs


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise Unreadable(f"no value begins with {text[place : place + 20]!r}")
        kind = found.lastgroup or ""
        yield kind, found[kind]
        place = found.end()
    while True:
        yield "", ""


def _atom(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    if word[-1:] == "j":
        return complex(word)
    if word.lstrip("-")[:2] == "0x":
        return int(word, 16)
    return int(word) if word.lstrip("-").isdecimal() else float(word)


def _made(name: str, arguments: list[Any]) -> Any:
    if name not in _MAKERS:
        raise Unreadable(f"{name!r} makes no value that is known here")
    return _MAKERS[name](*arguments)


def _unquoted(token: str) -> str | bytes:
    """A string literal without its quotes, as Python reads it."""
    if token[0] in "bB":
        return _unescaped(token[2:-1]).encode("latin-1")
    return _unescaped(token[1:-1])


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an escape that Python does not know: from nobody who writes as we do
        return text.encode("latin-1", "backslashreplace").decode("unicode_escape")
