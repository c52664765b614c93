"""Executed feedback: the public tests, run in the sandbox and judged."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from deskcheck_tracer.judge import ajudge
from deskcheck_tracer.program import TestCase
from deskcheck_tracer.verdict import Verdict

from deskcheck_agent.feedback.told import FeedbackSource, TestFeedback
from deskcheck_agent.problem import Problem

if TYPE_CHECKING:
    from deskcheck_tracer.judge import TestResult
    from deskcheck_tracer.sandbox import Sandbox


class ExecutedFeedback:
    """Runs the public tests in the sandbox (the process-wide default one if None)."""

    source = FeedbackSource.executed

    def __init__(self, sandbox: "Sandbox | None" = None) -> None:
        self.sandbox = sandbox

    async def observe(self, sources: Sequence[str], problem: Problem) -> list[list[TestFeedback]]:
        distinct = list(dict.fromkeys(sources))
        judged = dict(
            zip(distinct, await asyncio.gather(*(self._judge(each, problem) for each in distinct)), strict=True)
        )
        return [judged[source] for source in sources]

    async def _judge(self, source: str, problem: Problem) -> list[TestFeedback]:
        judgement = await ajudge(
            source,
            problem.public_tests,
            limits=problem.limits,
            checker=problem.checker,
            entry_point=problem.entry_point,
            sandbox=self.sandbox,
        )
        return [_executed(*pair) for pair in zip(problem.public_tests, judgement.results, strict=True)]


def _executed(test: TestCase, result: "TestResult") -> TestFeedback:
    verdict = Verdict(result.verdict)
    passed = None if verdict is Verdict.SE else verdict is Verdict.AC
    return TestFeedback(test.input, test.output, _observed(result, verdict), passed, float(passed or 0), verdict.value)


def _observed(result: "TestResult", verdict: Verdict) -> str:
    """What it put out; of test code, whose line matters, which assertion failed or which call raised what."""
    if result.of_asserts and verdict is Verdict.WA:
        return str(result.difference)
    if result.of_asserts and verdict is Verdict.RE and result.detail:
        return result.detail
    return result.stdout if verdict in (Verdict.AC, Verdict.WA) else f"({_FAULTS.get(verdict, verdict.value)})"


_FAULTS = {
    Verdict.RE: "runtime error",
    Verdict.TLE: "time limit exceeded",
    Verdict.MLE: "memory limit exceeded",
    Verdict.OLE: "output limit exceeded",
    Verdict.CE: "does not compile",
    Verdict.SE: "not run",
}
