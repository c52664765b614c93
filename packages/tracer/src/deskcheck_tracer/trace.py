"""The record of one run: events in the order they happened, and the steps rebuilt from them.

A recorder looks at a frame whenever something happens in it (a line is about to run, it yields, returns, unwinds ...).
An event's `changes` are the names that differ from that frame's previous event: what the line *before* did. Stored so,
every event is written once and a killed program leaves a valid prefix. `steps()` hands each change back to the line
that made it, and gives the state *after* every executed line. One step is one run of one logical line: a statement
spread over several lines is one step (told by its first line), a loop on one line is a step per iteration, a line that
yields goes on after the resume.

Frames are numbered from 0 (the module) in order of entry and never reused. Values are text made by `values.render`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from types import NoneType
from typing import Any, NamedTuple

from .errors import InputError
from .program import Program

SCHEMA = 1
"""Version of the event rows and of the JSON around them."""


class EventKind(StrEnum):
    """What happened."""

    call = "call"
    """A frame was entered: `function`, `parent`; `changes` are its arguments."""
    line = "line"
    """A line is about to run."""
    yield_ = "yield"
    """A generator or coroutine was suspended, handing out `value`."""
    resume = "resume"
    """It goes on."""
    throw = "throw"
    """It goes on with an exception thrown into it (`value`)."""
    return_ = "return"
    """A frame ended with `value`."""
    raise_ = "raise"
    """An exception (`value`) was raised in this frame."""
    reraise = "reraise"
    """An exception goes on after a handler or a finally block looked at it."""
    handled = "handled"
    """An except, finally or with block of this frame took up the exception."""
    unwind = "unwind"
    """A frame ended because of the exception `value`."""
    stdin = "stdin"
    """`text` was read from standard input ("" at its end)."""
    stdout = "stdout"
    """`text` was written to standard output."""
    truncated = "truncated"
    """Recording stopped here; `text` says which limit was reached."""
    end = "end"
    """The program is over; the last event of a whole trace."""


class EndReason(StrEnum):
    """Why a trace ends where it does."""

    finished = "finished"
    raised = "raised"
    """An exception left the program; End.detail is `Type: message`."""
    exited = "exited"
    """sys.exit or os._exit; End.detail is the code."""
    cpu = "cpu"
    wall = "wall"
    memory = "memory"
    output = "output"
    events = "events"
    bytes = "bytes"
    killed = "killed"
    """The process died for a reason that none of the others names; End.detail says what is known."""


AT_LIMIT = frozenset({
    EndReason.cpu, EndReason.wall, EndReason.memory, EndReason.output, EndReason.events, EndReason.bytes,
})  # fmt: skip
"""The program would have gone on, had it been allowed to."""


class End(NamedTuple):
    """The end reason and what there is to say about it."""

    reason: EndReason
    detail: str = ""


@dataclass(slots=True)
class Event:
    """One thing that happened in one frame; which payload fields are set depends on `kind`."""

    kind: EventKind
    frame: int
    line: int
    changes: dict[str, str | None] = field(default_factory=dict)
    """Names that differ from this frame's previous event; None = no longer bound."""
    value: str | None = None
    """Value returned, yielded or raised."""
    text: str | None = None
    """Text read or written; for `truncated` and `end` the detail."""
    function: str | None = None
    """For `call`: the function's name, `<module>` for the module body, `<call>` for the program's call expression."""
    parent: int | None = None
    """For `call`: the frame that was running."""
    file: str | None = None
    """For `call`: the file of the function if it is not the program's own source."""
    thread: str | None = None
    """For `call`: the label of the thread, `Thread-1 (work)`; None for the main thread."""


@dataclass(frozen=True)
class Step:
    """One executed line and the state it left behind."""

    index: int
    line: int
    frame: int
    function: str
    locals: dict[str, str]
    """State after the step."""
    changes: dict[str, str | None]
    """What this step changed in its frame; None = unbound."""
    stdout: str
    stdin: str
    visit: int
    """How often this line has been reached in this frame, counted from 1."""
    complete: bool = True
    """False if the trace ends before the step's effect was seen (time-out, limits)."""


@dataclass
class Trace:
    """What a program did."""

    program: Program
    events: list[Event]
    stdout: str
    returned: str | None
    """repr of the value of `program.call`, uncut; None without a call or if it was not reached."""
    end: End
    python: str
    schema: int = SCHEMA
    files: dict[str, str] = field(default_factory=dict)
    """Sources of other recorded files, by the name that `Event.file` gives them."""

    def __post_init__(self) -> None:
        if any(event.thread for event in self.events):
            _number_frames(self.events)

    def steps(self) -> Iterator[Step]:
        """Executed lines in order of starting, each with the state after it."""
        open_steps: dict[int, _OpenStep] = {}
        started: list[_OpenStep] = []
        frames: dict[int, _FrameState] = {}
        for event in self.events:
            frame = frames.get(event.frame)
            if frame is None:
                frame = frames[event.frame] = _FrameState(event.function or "?")
            step = open_steps.get(event.frame)
            if event.changes or event.kind in _SEES_STATE:
                frame.apply(event.changes)
                if step is not None:
                    step.see(event.changes, frame.locals)
            if event.kind is EventKind.line:
                if step is not None:
                    step.complete = True
                step = open_steps[event.frame] = _OpenStep(event, frame)
                started.append(step)
            elif event.kind in _CLOSES and step is not None:
                step.complete = True
            elif step is not None and event.text is not None:
                step.hear(event)
        return (step.close(index) for index, step in enumerate(started))

    def to_json(self) -> dict[str, Any]:
        """The whole trace as one JSON value; `from_json` gives an equal trace."""
        program = self.program
        return {
            "schema": self.schema,
            "python": self.python,
            "program": {"source": program.source, "stdin": program.stdin, "call": program.call},
            "files": self.files,
            "events": [event_row(event) for event in self.events],
            "stdout": self.stdout,
            "returned": self.returned,
            "end": {"reason": self.end.reason.value, "detail": self.end.detail},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Trace":
        """Raise InputError on another schema or a malformed record."""
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            got = data.get("schema") if isinstance(data, dict) else type(data).__name__
            raise InputError(f"trace has schema {got!r}, expected {SCHEMA}: record it again with this version")
        try:
            return cls(
                program=Program(**data["program"]),
                events=[event_from_row(row) for row in data["events"]],
                stdout=data["stdout"],
                returned=data["returned"],
                end=End(EndReason(data["end"]["reason"]), data["end"]["detail"]),
                python=data["python"],
                files=dict(data.get("files", {})),
            )
        except (KeyError, TypeError, IndexError, ValueError) as error:
            raise InputError(f"trace is malformed: {type(error).__name__}: {error}") from error


_CLOSES = {EventKind.return_, EventKind.unwind}
_SEES_STATE = {EventKind.line, EventKind.return_, EventKind.unwind, EventKind.yield_, EventKind.resume, EventKind.throw}


@dataclass
class _FrameState:
    """The locals of one frame while its events are read."""

    function: str
    locals: dict[str, str] = field(default_factory=dict)
    visits: dict[int, int] = field(default_factory=dict)

    def apply(self, changes: dict[str, str | None]) -> None:
        if changes:
            after = dict(self.locals)  # a new dict: steps keep the old one
            for name, value in changes.items():
                if value is None:
                    after.pop(name, None)
                else:
                    after[name] = value
            self.locals = after


class _OpenStep:
    """A step whose line has begun and whose effect is still coming in."""

    def __init__(self, event: Event, frame: _FrameState) -> None:
        self.line, self.frame, self.function = event.line, event.frame, frame.function
        self.locals, self.changes = frame.locals, {}
        self.stdout: list[str] = []
        self.stdin: list[str] = []
        self.visit = frame.visits[event.line] = frame.visits.get(event.line, 0) + 1
        self.complete = False

    def see(self, changes: dict[str, str | None], after: dict[str, str]) -> None:
        self.changes.update(changes)
        self.locals = after

    def hear(self, event: Event) -> None:
        if event.kind is EventKind.stdout:
            self.stdout.append(event.text or "")
        elif event.kind is EventKind.stdin:
            self.stdin.append(event.text or "")

    def close(self, index: int) -> Step:
        return Step(
            index, self.line, self.frame, self.function, self.locals, self.changes,
            "".join(self.stdout), "".join(self.stdin), self.visit, self.complete,
        )  # fmt: skip


_WITH_VALUE = {
    EventKind.return_, EventKind.yield_, EventKind.throw, EventKind.raise_,
    EventKind.reraise, EventKind.handled, EventKind.unwind,
}  # fmt: skip
_WITH_TEXT = {EventKind.stdin, EventKind.stdout, EventKind.truncated, EventKind.end}


def event_row(event: Event) -> list[Any]:
    """`[kind, frame, line, payload ..., changes?]`; docs/trace_format.md has the layout."""
    row: list[Any] = [event.kind.value, event.frame, event.line]
    if event.kind is EventKind.call:
        row += [event.function, event.parent, event.file]
        if event.thread is not None:
            row.append(event.thread)
    elif event.kind in _WITH_VALUE:
        row.append(event.value)
    elif event.kind in _WITH_TEXT:
        row.append(event.text)
    if event.changes:
        row.append(event.changes)
    return row


def _number_frames(events: list[Event]) -> None:
    """Number frames in the order in which their calls are told: of two threads that enter a function at once, the one
    that got its number first may be told last.
    """
    called = [event.frame for event in events if event.kind is EventKind.call]
    numbers = dict(zip(called, sorted(called), strict=True))
    if any(old != new for old, new in numbers.items()):
        for event in events:
            event.frame = numbers.get(event.frame, event.frame)
            event.parent = numbers.get(event.parent, event.parent) if event.parent is not None else None


_KINDS = {kind.value: kind for kind in EventKind}  # several times quicker than to ask the enumeration


def event_from_row(row: list[Any]) -> Event:
    """Inverse of `event_row`; ValueError, IndexError or TypeError on a malformed row."""
    event = Event(kind := _KINDS.get(row[0]) or EventKind(row[0]), row[1], row[2])
    rest = row[3:]
    if kind is EventKind.call:
        event.function, event.parent, event.file, *rest = rest
        if rest and type(rest[0]) is str:
            event.thread, *rest = rest
    elif kind in _WITH_VALUE:
        event.value, *rest = rest
    elif kind in _WITH_TEXT:
        event.text, *rest = rest
    if rest and type(rest[0]) is dict:
        event.changes = rest.pop()
    if rest or not _well_typed(event):
        raise ValueError(f"event row {row!r}")
    return event


def _well_typed(event: Event) -> bool:
    """Whether the fields hold what they should: a foreign file may hold anything."""
    if type(event.frame) is not int or type(event.line) is not int or type(event.parent) not in (int, NoneType):
        return False
    for text in (event.value, event.text, event.function, event.file):
        if text is not None and type(text) is not str:
            return False
    for name, value in event.changes.items():
        if type(name) is not str or (value is not None and type(value) is not str):
            return False
    return True
