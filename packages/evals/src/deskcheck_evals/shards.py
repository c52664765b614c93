"""A run in parts: `shard=i/n` does every n-th problem from the i-th on, each part in a folder of its own.

    outputs/verify-s0/shard-1-of-4/rows.jsonl  ...  outputs/verify-s0/shard-4-of-4/rows.jsonl

The parts may be done by any processes on any machines; every file has the same header (configuration and data are those
of the whole run) and says which part it is. Read together they are one run. Parts of different divisions or settings,
and parts that share a problem, are refused: such a sum would count something twice.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deskcheck_conf import ConfigError

from deskcheck_evals.errors import EvalError
from deskcheck_evals.rows import ROWS, Json, read_rows


@dataclass(frozen=True, order=True)
class Shard:
    """One part of `count`; `number` counts from 1."""

    count: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read `2/4`. ConfigError for anything else."""
        found = re.fullmatch(r"(\d+)/(\d+)", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise ConfigError(f"shard is {text!r}, expected i/n with i from 1 to n: shard=1/4 is the first of four")
        return cls(int(found[2]), int(found[1]))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def folder_name(self) -> str:
        return f"shard-{self.number}-of-{self.count}"

    def part[T](self, work: Sequence[T]) -> list[T]:
        """What this shard does: neighbours, which are often alike, go to different shards."""
        return list(work[self.number - 1 :: self.count])


def shards_in(folder: Path) -> dict[Shard, Path]:
    """The parts that have begun in a run's folder, in order."""
    names = ((path, re.fullmatch(r"shard-(\d+)-of-(\d+)", path.name)) for path in folder.glob("shard-*-of-*"))
    found = {Shard(int(name[2]), int(name[1])): path for path, name in names if name}
    return {shard: found[shard] for shard in sorted(found) if (found[shard] / ROWS).is_file()}


def refuse_other_divisions(folder: Path, shard: Shard | None) -> None:
    """EvalError if the run in `folder` was begun in another division than `shard`'s (None: in one piece)."""
    others = [other for other in shards_in(folder) if shard is None or other.count != shard.count]
    if others:
        raise EvalError(
            f"{folder} holds shard {others[0]}, expected no other division than "
            f"{f'n={shard.count}' if shard else 'one piece'}: go on with shard=i/{others[0].count}, or pass another "
            "run_name"
        )
    if shard is not None and (folder / ROWS).is_file():
        raise EvalError(
            f"{folder} holds {ROWS} of the run in one piece, expected shards alone: go on without shard=, or pass "
            "another run_name"
        )


def row_files(folder: Path) -> list[Path]:
    """The files that hold the rows of the run in `folder`: one, or one a shard."""
    return [path / ROWS for path in shards_in(folder).values()] or [folder / ROWS]


@dataclass(frozen=True)
class Parts:
    """The parts of a run, read as one."""

    header: Json
    rows: list[Json]
    folders: list[Path]
    missing: list[Shard]
    """Parts that have not begun."""


def read_parts(folder: Path) -> Parts | None:
    """All parts in `folder`; None if it is not divided. EvalError for parts that are not of one run, or overlap."""
    found = shards_in(folder)
    if not found:
        return None
    first = next(iter(found))
    refuse_other_divisions(folder, first)  # a file of the run in one piece beside them, too
    headers: list[Json] = []
    rows: dict[str, Json] = {}
    for shard, path in found.items():
        header, part = read_rows(path / ROWS)
        _same_run(header, headers, shard, path)
        headers.append(header)
        for row in part:
            if row["key"] in rows:
                raise EvalError(f"{path / ROWS}: {row['id']!r} is also in another shard: every problem belongs to one")
            rows[row["key"]] = row
    missing = [
        Shard(first.count, number) for number in range(1, first.count + 1) if Shard(first.count, number) not in found
    ]
    header = {key: value for key, value in headers[0].items() if key != "shard"}
    return Parts(header, list(rows.values()), list(found.values()), missing)


def _same_run(header: Json, others: Sequence[Json], shard: Shard, path: Path) -> None:
    if header.get("shard") != str(shard):
        raise EvalError(f"{path / ROWS} is of shard {header.get('shard')}, expected {shard}, as its folder is called")
    if others and header["config"] != others[0]["config"]:
        raise EvalError(
            f"{path / ROWS} is of another configuration than {others[0]['shard']} (config {header['config'][:10]} and "
            f"{others[0]['config'][:10]}): shards of one run are made by one command, but for shard="
        )
