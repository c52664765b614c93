"""Faults of the machine, brought about for real: a full disk, no process left, a parent that is killed at work.

A fault of ours is a sandbox error or `SandboxUnavailable` with what is missing, never a verdict on the program; and once
the fault is gone, the same sandbox works again.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from deskcheck_tracer.selftest import descendants

SCRIPT = """\
import sys, time
from deskcheck_tracer import Limits, Program, Sandbox, SandboxUnavailable, TestCase, judge
def verdict(sandbox):
    try:
        return str(judge("print(6)", [TestCase("", "6")], sandbox=sandbox).verdict)
    except SandboxUnavailable as error:
        return f"SandboxUnavailable: {error}"
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], check=True)
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def said(script: str, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + script], capture_output=True, text=True, check=False, timeout=120,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path), **environment},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_a_full_disk_makes_no_verdict(small_disk: Path) -> None:
    lines = said(
        f"full = open({str(small_disk)!r} + '/full', 'wb', buffering=0)\n"
        "try:\n    while True: full.write(bytes(1024))\nexcept OSError: pass\n"
        "sandbox = Sandbox(workers=1)\nprint(verdict(sandbox))\nfull.truncate(0)\nprint(verdict(sandbox))\n",
        TMPDIR=str(small_disk),
    )
    assert lines[0] in ("AC", "SE") or lines[0].startswith("SandboxUnavailable: ")
    assert "No space left" in lines[0] or lines[0] == "AC"
    assert lines[1] == "AC"


def test_no_process_left_makes_no_verdict() -> None:
    lines = said(
        "import os, pathlib\n"
        "top = next(p for p in map(pathlib.Path, ('/sys/fs/cgroup/pids', '/sys/fs/cgroup')) if (p / 'cgroup.procs').exists())\n"
        "group = top / f'test-{os.getpid()}'\ngroup.mkdir()\n"
        "(group / 'cgroup.procs').write_text(str(os.getpid()))\n"
        "sandbox = Sandbox(workers=1)\n"
        "(group / 'pids.max').write_text('3')\nprint(verdict(sandbox))\n"
        "(group / 'pids.max').write_text('max')\nprint(verdict(sandbox))\nsandbox.close()\n"
        "(top / 'cgroup.procs').write_text(str(os.getpid()))\n"
        "while group.exists():\n    try: group.rmdir()\n    except OSError: time.sleep(0.05)\n"
    )
    assert lines[0] == "SE" or lines[0].startswith("SandboxUnavailable: "), lines
    assert lines[1] == "AC"


def test_a_parent_that_is_killed_at_work_leaves_no_process() -> None:
    script = "Sandbox(workers=4).run_many([Program('import time; time.sleep(999)')] * 8, Limits(wall_s=None))"
    with subprocess.Popen([sys.executable, "-c", SCRIPT + script]) as parent:
        below: list[int] = []
        deadline = time.monotonic() + 20
        while len(below) < 16 and time.monotonic() < deadline:  # four times nsjail, server, init, program
            time.sleep(0.05)
            below = list(descendants(parent.pid))
        parent.kill()
    assert len(below) >= 16
    deadline = time.monotonic() + 5
    while any(map(_alive, below)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in below if _alive(pid)] == []


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
