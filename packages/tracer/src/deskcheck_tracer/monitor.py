"""The recording engine on `sys.monitoring`: switches on the callbacks that turn what the interpreter reports into rows.

Every callback looks at one frame and appends one row (`trace.event_row`'s layout). A frame's locals are compared with
what was seen at its previous event (`state`): the same number or string object costs one identity test, a container is
compared with its picture (`watch`), and only what differs is put into words (`values`). When a limit is reached the
engine stops recording and, if asked, raises out of the program, again on every line until it is out.
"""

import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from .calls import call_callbacks
from .foreign import is_foreign
from .frames import Frames
from .layout import Line
from .lines import line_callbacks
from .originals import BUILTINS as __builtins__  # noqa: F401
from .originals import monitoring
from .raised import exception_callbacks
from .recording import NO_CODE, NOBODY, Recording
from .state import State
from .tape import Place, Tape
from .trace import EndReason


class Monitor:
    """Records the frames of the wanted files (`main` alone by default) between `start()` and `stop()`."""

    def __init__(
        self,
        main: str,
        source_of: Callable[[str], str],
        *,
        wanted: Callable[[str], bool] | None = None,
        max_events: int | None = None,
        max_bytes: int | None = None,
        raising: bool = False,
        rows: Any = None,
    ) -> None:
        self.rows: Any = [] if rows is None else rows
        most, most_bytes = (sys.maxsize if limit is None else limit for limit in (max_events, max_bytes))
        self.tape = Tape(self.rows, most, most_bytes)
        self.frames = Frames(source_of, self._listen)
        self.state = State(self.tape)
        self.values = self.state.values
        self._wanted = wanted or main.__eq__
        self.recording = Recording(main, self._wanted, self.tape, self.frames, self.state, raising)
        self.values.met = self._meet
        self.state.doubted = self.frames.distrust
        self.frames.renamed = self.state.pictures.watch_names
        self._tool = -1

    # ---- switching on and off ----

    def start(self) -> None:
        """Take a free monitoring tool id and begin."""
        self._tool = next((tool for tool in (4, 3, 1, 0, 2, 5) if monitoring.get_tool(tool) is None), -1)
        if self._tool < 0:
            raise RuntimeError("all six sys.monitoring tool ids are taken: stop another tracer, debugger or profiler")
        monitoring.use_tool_id(self._tool, "deskcheck")
        events = monitoring.events
        self._given = {
            **call_callbacks(self.recording),
            **line_callbacks(self.recording),
            **exception_callbacks(self.recording),
        }
        for name, callback in self._given.items():
            monitoring.register_callback(self._tool, getattr(events, name), callback)
        self._local = events.LINE | events.JUMP | events.PY_RETURN | events.PY_YIELD | events.PY_RESUME
        self._global = events.PY_START | events.PY_THROW | events.PY_UNWIND
        self._global |= events.RAISE | events.RERAISE | events.EXCEPTION_HANDLED
        monitoring.set_events(self._tool, self._global)
        monitoring.restart_events()

    def _listen(self, code: CodeType) -> None:
        monitoring.set_local_events(self._tool, code, self._local)

    def _meet(self, kind: type) -> None:
        if is_foreign(kind, self._wanted):
            self.frames.distrust()

    def stop(self) -> bool:
        """Give the tool id back; False if the program took it away from us or changed what it reports."""
        if monitoring.get_tool(self._tool) != "deskcheck":
            return False
        intact = self._is_intact()
        monitoring.set_events(self._tool, 0)
        for layout in self.frames.layouts.values():
            monitoring.set_local_events(self._tool, layout.code, 0)
        for name in self._given:
            monitoring.register_callback(self._tool, getattr(monitoring.events, name), None)
        monitoring.free_tool_id(self._tool)
        self.frames.forget()
        return intact

    def _is_intact(self) -> bool:
        tool, layouts = self._tool, self.frames.layouts.values()
        callbacks = [
            monitoring.register_callback(tool, getattr(monitoring.events, name), callback) is callback
            for name, callback in self._given.items()
        ]
        return (
            all(callbacks)
            and monitoring.get_events(tool) == self._global
            and all(monitoring.get_local_events(tool, layout.code) == self._local for layout in layouts)
        )

    # ---- from outside the monitored code ----

    @property
    def tool(self) -> int:
        """The monitoring tool id; -1 before `start`."""
        return self._tool

    @property
    def stopped(self) -> tuple[EndReason, str] | None:
        """Why the recording stopped before its end."""
        return self.tape.stopped

    def place(self) -> Place:
        """Frame and line that are running in this thread."""
        return self.frames.place()

    def say(self, kind: str, text: str) -> None:
        """Text was read or written ("stdin", "stdout") by the line that is running."""
        if self.tape.stopped is not None:
            return
        if kind == "stdout":
            self.tape.hear(text, self.place())
        else:
            self.tape.add((kind, *self.place(), text), len(text))
        self.recording.top = NOBODY  # the next callback writes the text out, or notices that this was too much

    def flush(self) -> None:
        """Make a row of what was printed since the last one."""
        self.tape.flush()

    def cut(self, reason: EndReason, detail: str) -> None:
        """Stop recording for this reason."""
        self.tape.cut(reason, detail, self.place())
        self.recording.top = NOBODY

    def attach(self, frame: FrameType) -> None:
        """Begin in the middle of a frame that is running."""
        self.recording.enter(frame.f_code, frame)

    def detach(self, frame: FrameType) -> None:
        """Look at the frame a last time; it goes on unrecorded (`return` without a value)."""
        if (record := self.recording.find(frame)) is not None:
            changes = self.state.look(record, frame)
            row = ("return", record.id, record.current.number, None)
            self.recording.write(row if changes is None else (*row, changes), 0)

    def enter_call(self) -> None:
        """The program's call expression begins: a frame of its own that has no lines."""
        self.frames.stack.clear()
        record = self.frames.add(None, NO_CODE)
        record.current = Line(0, False, None)
        self.recording.write(("call", record.id, 0, "<call>", None, None), len("<call>"))

    def leave_call(self, kind: str, text: str) -> None:
        """The call expression ended: `return` or `unwind` with this value."""
        if self.stopped is None:
            del self.frames.stack[1:]
            record = self.frames.stack[0]
            self.recording.write((kind, record.id, 0, text), len(text))
            self.recording.leave(record)
