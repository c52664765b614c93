"""Record live code in this process: a `with` block, and everything of yours that it calls.

Unlike `record`, nothing is isolated and no program is started: the monitor is switched on, and off again at the end of
the block. Printed text goes where it always went and is noted on the way.
"""

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from .errors import InputError
from .included import Included, source_of
from .monitor import Monitor
from .program import NO_TRACE_LIMITS, Limits, Program
from .reliance import QUIET_STREAMS
from .tape import whole
from .trace import End, EndReason, Event, Trace, event_from_row


class Recorder:
    """Record live code in this process: `with Recorder() as recorder: my_function()`, then `recorder.trace`.

    Recorded are the functions whose files lie under the folder of the calling module and are not installed, and the
    lines of the block itself; `include` and `exclude` give folders or files instead. `main` is for those who record
    for somebody else (decorators, plugins): the file whose source is the trace's program, and whose functions are
    recorded, but not the block. Limits are off by default; reaching one stops the recording, never the code. Values
    are rendered without calling any code of theirs.
    """

    def __init__(
        self,
        *,
        limits: Limits = NO_TRACE_LIMITS,
        include: Sequence[str | Path] | None = None,
        exclude: Sequence[str | Path] = (),
        main: str | None = None,
    ) -> None:
        self._limits, self._main_given = limits, main
        self._include, self._exclude = include, exclude
        self._trace: Trace | None = None

    def __enter__(self) -> "Recorder":
        frame = sys._getframe(1)
        self._main = self._main_given or frame.f_code.co_filename
        include = self._include if self._include is not None else [Path(self._main).parent]
        self._included = Included(self._main, include, self._exclude)
        self._included.folder = str(Path(self._main).parent)
        self._monitor = Monitor(
            self._main,
            source_of,
            wanted=self._included.wants,
            max_events=self._limits.max_events,
            max_bytes=self._limits.max_bytes,
        )
        self._monitor.start()
        self._output = contextlib.redirect_stdout(_Heard(sys.stdout, self._monitor))
        self._output.__enter__()
        if self._main_given is None:
            self._monitor.attach(frame)
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if self._main_given is None:
            self._monitor.detach(_caller())
        self._output.__exit__(None, None, None)
        self._monitor.flush()
        place = self._monitor.place()
        self._monitor.stop()
        rows: list[Any] = self._monitor.rows
        events = [event_from_row(list(whole(row))) for row in rows]
        end = End(*self._monitor.stopped) if self._monitor.stopped else _end_of(error)
        events.append(event_from_row(["end", *place, str(end.reason)]))
        self._trace = self._whole(events, end)

    @property
    def trace(self) -> Trace:
        """What was recorded; InputError before the block has ended."""
        if self._trace is None:
            raise InputError("Recorder.trace is read before its with block has ended: read it after the block")
        return self._trace

    def _whole(self, events: list[Event], end: End) -> Trace:
        """The trace, its other files named from the folder of the main one and their sources with it."""
        files: dict[str, str] = {}
        for index, event in enumerate(events):
            if event.file is not None:
                label = self._included.label(event.file)
                files.setdefault(label, source_of(event.file))
                events[index] = replace(event, file=label)
        stdout = "".join(event.text or "" for event in events if event.kind.value == "stdout")
        program, python = Program(source_of(self._main)), sys.version.split()[0]
        return Trace(program, events, stdout, None, end, python, files=files)


class _Heard:
    """Standard output that tells the monitor what passes."""

    def __init__(self, stream: Any, monitor: Monitor) -> None:
        self._stream, self._monitor = stream, monitor

    def write(self, text: str) -> int:
        written = self._stream.write(text)
        self._monitor.say("stdout", text)
        return written

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


QUIET_STREAMS.add(id(_Heard))


def _caller() -> FrameType:
    """The frame of the with block, from `__exit__`."""
    return sys._getframe(2)


def _end_of(error: BaseException | None) -> End:
    from .engine import describe, exit_code

    if error is None:
        return End(EndReason.finished)
    if isinstance(error, SystemExit):
        return End(EndReason.exited, exit_code(error))
    return End(EndReason.raised, describe(error))
