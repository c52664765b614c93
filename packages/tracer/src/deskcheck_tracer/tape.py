"""The rows of a recording: how they are written, what was printed since the last one, and the limits that end it all.

Printed text waits until something else happens, so that a line that prints in pieces has one row. A line that changed
one name, the commonest of all, has the row `("line", frame, line, name, text)`; `whole` gives it the layout of the
others (`trace.event_row`), whose changes are a dictionary.
"""

from typing import Any, Protocol

from .originals import BUILTINS as __builtins__  # noqa: F401
from .trace import EndReason

Row = tuple[Any, ...]
Place = tuple[int, int]  # frame and line
ROW_BYTES = 20
"""What a row counts against `Limits.max_bytes` besides the texts in it: about its size as a JSON line."""
CHANGE_BYTES = 6
"""What a change counts besides its name and text."""
_PORTION = 2**29  # small integers are the quickest to compute with


class Sink(Protocol):
    """Where rows go: a list in memory, or a stream (`stream.RowWriter`)."""

    def append(self, row: Row, /) -> None: ...
    def __len__(self) -> int: ...


class Tape:
    """Takes the rows of one recording."""

    __slots__ = ("_max_bytes", "_max_events", "_reserve", "left", "printed", "printed_at", "rows", "stopped")

    def __init__(self, rows: Sink, max_events: int, max_bytes: int) -> None:
        self.rows, self._max_events, self._max_bytes = rows, max_events, max_bytes
        self.printed: list[str] = []
        """Text since the last row, written at `printed_at`."""
        self.printed_at: Place = (0, 0)
        self.stopped: tuple[EndReason, str] | None = None
        """Why no more is recorded."""
        self.left = 0
        """Bytes that may be written before the limits have to be looked at (`check`): whoever writes takes them off."""
        self._reserve = max_bytes
        self.check((0, 0))

    def add(self, row: Row, size: int = 0) -> None:
        """Write a row whose own texts have this size; its changes have been counted."""
        if self.printed:
            self.flush()
        self.rows.append(row)
        self.left = left = self.left - ROW_BYTES - size
        if left <= 0:
            self.check((row[1], row[2]))

    def hear(self, text: str, place: Place) -> None:
        """Text is printed."""
        if self.printed and place != self.printed_at:
            self.flush()
        if not self.printed:
            self.printed_at = place
            self.left = left = self.left - ROW_BYTES
            if left <= 0:
                self.check(place, waiting=1)
        self.left -= len(text)
        self.printed.append(text)

    def flush(self) -> None:
        """Make a row of what was printed since the last one."""
        if self.printed:
            printed, self.printed = self.printed, []
            self.rows.append(("stdout", *self.printed_at, "".join(printed)))

    def check(self, place: Place, waiting: int = 0) -> None:
        """Stop if a limit is reached; else say how much may be written before the next check."""
        rows, room = self._max_events - len(self.rows) - waiting, self._reserve + self.left
        if rows <= 0:
            self.cut(EndReason.events, f"{self._max_events} events", place)
        elif room < 0:
            self.cut(EndReason.bytes, f"{self._max_bytes} bytes", place)
        self.left = min(room, rows * ROW_BYTES, _PORTION)
        self._reserve = room - self.left

    def cut(self, reason: EndReason, detail: str, place: Place) -> None:
        """Stop recording for this reason."""
        if self.stopped is None:
            self.flush()
            self.rows.append(("truncated", *place, detail))
            self.stopped = (reason, detail)


def whole(row: Row) -> Row:
    """A row in the layout of trace files."""
    return ("line", row[1], row[2], {row[3]: row[4]}) if row[0] == "line" and len(row) == 5 else row
