"""A stand-in for the sandbox that runs our own programs in this very process: no jail, well under a millisecond each.

It has the sandbox's methods that recording and judging use, so nothing else knows the difference. Endless loops are
ended by the event limit when recording and by a CPU-time signal otherwise; it guards against nothing else. Only the
micro problems, drawn from our own grammar, may run here: the configuration refuses it for every other source. Runs need
the main thread, as signals do.
"""

from __future__ import annotations

import builtins
import io
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType, ModuleType

from deskcheck_tracer.engine import record_here
from deskcheck_tracer.program import Limits, Program
from deskcheck_tracer.sandbox import Outcome, RunResult
from deskcheck_tracer.trace import Trace

NORMAL = Limits()


class _OverTime(BaseException):
    """The program used up its CPU time."""


class OwnProcess:
    """Runs and records programs here, one after the other."""

    def run(self, program: Program, limits: Limits = NORMAL) -> RunResult:
        """Run one program; `limits.cpu_s` and `limits.output_bytes` are kept."""
        try:
            code = compile(program.source, "<own>", "exec", dont_inherit=True)
            call = compile(program.call, "<call>", "eval", dont_inherit=True) if program.call else None
        except (SyntaxError, ValueError) as e:
            return RunResult(Outcome.compile, detail=f"{type(e).__name__}: {e}")
        module = ModuleType("__main__")
        module.__dict__["__builtins__"] = builtins
        outcome, returned, out = Outcome.ok, None, io.StringIO()
        with _streams(program.stdin, out):
            try:
                with _cpu_limit(limits.cpu_s):
                    exec(code, module.__dict__)
                    if call is not None:
                        returned = repr(eval(call, module.__dict__))
            except _OverTime:
                outcome = Outcome.cpu
            except SystemExit as e:
                outcome = Outcome.ok if e.code in (None, 0) else Outcome.error
            except MemoryError:
                outcome = Outcome.memory
            except Exception:
                outcome = Outcome.error
        stdout = out.getvalue()
        if limits.output_bytes is not None and len(stdout) > limits.output_bytes:
            outcome, stdout = Outcome.output, stdout[: limits.output_bytes]
        return RunResult(outcome, stdout, returned=returned)

    def run_many(self, programs: Sequence[Program], limits: Limits | Sequence[Limits] = NORMAL) -> list[RunResult]:
        """`run` each program, in order."""
        each = [limits] * len(programs) if isinstance(limits, Limits) else limits
        return [self.run(program, own) for program, own in zip(programs, each, strict=True)]

    async def arun(self, program: Program, limits: Limits = NORMAL) -> RunResult:
        """`run`; the event loop waits."""
        return self.run(program, limits)

    async def arun_many(
        self, programs: Sequence[Program], limits: Limits | Sequence[Limits] = NORMAL
    ) -> list[RunResult]:
        """`run_many`; the event loop waits."""
        return self.run_many(programs, limits)

    def trace_many(self, programs: Sequence[Program], limits: Limits = NORMAL) -> list[Trace]:
        """Record each program, in order."""
        return [record_here(program.source, program.stdin, program.call, limits) for program in programs]

    def series(self, programs: Sequence[Program], limits: Limits = NORMAL, patience: int = 0) -> list[bytes | None]:
        """None: what is ours is recorded once, and each program by itself."""
        return [None] * len(programs)

    def close(self) -> None:
        """Nothing to end."""


@contextmanager
def _streams(stdin: str, stdout: io.StringIO) -> Iterator[None]:
    saved = sys.stdin, sys.stdout
    sys.stdin, sys.stdout = io.StringIO(stdin), stdout
    try:
        yield
    finally:
        sys.stdin, sys.stdout = saved


@contextmanager
def _cpu_limit(seconds: float | None) -> Iterator[None]:
    if seconds is None:
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _OverTime

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
