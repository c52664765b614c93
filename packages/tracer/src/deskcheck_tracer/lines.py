"""The callbacks for lines, which are most of the work, and for jumps.

`LINE` alone misses the iterations of a loop on one line, so backward jumps within a statement count as lines (a
comprehension's do not). Lines of one statement count once. What a plain assignment of a number or string did is told
right here, without a call; everything else is `state`'s.
"""

from collections.abc import Callable
from types import CodeType
from typing import Any

from .layout import CodeLayout
from .originals import BUILTINS as __builtins__  # noqa: F401
from .originals import getframe, monitoring
from .recording import NOBODY, Recording
from .tape import ROW_BYTES
from .values import LIMIT

_MISSING: Any = object()


def line_callbacks(recording: Recording) -> dict[str, Callable[..., Any]]:
    """The callbacks by the name of their event."""
    return {"LINE": _line_callback(recording), "JUMP": _jump_callback(recording)}


def _line_callback(recording: Recording) -> Callable[[CodeType, int], None]:
    """A closure, since its variables are found faster than attributes."""
    tape, state = recording.tape, recording.state
    append = tape.rows.append
    look, glance, describe = state.look, state.glance, state.values.text

    def on_line(code: CodeType, number: int) -> None:
        frame = getframe(1)
        record = recording.top
        if record.frame is not frame:
            record = recording.find(frame)
            if record is None:
                if tape.stopped is not None:
                    return recording.again()
                record = recording.enter(code, frame)
        try:
            line = record.lines[number]
        except KeyError:
            line = record.layout.line(number)
        before = record.current
        if before.line is line and (before is not line or line.spread or frame.f_lasti in record.layout.masks):
            record.current = line  # still in the statement of the current step
            return None
        changes = None
        if recording.last is not record:
            recording.last = record  # before looking: another thread that runs meanwhile puts itself there
            changes = look(record, frame)
        elif not before.nothing:
            name = before.name
            if name is None:
                changes = glance(record, frame, before.effect) if before.effect else look(record, frame)
            else:  # nothing but this name can have changed
                seen, now = record.seen, record.namespace
                if now is None:
                    now = frame.f_locals
                value, old = now.get(name, _MISSING), seen.get(name, _MISSING)
                if record.snapshot:
                    now.clear()
                if old is not value:
                    kind = type(value)
                    # nan and -0.0 are told apart elsewhere
                    if kind is int or (kind is float and value == value != 0.0) or (kind is str and len(value) < LIMIT):
                        is_new = value != old if type(old) is kind else not before.again
                        if is_new:
                            seen[name] = value
                            try:
                                text = f"{value!r}"
                            except ValueError:  # too many digits
                                text = describe(value)
                            size = len(text)
                            if size > LIMIT:
                                text = describe(value)
                                size = len(text)
                            record.current = line
                            append(("line", record.id, line.number, name, text))
                            tape.left = left = tape.left - before.cost - size
                            if left <= 0:
                                recording.check((record.id, line.number))
                            return None
                    changes = glance(record, frame, before.effect)  # type: ignore[arg-type]
        record.current = line
        number = line.number
        append(("line", record.id, number) if changes is None else ("line", record.id, number, changes))
        tape.left = left = tape.left - ROW_BYTES
        if left <= 0:
            recording.check((record.id, number))
        return None

    return on_line


def _jump_callback(recording: Recording) -> Callable[[CodeType, int, int], Any]:
    tape, frames = recording.tape, recording.frames

    def on_jump(code: CodeType, offset: int, destination: int) -> Any:
        if destination > offset or not (lines := _repeated(frames.layout(code), offset, destination)):
            return monitoring.DISABLE
        if tape.stopped is not None:
            return recording.again()
        frame = getframe(1)
        record = recording.find(frame)
        if record is None or record.current.number not in lines:
            return None
        changes = recording.differs(record, frame)
        line = record.layout.line(record.current.number)
        row = ("line", record.id, line.number)
        record.current = line.begun_by_jump()
        tape.add(row if changes is None else (*row, changes))
        if tape.stopped is not None:
            recording.top = NOBODY
            return recording.again()
        return None

    return on_jump


def _repeated(layout: CodeLayout, offset: int, destination: int) -> frozenset[int]:
    """The line that a backward jump starts over, if it stays within one statement and is not a comprehension's.

    A jump may have no line of its own: then that of its destination, provided the frame is there.
    """
    if layout.loops.get(offset, frozenset()) & layout.loops.get(destination, frozenset()):
        return frozenset()
    lines = {
        layout.heads.get(line, line)
        for start, end, line in layout.code.co_lines() for at in (offset, destination) if start <= at < end and line
    }  # fmt: skip
    return frozenset(lines) if len(lines) == 1 else frozenset()
