"""Rich feedback: beside what a failing test put out, the steps around the first difference.

The paper tells the solver outputs alone and names this as future work. Simulated: an excerpt of the predicted narration
that led to the observed output. Executed: an excerpt of the real trace's narration. The excerpt is about the output
line that is the first to differ: the narration's statement that prints it, with a few before and after.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from deskcheck_tracer.claims import OUTPUT_OPEN
from deskcheck_tracer.compare import compare
from deskcheck_tracer.errors import InputError, SandboxFailed
from deskcheck_tracer.narrate import narrate
from deskcheck_tracer.program import TestCase

from deskcheck_agent.feedback.told import Feedback, FeedbackSource, TestFeedback
from deskcheck_agent.problem import Problem

if TYPE_CHECKING:
    from deskcheck_tracer.sandbox import Sandbox

BEFORE, AFTER = 8, 2
"""Statements told before and after the one that prints the first differing line."""
LONGEST = 300
"""Characters of one statement; what is beyond is left out with a mark."""


class RichFeedback:
    """Any feedback, with an excerpt of a narration for each failing test. `sandbox` records where it was executed."""

    def __init__(self, inner: Feedback, sandbox: "Sandbox | None" = None) -> None:
        self.inner, self.sandbox = inner, sandbox
        self.source: FeedbackSource = inner.source

    async def observe(self, sources: Sequence[str], problem: Problem) -> list[list[TestFeedback]]:
        told = await self.inner.observe(sources, problem)
        return [
            await asyncio.gather(*(self._explained(source, problem, test) for test in tests))
            for source, tests in zip(sources, told, strict=True)
        ]

    async def _explained(self, source: str, problem: Problem, test: TestFeedback) -> TestFeedback:
        if test.passed is not False:
            return test
        narration = _predicted(test) if test.predictions else await self._real(source, problem, test)
        if not narration:
            return test
        return replace(test, narration=around_difference(narration, test.expected, test.observed or ""))

    async def _real(self, source: str, problem: Problem, test: TestFeedback) -> str | None:
        from deskcheck_tracer.sandbox import default_sandbox

        try:
            program = problem.program(source, TestCase(test.input, ""))
            trace = await (self.sandbox or default_sandbox()).atrace(program, problem.limits)
        except (InputError, SandboxFailed):  # test code with asserts, or a run that cannot be recorded: less to tell
            return None
        return narrate(trace)


def _predicted(test: TestFeedback) -> str | None:
    """The narration of a prediction that says what was observed."""
    said = (each for each in test.predictions if each.output is not None and each.output.strip() == test.observed)
    return next((each.narration for each in said), None)


def around_difference(narration: str, expected: str, observed: str) -> str:
    """The statements around the one that prints the first output line that is not as expected.

    "..." stands for statements left out. Empty where the narration holds nothing but its output.
    """
    statements = [line for line in narration.split(OUTPUT_OPEN)[0].splitlines() if line.strip()]
    if not statements:
        return ""
    place = _printing(statements, expected, observed)
    start, stop = max(0, place - BEFORE), min(len(statements), place + AFTER + 1)
    shown = [line if len(line) <= LONGEST else line[:LONGEST] + " ..." for line in statements[start:stop]]
    return "\n".join([*["..."][: start > 0], *shown, *["..."][: stop < len(statements)]])


def _printing(statements: Sequence[str], expected: str, observed: str) -> int:
    """The statement that tells of the first differing line of output; the last one if none does."""
    difference = compare(expected, observed)
    lines = observed.splitlines()
    number = (difference.line if difference is not None else len(lines)) - 1
    wanted = lines[number].strip() if 0 <= number < len(lines) else ""
    telling = [place for place, statement in enumerate(statements) if "print" in statement.lower()]
    if wanted and number < len(telling) and wanted in statements[telling[number]]:
        return telling[number]
    found = [place for place, statement in enumerate(statements) if wanted and wanted in statement]
    return found[-1] if found else len(statements) - 1
