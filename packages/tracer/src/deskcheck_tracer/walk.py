"""A trace as a walk for the viewer: moment by moment, what changed in which frame, who called whom, in plain data.

The moments are the narration's, so that every scene of the walk has its sentence. States are not theirs but the steps':
a scene holds the names that differ from the last state shown of its frame, and replaying them gives `Step.locals` after
every executed line. `links` say which frame stands under which: a call is under its caller, a generator that goes on
under whoever resumed it.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from . import sentences
from .moment import Moment, What
from .story import story
from .trace import EventKind, Step, Trace

State = dict[str, str]


class Scene(NamedTuple):
    """One place to stand on the walk; a JSON array in this order."""

    what: str
    line: int
    frame: int
    changes: dict[str, str | None]
    """Names that differ from the last state shown of this frame; None = no longer bound."""
    printed: str
    read: str
    value: str | None
    """Value returned, yielded or raised."""
    verb: str
    """What the frame does with the value: `returns`, `yields`, `raises`, `raises again`, `leaves with`, `catches`,
    `goes on with`; "" without a value."""
    sentence: str
    links: list[tuple[int, int | None]]
    """(frame, the frame under it) for frames that are entered or go on here."""


def walk(trace: Trace) -> Iterator[Scene]:
    """Every scene, in order."""
    states = _States(trace)
    under = _Under(trace)
    for moment in story(trace):
        if moment.what is not What.switch:  # the scene after it shows by itself whose line it is
            value = None if moment.what in (What.cut, What.body_end) else moment.value
            yield Scene(
                moment.what.value, moment.line, moment.frame, states.show(moment), moment.printed, moment.read,
                value, moment.verb or _VERBS.get(moment.what, ""), sentences.tell(moment).text, under.link(moment),
            )  # fmt: skip


_VERBS = {
    What.return_: "returns", What.yield_: "yields", What.raise_: "raises", What.reraise: "raises again",
    What.unwind: "leaves with", What.handled: "catches", What.throw: "goes on with",
}  # fmt: skip


def frame_table(trace: Trace) -> dict[int, dict[str, Any]]:
    """Function, file and thread of every frame, by its number; empty fields left out."""
    table = {}
    for event in trace.events:
        if event.kind is EventKind.call:
            fields = {"function": event.function or "?", "file": event.file, "thread": event.thread}
            table[event.frame] = {name: text for name, text in fields.items() if text is not None}
    return table


class _States:
    """The state to show at each moment, as the difference to what was shown of the frame before."""

    def __init__(self, trace: Trace) -> None:
        self.steps: dict[tuple[int, int, int], Step] = {}
        self.before: dict[int, State] = {}
        self.shown: dict[int, State] = defaultdict(dict)
        last = {
            event.frame: {name: value for name, value in event.changes.items() if value is not None}
            for event in trace.events
            if event.kind is EventKind.call
        }
        self.entry = dict(last)
        for step in trace.steps():
            self.steps[step.frame, step.line, step.visit] = step
            self.before[step.index] = last.get(step.frame, {})
            last[step.frame] = step.locals

    def show(self, moment: Moment) -> dict[str, str | None]:
        state = self._state(moment)
        shown = self.shown[moment.frame]
        self.shown[moment.frame] = state
        return _difference(shown, state)

    def _state(self, moment: Moment) -> State:
        if moment.what in (What.call, What.body):
            return self.entry.get(moment.frame, {})
        step = self.steps.get((moment.frame, moment.line, moment.visit))
        if step is None or moment.what not in (What.step, What.begin, What.effect):
            return self.shown[moment.frame]
        return self.before[step.index] if moment.what is What.begin else step.locals


def _difference(old: State, new: State) -> dict[str, str | None]:
    if old is new:
        return {}
    changes: dict[str, str | None] = {name: value for name, value in new.items() if old.get(name) != value}
    return changes | {name: None for name in old if name not in new}


class _Under:
    """Who stands under whom: known from the events, told at the moments."""

    def __init__(self, trace: Trace) -> None:
        self.caller: dict[int, int | None] = {}
        self.resumers: dict[int, deque[int | None]] = defaultdict(deque)
        self.told: set[int] = set()
        below: dict[int, int | None] = {}
        running: int | None = None
        for event in trace.events:
            frame = event.frame
            if event.kind is EventKind.call:
                self.caller[frame] = below[frame] = event.parent
            elif event.kind in (EventKind.resume, EventKind.throw):
                below[frame] = running if running != frame else below.get(frame)
                self.resumers[frame].append(below[frame])
            leaves = event.kind in (EventKind.return_, EventKind.unwind, EventKind.yield_)
            running = below.get(frame) if leaves else frame

    def link(self, moment: Moment) -> list[tuple[int, int | None]]:
        """The frames to put in place before this moment, lowest first."""
        links: list[tuple[int, int | None]] = []
        frame: int | None = moment.frame
        while frame is not None and frame not in self.told:  # callers that had nothing to tell yet, too
            self.told.add(frame)
            links.insert(0, (frame, self.caller.get(frame)))
            frame = self.caller.get(frame)
        if moment.what in (What.resume, What.throw) and self.resumers[moment.frame]:
            links.append((moment.frame, self.resumers[moment.frame].popleft()))
        return links
