"""The ways around `sys.stdin`, `sys.stdout` and the recorder, led back while a program runs.

`os.read(0)`, `open(0)`, `os.write(1)` and `open(1)` reach the recorded streams, `os._exit` writes out what waits, and
a change to the recorder's own monitoring tool is noticed. What goes to the descriptors by other ways (a child
process, ctypes) is not part of the trace.
"""

import builtins
import io
import os
import sys
from collections.abc import Callable
from typing import Any

from .originals import BUILTINS as __builtins__  # noqa: F401
from .originals import leave, write
from .stdio import TextInput, TextOutput

_PLACES: list[tuple[Any, str]] = [
    (builtins, "open"), (io, "open"), (os, "read"), (os, "write"), (os, "_exit"),
    *((sys.monitoring, name) for name in ("free_tool_id", "set_events", "set_local_events", "register_callback")),
]  # fmt: skip
_real_open, _real_read = io.open, os.read


class Bypass:
    """Replaces the functions on entering and puts them back on leaving; `meddled` tells of a change to `tool`."""

    def __init__(
        self, stdin: TextInput, stdout: TextOutput, flush: Callable[[], None], tool: Callable[[], int]
    ) -> None:
        self._stdin, self._stdout, self._flush, self._tool = stdin, stdout, flush, tool
        self.meddled = False

    def __enter__(self) -> "Bypass":
        self._saved = [getattr(place, name) for place, name in _PLACES]
        new = [self._open, self._open, self._read, self._write, self._exit]
        for (place, name), function in zip(_PLACES, [*new, *map(self._watched, self._saved[5:])], strict=True):
            setattr(place, name, function)
        return self

    def __exit__(self, *_: object) -> None:
        for (place, name), function in zip(_PLACES, self._saved, strict=True):
            setattr(place, name, function)

    def _open(self, file: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if type(file) is not int or file not in (0, 1):
            return _real_open(file, mode, *rest, **named)
        stream: Any = self._stdin if file == 0 else self._stdout
        return stream.buffer if "b" in mode else stream

    def _read(self, descriptor: int, size: int, /) -> bytes:
        return self._stdin.buffer.read(size) if descriptor == 0 else _real_read(descriptor, size)

    def _write(self, descriptor: int, data: Any, /) -> int:
        return self._stdout.buffer.write(data) if descriptor == 1 else write(descriptor, data)

    def _exit(self, status: int) -> None:
        self._flush()
        leave(status)

    def _watched(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def watched(tool: int, *rest: Any) -> Any:
            if tool == self._tool():
                self.meddled = True
            return real(tool, *rest)

        return watched
