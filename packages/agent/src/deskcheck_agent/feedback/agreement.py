"""Agreement: inputs without a known output, on which candidates judge each other.

Where a problem has few public tests or none, a model proposes inputs (propose.py), every candidate's output on each is
predicted (or observed, with executed feedback), and the output that most candidates agree on is taken for the expected
one: a wrong program is seldom wrong in the same way as others. The paper suggests it and does not try it; sources: its
section 6, and self-consistency over programs as in AlphaCode's clustering (arXiv 2203.07814, section 4.5).

Every candidate votes with all of its predictions; equal programs vote each. Outputs are the same if the problem's
checker accepts one for the other; of equally many votes a seeded coin decides.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from deskcheck_tracer.asserts import ASSERTS
from deskcheck_tracer.compare import compare
from deskcheck_tracer.errors import InputError
from deskcheck_tracer.program import TestCase
from deskcheck_tracer.verdict import Verdict

from deskcheck_agent.feedback.rich import RichFeedback
from deskcheck_agent.feedback.simulated import Combine, combined
from deskcheck_agent.feedback.told import Feedback, FeedbackSource, TestFeedback
from deskcheck_agent.problem import Problem
from deskcheck_agent.sampler import seed_of


class AgreementFeedback:
    """Another feedback's word on the public tests, and after it the candidates' agreement on proposed inputs."""

    def __init__(
        self,
        inner: Feedback,
        propose: Callable[[Problem], Awaitable[Sequence[str]]],
        *,
        combine: Combine | str = Combine.mean,
        threshold: float = 0.5,
        seed: int = 0,
    ) -> None:
        self.inner, self.propose, self.combine, self.threshold, self.seed = inner, propose, combine, threshold, seed
        self.source: FeedbackSource = inner.source

    async def observe(self, sources: Sequence[str], problem: Problem) -> list[list[TestFeedback]]:
        """InputError for a problem that brings a checker of its own or test code: it says nothing of two outputs."""
        told = await self.inner.observe(sources, problem)
        inputs = await self.propose(problem) if len(set(sources)) > 1 else ()
        if not inputs:
            return told
        checker = _comparing(problem)
        asked = replace(problem, public_tests=tuple(TestCase(each, "") for each in inputs))
        plain = self.inner.inner if isinstance(self.inner, RichFeedback) else self.inner  # nobody is told of these
        seen = await plain.observe(sources, asked)
        judged = [
            self._agreed([row[place] for row in seen], checker, seed_of(self.seed, problem.id, place))
            for place in range(len(inputs))
        ]
        return [[*tests, *(column[row] for column in judged)] for row, tests in enumerate(told)]

    def _agreed(self, seen: Sequence[TestFeedback], checker: str, seed: int) -> list[TestFeedback]:
        """One proposed input, over all candidates."""
        votes = [output for test in seen for output in _outputs(test)]
        if not votes:
            return [_without_votes(test) for test in seen]
        expected = plurality(votes, checker, seed)
        return [self._compared(test, expected, checker) for test in seen]

    def _compared(self, test: TestFeedback, expected: str, checker: str) -> TestFeedback:
        if test.passed is None:  # never predicted, or our sandbox failed: still nothing is known
            return replace(test, expected=expected, generated=True)
        if test.predictions:
            judged = combined(TestCase(test.input, expected), test.predictions, checker, self.combine, self.threshold)
            return replace(judged, generated=True)
        passed = any(compare(expected, output, checker) is None for output in _outputs(test))
        return replace(test, expected=expected, passed=passed, score=float(passed), generated=True)


def _without_votes(test: TestFeedback) -> TestFeedback:
    known = None if test.passed is None else False
    return replace(test, passed=known, score=0.0, generated=True)


def plurality(outputs: Sequence[str], checker: str, seed: int) -> str:
    """The output that most others are the same as; a seeded coin between equally many."""
    groups: list[list[str]] = []
    for output in outputs:
        same = next((group for group in groups if compare(group[0], output, checker) is None), None)
        if same is None:
            groups.append([output])
        else:
            same.append(output)
    most = max(map(len, groups))
    return random.Random(seed).choice(sorted(group[0] for group in groups if len(group) == most))


def _outputs(test: TestFeedback) -> list[str]:
    """What one candidate puts out on one input, as far as anybody knows."""
    if test.predictions:
        return [each.output for each in test.predictions if each.output is not None]
    whole = test.verdict in (Verdict.AC.value, Verdict.WA.value)
    return [test.observed] if whole and test.observed is not None else []


def _comparing(problem: Problem) -> str:
    if isinstance(problem.checker, str) and problem.checker != ASSERTS:
        return problem.checker
    raise InputError(
        f"problem {problem.id!r} is checked by code, which cannot say whether two programs agree; "
        "set generated_tests=0 for it"
    )
