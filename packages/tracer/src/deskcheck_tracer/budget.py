"""Fit a telling to a number of tokens: first rounds of loops are left out, then the middle.

A loop keeps its first rounds, its last, and those that go another way than the round before (other lines run); each
stretch between is one sentence that says how many lines it stands for and what changed there.
"""

from collections.abc import Callable, Iterator, Sequence

from .blocks import Unit, steps_of
from .rounds import LoopRun, loop_runs

Place = tuple[int, int]
"""What a line stands for: the units from the first index up to the second."""

PLANS = ((3, True), (2, True), (1, True), (1, False))
"""First rounds kept, and whether changing ones are kept; tried in this order."""


def plans(units: Sequence[Unit], source: str) -> Iterator[list[Place]]:
    """Ever shorter tellings of the same units, as the places of their lines."""
    runs = [run for run in loop_runs(units, source) if len(run.starts) > 2]
    if runs:
        for first, changing in PLANS:
            yield list(_folded(units, runs, first, changing))


def _folded(units: Sequence[Unit], runs: list[LoopRun], first: int, changing: bool) -> Iterator[Place]:
    folds: dict[int, int] = {}
    for run in reversed(runs):  # an outer loop began before its inner ones, and its folds hide theirs
        kept = _kept(units, run, first, changing)
        number = 1
        while number <= len(run.starts):
            last = number
            while last + 1 <= len(run.starts) and (last + 1 in kept) == (number in kept) and number not in kept:
                last += 1
            if number not in kept and last > number:
                folds[run.starts[number - 1]] = run.of_round(last)[1]
            number = last + 1
    index = 0
    while index < len(units):
        stop = folds.get(index, index + 1)
        yield index, stop
        index = stop


def _kept(units: Sequence[Unit], run: LoopRun, first: int, changing: bool) -> set[int]:
    total = len(run.starts)
    kept = {*range(1, min(first, total) + 1), total}
    if changing:
        paths = [_path(units, *run.of_round(number)) for number in range(1, total + 1)]
        kept |= {number for number in range(2, total + 1) if paths[number - 1] != paths[number - 2]}
    return kept


def _path(units: Sequence[Unit], start: int, stop: int) -> list[int]:
    """The lines that a round ran."""
    return [moment.line for unit in units[start:stop] for moment in steps_of(unit)]


def middle_left_out[Line](
    lines: list[Line],
    text: Callable[[list[Line]], str],
    fits: Callable[[str], bool],
    left_out: Callable[[list[Line]], Line],
) -> str:
    """As many lines as fit where not all do, equally many at both ends."""

    def keeping(kept: int) -> str:
        first, last = (kept + 1) // 2, len(lines) - kept // 2
        return text([*lines[:first], left_out(lines[first:last]), *lines[last:]])

    low, high = 0, len(lines) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(keeping(middle)) else (low, middle - 1)
    return keeping(low)
