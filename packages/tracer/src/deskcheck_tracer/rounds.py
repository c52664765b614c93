"""The loops that a telling went through: where each round begins and where the loop is over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .blocks import Block, Unit, head
from .moment import Moment, What
from .statements import statements


@dataclass
class LoopRun:
    """One run of a loop, in indexes of units."""

    frame: int
    line: int
    span: tuple[int, int]
    """First and last line of the loop in the source."""
    starts: list[int] = field(default_factory=list)
    """Where each round begins."""
    end: int = 0
    """The first unit after the last round."""

    def of_round(self, number: int) -> tuple[int, int]:
        """The units of a round, counted from 1."""
        return self.starts[number - 1], self.starts[number] if number < len(self.starts) else self.end


def loop_runs(units: Sequence[Unit], source: str) -> list[LoopRun]:
    """All loops of a telling whose rounds are told, in the order they began."""
    known = statements(source)
    open_runs: dict[int, list[LoopRun]] = {}
    found: list[LoopRun] = []
    for index, unit in enumerate(units):
        first = head(unit)
        inside = open_runs.setdefault(first.frame, [])
        while inside and _is_over(inside[-1], first):
            inside.pop().end = index
        if first.round == 1 and first.line in known:
            run = LoopRun(first.frame, first.line, known[first.line].span)
            found.append(run)
            inside.append(run)
        if first.round and inside and inside[-1].line == first.line:
            inside[-1].starts.append(index)
        if _leaves(unit, first.frame):
            for run in open_runs.pop(first.frame, []):
                run.end = index + 1
    for run in (run for runs in open_runs.values() for run in runs):
        run.end = len(units)
    return found


def _is_over(run: LoopRun, moment: Moment) -> bool:
    if moment.what not in (What.step, What.begin, What.effect):
        return False
    if moment.line == run.line:
        return moment.round == 1 or moment.taken is False
    return moment.what is not What.effect and not run.span[0] <= moment.line <= run.span[1]


def _leaves(unit: Unit, frame: int) -> bool:
    last = unit.steps[-1] if isinstance(unit, Block) else unit
    return last.frame == frame and (last.verb == "returns" or last.what in (What.return_, What.unwind))


def outermost(runs: list[LoopRun]) -> Iterator[LoopRun]:
    """Loops that lie in no other."""
    end = 0
    for run in runs:
        if run.starts and run.starts[0] >= end:
            yield run
            end = run.end
