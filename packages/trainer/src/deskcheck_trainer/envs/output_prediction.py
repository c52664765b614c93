"""Output prediction: (program, input) -> stdout, +1 if it is the true one, else -1 (paper.md 3).

The turn is the agent's own `simulate` with n = 1: same prompt, same parser. Stdout is compared by tokens, floats within
1e-5; a call's value as a literal (deskcheck_evals.tasks.compare). With a step reward of weight w the reward is
(1 - w) x outcome + w x (2 x share of true claims - 1), in [-1, 1] as before; see step_reward.py.
"""

from __future__ import annotations

from deskcheck_agent.parse import ParseStatus, parse_output
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler, SamplingParams
from deskcheck_agent.simulate import simulate
from deskcheck_evals.benchmarks import PredictionItem
from deskcheck_evals.tasks.compare import right
from deskcheck_tracer import SandboxFailed

from deskcheck_trainer.envs.step_reward import TrueSteps
from deskcheck_trainer.rollout import Rollout, Turn
from deskcheck_trainer.turn_sampler import RecordingSampler


class OutputPredictionEnv:
    name = "output_prediction"
    max_trained_turns = 1

    def __init__(
        self,
        prompts: Prompts,
        *,
        reward_weight: float = 0.8,
        checker: str = "tokens",
        step_reward: float = 0.0,
        steps: TrueSteps | None = None,
    ) -> None:
        """`step_reward` is the weight of the share of true claims; `steps` knows them."""
        self.prompts = prompts
        self.reward_weight = reward_weight
        self.checker = checker
        self.step_reward = step_reward
        self.steps = steps or TrueSteps()

    async def play(self, item: PredictionItem, sampler: Sampler, params: SamplingParams) -> Rollout:
        recorder = RecordingSampler(sampler)
        [[prediction]] = await simulate([item.program], recorder, n=1, prompts=self.prompts, params=params)
        [(prompt, completion)] = recorder.calls
        turn = Turn.of("predict", prompt, completion)
        outcome = self._outcome(item, prediction.output)
        metrics = {
            "pass": float(outcome > 0),
            "parse_fail": float(prediction.status is not ParseStatus.ok),
            "truncated": float(turn.truncated),
            "tokens/predict": float(len(turn.token_ids)),
        }
        if not self.step_reward:
            return Rollout(item.id, self.name, (turn,), outcome, metrics)
        reward, share = await self._with_steps(item, outcome, prediction.narration)
        metrics |= {"true_claims": share} if share is not None else {}
        return Rollout(item.id, self.name, (turn,), reward, metrics)

    async def score(self, item: PredictionItem, answer: str) -> float | None:
        """The reward of an output, read back through the completion that would state it; with a step reward, through
        the narrator's own telling of the true run, ending in that output."""
        text = f"<output>\n{answer.removesuffix('\n')}\n</output>"
        if self.step_reward:
            try:
                text = await self.steps.telling(item.program, answer) or text
            except SandboxFailed:
                return None
        outcome = self._outcome(item, parse_output(text)[0])
        return (await self._with_steps(item, outcome, text))[0] if self.step_reward else outcome

    def _outcome(self, item: PredictionItem, output: str | None) -> float:
        is_call = item.program.call is not None
        return 1.0 if right(item.output, output, is_call=is_call, checker=self.checker) else -1.0

    async def _with_steps(self, item: PredictionItem, outcome: float, text: str) -> tuple[float | None, float | None]:
        """Reward and share of true claims; no reward where our sandbox failed, the outcome where no share is known."""
        try:
            share = await self.steps.share(item.program, text)
        except SandboxFailed:
            return None, None
        if share is None:
            return outcome, None
        return (1 - self.step_reward) * outcome + self.step_reward * (2 * share - 1), share
