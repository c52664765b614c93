"""A trace told in a style, worked out once: the units, the line of each, and what may be stated of them.

Writing, reading and checking a narration need the same things. A `Telling` keeps them for one style, `Tellings` for all
styles of a trace, which is walked once for the sentences and once for the scratchpad.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from . import coverage, folds
from .facts import Said, Told
from .moment import Moment
from .spans import Span
from .story import story
from .styles import STYLES, Style
from .trace import Trace


class Telling:
    """The units of one style. A line stands for those from `start` up to `stop`: for one, or for rounds left out."""

    def __init__(self, style: Style, units: list[Any]) -> None:
        self.style, self.units = style, units
        self._told: dict[tuple[int, int], Told] = {}
        self._facts: dict[tuple[int, int], set[Said]] = {}
        self._said: dict[str, list[Said]] = {}

    def told(self, start: int, stop: int) -> Told:
        """The line, what it states, and what it may state."""
        found = self._told.get((start, stop))
        if found is None:
            found = self._told[start, stop] = self._tell(start, stop)
            self._said[found.text] = found.said
        return found

    def _tell(self, start: int, stop: int) -> Told:
        if stop == start + 1:
            return self.style.tell(self.units[start])
        return folds.tell_left_out(Span(self.units, start, stop))

    def facts(self, start: int, stop: int) -> set[Said]:
        """What a line that stands for these units may state."""
        if (told := self._told.get((start, stop))) is not None:
            return told.known
        found = self._facts.get((start, stop))
        if found is None:
            one = stop == start + 1 or not self.style.folds
            found = self.style.facts(self.units[start]) if one else self._tell(start, stop).known
            self._facts[start, stop] = found
        return found

    def read(self, line: str) -> list[Said]:
        """What a line states; one that was told here is not read again."""
        said = self._said.get(line)
        return self.style.read(line) if said is None else said


class Tellings:
    """All tellings of a trace, each made when it is asked for."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._walks: dict[Callable[[Trace], list[Moment]], list[Moment]] = {}
        self._tellings: dict[str, Telling] = {}

    def of(self, style: str) -> Telling:
        """The telling in one of STYLES."""
        if style not in self._tellings:
            chosen = STYLES[style]
            units = list(chosen.units(self._walk(chosen.walk), self.trace.program.source))
            self._tellings[style] = Telling(chosen, units)
        return self._tellings[style]

    @cached_property
    def changes(self) -> int:
        """How many changes of state there are to tell."""
        return sum(coverage.changes_of(moment) for moment in self._walk(story))

    def _walk(self, walk: Callable[[Trace], list[Moment]]) -> list[Moment]:
        if walk not in self._walks:
            self._walks[walk] = walk(self.trace)
        return self._walks[walk]
