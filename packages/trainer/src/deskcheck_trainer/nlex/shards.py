"""The finished shards of a dataset under construction: written whole or not at all, and never twice.

A shard is a fixed number of consecutive source items. Its rows and rejected items go to two Parquet files; then one
small JSON record says that it is complete and which items it covers. Every file appears by rename, the record last, so
a kill at any point loses at most the shard in progress and the next run writes the same bytes. If the source has
changed since (other items under the same shard number), the run stops instead of mixing two datasets.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deskcheck_tracer.errors import InputError

from deskcheck_trainer.nlex.row import Rejected, Row, rejected_table, to_table


@dataclass(frozen=True, kw_only=True)
class Shard:
    """The record of one finished shard."""

    index: int
    items_sha256: str
    """Hash of the ids of the items it covers."""
    items: int
    tasks: dict[str, int]
    """Rows by task."""
    rejected: dict[str, int]
    """Rejected items by reason."""
    rows_file: str | None
    """Path of the rows relative to the dataset folder; None where there are none."""
    rows_sha256: str | None
    rejected_file: str | None
    rejected_sha256: str | None
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """What a language model was asked and how it answered, by stage (translate, propose)."""


@dataclass(frozen=True)
class ShardStore:
    """The shards below a dataset folder: `data/`, `rejected/`, and `shards/` for the records."""

    folder: Path

    def find(self, index: int, items_sha256: str) -> Shard | None:
        """The finished shard `index`, or None.

        Raises:
            InputError: it was built from other items, or its files are gone.
        """
        path = self._record(index)
        if not path.exists():
            return None
        shard = Shard(**json.loads(path.read_text()))
        if shard.items_sha256 != items_sha256:
            raise InputError(
                f"{path} was built from other items, or by another version, than now: the source has changed since this"
                " dataset was begun. Put it back, or choose another run_name."
            )
        for file in (shard.rows_file, shard.rejected_file):
            if file and not (self.folder / file).exists():
                raise InputError(f"{self.folder / file} is missing, but {path} lists it: remove {path} and run again.")
        return shard

    def items_done(self) -> int:
        """Items behind the finished shards."""
        return sum(json.loads(path.read_text())["items"] for path in self._record(0).parent.glob("*.json"))

    def write(
        self,
        index: int,
        items_sha256: str,
        items: int,
        outcomes: Sequence[Row | Rejected],
        counts: Mapping[str, Mapping[str, int]] | None = None,
    ) -> Shard:
        """Write a shard's files, then its record."""
        rows = [x for x in outcomes if isinstance(x, Row)]
        rejected = [x for x in outcomes if isinstance(x, Rejected)]
        rows_file = self._table(f"data/train-{index:05d}.parquet", to_table(rows))
        rejected_file = self._table(f"rejected/{index:05d}.parquet", rejected_table(rejected))
        shard = Shard(
            index=index,
            items_sha256=items_sha256,
            items=items,
            tasks=dict(sorted(Counter(str(r.task) for r in rows).items())),
            rejected=dict(sorted(Counter(str(r.reason) for r in rejected).items())),
            rows_file=rows_file,
            rows_sha256=self._sha256(rows_file),
            rejected_file=rejected_file,
            rejected_sha256=self._sha256(rejected_file),
            counts={stage: dict(sorted(found.items())) for stage, found in (counts or {}).items()},
        )
        write_json(self._record(index), asdict(shard))
        return shard

    def _record(self, index: int) -> Path:
        return self.folder / "shards" / f"{index:05d}.json"

    def _table(self, name: str, table: pa.Table) -> str | None:
        if table.num_rows == 0:
            return None
        write_whole(self.folder / name, lambda temporary: pq.write_table(table, temporary, compression="zstd"))
        return name

    def _sha256(self, name: str | None) -> str | None:
        return hashlib.sha256((self.folder / name).read_bytes()).hexdigest() if name else None


def write_json(path: Path, value: object) -> None:
    """Write indented JSON, whole or not at all."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file, flush it to disk and rename it to `path`; on failure nothing stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
