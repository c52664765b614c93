"""Rows of a JSONL file, read line by line: a malformed or over-long line is told with its number, or counted."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from deskcheck_tracer.errors import InputError

from deskcheck_trainer.nlex.row import Rejected
from deskcheck_trainer.nlex.sources.items import Malformed, unreadable

MAX_LINE_BYTES = 16_000_000
"""A longer JSONL line is refused unread."""


def read_lines(path: Path, malformed: Malformed) -> Iterator[tuple[int, dict[str, object]] | Rejected]:
    """`(line number, object)` for every line of a JSONL file that is not blank.

    Raises:
        InputError: the file is missing or not gzip although named so; a line is malformed and `malformed` is `stop`.
    """
    with open_lines(path) as file:
        number = 0
        while line := _readline(path, file):
            number += 1
            where, origin = f"{path}:{number}", f"{path.name}:{number}"
            if len(line) > MAX_LINE_BYTES:
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE_BYTES)
                yield unreadable(malformed, where, f"line is over {MAX_LINE_BYTES} bytes", origin)
            elif line.strip():
                try:
                    values = json.loads(line.decode("utf-8"))
                except (ValueError, RecursionError) as e:
                    yield unreadable(malformed, where, f"not JSON in UTF-8 ({e or 'nested too deep'})", origin)
                    continue
                if isinstance(values, dict):
                    yield number, values
                else:
                    yield unreadable(malformed, where, f"a JSON {type(values).__name__}, expected an object", origin)


def open_lines(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked where its name ends in .gz. Raises InputError where there is no such file."""
    try:
        return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]
    except FileNotFoundError:
        raise InputError(f"{path} does not exist (source.path): expected a JSONL file.") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder (source.path), expected a JSONL file; or use source=folder.") from None


def _readline(path: Path, file: IO[bytes]) -> bytes:
    try:
        return file.readline(MAX_LINE_BYTES + 1)
    except (EOFError, gzip.BadGzipFile) as e:
        raise InputError(f"{path} is not whole gzip data ({e}).") from None
