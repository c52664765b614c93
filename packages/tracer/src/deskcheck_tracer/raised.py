"""The callbacks for exceptions inside a frame: raised, raised again, handled.

The interpreter reports more than a program does: how an iteration ends, the clean-up that the compiler adds, the same
exception once more in every frame it passes. Those are no events.
"""

import dis
from collections.abc import Callable
from types import CodeType
from typing import Any

from .layout import CodeLayout
from .originals import BUILTINS as __builtins__  # noqa: F401
from .originals import getframe
from .recording import Recording

_PUSH_EXC_INFO = dis.opmap["PUSH_EXC_INFO"]
_RERAISE = dis.opmap["RERAISE"]
_ENDINGS = frozenset({dis.opmap["FOR_ITER"], dis.opmap["SEND"]})
_SEND, _GET_ANEXT = dis.opmap["SEND"], dis.opmap["GET_ANEXT"]


def exception_callbacks(recording: Recording) -> dict[str, Callable[..., Any]]:
    """The callbacks by the name of their event."""
    rows, exception = recording.tape.rows, recording.state.values.exception
    layouts = recording.frames.layouts  # of the code that is recorded
    reraised: tuple[int, int] | None = None  # id of the last one and the count of rows then

    def write(kind: str, error: BaseException) -> bool:
        """A row in the frame that called the callback that calls this; False if nothing is known of it."""
        record = recording.find(getframe(2))
        if record is None:
            return False
        text = exception(error)
        recording.write((kind, record.id, record.current.number, text), len(text))
        return True

    def on_raise(code: CodeType, offset: int, error: BaseException) -> None:
        layout = layouts.get(id(code))
        if layout is None or _only_ends(layout.opcodes, offset, error):
            return
        if recording.travelling != (id(error), len(rows)):  # else it only arrives; where it was raised has been told
            write("raise", error)

    def on_reraise(code: CodeType, offset: int, error: BaseException) -> None:
        nonlocal reraised
        layout = layouts.get(id(code))
        if layout is None or reraised == (id(error), len(rows)) or _only_cleans(layout, offset):
            return
        if write("reraise", error):
            reraised = id(error), len(rows)

    def on_handled(code: CodeType, offset: int, error: BaseException) -> None:
        layout = layouts.get(id(code))
        if layout is not None and layout.opcodes[offset] == _PUSH_EXC_INFO:  # not the compiler's own clean-up
            write("handled", error)

    return {"RAISE": on_raise, "RERAISE": on_reraise, "EXCEPTION_HANDLED": on_handled}


def _only_ends(opcodes: bytes, offset: int, error: BaseException) -> bool:
    """Whether an exception is only how an iteration or an awaited object says that it is done."""
    opcode, kind = opcodes[offset], type(error)
    if issubclass(kind, StopIteration):
        return opcode in _ENDINGS
    if not issubclass(kind, StopAsyncIteration):
        return False
    # `async for` awaits GET_ANEXT, LOAD_CONST None, SEND
    at = offset if opcode == _SEND else offset - 2  # 3.13 tells the cache of SEND where the awaited frame was its own
    return opcodes[at - 4] == _GET_ANEXT and opcodes[at] == _SEND


def _only_cleans(layout: CodeLayout, offset: int) -> bool:
    """Whether an exception only passes a clean-up of the compiler's: of an except clause, generator, comprehension."""
    opcodes = layout.opcodes
    return opcodes[offset] == _RERAISE and (opcodes[offset + 1] == 1 or offset in layout.loops)
