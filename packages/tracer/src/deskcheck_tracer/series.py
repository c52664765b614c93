"""Record one program on many inputs in one process: a fork, its walls and its end are paid once.

Each run executes the module body anew, under fresh names. What a run leaves behind elsewhere (files, settings of the
interpreter, the state of imported modules) is there for the next, so a series alone proves nothing: record it once
more in the other order and compare. A run whose predecessors matter differs then, since the first of a series is the
last of the other; `Sandbox.trace` tells the truth about each. deskcheck-collect does so.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .errors import InputError
from .export import read_trace
from .program import Program
from .trace import End, EndReason, Trace

_CUT = End(EndReason.killed, "the series ended here")


def series_program(programs: Sequence[Program]) -> Program:
    """What the worker is asked to record. Raises InputError unless all programs have the same source."""
    [source, *others] = {program.source for program in programs}
    if others:
        raise InputError(f"a series has {len(others) + 1} sources, expected one program on many inputs")
    return Program(source, call=json.dumps([[program.stdin, program.call] for program in programs]))


def read_series(text: bytes, programs: Sequence[Program]) -> list[Trace | None]:
    """The trace of each program, None where the process was over before that run had ended."""
    lines = iter(io.StringIO(text.decode("utf-8", "replace"), newline="\n"))
    traces: list[Trace | None] = list(_read(lines, programs))
    return traces + [None] * (len(programs) - len(traces))


def _read(lines: Iterator[str], programs: Sequence[Program]) -> Iterator[Trace]:
    for program in programs:
        try:
            trace = read_trace(lines, cut=_CUT)
        except InputError:
            return  # nothing more, or the program wrote on our descriptor: its own fault, and its own loss
        if trace.end is _CUT or trace.program != program:
            return
        yield replace(trace, program=program)
