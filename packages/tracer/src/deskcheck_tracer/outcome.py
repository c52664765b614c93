"""What one run did, in facts: the outcome, the texts, what was used.

Nothing the program says takes part in the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from . import child

MAX_SOURCE_BYTES = 1_000_000
"""A longer source is a compile error without being looked at."""


class Outcome(StrEnum):
    """What ended a program, from kernel facts alone."""

    ok = "ok"
    """Exit status 0."""
    error = "error"
    """Another exit status, or a signal that no limit of ours sent."""
    cpu = "cpu"
    wall = "wall"
    memory = "memory"
    """The kernel's OOM killer took a process of the tree."""
    output = "output"
    compile = "compile"
    """The source does not compile, or is over MAX_SOURCE_BYTES."""
    sandbox = "sandbox"
    """Our fault: the program was not run properly. Never a score."""


@dataclass(frozen=True)
class RunResult:
    """What one run did and used; texts are UTF-8 with undecodable bytes replaced by U+FFFD."""

    outcome: Outcome
    stdout: str = ""
    stderr: str = ""
    exit_code: int | None = None
    signal: int | None = None
    cpu_s: float = 0.0
    """User and system time of the whole process tree, a few milliseconds of process set-up included."""
    wall_s: float = 0.0
    peak_mb: float = 0.0
    """Memory on top of the idle interpreter."""
    degraded: bool = False
    returned: str | None = None
    """Canonical text of the call's value (canonical.py); None without a call or if it was not reached. Of many calls a
    line each (answering.py), as far as they came."""
    detail: str = ""
    """For `sandbox` and over-size sources: what went wrong."""
    trace: bytes = field(default=b"", repr=False)
    """The recorded trace as JSON lines when one was asked for."""


def outcome_of(answer: dict[str, Any], reason: Outcome | None, ooms: int, *, over_cpu: bool) -> Outcome:
    """What ended the program, given the fork server's answer, the limit passed first and the OOM killer's count."""
    marks = answer.get("marks", "")
    if "setup" in answer:
        return Outcome.sandbox
    if ooms:
        return Outcome.memory
    if reason is not None:
        return reason
    if over_cpu:
        return Outcome.cpu
    if child.STARTED.decode() not in marks:  # a compiler that crashes, or runs out of stack, has not compiled
        return Outcome.compile if answer.get("status") else Outcome.sandbox
    return Outcome.ok if answer.get("status") == 0 else Outcome.error
