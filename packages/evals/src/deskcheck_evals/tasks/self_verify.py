"""Self-verification pools: candidates of every problem, graded for real and predicted; one row a problem.

A row holds all that any selection needs, so that k, the rule of combination, the comparator and the ranking are chosen
later (selection.py, rescore.py) with no model: the public tests, and for each candidate its length, its code, whether
it passes the private tests, what it prints on the public ones and whether that passes, and the predicted outputs. Equal
programs share their predictions: a sampler seeded by prompt would give them the same ones anyway, and nothing is gained
by asking twice.

Candidates may also be those of another run: then nothing is solved or judged again, and `simulator` predicts what
somebody else's programs do (the paper's figures 5 and 7 to 9).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from deskcheck_agent.feedback import SimulatedFeedback, TestFeedback, prediction_passes
from deskcheck_agent.parse import Reply, parse_solution
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Completion, Sampler, SamplingParams
from deskcheck_agent.simulate import UNSAMPLED
from deskcheck_tracer import Verdict

from deskcheck_evals.rows import Json, Rows
from deskcheck_evals.tasks.asked import asked
from deskcheck_evals.tasks.gathering import Advance, NoRow, Unscored, key_of, row_for_each
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
    given: Mapping[str, Sequence[Json]] | None = None
    """Candidates of another run by the keys of their problems, in place of the solver's."""


async def build_pools(
    problems: Sequence[Problem], rows: Rows, verifying: Verifying, unscored: Unscored, advance: Advance
) -> None:
    """Add a row for every problem that has none."""
    await row_for_each(problems, rows, lambda problem: _pool(problem, verifying), unscored, advance)


async def _pool(problem: Problem, verifying: Verifying) -> Json | NoRow:
    """The row of a problem; NoRow when the sandbox failed on one of its programs."""
    if verifying.given is not None:
        candidates = [without_predictions(each) for each in verifying.given[key_of(problem)]]
    else:
        sampled = await _sampled(problem, verifying)
        if isinstance(sampled, NoRow):
            return sampled
        candidates = sampled
    codes = list(dict.fromkeys(each["code"] for each in candidates if each["code"] is not None))
    simulator = SimulatedFeedback(
        verifying.simulator, verifying.predictions, prompts=verifying.prompts, params=verifying.simulating
    )
    told = dict(zip(codes, await simulator.observe(codes, problem), strict=True))
    return {
        "id": problem.id,
        **asked(problem),
        "limits": asdict(problem.limits),
        "candidates": [each | _predicted(problem, each["code"], told) for each in candidates],
    }


async def _sampled(problem: Problem, verifying: Verifying) -> list[Json] | NoRow:
    """The solver's candidates with what they really do."""
    params = replace(verifying.solving, n=verifying.candidates)
    [completions] = await verifying.solver.sample([verifying.prompts.solve(problem)], params)
    replies = [parse_solution(completion.text) for completion in completions]
    codes = list(dict.fromkeys(reply.code for reply in replies if reply.code is not None))
    grades = await verifying.judge.grade(problem, codes)
    faults = [grade.fault for grade in grades.values() if grade.verdict is Verdict.SE]
    if faults:
        return NoRow(faults[0] or "the sandbox failed")
    pairs = zip(completions, replies, strict=True)
    return [_candidate(problem, completion, reply, grades) for completion, reply in pairs]


def _candidate(problem: Problem, completion: Completion, reply: Reply, grades: Mapping[str, Grade]) -> Json:
    row = {
        "code": reply.code,
        "status": UNSAMPLED.get(completion.stop, reply.status).value,
        "stop": completion.stop.value,
        "tokens": completion.tokens,
        "characters": len(completion.text),
    }
    if reply.code is None:  # known to fail everything without being run
        return {**row, "passed": False, "verdict": None, "public": [False] * len(problem.public_tests)}
    grade = grades[reply.code]
    return {
        **row,
        "passed": grade.passed,
        "verdict": grade.verdict.value,
        "public": list(grade.public),
        "public_verdicts": [verdict.value for verdict in grade.public_verdicts],
        "printed": list(grade.printed),
    }


def without_predictions(candidate: Json) -> Json:
    """What is known of a stored candidate whoever simulates it."""
    return {key: value for key, value in candidate.items() if key not in PREDICTED}


PREDICTED = ("predicted", "outputs", "statuses")
"""What of a candidate is the simulator's."""


def _predicted(problem: Problem, code: str | None, told: Mapping[str, Sequence[TestFeedback]]) -> Json:
    if code is None:
        return {"predicted": [[False]] * len(problem.public_tests)}
    return {
        "predicted": [
            [prediction_passes(test.expected, each, problem.checker) for each in test.predictions]
            for test in told[code]
        ],
        "outputs": [[each.output for each in test.predictions] for test in told[code]],
        "statuses": [[each.status.value for each in test.predictions] for test in told[code]],
    }
