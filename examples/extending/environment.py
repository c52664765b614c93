"""An environment of your own: output prediction in which half right is better than wrong.

    python examples/extending/environment.py env.output_prediction=null     # two steps of the micro base

Everything else stays: prompts, parser, both backends, validation, checkpoints, the command line.
"""

from dataclasses import dataclass, field
from functools import partial

from deskcheck_agent import Prompts, Sampler, SamplingParams, simulate
from deskcheck_conf import command
from deskcheck_evals.benchmarks import BenchmarkConfig, PredictionItem, load_items
from deskcheck_trainer.rl import train
from deskcheck_trainer.rl_config import EnvConfig, EnvsConfig, RLConfig
from deskcheck_trainer.rollout import Env, Rollout, Task, Turn
from deskcheck_trainer.tasks import load_tasks, make_envs
from deskcheck_trainer.turn_sampler import RecordingSampler

NAME = "partial_credit"


class PartialCredit:
    name = NAME
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
        return Rollout(item.id, self.name, (turn,), reward, {"pass": float(reward == 1)})  # validation needs `pass`

    async def score(self, item: PredictionItem, answer: str) -> float:
        return credit(item.output, answer)  # the true output must score 1: proven before the first step


def credit(true: str, said: str) -> float:
    """From -1 (nothing is right) to 1 (the output): the share of characters before the first wrong one."""
    true, said = true.rstrip(), said.rstrip()
    same = next((place for place, (a, b) in enumerate(zip(true, said, strict=False)) if a != b), min(len(true), len(said)))
    return 2 * same / max(len(true), len(said), 1) - 1 if true != said else 1.0


@dataclass(kw_only=True)
class Envs(EnvsConfig):
    partial_credit: EnvConfig | None = field(default_factory=EnvConfig)


@dataclass(kw_only=True)
class Config(RLConfig):
    env: Envs = field(default_factory=Envs)


def all_envs(config: Config, **given) -> dict[str, Env]:
    return make_envs(config, **given) | {NAME: PartialCredit(Prompts.load(config.prompts))}


def all_tasks(env: str, benchmark: BenchmarkConfig) -> list[Task]:
    if env != NAME:
        return load_tasks(env, benchmark)
    return [Task(env, item, gold=item.output) for item in load_items(benchmark)]


main = command("rl", Config, partial(train, make_envs=all_envs, load_tasks=all_tasks))

if __name__ == "__main__":
    raise SystemExit(main())
