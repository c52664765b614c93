"""Reading JSONL that people write by hand: a complaint names file, line, what was got and what was expected.

Lines are read one by one, and unpacked where the name ends in .gz: a release of LiveCodeBench is larger than memory.
"""

import gzip
import json
import logging
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deskcheck_evals.errors import EvalError

LOG = logging.getLogger(__name__)


def read_jsonl(path: Path, *, whole_lines: bool = False) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of every line that is not blank; EvalError for a missing file or a line of another kind.

    With `whole_lines` a last line without its newline, as a killed writer leaves it, is left out with a warning.
    """
    if not path.is_file():
        raise EvalError(f"{path}: no such file: expected a JSONL file, one JSON object a line")
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if whole_lines and not line.endswith(b"\n"):
                    LOG.warning("%s:%d: half a line, left by a killed process: not read", path, number)
                elif line.strip():
                    yield number, _object(path, number, line)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise EvalError(f"{path}:{number + 1}: not whole gzip data ({error}): fetch the file again") from error


def field[T](row: dict[str, Any], name: str, kind: type[T], where: str) -> T:
    """`row[name]`, which must be there and of type `kind`; EvalError saying what is there instead."""
    if name not in row:
        raise EvalError(f"{where}: no {name!r} (keys: {', '.join(sorted(row)) or 'none'}), expected a {kind.__name__}")
    if not isinstance(row[name], kind):
        raise EvalError(f"{where}: {name!r} is {row[name]!r}, expected a {kind.__name__}")
    return row[name]


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise EvalError(f"{path}:{number}: not UTF-8 ({error}), expected one JSON object a line") from error
    except (ValueError, RecursionError) as error:
        raise EvalError(f"{path}:{number}: not JSON ({error}), expected one JSON object a line") from error
    if not isinstance(value, dict):
        raise EvalError(f"{path}:{number}: got {type(value).__name__}, expected one JSON object a line")
    return value
