"""Single lines of a run as questions ask about them: the state before and after, and the line that runs next.

Read off the events in one pass, without `Trace.steps()`: what a question states is then checked against the steps. A
visit counts only if its line ran straight to the next line or to the return of its function: one that yields, raises
or lets another thread run has no plain "after". Lines of other files, lambdas and generator expressions have none.
"""

from __future__ import annotations

import ast
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from deskcheck_tracer import Event, Trace
from deskcheck_tracer.trace import EventKind
from deskcheck_tracer.values import is_elided

State = dict[str, str]


@dataclass(frozen=True)
class Visit:
    """One run of one line of the program's own source."""

    step: int
    """Its index in `Trace.steps()`."""
    line: int
    function: str | None
    """None for the program's own body."""
    time: int
    """How often the line has begun to run by then, counted from 1 over the whole run."""
    before: State
    after: State
    then: int | None
    """The line that runs next in the same frame; None if it leaves the frame."""


@dataclass
class _Frame:
    function: str
    is_own: bool
    state: State = field(default_factory=dict)
    open: tuple[int, int, int, State] | None = None
    """Step, line, time and state before of the line that is running undisturbed."""

    def change(self, event: Event) -> None:
        if event.changes:
            changed = self.state | event.changes
            self.state = {name: value for name, value in changed.items() if value is not None}


_DISTURBS = {
    EventKind.yield_, EventKind.resume, EventKind.throw, EventKind.raise_, EventKind.reraise, EventKind.handled,
    EventKind.unwind,
}  # fmt: skip


def visits(trace: Trace) -> list[Visit]:
    """Every line that ran straight through, in the order in which they ended; none of a run with threads."""
    if any(event.thread is not None for event in trace.events):
        return []
    frames: dict[int, _Frame] = {}
    times, steps, found = Counter[int](), 0, []
    for event in trace.events:
        if event.kind is EventKind.call:
            frames[event.frame] = _Frame(event.function or "?", event.file is None)
        frame = frames.setdefault(event.frame, _Frame("<module>", True))
        frame.change(event)
        if event.kind in _DISTURBS:
            frame.open = None
        elif event.kind is EventKind.return_ or event.kind is EventKind.line:
            if frame.open is not None:
                found.append(_closed(frame, event))
            frame.open = None
        if event.kind is EventKind.line:
            if frame.is_own:
                times[event.line] += 1
                frame.open = steps, event.line, times[event.line], frame.state
            steps += 1
    return found


def _closed(frame: _Frame, event: Event) -> Visit:
    assert frame.open is not None
    step, line, time, before = frame.open
    function = None if frame.function == "<module>" else frame.function.partition("#")[0]
    then = event.line if event.kind is EventKind.line else None
    return Visit(step, line, function, time, before, frame.state, then)


def in_drawn_order(visits: Sequence[Visit], rng: random.Random) -> Iterator[Visit]:
    """Lines in random order, and the visits of each: a line in a long loop comes first as seldom as any other."""
    by_line: dict[int, list[Visit]] = {}
    for visit in visits:
        by_line.setdefault(visit.line, []).append(visit)
    lines = sorted(by_line)
    rng.shuffle(lines)
    for line in lines:
        yield from rng.sample(by_line[line], len(by_line[line]))


def is_told_once(node: ast.AST) -> bool:
    """Whether a line with this code runs once when it runs: comprehensions and lambdas run it again inside."""
    return not any(isinstance(part, _RUNS_AGAIN) for part in ast.walk(node))


_RUNS_AGAIN = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)


@lru_cache(maxsize=4096)
def is_plain(value: str) -> bool:
    """Whether a value's text is a whole literal, which anybody reads alike (so is `set()`, which Python reads, too)."""
    try:
        ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return not is_elided(value)


def plain(state: State) -> State:
    """The names with plain values."""
    return {name: value for name, value in state.items() if is_plain(value)}
