"""Rows from wherever they lie: JSONL (also .gz) and Parquet files, a folder of them, a dataset on the Hugging Face hub.

Rows are read one after the other (Parquet in small batches, the hub streamed), in a fixed order. A row is a dictionary;
what its keys mean is for rows.py and problems.py to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from deskcheck_evals.hub import is_hub_id, load_hub
from deskcheck_tracer.errors import InputError

from deskcheck_trainer.nlex.row import Rejected
from deskcheck_trainer.nlex.sources.items import Malformed, unreadable
from deskcheck_trainer.nlex.sources.lines import open_lines, read_lines

BATCH = 64
"""Rows of a Parquet file in memory at once."""

_SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet")


class Found(NamedTuple):
    """A row and where it lies."""

    where: str
    """For messages: path and number."""
    file: str
    """For origins: the file's name, below the folder's where one was given; or the hub id."""
    number: int
    values: dict[str, Any]


@dataclass(frozen=True)
class RowFiles:
    """The rows behind `path`: a file, a folder of files, or a hub id with its split and subset."""

    path: str
    malformed: Malformed = Malformed.stop
    split: str = "train"
    subset: str | None = None

    def count(self) -> int | None:
        """About how many rows; None for the hub, and for files that reading will tell about."""
        if is_hub_id(self.path):
            return None
        counts = [_count(file) for file, _ in self._files()]
        return None if None in counts else sum(n for n in counts if n is not None)

    def rows(self, columns: Collection[str] = ()) -> Iterator[Found | Rejected]:
        """The rows in order; of Parquet files only `columns`, if given and there.

        Raises:
            InputError: there is nothing to read; a file is empty or cut and `malformed` is `stop`.
            EvalError: the hub does not have it, or `datasets` is not installed.
        """
        if is_hub_id(self.path):
            yield from self._hub_rows()
            return
        for file, name in self._files():
            if file.name.endswith(".parquet"):
                yield from self._parquet_rows(file, name, columns)
            else:
                yield from self._line_rows(file, name)

    def _files(self) -> list[tuple[Path, str]]:
        """The files with their names for origins."""
        path = Path(self.path)
        if not path.is_dir():
            return [(path, path.name)]
        found = sorted(p for p in path.rglob("*") if p.name.endswith(_SUFFIXES) and p.is_file() and p.name[0] != ".")
        if not found:
            raise InputError(
                f"{path} holds no {', '.join(_SUFFIXES)} file (source.path); for .py files use source=folder."
            )
        return [(p, f"{path.resolve().name}/{p.relative_to(path).as_posix()}") for p in found]

    def _line_rows(self, file: Path, name: str) -> Iterator[Found | Rejected]:
        if file.is_file() and not file.stat().st_size:
            raise InputError(f"{file} is empty (source.path): expected a JSONL file with one row a line.")
        for line in read_lines(file, self.malformed):
            yield line if isinstance(line, Rejected) else Found(f"{file}:{line[0]}", name, *line)

    def _parquet_rows(self, file: Path, name: str, columns: Collection[str]) -> Iterator[Found | Rejected]:
        number = 0
        try:
            with pq.ParquetFile(file) as table:
                there = [c for c in table.schema_arrow.names if c in columns]
                for batch in table.iter_batches(BATCH, columns=there or None):
                    for values in batch.to_pylist():
                        number += 1
                        yield Found(f"{file}[{number}]", name, number, values)
        except FileNotFoundError:
            raise InputError(f"{file} does not exist (source.path): expected a Parquet file.") from None
        except PermissionError:
            raise
        except (pa.ArrowException, OSError) as e:
            what = f"not a whole Parquet file, stopped after {number} rows ({e})"
            yield unreadable(self.malformed, file, what, name)

    def _hub_rows(self) -> Iterator[Found]:
        rows = load_hub(
            self.path,
            self.split,
            subset=self.subset,
            streaming=True,
            key="source.path",
            extra="deskcheck-trainer[hub]",
        )
        number = 0
        try:
            for number, values in enumerate(rows, start=1):
                yield Found(f"{self.path}[{number}]", self.path, number, dict(values))
        except Exception as e:  # as in load_hub: whatever the client raises, rows stopped coming
            raise InputError(
                f"source.path={self.path} stopped after {number} rows ({e}): run the command again, it resumes."
            ) from e


def _count(file: Path) -> int | None:
    if file.name.endswith(".parquet"):
        try:
            return pq.read_metadata(file).num_rows
        except (pa.ArrowException, OSError):
            return None
    with open_lines(file) as lines:
        return sum(block.count(b"\n") for block in iter(lambda: lines.read(1 << 20), b""))
