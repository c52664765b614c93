"""The hostile programs of this package, run against this machine's sandbox.

Each file of `hostile/` is a program with a header: the row of the table it stands for, a title, the verdicts that are
right (several words: any of them for one test, or one each for several tests), and where they differ from the
standing task (numbers whose sum is asked for) the tests, limits or entry point; `tail` is text to put behind the
source, `'text' * count`. Only what follows the header enters the sandbox. After the rows, nothing may be left:
processes, descriptors, mounts, control groups, temporary files.

Numbers up to 80 are rows of the project's table of 80 hostile behaviours; from 101 on they attack this very design. A
row with several sources has several files. Rows 79 and 80 are faults of ours: selftest_harness.py.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from . import jail
from .errors import InputError
from .judge import judge_many
from .program import Limits, Program, TestCase
from .sandbox import Sandbox
from .selftest_harness import HarnessRow, harness_rows
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


@dataclass(frozen=True)
class RowResult:
    """What became of one row: a verdict a test."""

    row: Row | HarnessRow
    verdicts: tuple[Verdict, ...]

    @property
    def holds(self) -> bool:
        """One test: its verdict is among the row's; several: each has its own."""
        expected = self.row.verdicts
        return self.verdicts[0] in expected if len(self.verdicts) == 1 else self.verdicts == expected

    def __str__(self) -> str:
        mark = "ok  " if self.holds else "FAIL"
        got, expected = " ".join(self.verdicts), " ".join(self.row.verdicts)
        return f"{mark} {self.row.number:3d} {got:6s} (expected {expected}) {self.row.title}"


def all_rows() -> list[Row | HarnessRow]:
    """The whole table, by number."""
    return sorted([*hostile_rows(), *harness_rows()], key=lambda row: row.number)


def hostile_rows() -> list[Row]:
    """The rows that are programs, by number."""
    folder = resources.files(__package__).joinpath("hostile")
    files = {file.name: file for file in folder.iterdir() if file.name.endswith(".py.txt")}
    return [_row(name, files[name].read_text(encoding="utf-8")) for name in sorted(files)]


def selftest(
    *,
    degraded: bool = False,
    workers: int = 2,
    rows: Sequence[Row | HarnessRow] | None = None,
    programs_before: int = 0,
    told: Callable[[RowResult], None] = print,
) -> list[RowResult]:
    """Run the rows (default: all), `workers` at a time; `told` hears every result as it comes, one at a time.

    Each worker runs `programs_before` harmless programs first: nothing may depend on how used it is.
    """
    local, telling = threading.local(), threading.Lock()
    opened: list[Sandbox] = []

    def run(row: Row | HarnessRow) -> RowResult:
        if not hasattr(local, "sandbox"):
            local.sandbox = Sandbox(workers=1, degraded=degraded)  # the tests of a row meet the same worker, in turn
            opened.append(local.sandbox)
            local.sandbox.run_many([Program("print(6)")] * programs_before)
        result = run_row(row, local.sandbox) if isinstance(row, Row) else RowResult(row, row.act(degraded))
        with telling:
            told(result)
        return result

    try:
        with ThreadPoolExecutor(workers) as threads:
            return list(threads.map(run, rows if rows is not None else all_rows()))
    finally:
        for sandbox in opened:
            sandbox.close()


def run_row(row: Row, sandbox: Sandbox) -> RowResult:
    """Judge one row in a sandbox with one worker."""
    judgements = judge_many([(row.source, row.tests)], limits=row.limits, entry_point=row.entry_point, sandbox=sandbox)
    return RowResult(row, tuple(result.verdict for result in judgements[0].results))


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
        processes=sum(1 for _ in descendants(os.getpid())),
        descriptors=len(os.listdir("/proc/self/fd")),
        mounts=len(Path("/proc/self/mountinfo").read_text().splitlines()),
        control_groups=len(list(_own_groups())),
        temporary_files=len(list(Path(tempfile.gettempdir()).glob(f"deskcheck-{os.getpid()}-*"))),
        shared_memory=sum(1 for file in Path("/dev/shm").glob("*") if _owner(file) == jail.outside_uid()),
    )


def descendants(pid: int) -> Iterator[int]:
    """The processes below this one, at this moment, whichever of its threads started them."""
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # it has just ended
            for child in map(int, file.read_text().split()):
                yield child
                yield from descendants(child)


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
            source=source + (_repeated(fields["tail"]) if "tail" in fields else ""),
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
