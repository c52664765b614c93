"""An independent witness: runs a program of our own under sys.settrace and says what each line found and left."""

import ast
import io
import sys
from contextlib import redirect_stdout, suppress
from types import FrameType
from typing import Any, NamedTuple

from deskcheck_tracer import Limits, Program
from deskcheck_tracer.engine import record_here
from deskcheck_trainer.nlex.recording import Recorded
from deskcheck_trainer.nlex.renderings import Subject
from deskcheck_trainer.nlex.sources import Explain


def subject(source: str, stdin: str = "", call: str | None = None) -> Subject:
    program = Program(source, stdin, call)
    return Subject(Recorded(Explain(program=program, origin="o"), record_here(source, stdin, call, Limits())))


class Look(NamedTuple):
    """What one line of one frame found (`line`), or what the frame held when it was left (`return`)."""

    kind: str
    frame: FrameType
    line: int
    state: dict[str, str]


def looks(program: Program) -> list[Look]:
    found: list[Look] = []

    def watch(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename != "<again>":
            return None
        if event in ("line", "return"):
            state = {name: repr(value) for name, value in frame.f_locals.items() if not name.startswith("__")}
            found.append(Look(event, frame, frame.f_lineno, {n: v for n, v in state.items() if is_literal(v)}))
        return watch

    names: dict[str, Any] = {"__name__": "__main__"}
    code = compile(program.source, "<again>", "exec")
    call = compile(program.call, "<call>", "eval") if program.call else None
    saved = sys.stdin, sys.gettrace()
    sys.stdin = io.StringIO(program.stdin)
    try:
        with redirect_stdout(io.StringIO()), suppress(Exception):  # a near miss may raise
            sys.settrace(watch)
            exec(code, names)
            if call is not None:
                eval(call, names)
    finally:
        sys.settrace(saved[1])
        sys.stdin = saved[0]
    return found


def around(found: list[Look], line: int, time: int) -> tuple[Look, Look]:
    """What the line found when it ran for the `time`-th time, and the next look at its frame."""
    at = [index for index, look in enumerate(found) if look.kind == "line" and look.line == line][time - 1]
    return found[at], next(look for look in found[at + 1 :] if look.frame is found[at].frame)


def is_literal(value: str) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return False
    return True
