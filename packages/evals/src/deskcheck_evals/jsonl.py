"""Reading JSONL that people write by hand: a complaint names file, line, what was got and what was expected."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deskcheck_evals.errors import EvalError


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of every line that is not blank; EvalError for a missing file or a line of another kind."""
    if not path.is_file():
        raise EvalError(f"{path}: no such file: expected a JSONL file, one JSON object a line")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise EvalError(f"{path}: not UTF-8 ({error}), expected a JSONL file, one JSON object a line") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, _object(path, number, line)


def field[T](row: dict[str, Any], name: str, kind: type[T], where: str) -> T:
    """`row[name]`, which must be there and of type `kind`; EvalError saying what is there instead."""
    if name not in row:
        raise EvalError(f"{where}: no {name!r} (keys: {', '.join(sorted(row)) or 'none'}), expected a {kind.__name__}")
    if not isinstance(row[name], kind):
        raise EvalError(f"{where}: {name!r} is {row[name]!r}, expected a {kind.__name__}")
    return row[name]


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise EvalError(f"{path}:{number}: not JSON ({error}), expected one JSON object a line") from error
    if not isinstance(value, dict):
        raise EvalError(f"{path}:{number}: got {type(value).__name__}, expected one JSON object a line")
    return value
