"""Record one program on many inputs in one process: a fork, its walls and its end are paid once.

Each run executes the module body anew, under fresh names. What a run leaves behind elsewhere (files, settings of the
interpreter, the state of imported modules) is there for the next, so a series alone proves nothing: record it once
more in the other order and compare. A run whose predecessors matter differs then, since the first of a series is the
last of the other; `Sandbox.trace` tells the truth about each. deskcheck-collect does so.

With `patience` a series whose first runs all end at a limit ends there: a program that loops for ever on three inputs
does so on the next.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace

from .errors import InputError
from .export import read_trace
from .program import Program
from .trace import AT_LIMIT, Trace


def series_program(programs: Sequence[Program], patience: int = 0) -> Program:
    """What the worker is asked to record. Raises InputError unless all programs have the same source."""
    [source, *others] = {program.source for program in programs}
    if others:
        raise InputError(f"a series has {len(others) + 1} sources, expected one program on many inputs")
    inputs = [[program.stdin, program.call] for program in programs]
    return Program(source, call=json.dumps([patience, inputs]))


def is_hopeless(traces: Sequence[Trace], patience: int) -> bool:
    """Whether these are the first `patience` runs and all ended at a limit; 0 never loses hope."""
    return 0 < patience == len(traces) and all(trace.end.reason in AT_LIMIT for trace in traces)


def split_series(text: bytes, programs: Sequence[Program]) -> list[bytes | None]:
    """The trace file of each program, None where the process was over before that run had ended.

    A program that finds our descriptor can write there what it likes: its own fault, and its own loss.
    """
    files = [b"{" + part + b"\n" for part in text.removeprefix(b"{").removesuffix(b"\n").split(b"\n{")] if text else []
    whole = [file for file in files if file[file.rfind(b"\n", 0, -1) + 1 :].startswith(b'["end",')]
    return [*whole, *[None] * len(programs)][: len(programs)]


def read_run(file: bytes, program: Program) -> Trace | None:
    """The trace in one of these files; None if it is of another program, or no trace."""
    try:
        trace = read_trace(io.StringIO(file.decode("utf-8", "replace"), newline="\n"))
    except InputError:
        return None
    return replace(trace, program=program) if trace.program == program else None
