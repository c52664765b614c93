"""The answer alone: the output of a program on an input, or an input that gives an output.

Both are asked for in the words of the agent's direct prompts, and read back by the agent's parser. An input is the one
that really gave the output; others may be right too, so grade a prediction by running it (as task input_prediction of
deskcheck-eval does), never by comparing it with the row.
"""

from __future__ import annotations

import ast

from deskcheck_agent.parse import input_block, parse_input
from deskcheck_tracer import Trace, stated_output
from deskcheck_tracer.claims import output_block, true_output
from deskcheck_tracer.trace import EventKind

from deskcheck_trainer.nlex.renderings.subject import Context, Subject
from deskcheck_trainer.nlex.row import Reason, Rejected, Row, Task


def predict_output(subject: Subject, context: Context) -> Row | Rejected:
    """Program and input -> output block."""
    text, true = output_block(true_output(subject.trace)), true_output(subject.trace)
    if (read := stated_output(text)) != true:
        return subject.rejected((Reason.wrong_output, f"states {read!r}, true is {true!r}"), text)
    prompt = context.prompts.direct().simulate(subject.trace.program)
    return context.row(subject, Task.predict_output, prompt, text)


def predict_input(subject: Subject, context: Context) -> Row | Rejected | None:
    """Program and output -> the input that gave it; None where the program takes none."""
    given = _input(subject.trace)
    if given is None:
        return None
    text = input_block(given)
    if (read := parse_input(text)[0]) != given:
        return subject.rejected((Reason.misread, f"reads back as {read!r}, true is {given!r}"), text)
    prompt = context.prompts.predict_input(subject.trace.program, true_output(subject.trace))
    return context.row(subject, Task.predict_input, prompt, text)


def _input(trace: Trace) -> str | None:
    """The call of a function with arguments, or standard input if it is read; None if neither or both."""
    program = trace.program
    reads = any(event.kind is EventKind.stdin and event.text for event in trace.events)
    if program.call is None:
        return program.stdin.removesuffix("\n") if reads else None
    call = ast.parse(program.call.strip(), mode="eval").body
    is_plain = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and (call.args or call.keywords)
    return program.call.strip() if is_plain and not reads else None
