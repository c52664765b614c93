"""Traces as JSON lines: one header, one line an event, one end. Deterministic, versioned, readable while it is being
written.

The source of another file than the program's own stands in a line of its own before the first event in that file.
`read_trace` also takes a file whose writer was killed: the whole lines are the trace, and the caller says why it ends
there. docs/trace_format.md describes every line.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import NoneType
from typing import Any

from .errors import InputError
from .program import Program
from .stream import end_line, header_line
from .trace import SCHEMA, End, EndReason, Event, EventKind, Trace, event_from_row, event_row

SOURCE = "source"
"""First word of a line that is no event: `["source", file, text]`."""


def trace_lines(trace: Trace) -> Iterator[str]:
    """The lines of a trace file, without newlines; `read_trace` gives an equal trace back."""
    yield header_line(trace.program, trace.python)
    last: tuple[Any, ...] = ("end", 0, 0)
    untold = dict(trace.files)
    for event in trace.events:
        if event.kind is EventKind.end:
            last = (event.kind, event.frame, event.line)
            continue
        if event.file in untold:
            yield _line([SOURCE, event.file, untold.pop(event.file)])
        yield _line(event_row(event))
    yield end_line(last, trace.end, trace.returned)


def read_trace(lines: Iterable[str], *, cut: End | None = None, name: str = "trace") -> Trace:
    """A trace from its lines.

    `cut` is the end to give a trace whose end line is missing (its writer was killed); without it such a file is
    refused. Raises InputError naming the file and the line.
    """
    numbered = enumerate(lines, 1)
    program, python = _header(next(numbered, (1, ""))[1], name)
    rows = _Rows([], {})
    for number, line in numbered:
        try:
            rows.take(_parsed(line))
        except (ValueError, TypeError, IndexError, KeyError, RecursionError) as error:
            if not line.endswith("\n"):
                break  # the row that was being written
            raise InputError(f"{name}, line {number}: not an event row ({error}): got {line[:60]!r}") from error
        if rows.end is not None:
            break
    end = rows.end
    if end is None:
        if cut is None:
            raise InputError(f"{name}: the end line is missing, the file was cut off: record the program again")
        end = cut_off(rows.events, cut)
    elif cut is None and (extra := next((number for number, line in numbered if line.strip()), None)):
        raise InputError(f"{name}, line {extra}: more text after the end line, expected one trace a file")
    stdout = "".join(event.text or "" for event in rows.events if event.kind is EventKind.stdout)
    return Trace(program, rows.events, stdout, rows.returned, end, python, files=rows.files)


@dataclass
class _Rows:
    """What the lines after the header have said so far."""

    events: list[Event]
    files: dict[str, str]
    end: End | None = None
    returned: str | None = None

    def take(self, row: Any) -> None:
        if row[0] == "end":
            _, frame, line, reason, detail, self.returned = row
            if not (type(detail) is str and type(self.returned) in (str, NoneType)):
                raise ValueError("the end's detail and value are texts")
            self.events.append(event_from_row(["end", frame, line, reason]))
            self.end = End(EndReason(reason), detail)
        elif row[0] == SOURCE:
            _, label, text = row
            if not (type(label) is str and type(text) is str):
                raise ValueError("a file has a name and a text")
            self.files[label] = text
        else:
            self.events.append(event_from_row(row))


def cut_off(events: list[Event], end: End) -> End:
    """Close the events of a trace whose writer was killed."""
    place = (events[-1].frame, events[-1].line) if events else (0, 0)
    events.append(Event(EventKind.truncated, *place, text=end.detail or end.reason.value))
    events.append(Event(EventKind.end, *place, text=end.reason.value))
    return end


_scan = json.JSONDecoder().scan_once  # pyright: ignore[reportAttributeAccessIssue] - it has no stub


def _parsed(line: str) -> Any:
    """What `json.loads` gives, in a third of its time where the value fills the line, as ours do."""
    try:
        value, end = _scan(line, 0)
    except StopIteration:
        raise ValueError("no JSON value") from None
    return value if line[end:] in ("\n", "") else json.loads(line)


def _line(row: list[Any]) -> str:
    return json.dumps(row, separators=(",", ":"))


def _header(line: str, name: str) -> tuple[Program, str]:
    try:
        header = json.loads(line)
        schema, program, python = header["schema"], header["program"], header["python"]
        if schema == SCHEMA and not (_is_program(program) and type(python) is str):
            raise ValueError("program and python are not as they should be")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"{name}, line 1: not the header of a trace file ({error}): got {line[:60]!r}") from error
    if schema != SCHEMA:
        raise InputError(f"{name} has schema {schema!r}, expected {SCHEMA}: record it again with this version")
    return Program(program["source"], program["stdin"], program["call"]), python


def _is_program(data: Any) -> bool:
    return type(data["source"]) is str and type(data["stdin"]) is str and type(data["call"]) in (str, NoneType)
