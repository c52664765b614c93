"""The rows of the hostile table that are about the harness itself, not about a program.

A fault of ours is never a score: a task without tests, a test that cannot be encoded, a checker that crashes (row 79),
an nsjail that does not run, control groups that cannot be written, a worker that dies (row 80). Either the verdict is
SE, or no sandbox comes up at all and `SandboxUnavailable` says what is missing, which counts as SE here. A worker that
dies once costs one more try: the program is judged by the next.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .cgroup import make_group
from .checker import Checker
from .errors import SandboxUnavailable
from .judge import judge
from .program import Limits, TestCase
from .sandbox import Sandbox
from .verdict import Verdict
from .worker import JailWorker

_TEST = TestCase(input="", output="6\n")


@dataclass(frozen=True)
class HarnessRow:
    """One row: `act(degraded)` brings the fault about and says what was told, one verdict a case."""

    number: int
    title: str
    verdicts: tuple[Verdict, ...]
    act: Callable[[bool], tuple[Verdict, ...]]


def harness_rows() -> list[HarnessRow]:
    """Rows 79 and 80."""
    return [
        HarnessRow(
            79,
            "no tests; a test that cannot be encoded; a checker that crashes",
            (Verdict.SE, Verdict.SE, Verdict.SE),
            _unusable_tests,
        ),
        HarnessRow(
            80,
            "nsjail does not run; control groups cannot be written; a worker dies twice; a worker dies once",
            (Verdict.SE, Verdict.SE, Verdict.SE, Verdict.AC),
            _broken_sandboxes,
        ),
    ]


def _unusable_tests(degraded: bool) -> tuple[Verdict, ...]:
    with Sandbox(workers=1, degraded=degraded) as sandbox:
        cases: list[list[TestCase]] = [[], [TestCase("\ud800", "6\n")]]
        crashing = Checker("def check(input, output, answer): return 1 / 0")
        return (
            *(judge("print(6)", tests, sandbox=sandbox).verdict for tests in cases),
            judge("print(6)", [_TEST], checker=crashing, sandbox=sandbox).verdict,
        )


def _broken_sandboxes(degraded: bool) -> tuple[Verdict, ...]:
    return (
        _without_nsjail(),
        _without_control_groups(),
        _worker_dies(degraded, times=2),
        _worker_dies(degraded, times=1),
    )


def _without_nsjail() -> Verdict:
    """In a process of its own whose PATH begins with an nsjail that only fails."""
    with tempfile.TemporaryDirectory(prefix=f"deskcheck-{os.getpid()}-") as folder:
        broken = Path(folder, "nsjail")
        broken.write_text("#!/bin/sh\nexit 127\n")
        broken.chmod(0o755)
        script = (
            "from deskcheck_tracer import SandboxUnavailable, TestCase, judge\n"
            "try:\n    print(judge('print(6)', [TestCase('', '6')]).verdict)\n"
            "except SandboxUnavailable:\n    print('SE')\n"
        )
        path = f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        command = [sys.executable, "-c", script]
        said = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PATH": path})
        return Verdict(said.stdout.strip())


def _without_control_groups() -> Verdict:
    """Where the hierarchies that the kernel names cannot be written to."""
    with tempfile.TemporaryDirectory(prefix=f"deskcheck-{os.getpid()}-") as folder:
        Path(folder, "cgroup").write_text("4:memory,pids,cpuacct:/\n")
        Path(folder, "mountinfo").write_text("30 25 0:26 / /proc rw - cgroup cgroup rw,memory,pids,cpuacct\n")
        try:
            make_group(proc=Path(folder)).close()
        except SandboxUnavailable:
            return Verdict.SE
        return Verdict.AC


def _worker_dies(degraded: bool, times: int) -> Verdict:
    """The workers that meet the program are killed under it, `times` of them."""
    with Sandbox(workers=1, degraded=degraded) as sandbox:
        killer = threading.Thread(target=_kill_workers, args=(sandbox, times))
        killer.start()
        source = "import time\ntime.sleep(2)\nprint(6)\n"
        verdict = judge(source, [_TEST], limits=Limits(wall_s=30.0), sandbox=sandbox).verdict
        killer.join()
        return verdict


def _kill_workers(sandbox: Sandbox, times: int) -> None:
    killed: set[int] = set()
    waited = threading.Event()
    while len(killed) < times:
        waited.wait(0.2)  # by now the program runs
        for worker in list(sandbox._pool._all):
            if isinstance(worker, JailWorker) and worker.pid not in killed:
                killed.add(worker.pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
