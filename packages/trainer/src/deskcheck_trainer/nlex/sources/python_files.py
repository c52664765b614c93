"""The `.py` files below a folder, and their text."""

from __future__ import annotations

import tokenize
from pathlib import Path

from deskcheck_tracer.errors import InputError

from deskcheck_trainer.nlex.row import Reason, Rejected
from deskcheck_trainer.nlex.sources.items import Malformed, unreadable

MAX_SOURCE_BYTES = 1_000_000
"""Larger files are data with a .py suffix."""


def python_files(folder: Path) -> list[Path]:
    """In a fixed order, without hidden ones. Raises InputError where there is no folder, or none in it."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder (source.path): expected a folder of .py files.")
    paths = sorted(p for p in folder.rglob("*.py") if not _hidden(p.relative_to(folder)))
    if not paths:
        raise InputError(f"{folder} holds no .py files (source.path).")
    return paths


def read_python(path: Path, malformed: Malformed, origin: str) -> str | Rejected:
    """The text of a file. Raises InputError for what is not text where `malformed` is `stop`."""
    if path.stat().st_size > MAX_SOURCE_BYTES:
        return Rejected(reason=Reason.oversize, detail=f"over {MAX_SOURCE_BYTES} bytes", origin=origin)
    try:
        with tokenize.open(path) as file:  # honours an encoding line, as Python does
            return file.read()
    except (SyntaxError, UnicodeDecodeError) as e:
        return unreadable(malformed, path, f"not Python text ({e})", origin)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)
