"""Output prediction: (program, input) -> stdout, +1 if it is the true one, else -1 (paper.md 3).

The turn is the agent's own `simulate` with n = 1: same prompt, same parser. Stdout is compared by tokens, floats within
1e-5; a call's value as a literal (deskcheck_evals.tasks.compare).
"""

from __future__ import annotations

from deskcheck_agent.parse import ParseStatus, parse_output
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler, SamplingParams
from deskcheck_agent.simulate import simulate
from deskcheck_evals.benchmarks import PredictionItem
from deskcheck_evals.tasks.compare import right

from deskcheck_trainer.rollout import Rollout, Turn
from deskcheck_trainer.turn_sampler import RecordingSampler


class OutputPredictionEnv:
    name = "output_prediction"
    max_trained_turns = 1

    def __init__(self, prompts: Prompts, *, reward_weight: float = 0.8, checker: str = "tokens") -> None:
        self.prompts = prompts
        self.reward_weight = reward_weight
        self.checker = checker

    async def play(self, item: PredictionItem, sampler: Sampler, params: SamplingParams) -> Rollout:
        recorder = RecordingSampler(sampler)
        [[prediction]] = await simulate([item.program], recorder, n=1, prompts=self.prompts, params=params)
        [(prompt, completion)] = recorder.calls
        turn = Turn.of("predict", prompt, completion)
        reward = self._reward(item, prediction.output)
        metrics = {
            "pass": float(reward > 0),
            "parse_fail": float(prediction.status is not ParseStatus.ok),
            "truncated": float(turn.truncated),
            "tokens/predict": float(len(turn.token_ids)),
        }
        return Rollout(item.id, self.name, (turn,), reward, metrics)

    async def score(self, item: PredictionItem, answer: str) -> float | None:
        """The reward of an output, read back through the completion that would state it."""
        output, _ = parse_output(f"<output>\n{answer.removesuffix('\n')}\n</output>")
        return self._reward(item, output)

    def _reward(self, item: PredictionItem, output: str | None) -> float:
        is_call = item.program.call is not None
        return 1.0 if right(item.output, output, is_call=is_call, checker=self.checker) else -1.0
