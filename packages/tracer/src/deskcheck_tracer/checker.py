"""A custom checker: Python source that says whether an output answers the test, run in the sandbox after the program.

    Checker("def check(input, output, answer):\\n    return sorted(output.split()) == sorted(answer.split())")

It runs in a jail that never held a candidate, under limits of its own, and only its value counts: True is AC, False WA.
If it gives anything else, an exception or a limit passed among them, it is asked about the expected output itself:
where that is accepted, the fault was the output's (WA), else the checker's: SE, never AC.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .outcome import Outcome, RunResult
from .program import Limits, Program
from .verdict import Verdict


class Asked(NamedTuple):
    """What a checker is asked about."""

    given: str
    output: str
    answer: str
    """The expected output."""


@dataclass(frozen=True)
class Checker:
    """Source that defines `check(input: str, output: str, answer: str) -> bool`; `answer` is the expected output."""

    source: str
    limits: Limits = Limits(cpu_s=10.0, wall_s=30.0, memory_mb=512)
    pure: bool = False
    """`check` depends on its arguments alone and takes the expected output: an output equal to that one is not asked
    about, and many others share a process."""

    def program(self, asked: Asked) -> Program:
        """What decides about one output."""
        return Program(self.source, call=_call(asked))

    def program_of_many(self, asked: Sequence[Asked]) -> Program:
        """What decides about many outputs in one process."""
        return Program(self.source, call=json.dumps([_call(each) for each in asked]))


def _call(asked: Asked) -> str:
    return f"check({asked.given!r}, {asked.output!r}, {asked.answer!r})"


def said(result: RunResult) -> bool | None:
    """What the checker decided; None if it did not."""
    return result.returned == "True" if result.outcome is Outcome.ok and result.returned in ("True", "False") else None


def verdict_of(result: RunResult, of_answer: RunResult | None = None) -> tuple[Verdict, str]:
    """From the checker's run on the output, and where that decided nothing from its run on the expected output."""
    if (decided := said(result)) is not None:
        return (Verdict.AC if decided else Verdict.WA), ""
    if of_answer is not None and said(of_answer):
        return Verdict.WA, f"the checker cannot take this output: {_why(result)}"
    return Verdict.SE, f"the checker failed ({result.outcome.value}): {_why(result)}"


def _why(result: RunResult) -> str:
    if result.outcome is Outcome.ok:
        return f"it returned {'no value' if result.returned is None else result.returned[:80]}, expected True or False"
    return result.detail or result.stderr.strip().rpartition("\n")[2][-300:] or result.outcome.value
