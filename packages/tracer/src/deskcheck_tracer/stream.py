"""Rows written as JSON lines while the program runs, so that a killed program leaves what it did so far.

The first line says what was run, then one line an event (`trace.event_row`), the last is the `end` event with the
returned value.
"""

import json.encoder
from json.encoder import JSONEncoder, encode_basestring_ascii
from typing import Any

from .originals import BUILTINS as __builtins__  # noqa: F401
from .originals import write
from .program import Program
from .trace import SCHEMA, End

_quoted = encode_basestring_ascii
_make = getattr(json.encoder, "c_make_encoder", None)  # None where Python has no C accelerator
_chunks = _make and _make(None, JSONEncoder().default, encode_basestring_ascii, None, ":", ",", False, False, True)


def _encode(value: object) -> str:
    """Compact JSON by the C encoder itself: the program may have replaced what `json` looks up."""
    return "".join(_chunks(value, 0)) if _chunks else JSONEncoder(separators=(",", ":")).encode(value)


def header_line(program: Program, python: str) -> str:
    """The first line of a trace file."""
    stated = {"source": program.source, "stdin": program.stdin, "call": program.call}
    return _encode({"schema": SCHEMA, "python": python, "program": stated})


def end_line(row: tuple[Any, ...], end: End, returned: str | None) -> str:
    """The last line: the end event's place, the reason, its detail, the value of the call."""
    return _encode(["end", row[1], row[2], end.reason.value, end.detail, returned])


class RowWriter:
    """A sink that writes rows in batches; its length is the count of rows it took."""

    def __init__(self, descriptor: int, batch: int = 1) -> None:
        self._descriptor, self._batch = descriptor, batch
        self._waiting: list[str] = []
        self._writing = False
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, row: tuple[Any, ...]) -> None:
        """Take one row; write if a batch is full."""
        self._count += 1
        if row[0] == "line" and len(row) == 5:  # the two commonest rows are quicker by hand
            _, frame, line, name, text = row
            written = f'["line",{frame},{line},{{{_quoted(name)}:{_quoted(text)}}}]\n'
        elif row[0] == "line" and len(row) == 3:
            written = f'["line",{row[1]},{row[2]}]\n'
        else:
            written = _encode(row) + "\n"
        self._waiting.append(written)  # looked up only now: encoding may have let another thread take the list
        if len(self._waiting) >= self._batch:
            self.flush()

    def flush(self) -> None:
        """Write all rows that wait, unless another thread is at it: it goes on until none is left."""
        if self._writing:
            return
        self._writing = True
        try:
            while lines := self._waiting:
                self._waiting = []  # writing lets other threads run, and they append
                self.write("".join(lines))
        finally:
            self._writing = False

    def write(self, text: str) -> None:
        """Write text whole; a reader that went away ends the process, since nobody wants the rest."""
        data = text.encode()
        while data:
            data = data[write(self._descriptor, data) :]
