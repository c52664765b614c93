"""The rounds of a run's loops, as places: by their number, by the item they are about, by what changed in them."""

from functools import cached_property
from typing import Any

from .course import Course
from .literal import UNKNOWN, same, value_of
from .statement import Scope


class Laps:
    """Asks one course about the rounds of its loops."""

    def __init__(self, course: Course) -> None:
        self.course = course

    def rounds(self, number: int | None, which: frozenset[int] = frozenset()) -> Scope | None:
        """The rounds of a number, of the loops on these lines if any are given; the last rounds for None."""
        last = {one.run: one.number for one in self.course.rounds}
        found = [
            (one.start, min(one.stop + (one.number == last[one.run]), len(self.course.ticks)))
            for one in self.course.rounds
            if one.number == (last[one.run] if number is None else number) and (not which or one.line in which)
        ]
        lines = frozenset(one.line for one in self.course.rounds if not which or one.line in which)
        return Scope(tuple(found), "", lines) if found else None

    def other_rounds(self, scope: Scope) -> frozenset[int]:
        """The ticks of the other rounds of the scope's loops."""
        ticks = {tick for one in self.course.rounds if one.line in scope.lines for tick in range(one.start, one.stop)}
        return frozenset(ticks) - scope.ticks

    def done(self, number: int, which: frozenset[int] = frozenset()) -> frozenset[int] | bool:
        """Where so many rounds of a run of one of these loops (any, if none is given) are done, and the next is not."""
        found = frozenset(
            tick
            for run in self.course.runs
            if len(run.starts) > number > 0 and (not which or run.line in which)
            for tick in range(run.of_round(number)[1] - 1, run.of_round(number + 1)[1])
        )
        return found or False

    def changed(self, name: str) -> frozenset[int]:
        """Where a name got another value than it had."""
        return frozenset(
            tick.index for tick in self.course.ticks
            if name in tick.moment.changes and tick.before.get(name) != tick.state.get(name)
        )  # fmt: skip

    def kept(self, name: str) -> frozenset[int]:
        """The ticks of rounds in which a name kept its value."""
        changed = self.changed(name)
        busy = {
            tick
            for one in self.course.rounds
            if any(one.start <= at < one.stop for at in changed)
            for tick in range(one.start, one.stop)
        }
        return frozenset(tick.index for tick in self.course.ticks if tick.rounds and tick.index not in busy)

    @cached_property
    def outside(self) -> frozenset[int]:
        """The ticks in no round of any loop."""
        return frozenset(tick.index for tick in self.course.ticks if not tick.rounds)

    @cached_property
    def ends(self) -> frozenset[int]:
        """The last ticks of the eras."""
        ticks = self.course.ticks
        return frozenset(
            one.index
            for one, after in zip(ticks, [*ticks[1:], None], strict=True)
            if after is None or one.era != after.era
        )

    def loop_windows(self, name: str, value: Any) -> tuple[tuple[int, int], ...]:
        """The rounds in which a `for` gave a name a value."""
        found = []
        for one in self.course.rounds:
            head = self.course.ticks[one.start]
            text = head.moment.changes.get(name)
            if text is not None and same(value, value_of(text)) and value_of(text) is not UNKNOWN:
                found.append((one.start, one.stop))
        return tuple(found)

    def is_set_by_loops(self, name: str) -> bool:
        """Whether a name changes only where a round of a loop begins."""
        starts = {one.start for one in self.course.rounds}
        return self.changed(name) <= starts

    def item_ticks(self, value: Any) -> frozenset[int]:
        """The ticks of the rounds in which a `for` gave some name a value."""
        found = set[int]()
        for one in self.course.rounds:
            for text in self.course.ticks[one.start].moment.changes.values():
                known = UNKNOWN if text is None else value_of(text)
                if known is not UNKNOWN and same(value, known):
                    found.update(range(one.start, one.stop))
        return frozenset(found)
