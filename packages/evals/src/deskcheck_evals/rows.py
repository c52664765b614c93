"""The results of a run on disk: a JSONL file that can be killed at any point and continued.

The first line is a header: what was measured, with which settings, models and versions, and `config`, a hash of
everything that decides the rows. After it comes one line a finished problem, under a key made of the problem's
content. A rerun reads the file, drops a half-written last line, and skips the keys that are there; rows of another
configuration are refused, so two settings never mix in one file. A row is written once and never changed: what is
chosen afterwards (k, how attempts combine, the comparison) is computed from the rows, with no model.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deskcheck_conf.files import append_whole, drop_torn_line

from deskcheck_evals.errors import EvalError
from deskcheck_evals.jsonl import read_jsonl

ROWS = "rows.jsonl"
SCHEMA = 1
Json = dict[str, Any]


def content_key(content: Any) -> str:
    """SHA-256 (hex) of anything JSON can hold; the order of keys does not matter."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Rows:
    """The rows of one run, appended as they finish. One process at a time (the run folder is locked)."""

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        """Continue `path`; the first row starts it with `header`, which must hold "config". EvalError if the file is
        another's.
        """
        self.path = path
        self.header: Json = {"schema": SCHEMA, **header}
        self.rows: dict[str, Json] = {}
        drop_torn_line(path)
        if path.exists() and path.stat().st_size:
            self._continue()

    def _continue(self) -> None:
        found, rows = read_rows(self.path)
        if found["config"] != self.header["config"]:
            raise EvalError(
                f"{self.path} holds rows of another configuration ({_differences(found, self.header)}): "
                "pass another run_name, go back to that configuration, or delete the file to start over"
            )
        self.rows = {row["key"]: row for row in rows}

    def __contains__(self, key: str) -> bool:
        return key in self.rows

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, key: str, row: Mapping[str, Any]) -> None:
        """Write one finished row; a kill of this process after it returns does not lose it."""
        if key in self.rows:
            raise EvalError(f"{self.path}: a second row with the key of {row.get('id')!r}: is a problem listed twice?")
        whole = {"key": key, **row}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_begun = self.path.exists() and self.path.stat().st_size > 0
        append_whole(self.path, ("" if is_begun else _line(self.header)) + _line(whole))
        self.rows[key] = whole


def read_rows(path: Path) -> tuple[Json, list[Json]]:
    """Header and rows of a finished or interrupted run; EvalError names the line that is not ours.

    A last line that a killed process left half-written is no row: it is left out, and said so.
    """
    lines = [row for _, row in read_jsonl(path, whole_lines=True)]
    if not lines or lines[0].get("schema") != SCHEMA or "config" not in lines[0]:
        raise EvalError(f"{path}:1: no header of schema {SCHEMA}: expected a rows.jsonl written by deskcheck-eval")
    return lines[0], lines[1:]


def stored(holder: Mapping[str, Any], key: str, where: str) -> Any:
    """`holder[key]` of a row; EvalError saying `where` it is missing, as in rows that an older version wrote."""
    if key not in holder:
        raise EvalError(
            f"{where} has no {key!r}, which is needed here (an older version wrote it): run the evaluation again under "
            "another run_name, or leave the option out"
        )
    return holder[key]


def is_torn(path: Path) -> bool:
    """Whether the file ends in the middle of a row: a kill left it so, or its run is writing just now."""
    with open(path, "rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    old, new = found.get("settings", {}), wanted.get("settings", {})
    odd = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    changes = [f"{key} was {old.get(key)!r}, now {new.get(key)!r}" for key in odd]
    return "; ".join(changes) or "its settings are not recorded"


def _line(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # A lone surrogate, which no file can hold, is written as its escape: then everything is.
    return (json.dumps(value) if re.search("[\ud800-\udfff]", text) else text) + "\n"
