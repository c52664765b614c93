"""The callbacks for frames that begin, end, are suspended and go on."""

import gc
import inspect
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from .frames import Frame
from .originals import BUILTINS as __builtins__  # noqa: F401
from .originals import getframe, monitoring
from .recording import Recording


def call_callbacks(recording: Recording) -> dict[str, Callable[..., Any]]:
    """The callbacks by the name of their event."""
    return {**_beginnings(recording), **_endings(recording), "PY_UNWIND": _unwind_callback(recording)}


def _beginnings(recording: Recording) -> dict[str, Callable[..., Any]]:
    tape, frames, state = recording.tape, recording.frames, recording.state
    layouts, enter, wants = frames.layouts, recording.enter, recording.wants

    def on_start(code: CodeType, _offset: int) -> Any:
        if id(code) not in layouts and not wants(code):
            return monitoring.DISABLE
        if tape.stopped is not None:
            return recording.again()
        if recording.recursion is not None:
            stack = frames.here()
            recording.recursion.mind(len(stack), stack is not frames.stack)
        enter(code, getframe(1))
        return None

    def on_resume(code: CodeType, _offset: int) -> None:
        if tape.stopped is None:
            go_on("resume", code, getframe(1), ())

    def on_throw(code: CodeType, _offset: int, error: BaseException) -> None:
        if tape.stopped is None and (id(code) in layouts or wants(code)):
            go_on("throw", code, getframe(1), (state.values.exception(error),))

    def go_on(kind: str, code: CodeType, frame: FrameType, told: tuple[str, ...]) -> None:
        record = recording.find(frame) or enter(code, frame)
        _write(recording, kind, record, told, state.look(record, frame))

    return {"PY_START": on_start, "PY_RESUME": on_resume, "PY_THROW": on_throw}


def _write(recording: Recording, kind: str, record: Frame, told: tuple[str, ...], changes: Any) -> None:
    row = (kind, record.id, record.current.number, *told)
    recording.write(row if changes is None else (*row, changes), len(told[0]) if told else 0)


def _endings(recording: Recording) -> dict[str, Callable[..., Any]]:
    differs, word, write, leave = recording.differs, recording.state.pictures.word, recording.write, recording.leave

    def on_return(_code: CodeType, _offset: int, value: object) -> None:
        frame = getframe(1)
        record = recording.top
        if record.frame is not frame and (record := recording.find(frame)) is None:
            return
        # the body of a class may hand a cell to its metaclass
        text = word(value) if record.layout.optimized else "None"
        changes = differs(record, frame)
        row = ("return", record.id, record.current.number, text)
        write(row if changes is None else (*row, changes), len(text))
        leave(record)

    def on_yield(code: CodeType, _offset: int, value: object) -> None:
        frame = getframe(1)
        if (record := recording.find(frame)) is None:
            return
        if code.co_flags & inspect.CO_ASYNC_GENERATOR:
            value = _unwrapped(value)
        text = word(value)
        _write(recording, "yield", record, (text,), differs(record, frame))
        recording.suspend(record)

    return {"PY_RETURN": on_return, "PY_YIELD": on_yield}


def _unwind_callback(recording: Recording) -> Callable[..., None]:
    layouts, state = recording.frames.layouts, recording.state

    def on_unwind(code: CodeType, _offset: int, error: BaseException) -> None:
        if id(code) not in layouts:
            return
        frame = getframe(1)
        if (record := recording.find(frame)) is not None:
            _write(recording, "unwind", record, (state.values.exception(error),), state.look(record, frame))
            recording.leave(record)
            recording.travelling = id(error), len(recording.tape.rows)

    return on_unwind


def _unwrapped(value: object) -> object:
    """What an asynchronous generator yields, which the interpreter hands out in a box of its own."""
    return gc.get_referents(value)[0] if type(value).__name__ == "async_generator_wrapped_value" else value
