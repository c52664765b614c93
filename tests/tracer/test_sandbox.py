"""The pool: outcomes from kernel facts, walls, replacement of sick workers, asyncio, clean ends."""

import asyncio
import contextlib
import gc
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from deskcheck_tracer import (
    EndReason,
    InputError,
    Limits,
    Program,
    Sandbox,
    SandboxFailed,
    SandboxUnavailable,
    cgroup,
    jail,
    seccomp,
)
from deskcheck_tracer.outcome import Outcome
from deskcheck_tracer.selftest import leftovers
from deskcheck_tracer.wires import WorkerDied
from deskcheck_tracer.worker import JailWorker


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=2) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def own() -> Iterator[Sandbox]:
    with Sandbox(workers=1, isolation="process") as sandbox:
        yield sandbox


@pytest.mark.parametrize("isolation", ["sandbox", "own"])
def test_output_error_and_status(isolation: str, request: pytest.FixtureRequest) -> None:
    pool: Sandbox = request.getfixturevalue(isolation)
    good = pool.run(Program("import sys\nprint(int(input()) * 2)\nprint('note', file=sys.stderr)", stdin="21\n"))
    assert (good.outcome, good.stdout, good.stderr, good.exit_code) == (Outcome.ok, "42\n", "note\n", 0)
    bad = pool.run(Program("print(6)\nraise SystemExit(3)"))
    assert (bad.outcome, bad.stdout, bad.exit_code) == (Outcome.error, "6\n", 3)
    died = pool.run(Program("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"))
    assert (died.outcome, died.signal, died.exit_code) == (Outcome.error, signal.SIGSEGV, None)
    wrong = pool.run(Program("print('x'\n"))
    assert wrong.outcome is Outcome.compile and "SyntaxError" in wrong.stderr


@pytest.mark.parametrize("isolation", ["sandbox", "own"])
def test_limits(isolation: str, request: pytest.FixtureRequest) -> None:
    pool: Sandbox = request.getfixturevalue(isolation)
    assert pool.run(Program("import time\ntime.sleep(60)"), Limits(wall_s=0.5)).outcome is Outcome.wall
    assert pool.run(Program("while True: pass"), Limits(cpu_s=0.5)).outcome is Outcome.cpu
    flood = pool.run(Program("while True: print('x' * 100)"), Limits(output_bytes=5_000))
    assert flood.outcome is Outcome.output and len(flood.stdout) == 5_000


def test_memory_is_counted_when_touched(sandbox: Sandbox) -> None:
    touched = sandbox.run(Program("data = bytearray(b'x') * 10**8"), Limits(memory_mb=64))
    assert touched.outcome is Outcome.memory
    fits = sandbox.run(Program("data = bytearray(b'x') * 10**8"), Limits(memory_mb=128))
    assert fits.outcome is Outcome.ok and 90 < fits.peak_mb < 128
    reserved = sandbox.run(Program("import mmap\nmmap.mmap(-1, 2**33)"), Limits(memory_mb=64))
    assert reserved.outcome is Outcome.ok


def test_traceback_shows_the_program_alone(sandbox: Sandbox) -> None:
    result = sandbox.run(Program("def f():\n    return 1 / 0\n\n\nf()\n"))
    assert result.stderr.startswith(
        'Traceback (most recent call last):\n  File "main.py", line 5, in <module>\n    f()'
    )
    assert "deskcheck" not in result.stderr


def test_call_value_is_canonical_text(sandbox: Sandbox, own: Sandbox) -> None:
    program = Program("def f(x):\n    print('noise')\n    return {x, 'a'}, [x], {1: (2,)}", call="f('b')")
    for pool in (sandbox, own):
        result = pool.run(program)
        assert result.returned == "({'a', 'b'}, ['b'], {1: (2,)})" and result.stdout == "noise\n"
    assert sandbox.run(Program("def f(): pass", call="f(1)")).outcome is Outcome.error
    assert sandbox.run(Program("def f(): pass", call="f()")).returned == "None"


def test_only_the_standard_library_can_be_imported(sandbox: Sandbox) -> None:
    source = "import json, sqlite3, decimal, dataclasses\ntry:\n    import pytest\nexcept ImportError:\n    print('no')"
    assert sandbox.run(Program(source)).stdout == "no\n"


def test_an_installed_package_can_be_let_in() -> None:
    with Sandbox(workers=1, imports=("numpy",)) as pool:
        assert pool.run(Program("import numpy\nprint(numpy.arange(3).sum())")).stdout == "3\n"


def test_runs_are_deterministic(sandbox: Sandbox) -> None:
    results = sandbox.run_many([Program("print(set('abcdef'), hash('x'))")] * 8)
    assert len({result.stdout for result in results}) == 1


def test_random_differs_between_runs(sandbox: Sandbox) -> None:
    results = sandbox.run_many([Program("import random\nprint(random.random())")] * 6)
    assert len({result.stdout for result in results}) == 6


def test_results_keep_the_order_and_own_limits(sandbox: Sandbox) -> None:
    programs = [Program(f"import time\ntime.sleep({(5 - n) / 50})\nprint({n})") for n in range(6)]
    assert [result.stdout for result in sandbox.run_many(programs)] == [f"{n}\n" for n in range(6)]
    each = [Limits(wall_s=None), Limits(wall_s=0.2)]
    results = sandbox.run_many([Program("import time\ntime.sleep(0.6)")] * 2, each)
    assert [result.outcome for result in results] == [Outcome.ok, Outcome.wall]
    with pytest.raises(InputError, match="1 limits for 2 programs"):
        sandbox.run_many([Program("")] * 2, [Limits()])


def test_trace_is_recorded_inside(sandbox: Sandbox) -> None:
    trace = sandbox.trace(Program("s = 0\nfor x in [1, 2]:\n    s += x\nprint(s)"))
    assert trace.end.reason is EndReason.finished and trace.stdout == "3\n"
    assert [step.line for step in trace.steps()] == [1, 2, 3, 2, 3, 2, 4]
    cut = sandbox.trace(Program("x = 1\nwhile True:\n    pass"), Limits(cpu_s=0.4, max_events=None, max_bytes=None))
    assert cut.end.reason is EndReason.cpu and next(cut.steps()).locals == {"x": "1"}
    left = sandbox.trace(Program("import os\nx = 1\nos._exit(4)"))
    assert left.end == (EndReason.exited, "4")


async def test_event_loop_goes_on_while_programs_run(sandbox: Sandbox) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    ticking = asyncio.create_task(tick())
    results = await sandbox.arun_many([Program("import time\ntime.sleep(0.3)\nprint(1)")] * 2)
    ticking.cancel()
    assert [result.stdout for result in results] == ["1\n", "1\n"] and ticks >= 5
    assert sandbox.run(Program("print(2)")).stdout == "2\n"  # the sync call works inside a loop too
    assert (await sandbox.atrace(Program("print(3)"))).stdout == "3\n"


def test_a_killed_worker_is_replaced() -> None:
    with Sandbox(workers=1) as pool:
        worker = pool._pool._idle[0]
        assert isinstance(worker, JailWorker)
        os.kill(worker.pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while pool._pool._idle[0] is worker and time.monotonic() < deadline:  # it may live to run another program
            assert pool.run(Program("print(6)")).stdout == "6\n"
        assert pool._pool._idle[0] is not worker


def test_a_jail_that_dies_under_a_program_is_told() -> None:
    with Sandbox(workers=1) as pool:
        worker = pool._pool.take()
        assert isinstance(worker, JailWorker)
        killer = ["sh", "-c", f"sleep 0.5; kill -9 {worker.pid}"]
        with subprocess.Popen(killer), pytest.raises(WorkerDied, match="jail is gone"):
            worker.run(Program("import time\ntime.sleep(60)"), Limits(wall_s=30), "run")
        pool._pool.drop(worker)
        assert pool.run(Program("print(6)")).stdout == "6\n"


def test_a_trace_whose_worker_dies_twice_is_one_typed_error() -> None:
    stop = threading.Event()
    with Sandbox(workers=1) as pool:

        def kill_every_worker() -> None:
            while not stop.wait(0.02):
                for worker in list(pool._pool._all):
                    assert isinstance(worker, JailWorker)
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(worker.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill_every_worker)
        sleeping = Program("x = 1\nimport time\ntime.sleep(60)\n")
        killer.start()
        try:
            with pytest.raises(SandboxFailed, match="failed twice to record the program that begins with 'x = 1'"):
                pool.trace_many([sleeping], Limits(wall_s=30))
        finally:
            stop.set()
            killer.join()
        assert pool.trace(Program("print(6)")).stdout == "6\n"


def test_nothing_is_left_behind() -> None:
    before = leftovers()
    with Sandbox(workers=2) as pool:
        pool.run_many([Program("import os\nif os.fork() == 0:\n    os.setsid()\n    while True: pass")] * 6)
        assert leftovers().control_groups == before.control_groups + len(pool._pool._all) * _hierarchies()
    assert leftovers() == before


def test_a_dropped_sandbox_ends_its_workers() -> None:
    before = leftovers()
    pool = Sandbox(workers=1)
    pool.run(Program("print(1)"))
    del pool
    gc.collect()
    assert leftovers() == before


def test_workers_die_with_their_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, sys\nfrom deskcheck_tracer import Program, Sandbox\npool = Sandbox(workers=1)\npool.run(Program('print(1)'))\n"
        "print(pool._pool._idle[0].pid, flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    jail_pid = int(done.stdout)
    deadline = time.monotonic() + 5
    while _alive(jail_pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert done.returncode == -9 and not _alive(jail_pid)


def test_a_forked_child_starts_its_own_pool(sandbox: Sandbox) -> None:
    script = (
        "import os\nfrom deskcheck_tracer import Program, default_sandbox\n"
        "assert default_sandbox().run(Program('print(1)')).stdout == '1\\n'\n"
        "pid = os.fork()\nassert default_sandbox().run(Program('print(2)')).stdout == '2\\n'\n"
        "status = 0 if pid == 0 else os.waitpid(pid, 0)[1]\n"
        "assert default_sandbox().run(Program('print(3)')).stdout == '3\\n'\nraise SystemExit(status)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_expected_outputs_of_other_tests_are_nowhere_in_the_jail(sandbox: Sandbox) -> None:
    secret = secrets.token_hex(8)
    os.environ["DESKCHECK_SECRET"] = secret
    source = (
        "import os\nfound = str(os.environ)\nfor top in ('/proc', '/box', '/tmp', '/dev', '/deskcheck'):\n"
        "    for folder, _, names in os.walk(top):\n        for name in names:\n"
        "            if folder.endswith('/fd') and name in '12': continue  # its own pipes: nothing is there, ever\n"
        "            try:\n"
        "                with open(os.path.join(folder, name), 'rb') as file:\n                    found += repr(file.read(10**6))\n"
        "            except OSError:\n                pass\n            found = found[-10**7:]\n            if 'token' in found: pass\n"
        "print(len(found) > 0, found.count(input()))\n"
    )
    result = sandbox.run(
        Program(source.replace("'/dev', ", ""), stdin=secret + "\n"), Limits(memory_mb=512, cpu_s=10, wall_s=30)
    )
    del os.environ["DESKCHECK_SECRET"]
    # Its own standard input, reachable as /proc/self/fd/0 and by its thread, is the only place.
    assert result.outcome is Outcome.ok and result.stdout.startswith("True")
    assert int(result.stdout.split()[1]) <= 4


def test_bad_arguments_are_named() -> None:
    with pytest.raises(InputError, match="isolation is 'docker', expected one of nsjail, process"):
        Sandbox(isolation="docker")
    with pytest.raises(InputError, match="workers is 0"):
        Sandbox(workers=0)
    pool = Sandbox(workers=1)
    pool.close()
    with pytest.raises(InputError, match="closed"):
        pool.run(Program(""))
    with pytest.raises(SandboxUnavailable, match=r"package 'no_such_package'.*pip install"):
        Sandbox(workers=1, imports=("no_such_package",)).run(Program(""))


def test_missing_pieces_are_named_with_their_fix(tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    proc.mkdir()
    (proc / "cgroup").write_text("0::/\n")
    (proc / "mountinfo").write_text("")
    with pytest.raises(SandboxUnavailable, match="mount -t cgroup2"):
        cgroup.make_group(proc=proc)
    (proc / "mountinfo").write_text(f"30 25 0:26 / {tmp_path} rw - cgroup cgroup rw,memory\n")
    with pytest.raises(SandboxUnavailable, match="for pids, cpuacct"):
        cgroup.make_group(proc=proc)
    assert "user.max_user_namespaces" in jail.explain("") or "it said" in jail.explain("clone failed")
    with pytest.raises(OSError, match="no seccomp filter for machine 'vax'"):
        seccomp.build("vax")


def test_version_2_control_group(tmp_path: Path) -> None:
    proc, top = tmp_path / "proc", tmp_path / "cgroup"
    proc.mkdir()
    top.mkdir()
    (proc / "cgroup").write_text("0::/\n")
    (proc / "mountinfo").write_text(f"30 25 0:26 / {top} rw - cgroup2 cgroup2 rw\n")
    (top / "cgroup.subtree_control").write_text("cpu memory pids\n")
    files = {
        "memory.current": "8000000",
        "memory.max": "",
        "memory.peak": "0",
        "memory.swap.max": "max",
        "pids.max": "",
    }
    files |= {
        "memory.events": "low 0\noom 1\noom_kill 1\n",
        "cpu.stat": "usage_usec 1000\nuser_usec 900\n",
        "cgroup.procs": "",
        "cgroup.threads": "",
        "memory.reclaim": "",
    }
    group = _fake_group(proc, files)
    folder = next(top.glob("deskcheck-*"))
    assert (folder / "memory.swap.max").read_text().startswith("0") and (folder / "pids.max").read_text() == "64"
    group.begin(256)
    assert (folder / "memory.max").read_text() == str(8 * 1024 * 1024 + 256 * 1024 * 1024)
    (folder / "memory.events").write_text("low 0\noom 3\noom_kill 3\n")
    (folder / "cpu.stat").write_text("usage_usec 501000\nuser_usec 900\n")
    assert (group.usage().oom_kills, group.usage().cpu_s) == (2, 0.5)

    (folder / "memory.current").write_text("200000000")  # the last program's, which the kernel is about to free
    with open(folder / "memory.current", "rb+", buffering=0) as file:
        freed = threading.Timer(0.1, file.write, (b"  8000000",))
        freed.start()
        group.begin(256)
        freed.join()
    assert (folder / "memory.max").read_text() == str(8 * 1024 * 1024 + 256 * 1024 * 1024)
    assert (folder / "memory.reclaim").read_text() == "192000000"

    with subprocess.Popen(["sleep", "60"]) as sleeper:
        (folder / "cgroup.threads").write_text(f"{sleeper.pid}\n" * 3)
        deadline = time.monotonic() + 5
        while not group.is_asleep() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert group.is_asleep()
        (folder / "cgroup.threads").write_text(f"{sleeper.pid}\n" * 3 + f"{os.getpid()}\n")
        assert not group.is_asleep()  # we run
        sleeper.kill()


def _fake_group(proc: Path, files: dict[str, str]) -> cgroup.ControlGroup:
    """A folder has no files of its own accord; the kernel would make them with it."""

    class Folder(type(proc)):
        def mkdir(self, *arguments: object, **named: object) -> None:
            super().mkdir()
            for name, text in files.items():
                (self / name).write_text(text)

    parent = Path((proc / "mountinfo").read_text().split()[4])
    folder = Folder(parent / "deskcheck-1-0")
    return cgroup.ControlGroup(dict.fromkeys(("memory", "pids", "cpuacct"), folder), cgroup._V2, 64)


def _hierarchies() -> int:
    """Control groups that one worker makes: one on version 2, one a controller on version 1."""
    text = Path("/proc/self/mountinfo").read_text()
    return 3 if " - cgroup " in text and "memory" in text else 1


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
