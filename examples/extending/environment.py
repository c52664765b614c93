"""An environment of your own: output prediction in which half right is better than wrong.

    python examples/extending/environment.py     # two steps of the micro base

It takes the place of the environment whose tasks it plays; all else stays: both backends,
validation, checkpoints, the command line.
"""

from collections.abc import Callable
from difflib import SequenceMatcher
from functools import partial

from deskcheck_agent import Prompts, Sampler, SamplingParams, simulate
from deskcheck_conf import command
from deskcheck_evals.benchmarks import PredictionItem
from deskcheck_trainer.rl import train
from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.rollout import Env, Rollout, Turn
from deskcheck_trainer.turn_sampler import RecordingSampler


class PartialCredit:
    name = "output_prediction"
    reward_weight = 1.0
    max_trained_turns = 1

    def __init__(self, prompts: Prompts) -> None:
        self.prompts = prompts

    async def play(self, item: PredictionItem, sampler: Sampler, params: SamplingParams) -> Rollout:
        recorder = RecordingSampler(sampler)
        [[prediction]] = await simulate([item.program], recorder, n=1, prompts=self.prompts, params=params)
        [(prompt, completion)] = recorder.calls
        reward = credit(item.output, prediction.output or "")
        turn = Turn.of("predict", prompt, completion)
        metrics = {"pass": float(reward == 1)}  # validation chooses the checkpoint by it
        return Rollout(item.id, self.name, (turn,), reward, metrics)

    async def score(self, item: PredictionItem, answer: str) -> float:
        return credit(item.output, answer)  # the true output must score 1: proven before the first step


def credit(true: str, said: str) -> float:
    """From -1 (nothing in common) to 1 (the output)."""
    return 2 * SequenceMatcher(None, true.rstrip(), said.rstrip()).ratio() - 1


def make_envs(config: RLConfig, *, progress: Callable[[], float]) -> dict[str, Env]:
    return {"output_prediction": PartialCredit(Prompts.load(config.prompts))}


main = command("rl", RLConfig, partial(train, make_envs=make_envs))

if __name__ == "__main__":
    raise SystemExit(main())
