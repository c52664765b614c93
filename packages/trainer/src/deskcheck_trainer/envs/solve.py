"""Solve: problem -> program, +1 if it passes the private tests, else -1, nothing at all where our sandbox failed.

It *is* the agent's `self_fix` with one turn and no feedback, so the policy is trained on the prompts it meets at
inference, byte for byte (tests/trainer/test_envs.py). Self-RLEF (self_rlef.py) is the same with feedback and repairs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from deskcheck_agent.feedback import Feedback, FeedbackSource, make_feedback
from deskcheck_agent.fix import self_fix
from deskcheck_agent.parse import ParseStatus, parse_solution
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler, SamplingParams
from deskcheck_agent.trajectory import Trajectory, TrajectoryStatus
from deskcheck_evals.tasks.judging import Grade
from deskcheck_tracer import Sandbox, Verdict

from deskcheck_trainer.envs.grading import Grader, Grades, reward_of
from deskcheck_trainer.rollout import Rollout, Turn


class SolveEnv:
    """One turn, no feedback."""

    name = "solve"
    max_trained_turns = 1

    def __init__(
        self,
        prompts: Prompts,
        *,
        reward_weight: float = 1.0,
        sandbox: Sandbox | None = None,
        grades: Grades | None = None,
    ) -> None:
        self.prompts = prompts
        self.reward_weight = reward_weight
        self.sandbox = sandbox
        self.grader = grades or Grader(sandbox)

    async def play(self, item: Problem, sampler: Sampler, params: SamplingParams) -> Rollout:
        trajectory = await self_fix(
            item,
            sampler,
            feedback=self._observer(sampler, params),
            max_turns=self.max_trained_turns,
            params=params,
            prompts=self.prompts,
        )
        first, last = await self._grades(item, trajectory)
        reward = self._reward(trajectory, last)
        return Rollout(item.id, self.name, turns_of(trajectory), reward, metrics_of(trajectory, first, last))

    async def score(self, item: Problem, answer: str) -> float | None:
        """The reward of a program, read back through the fenced block that would hold it."""
        code = parse_solution(f"```python\n{answer.removesuffix('\n')}\n```").code
        return reward_of((await self.grader.grade(item, code)).verdict) if code is not None else -1.0

    def _observer(self, sampler: Sampler, params: SamplingParams) -> Feedback:
        return make_feedback(FeedbackSource.none)

    async def _grades(self, item: Problem, trajectory: Trajectory) -> tuple[Grade | None, Grade | None]:
        """Grades of the first and of the last program; None where there is no program."""
        first, last = trajectory.turns[0].code, trajectory.code
        if last is None or trajectory.status is TrajectoryStatus.sandbox_error:
            return None, None
        last_grade = await self.grader.grade(item, last)
        return (await self.grader.grade(item, first) if first is not None else None), last_grade

    def _reward(self, trajectory: Trajectory, last: Grade | None) -> float | None:
        if trajectory.status is TrajectoryStatus.sandbox_error:
            return None
        return reward_of(last.verdict) if last is not None else -1.0


def turns_of(trajectory: Trajectory) -> tuple[Turn, ...]:
    """The solver's turns; one for which nothing could be sampled has no tokens and is not trained."""
    turns = (Turn.of(turn.kind.value, turn.prompt, turn.completion) for turn in trajectory.turns)
    return tuple(turn if turn.token_ids else replace(turn, trained=False) for turn in turns)


def metrics_of(trajectory: Trajectory, first: Grade | None, last: Grade | None) -> dict[str, float]:
    """Numbers of one rollout. Those of a part of the rollouts (`fix_rate`, ...) are there for that part alone."""
    turns = trajectory.turns
    submitted = trajectory.status is TrajectoryStatus.submitted
    passed = last is not None and last.passed
    metrics = {
        "turns": float(len(turns)),
        "parse_fail": _share(turn.reply.status is not ParseStatus.ok for turn in turns),
        "truncated": _share(turn.completion.stop == "length" for turn in turns),
        "timeout": float(last is not None and last.verdict is Verdict.TLE),
        "sandbox_fault": float(
            trajectory.status is TrajectoryStatus.sandbox_error or (last is not None and last.verdict is Verdict.SE)
        ),
    }
    metrics |= {f"tokens/{turn.kind.value}": float(len(turn.completion.token_ids)) for turn in turns}
    if metrics["sandbox_fault"]:
        return metrics
    metrics |= {"pass": float(passed), "pass_public": float(last is not None and all(last.public))}
    if trajectory.feedback is FeedbackSource.none:
        return metrics
    first_passed = first is not None and first.passed
    metrics |= {"first_pass": float(first_passed), "submit_rate": float(submitted)}
    metrics["break_rate" if first_passed else "fix_rate"] = float(passed != first_passed)
    if submitted:
        metrics["submit_precision"] = float(passed)
    return metrics


def _share(flags: Iterable[bool]) -> float:
    listed = list(flags)
    return sum(listed) / len(listed)
