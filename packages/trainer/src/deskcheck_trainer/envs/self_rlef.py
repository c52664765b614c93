"""Self-RLEF: solve, feedback on the public tests, submit or fix; scored by the private tests (paper.md 3).

In training the feedback is true execution and at most one repair is allowed; at inference it is self-predicted. The
switch is the agent's FeedbackSource: `simulated` asks the policy itself, `scheduled` tosses a coin whose bias follows
the training step. Solver turns are trained; predictions for feedback are sampled from the same policy and are not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from deskcheck_agent.feedback import (
    ExecutedFeedback,
    Feedback,
    FeedbackSource,
    ScheduledFeedback,
    SimulatedFeedback,
)
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler, SamplingParams, seed_of
from deskcheck_tracer import Sandbox

from deskcheck_trainer.envs.grading import RememberedFeedback
from deskcheck_trainer.envs.solve import SolveEnv


class SelfRlefEnv(SolveEnv):
    """At most `max_repairs` repairs, all turns by fresh prompts."""

    name = "self_rlef"

    def __init__(
        self,
        prompts: Prompts,
        *,
        reward_weight: float = 1.0,
        sandbox: Sandbox | None = None,
        max_repairs: int = 1,
        feedback: FeedbackSource = FeedbackSource.executed,
        predictions: int = 5,
        executed_share: Callable[[], float] = lambda: 1.0,
    ) -> None:
        super().__init__(prompts, reward_weight=reward_weight, sandbox=sandbox)
        self.max_trained_turns = 1 + max_repairs
        self.feedback = feedback
        self.predictions = predictions
        self.executed = RememberedFeedback(ExecutedFeedback(sandbox))
        self.executed_share = executed_share
        """scheduled: the probability of executed feedback, asked at every rollout."""

    def _observer(self, sampler: Sampler, params: SamplingParams) -> Feedback:
        if self.feedback is FeedbackSource.executed:
            return self.executed
        asked = replace(params, seed=seed_of(params.seed, "simulate"))
        simulated = SimulatedFeedback(sampler, self.predictions, prompts=self.prompts, params=asked)
        if self.feedback is FeedbackSource.simulated:
            return simulated
        return ScheduledFeedback(self.executed, simulated, self.executed_share, params.seed)
