"""Simulated feedback: a model predicts the output of each public test n times; the predictions are combined.

Expected outputs are compared here, after the fact: the simulator is never given one.
"""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from deskcheck_tracer.checker import Checker
from deskcheck_tracer.compare import compare
from deskcheck_tracer.errors import InputError
from deskcheck_tracer.program import TestCase

from deskcheck_agent.feedback.told import FeedbackSource, TestFeedback
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler, SamplingParams
from deskcheck_agent.simulate import UNSAMPLED, Prediction, simulate


class Combine(StrEnum):
    """How the n predictions of one test become a score (the paper leaves it open)."""

    mean = "mean"
    """Share of predictions that pass."""
    majority = "majority"
    """1 if more than half of them pass."""
    any = "any"
    """1 if one of them passes."""


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
            combined(test, row, problem.checker, self.combine, self.threshold)
            for test, row in zip(tests * len(distinct), predicted, strict=True)
        ]
        told = {source: rows[place * len(tests) : (place + 1) * len(tests)] for place, source in enumerate(distinct)}
        return [told[source] for source in sources]


def combined(
    test: TestCase,
    predictions: Sequence[Prediction],
    checker: str | Checker,
    combine: Combine | str = Combine.mean,
    threshold: float = 0.5,
) -> TestFeedback:
    """One test from its predictions: passed from a score of `threshold` on, observed what most of that side say.

    Predictions that were never written (budget, error) are left out; where all were, nothing is known.
    """
    made = tuple(each for each in predictions if each.status not in UNSAMPLED.values())
    if not made:
        return TestFeedback(test.input, test.output, None, None, 0.0, predictions=tuple(predictions))
    passes = [prediction_passes(test.output, prediction, checker) for prediction in made]
    score = combined_score(passes, combine)
    passed = score >= threshold
    said = Counter(
        prediction.output.strip()
        for prediction, holds in zip(made, passes, strict=True)
        if prediction.output is not None and holds == passed
    )
    observed = said.most_common(1)[0][0] if said else None
    is_unanimous = len(made) == len(predictions) and all(passes)
    return TestFeedback(test.input, test.output, observed, passed, score, predictions=made, unanimous=is_unanimous)


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
