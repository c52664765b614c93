"""Run programs that nobody trusts: a pool of workers, for threads and for asyncio alike.

    with Sandbox() as sandbox:
        sandbox.run(Program("print(int(input()) * 2)", stdin="21")).stdout    # '42\\n'

Every worker is one nsjail with a fork server in it (forkserver.py); every program gets a fork, namespaces, a small
tmpfs and limits of its own, and nothing is carried from one program to the next. What stops a program is decided
outside it (worker.py). If a limit cannot be set here, `SandboxUnavailable` says which one and how to get it;
`degraded=True` goes on without control groups: memory is then limited by address space for each process (so a
program that only reserves memory fails, and many small processes may use more than the limit), CPU time for each
process, and every result says `degraded`. `isolation="process"` is an rlimited child without walls: for your own
code alone.

A sandbox error (a worker that died, a set-up that failed) is tried once more on a fresh worker, then told: by `run` as
`Outcome.sandbox`, by `trace`, which has no such result to give, as `SandboxFailed`. Workers start when they are first
needed and end with the pool: at `close`, at the end of the process, when the pool is garbage, and when this process is
killed, because the socket that they listen to closes with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from .errors import InputError, SandboxFailed
from .line import LineEnd, line
from .outcome import MAX_SOURCE_BYTES, Outcome, RunResult
from .program import Limits, Program
from .trace import End, EndReason, Trace
from .wires import WorkerDied
from .worker import ChildWorker, JailWorker, Worker

__all__ = ["Outcome", "RunResult", "Sandbox", "default_sandbox"]

_ISOLATIONS = ("nsjail", "process")


class Sandbox:
    """A pool of `workers` (default: two a core, since much of a short run is handing over).

    Thread-safe; usable from a running event loop by the a-methods.

    `imports` names installed packages (numpy) that programs may import besides the standard library. `hash_seed` fixes
    the order of sets of strings: what differs between two seeds depends on it.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        isolation: str = "nsjail",
        degraded: bool = False,
        imports: Sequence[str] = (),
        hash_seed: int = 0,
    ) -> None:
        if isolation not in _ISOLATIONS:
            raise InputError(f"isolation is {isolation!r}, expected one of {', '.join(_ISOLATIONS)}")
        count = workers if workers is not None else 2 * _cores()
        if count < 1:
            raise InputError(f"workers is {count}, expected at least 1")
        self.workers, self.isolation = count, isolation
        names = tuple(imports)
        make: Callable[[], Worker] = (
            (lambda: ChildWorker(hash_seed))
            if isolation == "process"
            else (lambda: JailWorker(degraded=degraded, imports=names, hash_seed=hash_seed))
        )
        self._pool = _Pool(make, count)
        self._second: Sandbox | None = None
        self._lock = threading.Lock()
        self._again = partial(
            Sandbox, workers=count, isolation=isolation, degraded=degraded, imports=names, hash_seed=hash_seed
        )
        self._finalizer = weakref.finalize(self, self._pool.close)
        _pools.add(self._pool)

    def __enter__(self) -> Sandbox:
        self._pool.give(self._pool.take())  # a machine that cannot do it says so now
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers. A closed sandbox refuses further programs."""
        with self._lock:
            self._finalizer()
            if self._second is not None:
                self._second.close()

    @property
    def second(self) -> Sandbox:
        """As many workers again, made when first asked for: what knows answers runs there, and no candidate ever."""
        with self._lock:
            if self._second is None:
                self._second = self._again()
                if not self._finalizer.alive:
                    self._second.close()
            return self._second

    def check(
        self, candidate: Program, code: str, names: Sequence[str], limits: Limits = Limits()
    ) -> tuple[RunResult, RunResult]:
        """Run test code whose calls of `names` go to the candidate in another jail; what became of both.

        `returned` of the second says how the test code ended, as JSON (proxy.py). Each has the whole `limits`, except
        that the wall clocks stand while either waits for a CPU.
        """
        pair = self._try_check(candidate, code, names, limits)
        if any(result.outcome is Outcome.sandbox for result in pair):
            pair = self._try_check(candidate, code, names, limits)
        return pair

    def check_many(
        self, checks: Sequence[tuple[Program, str, Sequence[str], Limits]]
    ) -> list[tuple[RunResult, RunResult]]:
        """`check` for many (candidate, code, names, limits) over the whole pool, in order."""
        return list(self._pool.threads().map(lambda each: self.check(*each), checks))

    def run(self, program: Program, limits: Limits = Limits()) -> RunResult:
        """Run one program (and evaluate its call); waits for a free worker."""
        return self._run(program, limits, "run" if program.call is None else "call")

    def run_many(self, programs: Sequence[Program], limits: Limits | Sequence[Limits] = Limits()) -> list[RunResult]:
        """Run programs over the whole pool; results in the order of the programs, which may each have limits of
        their own.
        """
        return list(self._pool.threads().map(self.run, programs, _each(limits, len(programs))))

    async def arun(self, program: Program, limits: Limits = Limits()) -> RunResult:
        """`run` without blocking the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._pool.threads(), self.run, program, limits)

    async def arun_many(
        self, programs: Sequence[Program], limits: Limits | Sequence[Limits] = Limits()
    ) -> list[RunResult]:
        """`run_many` without blocking the event loop."""
        pairs = zip(programs, _each(limits, len(programs)), strict=True)
        return list(await asyncio.gather(*(self.arun(program, limit) for program, limit in pairs)))

    def trace(self, program: Program, limits: Limits = Limits()) -> Trace:
        """Record one program inside the sandbox; a program that was stopped leaves the trace up to there.

        Raises SandboxFailed if the sandbox itself failed twice: a trace says what a program did, and nothing is known.
        """
        return _trace_of(program, self._run(program, limits, "trace"))

    def trace_many(self, programs: Sequence[Program], limits: Limits | Sequence[Limits] = Limits()) -> list[Trace]:
        """Record programs over the whole pool, in order; SandboxFailed as of `trace`, for the first that it met."""
        return list(self._pool.threads().map(self.trace, programs, _each(limits, len(programs))))

    async def atrace(self, program: Program, limits: Limits = Limits()) -> Trace:
        """`trace` without blocking the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._pool.threads(), self.trace, program, limits)

    async def atrace_many(
        self, programs: Sequence[Program], limits: Limits | Sequence[Limits] = Limits()
    ) -> list[Trace]:
        """`trace_many` without blocking the event loop."""
        pairs = zip(programs, _each(limits, len(programs)), strict=True)
        return list(await asyncio.gather(*(self.atrace(program, limit) for program, limit in pairs)))

    def _run(self, program: Program, limits: Limits, mode: str) -> RunResult:
        if (refused := _too_long(program.source)) is not None:
            return refused
        result = self._try(program, limits, mode)
        if result.outcome is Outcome.sandbox:
            result = self._try(program, limits, mode)
        return result

    def _try(self, program: Program, limits: Limits, mode: str) -> RunResult:
        return _outcome(self._pool, self._pool.take(), program, limits, mode)

    def _try_check(
        self, candidate: Program, code: str, names: Sequence[str], limits: Limits
    ) -> tuple[RunResult, RunResult]:
        if (refused := _too_long(candidate.source)) is not None:
            return refused, RunResult(Outcome.ok)
        if (refused := _too_long(code)) is not None:
            return RunResult(Outcome.ok), refused
        second, test = self.second._pool, Program(code, call=" ".join(names))
        worker = self._pool.take()
        try:  # there is one for everybody who holds a candidate's worker, so nobody waits in a circle
            other = second.take()
        except BaseException:
            self._pool.give(worker)
            raise
        mine, theirs = line()
        checking = second.threads().submit(_outcome, second, other, test, limits, "check", theirs)
        result = _outcome(self._pool, worker, candidate, limits, "serve", mine)
        return result, checking.result()


class _Pool:
    """At most `count` workers, started when needed; knows nothing of programs and holds no reference to its Sandbox."""

    def __init__(self, make: Callable[[], Worker], count: int) -> None:
        self._make, self._count = make, count
        self._free = threading.Semaphore(count)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._threads: ThreadPoolExecutor | None = None
        self._closed, self._owner = False, os.getpid()

    def take(self) -> Worker:
        self._free.acquire()
        try:
            with self._lock:
                if self._closed:
                    raise InputError("this sandbox is closed: make a new one")
                if self._idle:
                    return self._idle.pop()
            worker = self._make()
            with self._lock:
                self._all.add(worker)
            return worker
        except BaseException:
            self._free.release()
            raise

    def give(self, worker: Worker) -> None:
        with self._lock:
            keep = not self._closed
            if keep:
                self._idle.append(worker)
        if not keep:
            worker.close()
        self._free.release()

    def drop(self, worker: Worker) -> None:
        """The worker is sick: the next one who needs it starts a fresh one."""
        with self._lock:
            self._all.discard(worker)
        with contextlib.suppress(OSError):
            worker.close()
        self._free.release()

    def threads(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="deskcheck-sandbox")
            return self._threads

    def close(self) -> None:
        if os.getpid() != self._owner:
            return  # a fork of the owner: the workers are not ours
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            threads = self._threads
        for worker in idle:
            worker.close()
        if threads is not None:
            threads.shutdown(wait=False)

    def forget(self) -> None:
        """In a forked child: let go of the sockets, or the workers would outlive their owner as long as we live."""
        for worker in self._all:
            if isinstance(worker, JailWorker):
                worker.let_go()
        self._idle, self._all, self._closed = [], set(), True


def _outcome(
    pool: _Pool, worker: Worker, program: Program, limits: Limits, mode: str, end: LineEnd | None = None
) -> RunResult:
    """One run on a worker that was taken from the pool and goes back to it, unless it is sick."""
    sound = False
    try:
        result = worker.run(program, limits, mode, end)
        sound = result.outcome is not Outcome.sandbox
        return result
    except WorkerDied as error:
        return RunResult(Outcome.sandbox, detail=str(error))
    finally:
        if end is not None:
            end.over()
        if sound:
            pool.give(worker)
        else:
            pool.drop(worker)


def _too_long(source: str) -> RunResult | None:
    size = len(source.encode("utf-8", "replace"))
    if size <= MAX_SOURCE_BYTES:
        return None
    return RunResult(Outcome.compile, detail=f"the source has {size} bytes, at most {MAX_SOURCE_BYTES} are taken")


_pools: weakref.WeakSet[_Pool] = weakref.WeakSet()
_default: Sandbox | None = None
_default_lock = threading.Lock()


def default_sandbox() -> Sandbox:
    """The sandbox of this process: one pool, started at the first program, closed when the process ends."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Sandbox()
        return _default


def _after_fork() -> None:
    global _default, _default_lock
    _default, _default_lock = None, threading.Lock()
    for pool in _pools:
        pool.forget()


os.register_at_fork(after_in_child=_after_fork)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _each(limits: Limits | Sequence[Limits], count: int) -> list[Limits]:
    if isinstance(limits, Limits):
        return [limits] * count
    if len(limits) != count:
        raise InputError(f"{len(limits)} limits for {count} programs, expected one each or one for all")
    return list(limits)


def _trace_of(program: Program, result: RunResult) -> Trace:
    from .export import cut_off, read_trace

    if result.outcome is Outcome.sandbox:
        first = program.source.strip().partition("\n")[0][:80]
        raise SandboxFailed(
            f"the sandbox failed twice to record the program that begins with {first!r}: {result.detail}; "
            "run `deskcheck-trace selftest`, then this again"
        )
    lines = io.StringIO(result.trace.decode("utf-8", "replace"), newline="\n")
    cut = _cut(result)
    try:
        trace = read_trace(lines, cut=cut)
    except InputError as error:  # the program found the descriptor: its own fault, and its own loss
        end = End(EndReason.killed, f"no valid trace came out of the sandbox: {error}")
        return Trace(program, [], "", None, end, "")
    if result.outcome is not Outcome.ok and trace.end is not cut:  # the recorder leaves with 0 after its end line
        trace = replace(trace, events=trace.events[:-1], returned=None)
        trace.end = cut_off(trace.events, cut)
    return replace(trace, program=program)


def _cut(result: RunResult) -> End:
    """Why a trace has no end line."""
    if result.outcome.value in EndReason.__members__:
        return End(EndReason[result.outcome.value])
    if result.signal is not None:
        return End(EndReason.killed, f"signal {result.signal}")
    return End(EndReason.exited, str(result.exit_code))
