"""The recording engine on `sys.monitoring`: callbacks that turn what the interpreter reports into event rows.

Every callback looks at one frame and appends one row (`trace.event_row`'s layout). A frame's locals are compared with
what was seen at its previous event: the same number or string object costs one identity test, a container is compared
with its shadow (`watch`), and only what differs is put into words (`values`). The stack of known frames tells which
activation a callback belongs to; `is` on the frame object checks it, so that a report the interpreter leaves out is
noticed and repaired.

`LINE` alone misses the iterations of a loop on one line, so backward jumps within a statement count as lines (a
comprehension's do not). Lines of one statement count once. When a limit is reached the engine stops recording and, if
asked, raises out of the program, again on every line until it is out.
"""

import dis
import gc
import inspect
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, Protocol

from .effects import Effect
from .layout import CodeLayout, Layout, Line
from .originals import BUILTINS as __builtins__  # noqa: F401
from .originals import get_recursion_limit, getframe, monitoring, set_recursion_limit
from .state import Changes, State, namespace_of
from .threads import Threads
from .trace import EndReason

Row = tuple[Any, ...]
_PUSH_EXC_INFO = dis.opmap["PUSH_EXC_INFO"]
_RERAISE = dis.opmap["RERAISE"]
_ENDINGS = frozenset({dis.opmap["FOR_ITER"], dis.opmap["SEND"]})
_SEND, _GET_ANEXT = dis.opmap["SEND"], dis.opmap["GET_ANEXT"]
_NO_LAYOUT = CodeLayout({}, {}, frozenset(), lines={})
_ENTRY = Line(0, False, Effect(()))  # between a call and the first line nothing changes
_HIGHEST_LIMIT = 2**31 - 1  # a C int holds the recursion limit
ROW_BYTES = 20
"""What a row counts against `Limits.max_bytes` besides the texts in it: about its size as a JSON line."""
MARGIN = 60
"""Stack frames that our callbacks may use on top of the program's own."""


THREAD_FRAMES = 3
"""Frames of the threading module below those of a program's thread; they count against the recursion limit."""


class Stop(BaseException):
    """Raised into the program when a limit of the recording is reached."""


class Sink(Protocol):
    """Where rows go: a list in memory, or a stream (`stream.RowWriter`)."""

    def append(self, row: Row, /) -> None: ...


class _Frame:
    """One activation of a function, module or class body."""

    __slots__ = (
        "current", "frame", "home", "id", "jumped", "layout", "line", "mark", "namespace", "seen", "snapshot", "view",
    )  # fmt: skip

    def __init__(
        self, number: int, frame: FrameType | None, layout: CodeLayout, line: int, home: "list[_Frame]"
    ) -> None:
        self.id, self.frame, self.layout, self.line = number, frame, layout, line
        self.home = home  # the stack of its thread
        self.seen: dict[str, Any] = {}
        self.view: dict[str, Any] = {}  # what its own `locals()` gave it, where that matters (`CodeLayout.careful`)
        self.mark = -1  # the count of rows after its last one; nothing else was recorded while it is still the same
        self.current = _ENTRY  # the statement that runs
        self.namespace = None if frame is None else namespace_of(frame)
        self.snapshot = False  # reading its locals leaves some of its objects in a dictionary
        self.jumped = False  # its current line was begun by a jump, which a LINE report may repeat


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
        self.main, self.source_of, self.raising = main, source_of, raising
        self.wanted = wanted or main.__eq__
        self.max_events = sys.maxsize if max_events is None else max_events
        self.max_bytes = sys.maxsize if max_bytes is None else max_bytes
        self.rows: Any = [] if rows is None else rows
        self.state = State()
        self.values = self.state.values
        self.stopped: tuple[EndReason, str] | None = None
        self.count = 0
        self.size = 0
        self.frames = 0
        self.recursion_limit: int | None = None
        self.spare = MARGIN  # how much of it is not the program's
        self.stack: list[_Frame] = []
        """The frames of the thread that records; those of others are in `threads`."""
        self.threads = Threads(self.stack)
        self._suspended: dict[int, _Frame] = {}
        self._layouts: dict[str, Layout | None] = {}
        self._codes: dict[int, tuple[CodeType, CodeLayout]] = {}
        self._printed: list[str] = []  # text since the last row, written at
        self._printed_at = (0, 0)
        self._travelling = (0, -1)  # id of the exception that just left a frame, and the count of rows then
        self._reraised = (0, -1)
        self._jumps: dict[tuple[int, int], bool] = {}
        self._tool = -1

    # ---- switching on and off ----

    def start(self) -> None:
        """Take a free monitoring tool id and begin."""
        self._tool = next((tool for tool in (4, 3, 1, 0, 2, 5) if monitoring.get_tool(tool) is None), -1)
        if self._tool < 0:
            raise RuntimeError("all six sys.monitoring tool ids are taken: stop another tracer, debugger or profiler")
        monitoring.use_tool_id(self._tool, "deskcheck")
        events = monitoring.events
        self._given = self._callbacks()
        for name, callback in self._given.items():
            monitoring.register_callback(self._tool, getattr(events, name), callback)
        self._local = events.LINE | events.JUMP | events.PY_RETURN | events.PY_YIELD | events.PY_RESUME
        self._global = events.PY_START | events.PY_THROW | events.PY_UNWIND
        self._global |= events.RAISE | events.RERAISE | events.EXCEPTION_HANDLED
        monitoring.set_events(self._tool, self._global)
        monitoring.restart_events()

    def stop(self) -> bool:
        """Give the tool id back; False if the program took it away from us or changed what it reports."""
        if monitoring.get_tool(self._tool) != "deskcheck":
            return False
        intact = self._is_intact()
        monitoring.set_events(self._tool, 0)
        for code, _ in self._codes.values():
            monitoring.set_local_events(self._tool, code, 0)
        for name in self._given:
            monitoring.register_callback(self._tool, getattr(monitoring.events, name), None)
        monitoring.free_tool_id(self._tool)
        for frame in [*self.threads.frames(), *self._suspended.values()]:
            frame.seen.clear()
        return intact

    def _is_intact(self) -> bool:
        tool, codes = self._tool, self._codes.values()
        callbacks = [
            monitoring.register_callback(tool, getattr(monitoring.events, name), callback) is callback
            for name, callback in self._given.items()
        ]
        return (
            all(callbacks)
            and monitoring.get_events(tool) == self._global
            and all(monitoring.get_local_events(tool, code) == self._local for code, _ in codes)
        )

    # ---- rows from outside the monitored code ----

    def say(self, kind: str, text: str) -> None:
        """A row about input or output, placed at the line that is running."""
        if self.stopped is not None:
            return
        if kind == "stdout":
            place = self.place()
            if self._printed and place != self._printed_at:
                self.flush()
            if not self._printed:
                self._printed_at = place
                self._count(0)
            self.size += len(text)
            self._printed.append(text)
        else:
            self._add((kind, *self.place(), text))
            self._count(len(text))

    def flush(self) -> None:
        """Make a row of what was printed since the last one."""
        if self._printed:
            printed, self._printed = self._printed, []
            self.rows.append(("stdout", *self._printed_at, "".join(printed)))

    def _add(self, row: Row) -> None:
        if self._printed:
            self.flush()
        self.rows.append(row)

    @property
    def tool(self) -> int:
        """The monitoring tool id; -1 before `start`."""
        return self._tool

    def place(self) -> tuple[int, int]:
        """Frame and line that are running in this thread."""
        stack = self.threads.stack()
        return (stack[-1].id, stack[-1].line) if stack else (0, 0)

    def cut(self, reason: EndReason, detail: str) -> None:
        """Stop recording for this reason."""
        if self.stopped is None:
            self._add(("truncated", *self.place(), detail))
            self.stopped = (reason, detail)

    def _count(self, size: int) -> None:
        self.count += 1
        self.size += size
        self._check()

    def _check(self) -> None:
        if self.count >= self.max_events:
            self.cut(EndReason.events, f"{self.max_events} events")
        elif self.size + self.state.size + ROW_BYTES * self.count > self.max_bytes:
            self.cut(EndReason.bytes, f"{self.max_bytes} bytes")

    # ---- frames ----

    def _layout(self, code: CodeType) -> CodeLayout:
        known = self._codes.get(id(code))
        if known is not None:
            return known[1]
        if code.co_filename not in self._layouts:
            try:
                self._layouts[code.co_filename] = Layout(self.source_of(code.co_filename))
            except (SyntaxError, OSError, ValueError, RecursionError, MemoryError):
                self._layouts[code.co_filename] = None
        layout = self._layouts[code.co_filename]
        found = layout.of(code) if layout else _NO_LAYOUT
        self._codes[id(code)] = (code, found)  # keeps the code object alive, so that its id stays its own
        monitoring.set_local_events(self._tool, code, self._local)
        return found

    def _enter(self, code: CodeType, frame: FrameType) -> _Frame:
        layout = self._layout(code)
        line = layout.heads.get(code.co_firstlineno, code.co_firstlineno)
        stack = self.threads.stack()
        record = _Frame(self.frames, frame, layout, line, stack)
        parent = stack[-1].id if stack else None
        self.frames += 1
        stack.append(record)
        called: tuple[Any, ...] = (code.co_name, parent, None if code.co_filename == self.main else code.co_filename)
        if stack is not self.stack:
            called = (*called, self.threads.label())
        self._row("call", record, called, self.state.look(record, frame))
        return record

    def attach(self, frame: FrameType) -> None:
        """Begin in the middle of a frame that is running."""
        self._enter(frame.f_code, frame)

    def detach(self, frame: FrameType) -> None:
        """Look at the frame a last time; it goes on unrecorded (`return` without a value)."""
        if self.stopped is None and (record := self._known(frame)) is not None:
            self._row("return", record, (None,), self.state.look(record, frame))

    def enter_call(self) -> None:
        """The program's call expression begins: a frame of its own that has no lines."""
        record = _Frame(self.frames, None, _NO_LAYOUT, 0, self.stack)
        self.frames += 1
        self.stack[:] = [record]
        self._row("call", record, ("<call>", None, None), None)

    def leave_call(self, kind: str, text: str) -> None:
        """The call expression ended: `return` or `unwind` with this value."""
        if self.stopped is None:
            del self.stack[1:]
            self._row(kind, self.stack[0], (text,), None)
            self._leave(self.stack[0])

    def _known(self, frame: FrameType) -> _Frame | None:
        """The record of a frame; frames above it on our stack have ended unnoticed and are dropped."""
        stack = self.threads.stack()
        if stack and stack[-1].frame is frame:
            return stack[-1]
        for depth in range(len(stack) - 2, -1, -1):
            if stack[depth].frame is frame:
                del stack[depth + 1 :]
                return stack[depth]
        record = self._suspended.pop(id(frame), None)
        if record is not None:
            record.home = stack
            stack.append(record)
        return record

    def _leave(self, record: _Frame) -> None:
        record.seen.clear()
        record.frame = None
        record.home.pop()

    def _row(self, kind: str, record: _Frame, payload: tuple[Any, ...], changes: Changes | None) -> None:
        row = (kind, record.id, record.line, *payload)
        self._add(row if changes is None else (*row, changes))
        self._count(len(payload[0]) if payload and payload[0] else 0)
        record.mark = -1

    # ---- callbacks ----

    def _callbacks(self) -> dict[str, Callable[..., Any]]:
        return {
            "PY_START": self._on_start,
            "PY_RESUME": self._on_resume,
            "PY_THROW": self._on_throw,
            "LINE": self._line_callback(),
            "JUMP": self._on_jump,
            "PY_YIELD": self._on_yield,
            "PY_RETURN": self._on_return,
            "PY_UNWIND": self._on_unwind,
            "RAISE": self._on_raise,
            "RERAISE": self._on_reraise,
            "EXCEPTION_HANDLED": self._on_handled,
        }

    def _on_start(self, code: CodeType, _offset: int) -> Any:
        if not self.wanted(code.co_filename):
            return monitoring.DISABLE
        if self.stopped is not None:
            return self._again()
        if self.recursion_limit is not None:
            self._mind_recursion()
        record = self._enter(code, getframe(1))
        record.mark = self.count
        return None

    def _mind_recursion(self) -> None:
        """Fail at the depth at which the program would fail without us on its stack."""
        limit = get_recursion_limit()
        if limit != self.recursion_limit:  # the program set its own: leave room for our callbacks on top
            self.recursion_limit = min(limit + self.spare, _HIGHEST_LIMIT)
            set_recursion_limit(self.recursion_limit)
        stack = self.threads.stack()
        below = 0 if stack is self.stack else THREAD_FRAMES
        if len(stack) + below >= self.recursion_limit - self.spare:  # type: ignore[operator]
            raise RecursionError("maximum recursion depth exceeded")

    def _again(self) -> None:
        if self.raising:
            raise Stop

    def _line_callback(self) -> Callable[[CodeType, int], None]:
        """The callback for LINE, which is most of the work: a closure, since its variables are found faster than
        attributes."""
        stack, state, rows = self.stack, self.state, self.rows
        look, store, glance, append = state.look, state.store, state.glance, rows.append
        max_events, max_bytes = self.max_events, self.max_bytes

        def on_line(code: CodeType, number: int) -> None:
            if self.stopped is not None:
                return self._again()
            frame = getframe(1)
            record = stack[-1] if stack else None
            if record is None or record.frame is not frame:
                record = self._known(frame) or self._enter(code, frame)
            layout, before = record.layout, record.current
            line = layout.lines.get(number) or layout.line(number)
            if line is before and (record.jumped or line.spread or frame.f_lasti in layout.masks):
                record.jumped = False  # still in the statement of the current step
                return None
            if self._printed:
                self.flush()
            count = self.count
            effect = before.effect if record.mark == count else None
            if effect is None:
                changes = look(record, frame)
            elif effect.nothing:
                changes = None
            elif effect.name is not None:
                changes = store(record, frame, effect)
            else:
                changes = glance(record, frame, effect)
            record.line = number = line.number
            record.current = line
            record.jumped = False
            append(("line", record.id, number) if changes is None else ("line", record.id, number, changes))
            self.count = count = record.mark = count + 1
            if count >= max_events or self.size + state.size + ROW_BYTES * count > max_bytes:
                self._check_line()
            return None

        return on_line

    def _check_line(self) -> None:
        """Stop if the line that begins is one too many."""
        self._check()
        if self.stopped is not None:
            self._again()

    def _begin(self, record: _Frame, frame: FrameType, line: Line) -> None:
        """A step begins by a jump: what the frame's last line did is known now."""
        if self._printed:
            self.flush()
        changes = self._differs(record, frame)
        record.line, record.current = line.number, line
        self.rows.append(
            ("line", record.id, line.number) if changes is None else ("line", record.id, line.number, changes)
        )
        self.count = record.mark = self.count + 1
        self._check_line()

    def _differs(self, record: _Frame, frame: FrameType) -> Changes | None:
        """What the frame's last line did, for its other events."""
        effect = record.current.effect if record.mark == self.count else None
        return self.state.look(record, frame) if effect is None else self.state.glance(record, frame, effect)

    def _on_jump(self, code: CodeType, offset: int, destination: int) -> Any:
        if destination > offset or not (lines := self._repeated(code, offset, destination)):
            return monitoring.DISABLE
        if self.stopped is not None:
            return self._again()
        frame = getframe(1)
        record = self._known(frame)
        if record is None or record.line not in lines:
            return None
        self._begin(record, frame, record.layout.line(record.line))
        record.jumped = True
        return None

    def _repeated(self, code: CodeType, offset: int, destination: int) -> frozenset[int]:
        """The line that a backward jump starts over, if it stays within one statement and is not a comprehension's.

        A jump may have no line of its own: then that of its destination, provided the frame is there.
        """
        layout = self._layout(code)
        if layout.loops.get(offset, frozenset()) & layout.loops.get(destination, frozenset()):
            return frozenset()
        lines = {
            layout.heads.get(line, line)
            for start, end, line in code.co_lines() for at in (offset, destination) if start <= at < end and line
        }  # fmt: skip
        return frozenset(lines) if len(lines) == 1 else frozenset()

    def _on_resume(self, code: CodeType, _offset: int) -> None:
        self._go_on("resume", code, getframe(1), ())

    def _on_throw(self, code: CodeType, _offset: int, error: BaseException) -> None:
        if self.wanted(code.co_filename):
            self._go_on("throw", code, getframe(1), (self.values.exception(error),))

    def _go_on(self, kind: str, code: CodeType, frame: FrameType, payload: tuple[Any, ...]) -> None:
        if self.stopped is None:
            record = self._known(frame) or self._enter(code, frame)
            self._row(kind, record, payload, self.state.look(record, frame))

    def _on_yield(self, code: CodeType, _offset: int, value: object) -> None:
        frame = getframe(1)
        if self.stopped is None and (record := self._known(frame)) is not None:
            if code.co_flags & inspect.CO_ASYNC_GENERATOR:
                value = _unwrapped(value)
            self._row("yield", record, (self.state.pictures.word(value),), self._differs(record, frame))
            self._suspended[id(frame)] = record.home.pop()

    def _on_return(self, code: CodeType, _offset: int, value: object) -> None:
        frame = getframe(1)
        if self.stopped is None and (record := self._known(frame)) is not None:
            if not code.co_flags & inspect.CO_OPTIMIZED:  # the body of a class, which may hand a cell to its metaclass
                value = None
            self._row("return", record, (self.state.pictures.word(value),), self._differs(record, frame))
            self._leave(record)

    def _on_unwind(self, code: CodeType, _offset: int, error: BaseException) -> None:
        if self.stopped is not None or not self.wanted(code.co_filename):
            return
        frame = getframe(1)
        if (record := self._known(frame)) is not None:
            self._row("unwind", record, (self.values.exception(error),), self.state.look(record, frame))
            self._leave(record)
            self._travelling = (id(error), self.count)

    def _on_raise(self, code: CodeType, offset: int, error: BaseException) -> None:
        if self.stopped is not None or not self.wanted(code.co_filename):
            return
        if self._travelling == (id(error), self.count):  # it only arrives here; where it was raised has been told
            return
        if _only_ends(code, offset, error):
            return
        if (record := self._known(getframe(1))) is not None:
            self._row("raise", record, (self.values.exception(error),), None)

    def _on_reraise(self, code: CodeType, offset: int, error: BaseException) -> None:
        if self.stopped is not None or not self.wanted(code.co_filename):
            return
        if self._reraised == (id(error), self.count) or _only_cleans(code, offset, self._layout(code)):
            return
        if (record := self._known(getframe(1))) is not None:
            self._row("reraise", record, (self.values.exception(error),), None)
            self._reraised = (id(error), self.count)

    def _on_handled(self, code: CodeType, offset: int, error: BaseException) -> None:
        if self.stopped is not None or not self.wanted(code.co_filename):
            return
        if code.co_code[offset] != _PUSH_EXC_INFO:  # the compiler's own clean-up, not a block of the program
            return
        if (record := self._known(getframe(1))) is not None:
            self._row("handled", record, (self.values.exception(error),), None)


def _only_ends(code: CodeType, offset: int, error: BaseException) -> bool:
    """Whether an exception is only how an iteration or an awaited object says that it is done."""
    opcode = code.co_code[offset]
    if issubclass(type(error), StopIteration):
        return opcode in _ENDINGS
    # `async for` awaits GET_ANEXT, LOAD_CONST None, SEND
    at = offset if opcode == _SEND else offset - 2  # 3.13 tells the cache of SEND where the awaited frame was its own
    return (
        issubclass(type(error), StopAsyncIteration) and code.co_code[at - 4] == _GET_ANEXT and code.co_code[at] == _SEND
    )


def _only_cleans(code: CodeType, offset: int, layout: CodeLayout) -> bool:
    """Whether an exception only passes a clean-up of the compiler's: of an except clause, generator, comprehension."""
    return code.co_code[offset] == _RERAISE and (code.co_code[offset + 1] == 1 or offset in layout.loops)


def _unwrapped(value: object) -> object:
    """What an asynchronous generator yields, which the interpreter hands out in a box of its own."""
    return gc.get_referents(value)[0] if type(value).__name__ == "async_generator_wrapped_value" else value
