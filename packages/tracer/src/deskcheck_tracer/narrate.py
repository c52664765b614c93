"""A trace in words: step by step in sentences, in blocks, in summary, or as a terse scratchpad (`compact`).

All end with the output. Every line states facts of the trace alone, so that `claims` reads them back and `check` finds
them all true. With a token budget rounds of loops are left out first, then the middle; lines say how much, and what
part of all changes of state is told. A `Narrator` tells and checks one trace and walks it once.
"""

import re
from collections.abc import Callable, Sequence

from .checks import ClaimCheck, changes_claimed, check_claims, first_false
from .claims import Claim, ReadLine, read_lines
from .errors import InputError
from .pages import page
from .styles import STYLES
from .telling import Tellings
from .trace import Trace

_TOKEN = re.compile(r"\w+|[^\w\s]")
_ASCII = [chr(number) for number in range(128)]
_SYMBOLS = "".join(c for c in _ASCII if re.match(r"[^\w\s]", c)).encode()
_WORDS_ALONE = "".join(c if re.match(r"\w", c) else " " for c in _ASCII).encode().ljust(256)
"""Bytes to bytes: the expression above takes fifteen times as long, and most texts are ASCII."""


def narrate(
    trace: Trace,
    style: str = "step",
    max_tokens: int | None = None,
    count_tokens: Callable[[str], int] | None = None,
) -> str:
    """Tell what the program did in one of the styles step, block, summary, compact.

    `max_tokens` bounds the text as counted by `count_tokens` (words and symbols if None): `step` and `block` then tell
    of loops the first, the last and the changing rounds, and at last every style leaves out lines of the middle. The
    output is always told, also where it alone is longer. Raises InputError on an unknown style.
    """
    return Narrator(trace).narrate(style, max_tokens, count_tokens)


def check(claims: Sequence[Claim], trace: Trace) -> list[ClaimCheck]:
    """One check a claim, in order. Nothing claimed gives no checks, which is not a pass."""
    return Narrator(trace).check(claims)


class Narrator:
    """Tells one trace in any style and checks what is claimed of it; what one call worked out serves the next.

    The trace must not change meanwhile.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._tellings = Tellings(trace)

    def narrate(
        self,
        style: str = "step",
        max_tokens: int | None = None,
        count_tokens: Callable[[str], int] | None = None,
    ) -> str:
        """See `deskcheck_tracer.narrate`."""
        if style not in STYLES:
            raise InputError(f"style is {style!r}, expected one of {', '.join(STYLES)}")
        count = count_tokens or count_words
        return page(self._tellings, style, lambda text: max_tokens is None or count(text) <= max_tokens)

    def claims(self, text: str) -> list[Claim]:
        """See `deskcheck_tracer.claims`; lines that this narrator wrote are not read again."""
        return [claim for line in self.read(text) for claim in line.claims()]

    def read(self, text: str) -> list[ReadLine]:
        """The claims of each line of a text."""
        return read_lines(text, lambda style: self._tellings.of(style).read)

    def check(self, claims: Sequence[Claim]) -> list[ClaimCheck]:
        """See `deskcheck_tracer.check`."""
        return check_claims(claims, self._tellings)

    def first_false(self, lines: Sequence[ReadLine]) -> ClaimCheck | None:
        """The first of their claims that does not hold, as `check` finds it, sooner; None if all hold."""
        return first_false(lines, self._tellings)

    def changes_told(self, claims: Sequence[Claim]) -> tuple[int, int]:
        """How many changes of state are claimed, rightly or not, and how many there are."""
        return changes_claimed(claims), self._tellings.changes


def count_words(text: str) -> int:
    """Words (or numbers) and single symbols of a text."""
    if not text.isascii():
        return len(_TOKEN.findall(text))
    data = text.encode()
    return len(data.translate(_WORDS_ALONE).split()) + len(data) - len(data.translate(None, _SYMBOLS))
