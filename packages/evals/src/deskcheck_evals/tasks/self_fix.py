"""Self-fixing: the agent's own loop on every problem, its first and its submitted program graded; one row a trajectory.

The turns go to trajectories.jsonl as they happen, in the agent's format, so that a killed run continues in the middle
of a trajectory and a reader can look at each one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from deskcheck_agent.feedback import Feedback
from deskcheck_agent.fix import self_fix
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler, SamplingParams, seed_of
from deskcheck_agent.trajectory import Trajectory, TrajectoryFile, TrajectoryStatus
from deskcheck_tracer import Verdict

from deskcheck_evals.rows import Rows, content_key
from deskcheck_evals.tasks.asked import asked
from deskcheck_evals.tasks.gathering import Advance, NoRow, Unscored, all_of, ungradable
from deskcheck_evals.tasks.judging import Grade, Judge


@dataclass(frozen=True)
class Fixing:
    """Who answers, who gives feedback, and for how long."""

    solver: Sampler
    judge: Judge
    feedback: Feedback
    trajectories: int
    max_turns: int
    prompts: Prompts
    solving: SamplingParams


def key_of(problem: Problem, attempt: int) -> str:
    """What a row is stored under."""
    return content_key([problem.to_json(), attempt])


async def fix_all(
    problems: Sequence[Problem],
    rows: Rows,
    fixing: Fixing,
    file: TrajectoryFile,
    unscored: Unscored,
    advance: Advance,
) -> None:
    """Add a row for every trajectory that has none."""
    begun = file.read()

    async def one(problem: Problem, attempt: int) -> None:
        if fault := ungradable(problem):
            unscored.add(problem.id, fault)
            return advance()
        key = key_of(problem, attempt)
        trajectory = await _trajectory(problem, attempt, fixing, file, key, begun.get(key))
        row = await _row(problem, attempt, trajectory, fixing.judge)
        if isinstance(row, NoRow):
            unscored.add(problem.id, row.reason)
        else:
            rows.add(key, row)
        advance()

    work = [(problem, attempt) for problem in problems for attempt in range(fixing.trajectories)]
    await all_of(one(problem, attempt) for problem, attempt in work if key_of(problem, attempt) not in rows)


async def _trajectory(
    problem: Problem, attempt: int, fixing: Fixing, file: TrajectoryFile, key: str, begun: Trajectory | None
) -> Trajectory:
    return await self_fix(
        problem,
        fixing.solver,
        max_turns=fixing.max_turns,
        feedback=fixing.feedback,
        params=replace(fixing.solving, seed=seed_of(fixing.solving.seed, "attempt", attempt)),
        prompts=fixing.prompts,
        on_turn=lambda turn: file.turn(key, turn),
        turns_so_far=begun.turns if begun else (),
    )


async def _row(problem: Problem, attempt: int, trajectory: Trajectory, judge: Judge) -> dict[str, Any] | NoRow:
    """The row of a trajectory; NoRow when the sandbox failed in it or on its programs."""
    if trajectory.status is TrajectoryStatus.sandbox_error:
        return NoRow("the sandbox failed on a public test")
    codes = [trajectory.turns[0].code, trajectory.code]
    grades = await judge.grade(problem, [code for code in codes if code is not None])
    faults = [grade.fault for grade in grades.values() if grade.verdict is Verdict.SE]
    if faults:
        return NoRow(faults[0] or "the sandbox failed")
    first, submitted = (_graded(problem, code, grades) for code in codes)
    return {
        "id": f"{problem.id}/{attempt}",
        "problem": problem.id,
        "attempt": attempt,
        **(asked(problem) if attempt == 0 else {}),
        "first": first,
        "submitted": submitted,
        "turns": len(trajectory.turns),
        "status": trajectory.status.value,
        "tokens": trajectory.tokens,
    }


def _graded(problem: Problem, code: str | None, grades: dict[str, Grade]) -> dict[str, Any]:
    if code is None:
        return {"code": None, "passed": False, "verdict": None, "public": [False] * len(problem.public_tests)}
    grade = grades[code]
    return {"code": code, "passed": grade.passed, "verdict": grade.verdict.value, "public": list(grade.public)}
