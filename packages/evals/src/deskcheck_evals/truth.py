"""The true output of programs: our own runs of them, in the sandbox.

A program is run twice, each time in a process of its own; one that fails or that differs between the two runs has no
output to predict. The sandbox fixes the hash seed, so an output that depends on the order of a set of strings is *not*
found this way. The lines a program executes are counted from its trace, for accuracy by length.
"""

from collections.abc import Sequence

from deskcheck_tracer import EndReason, EventKind, Limits, Program, Sandbox, Trace, default_sandbox


def true_outputs(programs: Sequence[Program], sandbox: Sandbox | None = None) -> list[str | None]:
    """Stdout, or the repr of the call's value; None where the program fails or is not deterministic."""
    if not programs:
        return []
    chosen = sandbox or default_sandbox()
    first, second = (chosen.trace_many(programs, Limits()) for _ in range(2))
    return [_output(one) if _output(one) == _output(other) else None for one, other in zip(first, second, strict=True)]


def executed_lines(programs: Sequence[Program], sandbox: Sandbox | None = None) -> list[int | None]:
    """How many lines each program executes; None where it does not finish within the limits of a trace."""
    chosen = sandbox or default_sandbox()
    return [_lines(trace) for trace in chosen.trace_many(programs, Limits())]


def _lines(trace: Trace) -> int | None:
    if trace.end.reason is not EndReason.finished:
        return None
    return sum(event.kind is EventKind.line for event in trace.events)


def _output(trace: Trace) -> str | None:
    if trace.end.reason is not EndReason.finished:
        return None
    return trace.stdout if trace.program.call is None else trace.returned
