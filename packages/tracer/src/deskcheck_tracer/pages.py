"""The text of a narration: a line for each unit, how the program ended, how much is told, and the output.

With a budget, lines for rounds of loops come first (budget.py), then the middle is left out.
"""

from collections.abc import Callable
from typing import NamedTuple

from . import coverage
from .budget import Place, middle_left_out, plans
from .claims import left_out, output_block, true_output
from .facts import end_text
from .telling import Tellings


class _Line(NamedTuple):
    """A line of the narration, how many units it stands for and how many changes it claims."""

    text: str
    units: int = 0
    changes: int = 0


def page(tellings: Tellings, style: str, fits: Callable[[str], bool]) -> str:
    """The narration in a style, as short as need be to fit."""
    layout = _Page(tellings, style)
    telling, source = tellings.of(style), tellings.trace.program.source
    lines = layout.lines([(index, index + 1) for index in range(len(telling.units))])
    if fits(whole := layout.text(lines)):
        return whole
    for plan in plans(telling.units, source) if telling.style.folds else ():
        lines = layout.lines(plan)
        if fits(shorter := layout.text(lines)):
            return shorter
    return middle_left_out(lines, layout.text, fits, lambda dropped: _Line(left_out(sum(d.units for d in dropped))))


class _Page:
    """Puts lines of one narration together with what ends it."""

    def __init__(self, tellings: Tellings, style: str) -> None:
        self._name, self._tellings = style, tellings
        self._telling, self._style = tellings.of(style), tellings.of(style).style
        end = end_text(tellings.trace.end)
        self._end = [self._style.end_word + end] if end is not None else []
        self._output = output_block(true_output(tellings.trace))
        self._counts = self._style.folds or self._style.partial

    def lines(self, places: list[Place]) -> list[_Line]:
        """One line a place."""
        return [self._line(*place) for place in places]

    def _line(self, start: int, stop: int) -> _Line:
        told = self._telling.told(start, stop)
        return _Line(told.text, stop - start, coverage.changes_in(told.said) if self._counts else 0)

    def text(self, lines: list[_Line]) -> str:
        """The whole text."""
        return "\n".join([*(line.text for line in lines), *self._end, *self._coverage(lines), self._output])

    def _coverage(self, lines: list[_Line]) -> list[str]:
        """How much is told, where it is not all."""
        if not self._counts:
            return []
        told, total = sum(line.changes for line in lines), self._tellings.changes
        return [coverage.write(self._name, told, total)] if self._style.partial or told < total else []
