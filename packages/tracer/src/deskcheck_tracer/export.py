"""Traces as JSON lines: one header, one line an event, one end. Deterministic, versioned, readable while it is being
written.

`read_trace` also takes a file whose writer was killed: the whole lines are the trace, and the caller says why it ends
there.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from .errors import InputError
from .program import Program
from .stream import end_line, header_line
from .trace import SCHEMA, End, EndReason, Event, EventKind, Trace, event_from_row, event_row


def trace_lines(trace: Trace) -> Iterator[str]:
    """The lines of a trace file, without newlines; `read_trace` gives an equal trace back."""
    yield header_line(trace.program, trace.python)
    last: tuple[Any, ...] = ("end", 0, 0)
    for event in trace.events:
        if event.kind is EventKind.end:
            last = (event.kind, event.frame, event.line)
        else:
            yield json.dumps(event_row(event), separators=(",", ":"))
    yield end_line(last, trace.end, trace.returned)


def read_trace(lines: Iterable[str], *, cut: End | None = None, name: str = "trace") -> Trace:
    """A trace from its lines.

    `cut` is the end to give a trace whose end line is missing (its writer was killed); without it such a file is
    refused. Raises InputError naming the file and the line.
    """
    numbered = enumerate(lines, 1)
    program, python = _header(next(numbered, (1, ""))[1], name)
    events: list[Event] = []
    end: End | None = None
    returned: str | None = None
    for number, line in numbered:
        try:
            row = json.loads(line)
            if row[0] == "end":
                end, returned = End(EndReason(row[3]), row[4]), row[5]
                events.append(Event(EventKind.end, row[1], row[2], text=row[3]))
                break
            events.append(event_from_row(row))
        except (ValueError, TypeError, IndexError, KeyError) as error:
            if cut is not None and not line.endswith("\n"):
                break  # the row that was being written
            raise InputError(f"{name}, line {number}: not an event row ({error}): got {line[:60]!r}") from error
    if end is None:
        if cut is None:
            raise InputError(f"{name}: the end line is missing, the file was cut off: record the program again")
        end = cut
        place = (events[-1].frame, events[-1].line) if events else (0, 0)
        events.append(Event(EventKind.truncated, *place, text=cut.detail or cut.reason.value))
        events.append(Event(EventKind.end, *place, text=cut.reason.value))
    stdout = "".join(event.text or "" for event in events if event.kind is EventKind.stdout)
    return Trace(program, events, stdout, returned, end, python)


def _header(line: str, name: str) -> tuple[Program, str]:
    try:
        header = json.loads(line)
        schema, program, python = header["schema"], Program(**header["program"]), str(header["python"])
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{name}, line 1: not the header of a trace file ({error}): got {line[:60]!r}") from error
    if schema != SCHEMA:
        raise InputError(f"{name} has schema {schema!r}, expected {SCHEMA}: record it again with this version")
    return program, python
