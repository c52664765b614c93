"""Self-verification pools: candidates of every problem, graded for real and predicted; one row a problem.

A row holds all that any selection needs, so that k, the rule of combination and the ranking are chosen later
(selection.py) with no model: for each candidate its length, its code, whether it passes the private tests, which
public tests it passes, and for every public test the predicted outputs and whether they match. Equal programs share
their predictions: a sampler seeded by prompt would give them the same ones anyway, and nothing is gained by asking
twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deskcheck_agent.feedback import SimulatedFeedback, TestFeedback, prediction_passes
from deskcheck_agent.parse import Reply, parse_solution
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Completion, Sampler, SamplingParams
from deskcheck_tracer import Verdict

from deskcheck_evals.rows import Rows
from deskcheck_evals.tasks.asked import asked
from deskcheck_evals.tasks.gathering import Advance, Unscored, key_of, row_for_each
from deskcheck_evals.tasks.judging import Grade, Judge

__all__ = ["Verifying", "build_pools", "key_of"]


@dataclass(frozen=True)
class Verifying:
    """Who answers, how often, and how it is asked for."""

    solver: Sampler
    simulator: Sampler
    judge: Judge
    candidates: int
    predictions: int
    prompts: Prompts
    solving: SamplingParams
    simulating: SamplingParams


async def build_pools(
    problems: Sequence[Problem], rows: Rows, verifying: Verifying, unscored: Unscored, advance: Advance
) -> None:
    """Add a row for every problem that has none."""
    await row_for_each(problems, rows, lambda problem: _pool(problem, verifying), unscored, advance)


async def _pool(problem: Problem, verifying: Verifying) -> dict[str, Any] | None:
    """The row of a problem; None when the sandbox failed on one of its programs."""
    params = replace(verifying.solving, n=verifying.candidates)
    [completions] = await verifying.solver.sample([verifying.prompts.solve(problem)], params)
    replies = [parse_solution(completion.text) for completion in completions]
    codes = list(dict.fromkeys(reply.code for reply in replies if reply.code is not None))
    grades = await verifying.judge.grade(problem, codes)
    if any(grade.verdict is Verdict.SE for grade in grades.values()):
        return None
    simulator = SimulatedFeedback(
        verifying.simulator, verifying.predictions, prompts=verifying.prompts, params=verifying.simulating
    )
    told = dict(zip(codes, await simulator.observe(codes, problem), strict=True))
    return {
        "id": problem.id,
        **asked(problem),
        "candidates": [
            _candidate(problem, completion, reply, grades, told)
            for completion, reply in zip(completions, replies, strict=True)
        ],
    }


def _candidate(
    problem: Problem,
    completion: Completion,
    reply: Reply,
    grades: Mapping[str, Grade],
    told: Mapping[str, Sequence[TestFeedback]],
) -> dict[str, Any]:
    row = {
        "code": reply.code,
        "status": reply.status.value,
        "tokens": completion.tokens,
        "characters": len(completion.text),
    }
    if reply.code is None:  # known to fail everything without being run or simulated
        tests = len(problem.public_tests)
        return {**row, "passed": False, "verdict": None, "public": [False] * tests, "predicted": [[False]] * tests}
    grade, tests = grades[reply.code], told[reply.code]
    return {
        **row,
        "passed": grade.passed,
        "verdict": grade.verdict.value,
        "public": list(grade.public),
        "predicted": [
            [prediction_passes(test.expected, each, problem.checker) for each in test.predictions] for test in tests
        ],
        "outputs": [[each.output for each in test.predictions] for test in tests],
        "statuses": [[each.status.value for each in test.predictions] for test in tests],
    }
