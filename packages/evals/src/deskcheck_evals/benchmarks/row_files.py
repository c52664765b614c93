"""Rows of a published benchmark, wherever they lie: JSONL (also .gz), Parquet, a folder of both, the hub.

A row comes with the place that an error names: `file:line`, `file[row]`. Files of a folder are read in the order of
their names; where names begin with a split's (`test-00000-of-00001.parquet`), only those of the split are read. Parquet
needs pyarrow and the hub `datasets`; both come with `deskcheck-evals[hub]` and are imported only then.
"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deskcheck_evals.errors import EvalError
from deskcheck_evals.hub import is_hub_id, load_hub
from deskcheck_evals.jsonl import read_jsonl

Row = dict[str, Any]
SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet")
BATCH = 16
"""Rows of a Parquet file in memory at once: a problem with its tests can take megabytes."""
EXTRA = "deskcheck-evals[hub]"
SPLIT_WORDS = {"train": ("train",), "validation": ("valid", "validation"), "test": ("test",)}


def read_rows(path: str, split: str, *, hub_split: str | None = None) -> Iterator[tuple[str, Row]]:
    """(place, row) of every row; `split` may join splits with a plus, `hub_split` is the hub's name for it.

    Raises:
        EvalError: there is nothing to read, or a line or file is broken.
    """
    if is_hub_id(path):
        yield from _hub(path, hub_split or split)
        return
    for file in _files(Path(path), split):
        yield from _parquet(file) if file.suffix == ".parquet" else _lines(file)


def _hub(path: str, split: str) -> Iterator[tuple[str, Row]]:
    rows = load_hub(path, split, streaming=True, key="benchmark.path", extra=EXTRA)
    number = 0
    try:
        for number, row in enumerate(rows, start=1):
            yield f"{path}[{number}]", dict(row)
    except Exception as error:  # as in load_hub: whatever the client raises, rows stopped coming
        raise EvalError(
            f"benchmark.path={path} stopped after {number} rows ({error}): run the command again"
        ) from error


def _files(path: Path, split: str) -> list[Path]:
    if not path.is_dir():
        if path.exists() and not path.name.endswith(SUFFIXES):
            raise EvalError(f"{path}: expected a name that ends in {', '.join(SUFFIXES)}, or a folder of such files")
        return [path]
    found = sorted(file for file in path.rglob("*") if file.name.endswith(SUFFIXES) and file.name[0] != ".")
    if not found:
        raise EvalError(f"{path}: a folder without a {', '.join(SUFFIXES)} file: give benchmark.path=FILE")
    is_split = [_word(file) for file in found]
    if all(is_split):
        wanted = [word for part in split.split("+") for word in SPLIT_WORDS[part]]
        found = [file for file, word in zip(found, is_split, strict=True) if word in wanted]
        if not found:
            raise EvalError(f"{path}: no file of the split {split} (files of: {', '.join(sorted(set(is_split)))})")
    return found


def _word(file: Path) -> str:
    """The split that a file's name begins with, as in train-00000-of-00039-....parquet; empty if none."""
    word = file.name.split(".")[0].split("-")[0]
    return word if any(word in words for words in SPLIT_WORDS.values()) and "-" in file.name else ""


def _lines(file: Path) -> Iterator[tuple[str, Row]]:
    for number, row in read_jsonl(file):
        yield f"{file}:{number}", row


def _parquet(file: Path) -> Iterator[tuple[str, Row]]:
    if importlib.util.find_spec("pyarrow") is None:
        raise EvalError(f"{file}: reading Parquet needs: pip install '{EXTRA}'")
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not file.is_file():
        raise EvalError(f"{file}: no such file: expected a Parquet file")
    number = 0
    try:
        with pq.ParquetFile(file) as table:
            for batch in table.iter_batches(BATCH):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{file}[{number}]", row
    except (pa.ArrowException, OSError) as error:
        raise EvalError(f"{file}: not a whole Parquet file, stopped after {number} rows ({error})") from error
