"""The hostile programs of this package, run against this machine's sandbox.

Each file of `hostile/` is a program with a header: the row of the table it stands for, a title, the verdicts that are
right (several words: any of them for one test, or one each for several tests), and where they differ from the
standing task (numbers whose sum is asked for) the tests, limits or entry point. Only what follows the header enters
the sandbox. After the rows, nothing may be left: processes, descriptors, mounts, control groups, temporary files.

Numbers up to 80 are rows of the project's table of 80 hostile behaviours (not all are here yet); from 101 on they
attack this very design.
"""

from __future__ import annotations

import ast
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from . import jail
from .errors import InputError
from .judge import Judgement, judge_many
from .program import Limits, TestCase
from .sandbox import Sandbox
from .verdict import Verdict

TASK = TestCase(input="3\n1 2 3\n", output="6\n")
LIMITS = Limits(cpu_s=2.0, wall_s=5.0, memory_mb=256, output_bytes=1_000_000)


@dataclass(frozen=True)
class Row:
    """One hostile program and the verdicts that are right for it."""

    number: int
    title: str
    source: str
    verdicts: tuple[Verdict, ...]
    tests: tuple[TestCase, ...]
    limits: Limits
    entry_point: str | None

    def holds(self, judgement: Judgement) -> bool:
        """One test: its verdict is among ours; several: each has its own."""
        got = tuple(result.verdict for result in judgement.results)
        return got[0] in self.verdicts if len(self.tests) == 1 else got == self.verdicts


@dataclass(frozen=True)
class RowResult:
    """What became of one row."""

    row: Row
    judgement: Judgement

    @property
    def holds(self) -> bool:
        return self.row.holds(self.judgement)

    def __str__(self) -> str:
        got = " ".join(result.verdict for result in self.judgement.results)
        mark = "ok  " if self.holds else "FAIL"
        return f"{mark} {self.row.number:3d} {got:6s} (expected {' '.join(self.row.verdicts)}) {self.row.title}"


def hostile_rows() -> list[Row]:
    """All rows of this package, by number."""
    folder = resources.files(__package__).joinpath("hostile")
    files = {file.name: file for file in folder.iterdir() if file.name.endswith(".py.txt")}
    return [_row(name, files[name].read_text(encoding="utf-8")) for name in sorted(files)]


def selftest(
    *,
    degraded: bool = False,
    workers: int = 2,
    rows: list[Row] | None = None,
    told: Callable[[RowResult], None] = print,
) -> list[RowResult]:
    """Run the rows (default: all), `workers` at a time; `told` hears every result as it comes."""
    local = threading.local()
    opened: list[Sandbox] = []

    def run(row: Row) -> RowResult:
        if not hasattr(local, "sandbox"):
            local.sandbox = Sandbox(workers=1, degraded=degraded)  # the tests of a row meet the same worker, in turn
            opened.append(local.sandbox)
        result = run_row(row, local.sandbox)
        told(result)
        return result

    try:
        with ThreadPoolExecutor(workers) as threads:
            return list(threads.map(run, rows if rows is not None else hostile_rows()))
    finally:
        for sandbox in opened:
            sandbox.close()


def run_row(row: Row, sandbox: Sandbox) -> RowResult:
    """Judge one row in a sandbox with one worker."""
    judgements = judge_many([(row.source, row.tests)], limits=row.limits, entry_point=row.entry_point, sandbox=sandbox)
    return RowResult(row, judgements[0])


@dataclass(frozen=True)
class Leftovers:
    """Counts that must be the same before and after."""

    processes: int
    descriptors: int
    mounts: int
    control_groups: int
    temporary_files: int
    shared_memory: int


def leftovers() -> Leftovers:
    """Count now what a run might leave behind on this machine."""
    return Leftovers(
        processes=sum(1 for _ in _descendants(os.getpid())),
        descriptors=len(os.listdir("/proc/self/fd")),
        mounts=len(Path("/proc/self/mountinfo").read_text().splitlines()),
        control_groups=len(list(_own_groups())),
        temporary_files=len(list(Path(tempfile.gettempdir()).glob(f"deskcheck-{os.getpid()}-*"))),
        shared_memory=sum(1 for file in Path("/dev/shm").glob("*") if _owner(file) == jail.outside_uid()),
    )


def _descendants(pid: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in map(int, children):
        yield child
        yield from _descendants(child)


def _owner(file: Path) -> int | None:
    try:
        return file.lstat().st_uid
    except OSError:  # another process has just removed it
        return None


def _own_groups() -> Iterator[Path]:
    own = [line.split(":", 2)[2] for line in Path("/proc/self/cgroup").read_text().splitlines()]
    for top in Path("/sys/fs/cgroup").glob("*"):
        for path in {top, *(top / inside.lstrip("/") for inside in own)}:
            if path.is_dir():
                yield from path.glob(f"deskcheck-{os.getpid()}-*")


def _row(name: str, text: str) -> Row:
    header, _, source = text.partition("\n\n")
    try:
        fields = dict(line.removeprefix("# ").split(": ", 1) for line in header.splitlines())
        tests = json.loads(fields["tests"]) if "tests" in fields else None
        return Row(
            number=int(fields["row"]),
            title=fields["title"],
            source=source + "#" * int(fields.get("padding", 0)),
            verdicts=tuple(Verdict(word) for word in fields["verdict"].split()),
            tests=tuple(map(_test, tests)) if tests else (TASK,),
            limits=replace(LIMITS, **json.loads(fields.get("limits", "{}"))),
            entry_point=json.loads(fields["entry_point"]) if "entry_point" in fields else None,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"hostile/{name}: header not understood: {type(error).__name__}: {error}") from error


def _test(fields: dict[str, Any]) -> TestCase:
    """`input_of` and `output_of` hold `'text' * count`, for texts too long to be written out."""
    return TestCase(
        fields["input"] if "input" in fields else _repeated(fields["input_of"]),
        fields["output"] if "output" in fields else _repeated(fields["output_of"]),
    )


def _repeated(text: str) -> str:
    piece, count = text.rsplit(" * ", 1)
    return ast.literal_eval(piece) * int(count)
