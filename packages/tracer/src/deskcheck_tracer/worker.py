"""The parent's side of one worker: start it, hand it one program at a time, read the counters, end it.

`JailWorker` keeps a fork server in an nsjail and a control group around it; `ChildWorker` runs each program in a fresh
rlimited interpreter, for one's own code.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from . import jail
from .cgroup import Group, make_group
from .child import RECORDING
from .errors import SandboxUnavailable
from .line import LineEnd
from .outcome import RunResult
from .program import Limits, Program
from .wires import GRACE_S, Wires, WorkerDied

DISK_MB = 64
"""Size of a program's writable tmpfs."""
MAX_PROCESSES = 64
"""Processes and threads of one program."""
_START_S = 30.0
SHARED = 1.5
"""CPU time that a program may take beside others, in terms of its limit; one that ends beyond the limit runs again,
alone, and that run counts (sandbox.py)."""


class Worker(Protocol):
    """Runs one program at a time."""

    def run(self, program: Program, limits: Limits, mode: str, end: LineEnd | None = None) -> RunResult: ...
    def close(self) -> None: ...


class JailWorker:
    """One nsjail with a fork server in it; SandboxUnavailable if it lacks a limit, unless `degraded`."""

    def __init__(self, *, degraded: bool = False, imports: tuple[str, ...] = (), hash_seed: int = 0) -> None:
        self._group: Group | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        self._degraded = False
        self._control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        with inside:
            self._process = jail.start(inside.fileno(), self._log.fileno(), imports, hash_seed)
        try:
            server = self._await_server()
            self._limit(server, degraded)
            self._try_out()
        except BaseException:
            self.close()
            raise

    def run(self, program: Program, limits: Limits, mode: str = "run", end: LineEnd | None = None) -> RunResult:
        """Run one program; WorkerDied if the worker must be replaced. `end`: its side of the line of a check."""
        if self._group is not None:
            self._group.begin(limits.memory_mb)
            if end is not None:
                end.begin(self._group)
        with Wires(program, mode, limits, self._group, end) as wires:
            request = {
                "mode": mode,
                "limits": asdict(limits) if mode in RECORDING else None,
                "rlimits": rlimits(limits, jailed=True, address_space=self._group is None),
                "timer_s": limits.cpu_s if self._group is None else None,
                "disk_mb": DISK_MB,
                "shm_mb": limits.memory_mb or 4096,
                "max_bytes": limits.output_bytes,
            }
            try:
                socket.send_fds(self._control, [json.dumps(request).encode()], wires.given())
            except OSError as error:
                raise WorkerDied(f"cannot reach the fork server: {error.strerror}: {self._said()}") from error
            wires.close_given()
            answer = wires.collect(self._control, self._kill, self._receive)
            if self._group is not None and not self._group.settle(GRACE_S):
                raise WorkerDied("processes of a program are still there after they were killed")
            return self._result(answer, wires)

    def close(self) -> None:
        """End the jail and everything in it, and remove its control group."""
        self._control.close()  # the fork server, process 1 of the jail, leaves at the end of its socket
        if self._process.poll() is None:
            try:
                self._process.wait(1.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._group is not None:
            self._group.close()
        self._log.close()

    def let_go(self) -> None:
        """In a forked child: close our copy of the socket and nothing else."""
        self._control.close()

    @property
    def pid(self) -> int:
        """Process id of the nsjail."""
        return self._process.pid

    def _await_server(self) -> int:
        self._control.settimeout(_START_S)
        try:
            message, ancillary, _, _ = self._control.recvmsg(4096, socket.CMSG_SPACE(12))
        except TimeoutError:
            message, ancillary = b"", []
        self._control.settimeout(None)
        if not message:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
            raise SandboxUnavailable(f"nsjail did not start a jail; {jail.explain(self._said())}")
        # SCM_CREDENTIALS: the kernel translates the sender's pid to our namespace.
        return int.from_bytes(ancillary[0][2][:4], sys.byteorder)

    def _limit(self, server: int, degraded: bool) -> None:
        try:
            self._group = make_group(max_processes=MAX_PROCESSES)
            self._group.add(server)
        except (SandboxUnavailable, OSError) as error:
            if self._group is not None:
                self._group.close()
                self._group = None
            if not degraded:
                message = (
                    str(error)
                    if isinstance(error, SandboxUnavailable)
                    else f"cannot use the control group made: {error}"
                )
                raise SandboxUnavailable(
                    f"{message}. Sandbox(degraded=True) goes on without: memory is then limited by address space alone"
                ) from error
        self._degraded = self._group is None
        with contextlib.suppress(OSError):  # an ordinary user may not; programs still come first by their score of 1000
            Path(f"/proc/{server}/oom_score_adj").write_text("-1000")

    def _try_out(self) -> None:
        """One program that must work, so that what the kernel denies is known now and by name."""
        try:
            result = self.run(Program("print(6)"), Limits(cpu_s=None, wall_s=_START_S, memory_mb=1024))
            failure = "" if result.stdout == "6\n" else result.detail or result.outcome
        except WorkerDied as error:
            failure = str(error)
        if failure:
            hint = jail.explain(self._said())
            raise SandboxUnavailable(f"the jail came up but cannot run a program: {failure}; {hint}")

    def _kill(self) -> None:
        with contextlib.suppress(OSError):
            self._control.send(b'{"kill": true}')

    def _receive(self) -> dict[str, Any]:
        try:
            message = self._control.recv(65536)
        except ConnectionResetError:  # it died with our request unread
            message = b""
        if not message:
            raise WorkerDied(f"the jail is gone: {self._said()}")
        return json.loads(message)

    def _said(self) -> str:
        size = os.fstat(self._log.fileno()).st_size
        text = os.pread(self._log.fileno(), 4096, max(0, size - 4096)).decode(errors="replace")
        return "\n".join(line for line in text.splitlines() if "no version information available" not in line)[-1000:]

    def _result(self, answer: dict[str, Any], wires: Wires) -> RunResult:
        if self._group is not None:
            usage = self._group.usage()
            cpu_s, peak_mb, ooms = usage.cpu_s, usage.peak_mb, usage.oom_kills
        else:
            cpu_s, peak_mb, ooms = answer.get("cpu_s", 0.0), answer.get("max_rss_kb", 0) / 1024, 0
        return wires.result(answer, cpu_s=cpu_s, peak_mb=peak_mb, ooms=ooms, degraded=self._degraded)


class ChildWorker:
    """A fresh `python -S` with rlimits for every program, without walls: for your own code, or where nsjail is not."""

    def __init__(self, hash_seed: int = 0) -> None:
        self._hash_seed = hash_seed

    def run(self, program: Program, limits: Limits, mode: str = "run", end: LineEnd | None = None) -> RunResult:
        """Run one program in a new session, which is killed as a whole at the end."""
        with (
            Wires(program, mode, limits, None, end) as wires,
            tempfile.TemporaryDirectory(prefix=f"deskcheck-{os.getpid()}-") as folder,
        ):
            report, report_in = os.pipe()
            given = wires.given()
            request = {
                "mode": mode,
                "limits": asdict(limits) if mode in RECORDING else None,
                "rlimits": rlimits(limits, jailed=False, address_space=True),
                "descriptors": given,
                "report": report_in,
                "timer_s": limits.cpu_s,
                "max_bytes": limits.output_bytes,
            }
            options = ["-s", "-S", "-P", "-B", "-X", "utf8"]
            command = [sys.executable, *options, str(Path(__file__).with_name("own_child.py")), json.dumps(request)]
            process = subprocess.Popen(
                command, pass_fds=[*given, report_in], cwd=folder, start_new_session=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONHASHSEED": str(self._hash_seed)},
            )  # fmt: skip
            wires.close_given()
            os.close(report_in)
            kill = functools.partial(_kill_session, process.pid)
            with _socket_of(process) as ended:
                answer = wires.collect(ended, kill, functools.partial(_reaped, process), kill_after=kill)
            answer["marks"] = os.read(report, 4096).decode()
            os.close(report)
            return wires.result(
                answer, cpu_s=answer["cpu_s"], peak_mb=answer["max_rss_kb"] / 1024, ooms=0, degraded=False
            )

    def close(self) -> None:
        """Nothing is kept between programs."""


def rlimits(limits: Limits, *, jailed: bool, address_space: bool) -> dict[str, int]:
    """The rlimits of every process of a program. CPU time of the tree is watched from outside where there is a control
    group; the limit of a process would tell the program whether this is its second run (`SHARED`).
    """
    found = {"CORE": 0, "NOFILE": 256}
    if jailed:  # counted in the program's own user namespace; outside, it would count all processes of the user
        found |= {"NPROC": MAX_PROCESSES, "MEMLOCK": 0}
    if address_space and limits.cpu_s is not None:
        found["CPU"] = math.ceil(limits.cpu_s) + 1
    if address_space and limits.memory_mb is not None and sys.platform == "linux":
        found["AS"] = (limits.memory_mb + 64) * 1024 * 1024  # the interpreter's own mappings take some 40 MB
    return found


def _kill_session(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _socket_of(process: subprocess.Popen[bytes]) -> socket.socket:
    """A socket that becomes readable when the process has ended, where there may be no pidfd."""
    ours, theirs = socket.socketpair()

    def wait() -> None:
        with theirs:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    threading.Thread(target=wait, daemon=True).start()
    return ours


def _reaped(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)  # else Popen would wait for it again
    unit = 1024 if sys.platform == "darwin" else 1
    return {"status": status, "cpu_s": usage.ru_utime + usage.ru_stime, "max_rss_kb": usage.ru_maxrss / unit}
