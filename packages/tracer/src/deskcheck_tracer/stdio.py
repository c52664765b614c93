"""Standard input and output of a traced program: text and bytes in memory, every read and write told to a listener.

Both share one cursor or one listener between the text layer and its `.buffer`, without read-ahead, so that what a step
consumed and printed is known exactly. `fileno()` is 0 and 1; `bypass` leads reads and writes of those descriptors here.
"""

import io
from collections.abc import Callable, Iterable
from typing import Any

from .originals import BUILTINS as __builtins__  # noqa: F401

Listener = Callable[[str], None]


class _BytesInput(io.BufferedIOBase):
    """The bytes of standard input behind a cursor."""

    def __init__(self, data: bytes, heard: Listener) -> None:
        self._data, self._heard, self._position = data, heard, 0

    def readable(self) -> bool:
        return True

    def take(self, end: int) -> bytes:
        """Advance to `end`."""
        taken = self._data[self._position : end]
        self._position = min(end, len(self._data))
        self._heard(taken.decode("utf-8", "replace"))
        return taken

    def read(self, size: int | None = -1, /) -> bytes:
        return self.take(len(self._data) if size is None or size < 0 else self._position + size)

    read1 = read

    def readline(self, size: int | None = -1, /) -> bytes:
        end = self._data.find(b"\n", self._position) + 1 or len(self._data)
        return self.take(end if size is None or size < 0 else min(end, self._position + size))

    def readinto(self, target: Any, /) -> int:
        data = self.read(len(target))
        target[: len(data)] = data
        return len(data)


class TextInput(io.TextIOBase):
    """`sys.stdin`: universal newlines over the same cursor as its `buffer`."""

    encoding, errors, name, mode = "utf-8", "strict", "<stdin>", "r"

    def __init__(self, text: str, heard: Listener) -> None:
        self._data = text.encode("utf-8", "surrogatepass")
        self._carriage = b"\r" in self._data
        self._bytes = _BytesInput(self._data, heard)

    @property
    def buffer(self) -> _BytesInput:
        return self._bytes

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 0

    def isatty(self) -> bool:
        return False

    def _take(self, end: int) -> str:
        text = self._bytes.take(end).decode("utf-8", "surrogatepass")
        return text.replace("\r\n", "\n").replace("\r", "\n") if self._carriage else text

    def read(self, size: int | None = -1, /) -> str:
        if size is None or size < 0:
            return self._take(len(self._data))
        rest = self._data[self._bytes._position :].decode("utf-8", "surrogatepass")
        return self._take(self._bytes._position + len(rest[:size].encode("utf-8", "surrogatepass")))

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        if size is not None and size >= 0:
            return self.read(min(size, self._line_end() - self._bytes._position))
        return self._take(self._line_end())

    def _line_end(self) -> int:
        start = self._bytes._position
        end = self._data.find(b"\n", start) + 1 or len(self._data)
        if self._carriage:
            alone = self._data.find(b"\r", start, end)
            if alone >= 0:
                return alone + (2 if self._data[alone + 1 : alone + 2] == b"\n" else 1)
        return end

    def readlines(self, hint: int | None = -1, /) -> list[str]:  # type: ignore[override]
        lines = []
        while line := self.readline():
            lines.append(line)
        return lines

    def __next__(self) -> str:
        line = self.readline()
        if not line:
            raise StopIteration
        return line


class _BytesOutput(io.BufferedIOBase):
    def __init__(self, heard: Listener, flushed: Callable[[], None]) -> None:
        self._heard, self._flushed = heard, flushed

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1

    def flush(self) -> None:
        self._flushed()

    def write(self, data: Any, /) -> int:
        self._heard(bytes(data).decode("utf-8", "replace"))
        return len(data)


class TextOutput(io.TextIOBase):
    """`sys.stdout`: hands every text written to the listener, in order."""

    encoding, errors, name, mode = "utf-8", "strict", "<stdout>", "w"

    def __init__(self, heard: Listener, flushed: Callable[[], None] = lambda: None) -> None:
        self._heard, self._flushed = heard, flushed
        self._bytes = _BytesOutput(heard, flushed)

    @property
    def buffer(self) -> _BytesOutput:
        return self._bytes

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1

    def flush(self) -> None:
        """Hand on what is kept back."""
        self._flushed()

    def isatty(self) -> bool:
        return False

    def reconfigure(self, **_options: Any) -> None:
        """Accepted and ignored: nothing is buffered and the encoding is UTF-8."""

    def write(self, text: str, /) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._heard(text)
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:  # type: ignore[override]
        for line in lines:
            self.write(line)
