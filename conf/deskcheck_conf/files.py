"""Writing a file so that a reader, or a killed process, never sees half of it.

The text goes to a temporary file in the same folder, is synced, and takes the final name in one step. Where that fails
(disk full, say) the temporary file is removed and what was there before is untouched.
"""

import os
from pathlib import Path


def write_atomic(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all. OSError as the system raises it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def drop_torn_line(path: Path) -> None:
    """Cut a last line without its newline off a line-based file: what a killed writer leaves behind."""
    if not path.exists():
        return
    with open(path, "rb+") as file:
        content = file.read()
        if not content.endswith(b"\n"):
            file.truncate(content.rfind(b"\n") + 1)
