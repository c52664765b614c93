"""Writing a file so that a reader, or a killed process, never sees half of it.

The text goes to a temporary file in the same folder, is synced, and takes the final name in one step. Where that fails
(disk full, say) the temporary file is removed and what was there before is untouched. A line added to a file is there
whole or not at all in the same way; only a kill in the middle of it leaves a torn one, which the next start drops.
"""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BLOCK_BYTES = 65_536


def write_atomic(path: Path, text: str | bytes) -> None:
    """Write `text` to `path` (as UTF-8), whole or not at all. OSError as the system raises it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(text.encode("utf-8") if isinstance(text, str) else text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)  # a failed write does not say where
        raise


def append_whole(path: Path, text: str) -> None:
    """Add `text` (lines with their newlines) to the end of a file, all or nothing. OSError as the system raises it."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    end = os.fstat(file).st_size
    try:
        left = text.encode("utf-8")
        while left:
            left = left[os.write(file, left) :]
    except OSError as error:
        with suppress(OSError):  # what is no ordinary file cannot be cut
            os.ftruncate(file, end)
        error.filename = str(path)  # a failed write, unlike a failed open, does not say where
        raise
    finally:
        os.close(file)


def drop_torn_line(path: Path) -> None:
    """Cut a last line without its newline off a line-based file: what a killed writer leaves behind."""
    if not path.exists():
        return
    with open(path, "rb+") as file:
        end = start = file.seek(0, os.SEEK_END)
        while start > 0:  # from the end in blocks: the last newline is near, the file may be large
            start = max(0, start - BLOCK_BYTES)
            file.seek(start)
            newline = file.read(BLOCK_BYTES).rfind(b"\n")
            if newline >= 0:
                break
        else:
            newline = -1
        keep = start + newline + 1
        if keep < end:
            file.truncate(keep)


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, made if missing; waits for a process that has it. A killed one holds it no longer."""
    with open(path, "a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another process that works in {path.parent}", file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
