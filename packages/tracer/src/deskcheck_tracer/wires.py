"""The wires of one run: what goes in, what comes out, the clocks, and the loop that watches them from outside.

A program's standard input is a sealed in-memory file (a reader can map it and read it, never change it, and nobody
blocks on writing it); its output and error are pipes that are read as they fill and counted. The clocks, the CPU
time of the whole process tree and the number of bytes are ours; the wait status and the OOM count are the kernel's.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import select
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from typing import Any

from .cgroup import Group
from .child import RECORDING
from .errors import InputError
from .jail import outside_uid
from .line import LineEnd
from .outcome import Outcome, RunResult, outcome_of
from .program import Limits, Program

STDERR_BYTES = 64 * 1024
"""What is kept of standard error; the rest is read and dropped."""
TRACE_BYTES = 256 * 1024 * 1024
"""What is kept of a trace that has no limit of its own, or of a series of traces."""
CHECK_BYTES = 64 * 1024
"""How a check ended is told in less (proxy.py cuts its texts)."""
VALUED = ("call", "calls", "trace", "series", "check")
"""Modes in which a program has a descriptor for what it tells beside its output."""
GRACE_S = 10.0
"""How long a program may take to be gone once it is killed."""
_PATIENCE = 9
"""How many times the wall limit a program may take on top of it when the CPUs are busy with others."""
_LOOK_S = 0.02
_LOOKS = 10
"""Past its wall limit a program is looked at every _LOOK_S; it ends when it was asleep _LOOKS times more than awake."""


class WorkerDied(Exception):
    """The worker is no longer usable; the message says what is known."""


class Watch:
    """The clocks and the byte count of one run; `reason` is the first limit that was passed.

    Without a control group nobody counts the tree's CPU time while it runs: RLIMIT_CPU then stops each process, and
    the sum is looked at after the end.
    """

    def __init__(self, limits: Limits, group: Group | None, end: LineEnd | None = None) -> None:
        self._limits, self._group, self._end = limits, group, end
        self._cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.reason: Outcome | None = None
        self.begun = time.monotonic()
        self._next_cpu = self._next_look = self.begun
        self._asleep = 0

    def due_s(self) -> float:
        """Seconds until the next look at the clocks; sets `reason` when a limit is passed."""
        now, limits = time.monotonic(), self._limits
        due = [1.0]
        if limits.wall_s is not None:
            left = self._wall_left(limits.wall_s, now)
            if left <= 0:
                self.reason = self.reason or Outcome.wall
            due.append(left)
        if limits.cpu_s is not None and self._group is not None:
            if now >= self._next_cpu:
                left = limits.cpu_s - self._group.cpu_s()
                if left < 0:
                    self.reason = self.reason or Outcome.cpu
                self._next_cpu = now + max(0.005, left / self._cores)  # all cores at once cannot pass the limit sooner
            due.append(self._next_cpu - now)
        return max(0.0, min(due))

    def _wall_left(self, wall_s: float, now: float) -> float:
        """Load makes no verdict: time spent waiting for a CPU does not count, and only what sleeps is cut off.

        One look does not tell: the waiting of processes that have ended is not known, and a parent sleeps for a moment
        between two of them.
        """
        left = self.begun + wall_s - now
        if left > 0 or self._group is None or left < -_PATIENCE * wall_s:
            return left
        if now >= self._next_look:
            if (owed := self._waited_s() + left) > 0:
                self._next_look = now + owed
            else:
                self._asleep = max(0, self._asleep + (1 if self._is_asleep() else -1))
                self._next_look = now + _LOOK_S
        return self._next_look - now if self._asleep < _LOOKS else 0.0

    def _waited_s(self) -> float:
        """A candidate and its check wait for each other: what either waits for a CPU counts."""
        own = self._group.waited_s() if self._group is not None else 0.0
        return own + (self._end.other_waited_s() if self._end is not None else 0.0)

    def _is_asleep(self) -> bool:
        own = self._group is None or self._group.is_asleep()
        return own and (self._end is None or self._end.other_is_asleep())

    def count(self, output_bytes: int) -> None:
        """Look at the output limit."""
        if self._limits.output_bytes is not None and output_bytes > self._limits.output_bytes:
            self.reason = self.reason or Outcome.output


class Stream:
    """A pipe that is read as it fills; keeps at most `keep` bytes and counts all of them."""

    def __init__(self, keep: int) -> None:
        self.source, self.given = os.pipe()
        if os.getuid() == 0:  # programs are another user, who could not open /dev/stdout
            with contextlib.suppress(OSError):  # macOS knows no owner of a pipe
                os.fchown(self.given, outside_uid(), -1)
        os.set_blocking(self.source, False)
        self.keep, self.size = keep, 0
        self.kept = bytearray()

    def read(self) -> bool:
        """Take what is there; False at the end."""
        try:
            piece = os.read(self.source, 1 << 16)
        except BlockingIOError:
            return True
        if self.size < self.keep:
            self.kept += piece[: self.keep - self.size]
        self.size += len(piece)
        return bool(piece)

    def drain(self) -> None:
        """Read on to the end, or until nothing is there."""
        before = -1
        while self.size != before:
            before = self.size
            self.read()

    def text(self) -> str:
        return self.kept.decode("utf-8", "replace")


class Wires:
    """The descriptors between us and one run, and the loop that serves them."""

    def __init__(
        self, program: Program, mode: str, limits: Limits, group: Group | None, end: LineEnd | None = None
    ) -> None:
        self.watch, self._uncounted, self._end = Watch(limits, group, end), group is None, end
        self._program = _sealed(pack_program(program, with_stdin=mode == "trace"))
        self._stdin = _sealed(_encoded(program.stdin))
        keep = 1 << 62 if limits.output_bytes is None else limits.output_bytes + 1
        self.stdout, self.stderr = Stream(keep), Stream(STDERR_BYTES)
        if mode == "trace" and limits.max_bytes is not None:
            keep = 2 * (limits.max_bytes + len(program.source) * 2 + len(program.stdin) * 2) + 1_000_000
        elif mode == "series":
            keep = TRACE_BYTES
        elif mode == "check":
            keep = CHECK_BYTES
        self.extra = Stream(min(keep, TRACE_BYTES)) if mode in VALUED else None
        self._mode, self._limits, self._open = mode, limits, True

    def __enter__(self) -> Wires:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close_given()
        for stream in self._streams():
            os.close(stream.source)

    def given(self) -> list[int]:
        """The descriptors that the program's side gets, in the order it expects."""
        return [*self._ours(), *([self._end.descriptor] if self._end is not None else [])]

    def close_given(self) -> None:
        """Close our copies, so that a pipe ends when the program's side does."""
        if self._open:
            self._open = False
            for descriptor in self._ours():  # the line's end is closed when the run is over
                os.close(descriptor)

    def collect(
        self, ended: socket.socket, kill: Callable[[], None], answer: Callable[[], dict[str, Any]],
        kill_after: Callable[[], None] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Read until `ended` is readable and `answer` says how; kill at the first limit passed; WorkerDied if that
        has no effect.
        """
        streams = {stream.source: stream for stream in self._streams()}
        poll = select.poll()
        for descriptor in (*streams, ended.fileno()):
            poll.register(descriptor, select.POLLIN)
        killed_at: float | None = None
        while True:
            ready = poll.poll(math.ceil(self.watch.due_s() * 1000) if killed_at is None else 100)
            for descriptor, _ in ready:
                if descriptor in streams and not streams[descriptor].read():
                    poll.unregister(descriptor)
            if any(descriptor == ended.fileno() for descriptor, _ in ready):
                found = answer()
                break
            self.watch.count(self._output_size())
            if killed_at is None and self.watch.reason is not None:
                kill()
                killed_at = time.monotonic()
            elif killed_at is not None and time.monotonic() - killed_at > GRACE_S:
                raise WorkerDied(f"a program was not gone {GRACE_S:.0f} s after it was killed")
        if kill_after is not None:
            kill_after()
        for stream in streams.values():
            stream.drain()
        self.watch.count(self._output_size())
        return found

    def result(self, answer: dict[str, Any], *, cpu_s: float, peak_mb: float, ooms: int, degraded: bool) -> RunResult:
        """Put the facts together."""
        status, marks, reason = answer.get("status"), answer.get("marks", ""), self.watch.reason
        if self._uncounted and status is not None and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF:
            reason = reason or Outcome.cpu
        outcome = outcome_of(answer, reason, ooms, over_cpu=self.over_cpu(cpu_s))
        code = os.waitstatus_to_exitcode(status) if status is not None else None
        told = self.extra.text() if self.extra is not None and self._mode in ("call", "calls", "check") else None
        is_whole = self._mode == "calls" or code == 0  # answers to calls count as far as they came
        return RunResult(
            outcome=outcome,
            stdout=self.stdout.text() if outcome is not Outcome.output else self.stdout.text()[: self.stdout.keep - 1],
            stderr=self.stderr.text(),
            exit_code=code if code is not None and code >= 0 else None,
            signal=-code if code is not None and code < 0 else None,
            cpu_s=cpu_s,
            wall_s=time.monotonic() - self.watch.begun,
            peak_mb=peak_mb,
            degraded=degraded,
            returned=told if told and is_whole and "S" in marks else None,
            detail=answer.get("setup", ""),
            trace=bytes(self.extra.kept) if self.extra is not None and self._mode in RECORDING else b"",
        )

    def over_cpu(self, cpu_s: float) -> bool:
        """Did the whole tree use more CPU time than it may, seen after the end?"""
        limit = self._limits.cpu_s
        return limit is not None and cpu_s > limit

    def _output_size(self) -> int:
        """The values of calls are output like any other."""
        value = self.extra.size if self.extra is not None and self._mode in ("call", "calls") else 0
        return max(self.stdout.size, value)

    def _ours(self) -> list[int]:
        return [self._program, self._stdin, *(stream.given for stream in self._streams())]

    def _streams(self) -> list[Stream]:
        return [self.stdout, self.stderr] if self.extra is None else [self.stdout, self.stderr, self.extra]


def pack_program(program: Program, *, with_stdin: bool) -> bytes:
    """What `child.read_program` reads: three lengths in bytes, a newline, source, call, standard input."""
    parts = [text.encode("utf-8", "surrogatepass") for text in (program.source, program.call or "")]
    parts.append(_encoded(program.stdin) if with_stdin else b"")
    return b"%d %d %d\n" % tuple(map(len, parts)) + b"".join(parts)


def _sealed(content: bytes) -> int:
    """A read-only in-memory file with this content; an unnamed temporary file where there is no memfd (macOS)."""
    if not hasattr(os, "memfd_create"):
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            return os.dup(file.fileno())
    descriptor = os.memfd_create("stdin", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor


def _encoded(stdin: str) -> bytes:
    try:
        return stdin.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"standard input cannot be encoded as UTF-8 at character {error.start}: {error.reason}"
        ) from error
