"""Numbers and texts worth trying: small, with the values that the function compares with and their neighbours."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from deskcheck_trainer.nlex.shapes import Shape

if TYPE_CHECKING:
    from deskcheck_trainer.nlex.arguments import Arguments

MAX_CONSTANT = 10_000
"""Larger numbers of a program are moduli and infinities: loops up to them would never be traced."""
_EDGES = (0, 1, -1, 2, 10, 12, 100)
_WORDS = (
    *("apple", "banana", "cat", "hello", "world", "level", "Python", "a", "ab", "The", "quick", "fox", "tree", "noon"),
    *("racecar", "Data", "x", "sun", "moon", "red"),
)
_ALPHABETS = ("ab", "abc", "abcde", ascii_lowercase, "aAbB", "ab1 2")
_FORMAT_SIGNS = frozenset("YmdHMSyBbpIjfaA")
_BYTES = st.binary(max_size=6)
_BOOLEANS = st.booleans()
_DATES = st.datetimes(datetime(2019, 12, 25), datetime(2022, 3, 3)).map(lambda date: date.replace(microsecond=0))


@lru_cache(1000)
def _letters(alphabet: str, longest: int) -> st.SearchStrategy[str]:
    # Not st.text: it has hypothesis build its table of all characters, half a second, and store it where we are.
    return st.lists(st.sampled_from(alphabet), min_size=1, max_size=longest).map("".join)


class Scalars:
    """Draws numbers and texts for one call."""

    def __init__(self, arguments: Arguments) -> None:
        self.a = arguments
        self.seen: dict[int, list[Any]] = {}
        """By shape, the values of this call so far."""

    def value(self, shape: Shape, kind: str) -> Any:
        """A scalar of a kind."""
        seen = self.seen.setdefault(id(shape.root), [])
        alike = [value for value in seen if type(value).__name__ == kind]
        if alike and kind != "bool" and self.a.odds(25):
            return self.a.one_of(alike)
        value = getattr(self, f"_{kind}")(shape)
        seen.append(value)
        return value

    def _bool(self, shape: Shape) -> bool:
        return self.a.drawn(_BOOLEANS)

    def _int(self, shape: Shape) -> int:
        size = self.a.sizes.get(id(shape.root))
        if size is not None and self.a.odds(85):
            return size if self.a.odds(60) else self.a.below(size + 1)
        constants = [c for c in shape.constants(int, float) if abs(c) <= MAX_CONSTANT and c == int(c)]
        if constants and self.a.odds(45):
            return int(self.a.one_of(constants)) + self.a.below(3) - 1
        number = self._plain(shape)
        return max(1, abs(number)) if shape.marked("positive") and not self.a.odds(5) else number

    def _plain(self, shape: Shape) -> int:
        if shape.marked("code point"):
            return 97 + self.a.below(26)
        sort = self.a.below(100)
        if shape.marked("count"):
            return self.a.below(13) if sort < 92 else self.a.one_of(_EDGES[:4])
        if sort < 55:
            return self.a.below(21)
        if sort < 80:
            return self.a.below(121) - 20
        if sort < 90:
            return self.a.one_of(_EDGES)
        return 1 + self.a.below(500)

    def _float(self, shape: Shape) -> float:
        constants = [c for c in shape.constants(int, float) if abs(c) <= MAX_CONSTANT]
        if constants and self.a.odds(35):
            return float(self.a.one_of(constants)) + (self.a.below(3) - 1) / 2
        sort = self.a.below(100)
        number = self.a.below(101) / 4 if sort < 60 else self.a.below(1001) / 10 if sort < 85 else self.a.below(11) / 10
        if shape.marked("positive"):
            return number or 0.5
        return -number if sort >= 95 else number

    def _bytes(self, shape: Shape) -> bytes:
        return self.a.drawn(_BYTES)

    def _str(self, shape: Shape) -> str:
        if shape.has("json"):
            return self.a.json(shape.part("json"))
        constants = [text for text in shape.constants(str) if len(text) <= 60]
        if shape.known.formats:
            return self._date(self.a.one_of(list(shape.known.formats)))
        if constants and self.a.odds(75 if len(constants) > 1 else 40):
            return self.a.one_of(constants)
        if shape.marked("char"):
            return self.a.one_of([*(c for c in constants if len(c) == 1), *"abcxyzAB12 "])
        if shape.known.separators and self.a.odds(92):
            return self._pieces(shape, self.a.one_of(list(shape.known.separators)))
        if shape.marked("digits") or (shape.marked("digits?") and not shape.marked("char?")):
            return self._digits()
        return self._text(shape)

    def _pieces(self, shape: Shape, separator: str) -> str:
        pieces = shape.part("pieces")
        positions = pieces.positions()
        size = pieces.fixed() or self.a.one_of((1, 2, 2, 3, 3, 4, 5))
        whole = pieces.part("item" if pieces.has("item") else "iter")
        return separator.join(str(self.value(positions.get(i) or whole, "str")) for i in range(size))

    def _digits(self) -> str:
        number = self.a.below(100) if self.a.odds(60) else self.a.below(100_000)
        return str(number)

    def _text(self, shape: Shape) -> str:
        characters = self._characters(shape)
        sort = self.a.below(100)
        held = [mark[6:] for mark in shape.known.marks if mark.startswith("holds ")]
        if held and sort < 30:
            return self.a.one_of(["", "a", "ab "]) + self.a.one_of(held) + self.a.one_of(["", "b", " c"])
        if characters:
            return self._letters("".join(characters) + "ab1"[: self.a.below(4)], 8)
        if shape.marked("alphanumeric") and sort < 60:
            return self._letters("abXY12 -", 8)
        if sort < 35:
            return self.a.one_of(_WORDS)
        if sort < 50:
            return " ".join(self.a.one_of(_WORDS) for _ in range(1 + self.a.below(4)))
        if sort < 54:
            return ""
        return self._letters(self.a.one_of(_ALPHABETS), 8)

    def _characters(self, shape: Shape) -> list[str]:
        """What single characters of the text are compared with."""
        parts = [shape.part(key) for key in ("item", "iter") if shape.has(key)]
        return list(dict.fromkeys(c for part in parts for c in part.constants(str) if len(c) == 1))[:40]

    def _letters(self, alphabet: str, longest: int) -> str:
        return self.a.drawn(_letters(alphabet, longest))

    def _date(self, form: str) -> str:
        day = self.a.drawn(_DATES)
        signs = form.split("%")[1:]
        if len(form) > 40 or not all(sign and sign[0] in _FORMAT_SIGNS for sign in signs):
            return day.isoformat()  # a stranger's format is not handed to the C library unless it is an ordinary one
        return day.strftime(form)
