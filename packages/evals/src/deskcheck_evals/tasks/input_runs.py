"""What becomes of predicted inputs: the program is run on each in the sandbox, and what it gives is compared out here.

Any input that gives the true output is right, so there is nothing to compare an input with. A call's arguments reach
the function as plain values only (deskcheck_evals.predicted_input); its value is compared as in output prediction, type
included. For a program that reads, the predicted text is its standard input.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum

from deskcheck_tracer import Limits, Program, RunResult, Sandbox, SandboxFailed
from deskcheck_tracer.outcome import Outcome

from deskcheck_evals.benchmarks import PredictionItem
from deskcheck_evals.predicted_input import call_of, called_function, evaluated, evaluation, read_arguments
from deskcheck_evals.tasks.compare import right

LIMITS = Limits(cpu_s=3.0, wall_s=15.0)  # 3 s: the limit of CRUXEval's own scorer


class InputEnd(StrEnum):
    """How the run of a predicted input ended."""

    right = "right"
    wrong = "wrong"
    """Another output, or one of another type."""
    raised = "raised"
    timed_out = "timed_out"
    over_limit = "over_limit"
    """Of memory or of output."""
    unparsable = "unparsable"
    """Not the arguments of one call."""
    not_plain = "not_plain"
    """An argument is no plain value: an object, a class, a function that reaches beyond its parameters."""
    missing = "missing"
    """No input could be read in the answer."""


_ENDS = {
    Outcome.error: InputEnd.raised,
    Outcome.cpu: InputEnd.timed_out,
    Outcome.wall: InputEnd.timed_out,
    Outcome.memory: InputEnd.over_limit,
    Outcome.output: InputEnd.over_limit,
    Outcome.compile: InputEnd.unparsable,
}


Try = tuple[PredictionItem, str | None]
"""An item and a predicted input; None where no input could be read."""
Run = Callable[[Program], Awaitable[RunResult]]


async def ends_of(
    tries: Sequence[Try], sandbox: Sandbox, checker: str = "tokens", limits: Limits = LIMITS
) -> list[InputEnd]:
    """How each try ends, in order; equal ones are run once. SandboxFailed if the sandbox itself failed."""

    async def run(program: Program) -> RunResult:
        result = await sandbox.arun(program, limits)
        if result.outcome is Outcome.sandbox:
            raise SandboxFailed(f"a predicted input could not be run: {result.detail}")
        return result

    distinct = list(dict.fromkeys(tries))
    ends = await asyncio.gather(*(_end_of(item, text, run, checker) for item, text in distinct))
    known = dict(zip(distinct, ends, strict=True))
    return [known[each] for each in tries]


async def _end_of(item: PredictionItem, text: str | None, run: Run, checker: str) -> InputEnd:
    if text is None:
        return InputEnd.missing
    asked = await _program(item.program, text, run)
    if isinstance(asked, InputEnd):
        return asked
    result = await run(asked)
    if result.outcome is not Outcome.ok:
        return _ENDS[result.outcome]
    is_call = asked.call is not None
    output = result.returned if is_call else result.stdout
    return InputEnd.right if right(item.output, output, is_call=is_call, checker=checker) else InputEnd.wrong


async def _program(program: Program, text: str, run: Run) -> Program | InputEnd:
    """The program with the predicted input, or why there is none."""
    if not _is_unicode(text):
        return InputEnd.unparsable
    if program.call is None:
        return Program(program.source, text + "\n")  # the block that was read leaves out the last newline
    function = called_function(program.call)
    arguments = read_arguments(text, function) if function else None
    if function is None or arguments is None:
        return InputEnd.unparsable
    if (expression := evaluation(arguments)) is not None:
        result = await run(Program(program.source, call=expression))
        if result.outcome is not Outcome.ok:
            return _ENDS[result.outcome]
        if (arguments := evaluated(arguments, result.returned)) is None:
            return InputEnd.not_plain
    return Program(program.source, call=call_of(function, arguments))


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
