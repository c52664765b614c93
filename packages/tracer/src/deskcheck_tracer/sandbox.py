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

CPU time decides, so that load makes no verdict: a program that ends a little beyond its limit while others run beside
it runs again, alone (`SHARED`). A sandbox error (a worker that died, a set-up that failed) is tried once more on a
fresh worker, then told: by `run` as `Outcome.sandbox`, by `trace`, which has no such result to give, as
`SandboxFailed`. Workers start when they are first needed and end with the pool: at `close`, at the end of the process,
when the pool is garbage, and when this process is killed, because the socket that they listen to closes with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from .errors import InputError, SandboxFailed
from .line import LineEnd, line
from .outcome import MAX_SOURCE_BYTES, Outcome, RunResult
from .pool import Pool
from .program import Limits, Program
from .trace import End, EndReason, Trace
from .wires import WorkerDied
from .worker import SHARED, ChildWorker, JailWorker, Worker

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
        self._pool = Pool(make, count)
        self._second: Sandbox | None = None
        self._lock = threading.Lock()
        self._again = partial(
            Sandbox, workers=count, isolation=isolation, degraded=degraded, imports=names, hash_seed=hash_seed
        )
        self._finalizer = weakref.finalize(self, self._pool.close)

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
        if (refused := _too_long(candidate.source)) is not None:
            return refused, RunResult(Outcome.ok)
        if (refused := _too_long(code)) is not None:
            return RunResult(Outcome.ok), refused
        test = Program(code, call=" ".join(names))
        pair = self._sure(lambda given, take: self._checked(take(), candidate, test, given), limits)
        return pair[0], pair[1]

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

    def answer_many(self, programs: Sequence[Program], limits: Limits | Sequence[Limits] = Limits()) -> list[RunResult]:
        """Run programs whose `call` is a JSON list of calls, each program in one process, over the whole pool and in
        order. `returned` has a line for each call that came to an end (answering.py), also where the run did not.
        """
        run = partial(self._run, mode="calls")
        return list(self._pool.threads().map(run, programs, _each(limits, len(programs))))

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

    def series(self, programs: Sequence[Program], limits: Limits = Limits(), patience: int = 0) -> list[bytes | None]:
        """Record programs that share a source one after the other in one process; see series.py for what that leaves
        open, and for `read_run`, which reads the trace files that this returns. None where a run did not come to its
        end: `trace` says why. The clocks' limits are those of the whole series. Where the first `patience` runs all end
        at a limit no other is begun; 0 goes on. Raises SandboxFailed if the sandbox
        itself failed twice.
        """
        from .series import series_program, split_series

        if not programs:
            return []
        result = self._run(series_program(programs, patience), limits, "series")
        if result.outcome is Outcome.sandbox:
            raise SandboxFailed(_failed_twice(programs[0], result))
        return split_series(result.trace, programs)

    async def atrace_many(
        self, programs: Sequence[Program], limits: Limits | Sequence[Limits] = Limits()
    ) -> list[Trace]:
        """`trace_many` without blocking the event loop."""
        pairs = zip(programs, _each(limits, len(programs)), strict=True)
        return list(await asyncio.gather(*(self.atrace(program, limit) for program, limit in pairs)))

    def _run(self, program: Program, limits: Limits, mode: str) -> RunResult:
        if (refused := _too_long(program.source)) is not None:
            return refused
        return self._sure(lambda given, take: [_outcome(self._pool, take(), program, given, mode)], limits)[0]

    def _sure(
        self, attempt: Callable[[Limits, Callable[[], Worker]], list[RunResult]], limits: Limits
    ) -> list[RunResult]:
        """What `attempt` finds, made again where the sandbox failed, and alone where only the company may have made
        the difference: caches and cores that are shared cost CPU time, too.
        """
        shared = limits
        if limits.cpu_s is not None and self.workers > 1:
            shared = replace(limits, cpu_s=limits.cpu_s * SHARED)
        results = attempt(shared, self._pool.take)
        if any(result.outcome is Outcome.sandbox for result in results):
            results = attempt(shared, self._pool.take)
        if any(_is_near(result, limits) for result in results):
            with self._pool.alone() as take:
                again = attempt(limits, take)
            if any(result.outcome is Outcome.sandbox for result in again) or _alike(results, again):
                return again
            return [replace(result, outcome=Outcome.cpu) if _is_near(result, limits) else result for result in results]
        return results

    def _checked(self, worker: Worker, candidate: Program, test: Program, limits: Limits) -> list[RunResult]:
        second = self.second._pool
        with contextlib.ExitStack() as undo:
            undo.callback(self._pool.give, worker)
            other = second.take()  # there is one for everybody who holds a candidate's worker: nobody waits in a circle
            undo.callback(second.give, other)
            mine, theirs = line()
            undo.callback(mine.over)
            undo.callback(theirs.over)
            threads = second.threads(holding=True)
            checking = threads.submit(_outcome, second, other, test, limits, "check", theirs)
            undo.pop_all()  # from here on each run gives back what is its own
        return [_outcome(self._pool, worker, candidate, limits, "serve", mine), checking.result()]


def _outcome(
    pool: Pool, worker: Worker, program: Program, limits: Limits, mode: str, end: LineEnd | None = None
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


def _is_near(result: RunResult, limits: Limits) -> bool:
    """Did it end by itself, over a limit that it might keep alone?"""
    return limits.cpu_s is not None and result.cpu_s > limits.cpu_s and result.outcome is not Outcome.cpu


def _alike(ones: list[RunResult], others: list[RunResult]) -> bool:
    """Did both times the same happen, but for the time it took, or its being too long? A second run may not be a
    second try.
    """
    return all(
        other.outcome is Outcome.cpu
        or (one.outcome, one.stdout, one.returned) == (other.outcome, other.stdout, other.returned)
        for one, other in zip(ones, others, strict=True)
    )


def _too_long(source: str) -> RunResult | None:
    size = len(source.encode("utf-8", "replace"))
    if size <= MAX_SOURCE_BYTES:
        return None
    return RunResult(Outcome.compile, detail=f"the source has {size} bytes, at most {MAX_SOURCE_BYTES} are taken")


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
        raise SandboxFailed(_failed_twice(program, result))
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


def _failed_twice(program: Program, result: RunResult) -> str:
    first = program.source.strip().partition("\n")[0][:80]
    return (
        f"the sandbox failed twice to record the program that begins with {first!r}: {result.detail}; "
        "run `deskcheck-trace selftest`, then this again"
    )


def _cut(result: RunResult) -> End:
    """Why a trace has no end line."""
    if result.outcome.value in EndReason.__members__:
        return End(EndReason[result.outcome.value])
    if result.signal is not None:
        return End(EndReason.killed, f"signal {result.signal}")
    return End(EndReason.exited, str(result.exit_code))
