"""The summary style: one sentence a loop and a call, and blocks for the lines between.

    The loop on line 4, `for x in a`, runs 3 times: s goes from 0 to 8; line 5 holds 2 times of 3.
    fact runs 9 lines with n = 4 and returns 24.

A function that is called once is told from the inside, since it may be the whole program; all others by their calls.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from . import blocks, folds
from .blocks import Unit, grouped
from .facts import Said, Told
from .folds import Loop, Run
from .moment import Moment, What
from .rounds import LoopRun, loop_runs

_ENTERS = (What.call, What.resume, What.throw, What.body)
_LEAVES = (What.return_, What.yield_, What.unwind, What.body_end)


def folded(moments: Sequence[Moment], source: str) -> Iterator[Unit | Loop | Run]:
    """The story of a program with its loops and calls folded."""
    calls = Counter(moment.function.partition("#")[0] for moment in moments if moment.what is What.call)
    runs = {run.starts[0]: run for run in loop_runs(moments, source) if run.starts}
    plain: list[Moment] = []
    index = 0
    while index < len(moments):
        span = _loop(moments, index, runs) or _run(moments, index, calls)
        if span is None:
            plain.append(moments[index])
            index += 1
            continue
        yield from grouped(plain)
        plain = []
        yield span
        index = span.stop
    yield from grouped(plain)


def _loop(moments: Sequence[Moment], index: int, runs: dict[int, LoopRun]) -> Loop | None:
    """The loop whose first round begins here, unless its frame is left inside."""
    run = runs.get(index)
    if run is None or any(_leaves(moment) and moment.frame == run.frame for moment in moments[index : run.end]):
        return None
    return Loop(moments, index, run.end)


def _run(moments: Sequence[Moment], index: int, calls: Counter[str]) -> Run | None:
    """The call that begins here, to where its frame is left, if it is one of several."""
    first = moments[index]
    once = first.what is What.call and calls[first.function] == 1 and "#" not in first.function
    if first.what not in _ENTERS or once:
        return None
    for stop in range(index + 1, len(moments)):
        if moments[stop].frame == first.frame and _leaves(moments[stop]):
            return Run(moments, index, stop + 1)
    return None


def _leaves(moment: Moment) -> bool:
    return moment.what in _LEAVES or moment.verb in ("returns", "yields")


def tell(unit: Unit | Loop | Run) -> Told:
    """One sentence."""
    if isinstance(unit, Loop):
        return folds.tell_loop(unit)
    return folds.tell_run(unit) if isinstance(unit, Run) else blocks.tell(unit)


def facts(unit: Unit | Loop | Run) -> set[Said]:
    """Everything that the sentence of a unit may state."""
    return tell(unit).known if isinstance(unit, Loop | Run) else blocks.facts(unit)


def read(line: str) -> list[Said]:
    """What a sentence states."""
    said = folds.read(line)
    return blocks.read(line) if said is None else said


def looks_like(line: str) -> bool:
    """Whether a line is one that only a summary has."""
    return line.startswith("The loop on line ") or (folds.read(line) is not None and not line.startswith("Iterations "))
