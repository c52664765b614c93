"""A custom checker: Python source that says whether an output answers the test, run in the sandbox after the program.

    Checker("def check(input, output, answer):\\n    return sorted(output.split()) == sorted(answer.split())")

It runs in a jail that never held a candidate, under limits of its own, and only its value counts: True is AC, False WA.
Anything else, an exception or a limit passed among them, is a fault of the checker: SE, never AC.
"""

from __future__ import annotations

from dataclasses import dataclass

from .outcome import Outcome, RunResult
from .program import Limits, Program
from .verdict import Verdict


@dataclass(frozen=True)
class Checker:
    """Source that defines `check(input: str, output: str, answer: str) -> bool`; `answer` is the expected output."""

    source: str
    limits: Limits = Limits(cpu_s=10.0, wall_s=30.0, memory_mb=512)

    def program(self, given: str, output: str, answer: str) -> Program:
        """What decides about one output."""
        return Program(self.source, call=f"check({given!r}, {output!r}, {answer!r})")


def verdict_of(result: RunResult) -> tuple[Verdict, str]:
    """AC or WA from the checker's value, else SE with the reason."""
    if result.outcome is Outcome.ok and result.returned in ("True", "False"):
        return (Verdict.AC if result.returned == "True" else Verdict.WA), ""
    if result.outcome is Outcome.ok:
        value = "no value" if result.returned is None else result.returned[:80]
        return Verdict.SE, f"the checker returned {value}, expected True or False"
    said = result.detail or result.stderr.strip().rpartition("\n")[2][-300:]
    return Verdict.SE, f"the checker failed ({result.outcome.value}): {said}"
