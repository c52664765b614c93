"""The run in the tokens of Code World Model: its prompt is the marked source and the call, its completion the frames.

The two contents put together are the text of `deskcheck_tracer.cwm`, to be encoded as it is: special tokens are in it
and no chat template belongs around it. The format starts at a function and has no place for standard input, so a
program gets a row where it reads none and either has a call or calls a function of its own from its body.
"""

from __future__ import annotations

import json
from ast import literal_eval

from deskcheck_tracer import InputError, Trace
from deskcheck_tracer.cwm import Special, cwm_text
from deskcheck_tracer.trace import EndReason, EventKind

from deskcheck_trainer.nlex.renderings.subject import Context, Subject
from deskcheck_trainer.nlex.renderings.visits import is_plain
from deskcheck_trainer.nlex.row import Reason, Rejected, Row, Task

MAIN = "main"


def cwm(subject: Subject, context: Context) -> Row | Rejected | None:
    """The call frame ends the prompt: it shows the arguments, as CWM's own demonstrations do."""
    trace = subject.trace
    entry = entry_of(trace)
    if entry is None or any(event.kind is EventKind.stdin for event in trace.events):
        return None
    try:
        text = cwm_text(trace, entry=entry, reset=context.plan.cwm_reset)
    except InputError as error:  # the source holds a special token's text, or the function is made by `exec`
        return subject.rejected((Reason.misread, str(error)))
    source, call, frames = text.split(Special.SEP.text, 2)
    prompt = [{"role": "user", "content": f"{source}{Special.SEP.text}{call}{Special.SEP.text}"}]
    if fault := _wrong_end(trace, frames):
        return subject.rejected((Reason.wrong_output, fault), frames)
    return context.row(subject, Task.cwm, prompt, frames)


def entry_of(trace: Trace) -> str | None:
    """Where the telling starts: the program's call, `main`, or the first function that the program's body calls."""
    if trace.program.call is not None:
        return "<call>"
    called = [
        event.function or ""
        for event in trace.events
        if event.kind is EventKind.call and event.file is None and event.parent == 0
    ]
    names = [name for name in called if name.isidentifier() and f"def {name}(" in trace.program.source]
    return MAIN if MAIN in names else next(iter(names), None)


def _wrong_end(trace: Trace, frames: str) -> str | None:
    """What the last frame returns must be the value of the program's call, where it is shown whole."""
    if trace.returned is None or trace.end.reason is not EndReason.finished:
        return None
    last = frames.removesuffix(Special.END.text).split(Special.SEP.text)[-2]
    told = json.loads(last.rpartition(Special.ARG.text)[2])
    if not (is_plain(told) and is_plain(trace.returned)) or literal_eval(told) == literal_eval(trace.returned):
        return None
    return f"states {told!r}, true is {trace.returned!r}"
