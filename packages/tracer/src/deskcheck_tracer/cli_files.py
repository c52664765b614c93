"""What commands read and write: files, standard input and output, with errors a user can act on."""

import importlib.util
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from .errors import InputError


def read_text(path: str) -> str:
    """A UTF-8 file, or standard input for `-`. Raises InputError naming it."""
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{name_of(path)} is not UTF-8 (byte {error.start}): convert it first") from error


def read_source(data: bytes, path: str) -> str:
    """Python source with its encoding cookie obeyed, as Python reads it."""
    try:
        return importlib.util.decode_source(data)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise InputError(f"{name_of(path)} is no Python source in the encoding it names: {error}") from error


def read_bytes(path: str) -> bytes:
    """A file, or standard input for `-`."""
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:  # a NUL in a path
        raise InputError(f"cannot read {path!r}: {error}") from error


def name_of(path: str) -> str:
    """A path in a message."""
    return "standard input" if path == "-" else path


def write(path: str | None, pieces: Iterable[str]) -> None:
    """To standard output, or to a file all or nothing: written beside it and moved over it."""
    if path is None:
        _write_all(sys.stdout, pieces)
        return
    beside = Path(path).with_name(f"{Path(path).name}.{os.getpid()}.part")
    try:
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            _write_all(file, pieces)
        beside.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)


def _write_all(file: TextIO, pieces: Iterable[str]) -> None:
    for piece in pieces:
        file.write(piece)
