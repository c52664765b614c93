"""What recording and judging need of whoever runs programs: a Sandbox, or OwnProcess for programs that are ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from deskcheck_tracer import Program, Trace
from deskcheck_tracer.sandbox import RunResult


class Runner(Protocol):
    """Runs and records programs in batches; results in the order of the programs."""

    def run_many(self, programs: Sequence[Program], limits: Any = ...) -> list[RunResult]: ...
    async def arun_many(self, programs: Sequence[Program], limits: Any = ...) -> list[RunResult]: ...
    def trace_many(self, programs: Sequence[Program], limits: Any = ...) -> list[Trace]: ...
    def series(self, programs: Sequence[Program], limits: Any = ..., patience: int = ...) -> list[bytes | None]: ...
    def close(self) -> None: ...
