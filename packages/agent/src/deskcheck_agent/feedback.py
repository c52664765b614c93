"""Feedback: how a program does on the public tests, by running it, by simulating it, by a coin between the two, or
not at all.

Self-verify ranks by it and self-fix shows it to the solver; both take any `Feedback`, so measuring the simulation gap
is one switch. Expected outputs are compared here, after the fact: neither the sandbox nor the simulator is ever given
one.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Protocol

from deskcheck_tracer.checker import Checker
from deskcheck_tracer.compare import compare
from deskcheck_tracer.errors import InputError
from deskcheck_tracer.judge import ajudge
from deskcheck_tracer.program import TestCase
from deskcheck_tracer.verdict import Verdict

from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler, SamplingParams, seed_of
from deskcheck_agent.simulate import Prediction, simulate

if TYPE_CHECKING:
    from deskcheck_tracer.judge import TestResult
    from deskcheck_tracer.sandbox import Sandbox


class FeedbackSource(Enum):
    """Where feedback comes from."""

    executed = "executed"
    """Real runs of the public tests."""
    simulated = "simulated"
    """The simulator's predictions."""
    scheduled = "scheduled"
    """Executed with probability p, else simulated (training)."""
    none = "none"
    """No feedback: the first candidate, a single turn."""


class Combine(StrEnum):
    """How the n predictions of one test become a score (the paper leaves it open)."""

    mean = "mean"
    """Share of predictions that pass."""
    majority = "majority"
    """1 if more than half of them pass."""
    any = "any"
    """1 if one of them passes."""


@dataclass(frozen=True)
class TestFeedback:
    """One public test: what was expected and what was observed (or predicted)."""

    __test__ = False  # pytest would take the name for a test class

    input: str
    expected: str
    observed: str | None
    """Printed or predicted output; None where there is none to show."""
    passed: bool | None
    """None where nothing is known: our sandbox failed."""
    score: float
    """In [0, 1]: share of belief that the test passes; 0 or 1 when executed."""
    verdict: str | None = None
    """Executed feedback: the judge's verdict. SE is our fault and never a score."""
    predictions: tuple[Prediction, ...] = field(default=(), repr=False)
    """Simulated feedback: what it was combined from."""


class Feedback(Protocol):
    """Anything that can tell how programs do on a problem's public tests."""

    source: FeedbackSource

    async def observe(self, sources: Sequence[str], problem: Problem) -> list[list[TestFeedback]]:
        """One list a program, one TestFeedback a public test, in the problem's order."""
        ...


class NoFeedback:
    """Nothing is looked at: every program comes back without a single TestFeedback."""

    source = FeedbackSource.none

    async def observe(self, sources: Sequence[str], problem: Problem) -> list[list[TestFeedback]]:
        return [[] for _ in sources]


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


class SimulatedFeedback:
    """Asks a model n times for the output of each public test and compares what it says with what is expected."""

    source = FeedbackSource.simulated

    def __init__(
        self,
        simulator: Sampler,
        n: int = 5,
        combine: Combine | str = Combine.mean,
        prompts: Prompts | None = None,
        params: SamplingParams | None = None,
        threshold: float = 0.5,
    ) -> None:
        self.simulator, self.n, self.combine = simulator, n, Combine(combine)
        self.prompts, self.params, self.threshold = prompts or Prompts.load(), params or SamplingParams(), threshold

    async def observe(self, sources: Sequence[str], problem: Problem) -> list[list[TestFeedback]]:
        tests = problem.public_tests
        distinct = list(dict.fromkeys(sources))  # equal programs get equal predictions: ask once
        programs = [problem.program(source, test) for source in distinct for test in tests]
        predicted = await simulate(programs, self.simulator, n=self.n, prompts=self.prompts, params=self.params)
        rows = [
            self._combine(test, row, problem.checker)
            for test, row in zip(tests * len(distinct), predicted, strict=True)
        ]
        told = {source: rows[place * len(tests) : (place + 1) * len(tests)] for place, source in enumerate(distinct)}
        return [told[source] for source in sources]

    def _combine(self, test: TestCase, predictions: Sequence[Prediction], checker: str | Checker) -> TestFeedback:
        passes = [prediction_passes(test.output, prediction, checker) for prediction in predictions]
        score = combined_score(passes, self.combine)
        passed = score >= self.threshold
        said = Counter(
            prediction.output.strip()
            for prediction, holds in zip(predictions, passes, strict=True)
            if prediction.output is not None and holds == passed
        )
        observed = said.most_common(1)[0][0] if said else None
        return TestFeedback(test.input, test.output, observed, passed, score, predictions=tuple(predictions))


def prediction_passes(expected: str, prediction: Prediction, checker: str | Checker = "tokens") -> bool:
    """Whether a predicted output would be accepted; one that could not be parsed would not. InputError for a checker
    of your own: it is code, and simulating executes nothing.
    """
    if isinstance(checker, Checker):
        raise InputError("predictions are compared without running code, and this problem brings a checker of its own")
    return prediction.output is not None and compare(expected, prediction.output, checker) is None


def combined_score(passes: Sequence[bool], combine: Combine | str) -> float:
    """The score in [0, 1] of one test from its predictions' passes."""
    share = sum(passes) / len(passes)
    match Combine(combine):
        case Combine.mean:
            return share
        case Combine.majority:
            return float(share > 0.5)
        case Combine.any:
            return float(share > 0)


class ScheduledFeedback:
    """Executed with probability p, else simulated: one seeded coin a problem and program, so a rerun throws the same.

    `p` may be a function without arguments, read at every call: a training schedule.
    """

    source = FeedbackSource.scheduled

    def __init__(self, executed: Feedback, simulated: Feedback, p: float | Callable[[], float], seed: int = 0) -> None:
        self.executed, self.simulated, self.p, self.seed = executed, simulated, p, seed

    async def observe(self, sources: Sequence[str], problem: Problem) -> list[list[TestFeedback]]:
        p = self.p() if callable(self.p) else self.p
        coins = [random.Random(seed_of(self.seed, problem.id, source)).random() < p for source in sources]
        executed, simulated = await asyncio.gather(
            self.executed.observe([source for source, coin in zip(sources, coins, strict=True) if coin], problem),
            self.simulated.observe([source for source, coin in zip(sources, coins, strict=True) if not coin], problem),
        )
        rows = {True: iter(executed), False: iter(simulated)}
        return [next(rows[coin]) for coin in coins]


def make_feedback(
    feedback: "FeedbackSource | Feedback",
    simulator: Sampler | None = None,
    *,
    n: int = 5,
    combine: Combine | str = Combine.mean,
    prompts: Prompts | None = None,
    params: SamplingParams | None = None,
    threshold: float = 0.5,
    p: float | Callable[[], float] = 1.0,
    seed: int = 0,
    sandbox: "Sandbox | None" = None,
) -> Feedback:
    """Build the feedback that a FeedbackSource names; a Feedback object is passed through."""
    if not isinstance(feedback, FeedbackSource):
        return feedback
    if feedback is FeedbackSource.none:
        return NoFeedback()
    if feedback is FeedbackSource.executed:
        return ExecutedFeedback(sandbox)
    if simulator is None:
        raise ValueError(f"feedback {feedback.value} needs a simulator, got None")
    simulated = SimulatedFeedback(simulator, n, combine, prompts, params, threshold)
    if feedback is FeedbackSource.simulated:
        return simulated
    return ScheduledFeedback(ExecutedFeedback(sandbox), simulated, p, seed)
