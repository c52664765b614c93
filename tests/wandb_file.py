"""What an offline run of W&B wrote, read back from its file: rows of metrics, artifacts, and the tables beside it.

The file is LevelDB's log format (blocks of 32 KB; records of checksum, length and kind), after seven bytes of W&B's own,
and each record is a protocol buffer of the installed client.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wandb.proto.wandb_internal_pb2 import Record

BLOCK, HEADER, MAGIC = 32_768, 7, 7
WAIT_S = 60.0
WHOLE, FIRST, MIDDLE, LAST = 1, 2, 3, 4


@dataclass
class Offline:
    """One run: `rows` of metrics (tables as their columns and data), and `artifacts` by name."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    artifacts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def tables(self) -> dict[str, dict[str, Any]]:
        return {name: value for row in self.rows for name, value in row.items() if isinstance(value, dict)}


def read_offline(folder: Path) -> Offline:
    """The only W&B run in a run folder, which has ended."""
    [path] = folder.glob("wandb/offline-run-*/run-*.wandb")
    run = Offline()
    for record in _whole(path):
        if record.HasField("history"):
            run.rows.append(_row(record, path.parent / "files"))
        elif record.HasField("artifact"):
            files = {entry.path: Path(entry.local_path) for entry in record.artifact.manifest.contents}
            run.artifacts[record.artifact.name] = {"type": record.artifact.type, "files": files}
    return run


def _whole(path: Path) -> list[Record]:
    """All records. W&B's own process may still write when `finish` has returned: its last record is the run's exit."""
    ends = time.monotonic() + WAIT_S
    while True:
        records = [Record.FromString(content) for content in _records(path.read_bytes())]
        if any(record.HasField("exit") for record in records) or time.monotonic() > ends:
            return records
        time.sleep(0.1)


def _row(record: Record, files: Path) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for item in record.history.item:
        name, *rest = item.nested_key or [item.key]
        if rest:  # a value of several parts: those of a table say where it is
            row.setdefault(name, {})[rest[0]] = json.loads(item.value_json)
        else:
            row[name] = json.loads(item.value_json)
    is_table = lambda value: isinstance(value, dict) and value.get("_type") == "table-file"  # noqa: E731
    return {name: json.loads((files / v["path"]).read_text()) if is_table(v) else v for name, v in row.items()}


def _records(data: bytes) -> Iterator[bytes]:
    at, parts = MAGIC, b""
    while at + HEADER <= len(data):
        if BLOCK - at % BLOCK < HEADER:  # the rest of a block that no record's head fits into
            at += BLOCK - at % BLOCK
            continue
        length, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        part = data[at + HEADER : at + HEADER + length]
        at += HEADER + length
        parts = part if kind in (WHOLE, FIRST) else parts + part
        if kind in (WHOLE, LAST):
            yield parts
