"""Writing a file so that a reader, or a killed process, never sees half of it.

The text goes to a temporary file in the same folder, is synced, and takes the final name in one step. Where that fails
(disk full, say) the temporary file is removed and what was there before is untouched.
"""

import os
from pathlib import Path

BLOCK_BYTES = 65_536


def write_atomic(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all. OSError as the system raises it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)  # a failed write does not say where
        raise


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
