"""A trace in words: step by step in sentences, in blocks, in summary, or as a terse scratchpad (`compact`).

All end with the output. Every line states facts of the trace alone, so that `claims` reads them back and `check` finds
them all true. With a token budget rounds of loops are left out first, then the middle; lines say how much, and what
part of all changes of state is told.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from . import coverage
from .budget import middle_left_out, plans
from .claims import left_out, output_block, true_output
from .errors import InputError
from .facts import end_text
from .folds import Span
from .styles import STYLES, moments_of
from .trace import Trace

_TOKEN = re.compile(r"\w+|[^\w\s]")


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
    if style not in STYLES:
        raise InputError(f"style is {style!r}, expected one of {', '.join(STYLES)}")
    told = STYLES[style]
    units = list(told.units(trace))
    page = _Page(trace, style, sum(coverage.changes_of(m) for u in units for m in moments_of(u)))
    lines = page.lines(units)
    if max_tokens is None:
        return page.text(lines)
    count = count_tokens or count_words

    def fits(text: str) -> bool:
        return count(text) <= max_tokens

    if told.folds and not fits(page.text(lines)):
        for plan in plans(units, trace.program.source):
            lines = page.lines(plan)
            if fits(page.text(lines)):
                break
    return middle_left_out(lines, page.text, fits, lambda dropped: _Line(left_out(sum(d.units for d in dropped))))


def count_words(text: str) -> int:
    """Words and symbols of a text."""
    return len(_TOKEN.findall(text))


@dataclass(frozen=True)
class _Line:
    """A line of the narration, how many units it stands for and how many changes it claims."""

    text: str
    units: int = 0
    changes: int = 0


class _Page:
    """Puts lines of one narration together with what ends it."""

    def __init__(self, trace: Trace, style: str, total: int) -> None:
        self._style, self._told, self._total = style, STYLES[style], total
        end = end_text(trace.end)
        self._end = [self._told.end_word + end] if end is not None else []
        self._output = output_block(true_output(trace))

    def lines(self, units: list) -> list[_Line]:
        """One line a unit."""
        found = []
        for unit in units:
            text = self._told.write_any(unit)
            changes = 0 if self._style == "compact" else coverage.changes_in(self._told.read(text))
            found.append(_Line(text, unit.stop - unit.start if type(unit) is Span else 1, changes))
        return found

    def text(self, lines: list[_Line]) -> str:
        """The whole text."""
        told = sum(line.changes for line in lines)
        states = self._told.partial or (self._told.folds and told < self._total)
        covered = [coverage.write(self._style, told, self._total)] if states else []
        return "\n".join([*(line.text for line in lines), *self._end, *covered, self._output])
