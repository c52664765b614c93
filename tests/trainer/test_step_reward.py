"""The step reward: true claims count, the narrator's own telling scores 1, and our faults score nothing."""

from typing import Any

import pytest
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import SamplingParams, ScriptedSampler
from deskcheck_conf.entry import load_config
from deskcheck_conf.errors import ConfigError
from deskcheck_evals.benchmarks import PredictionItem
from deskcheck_tracer import Program, SandboxFailed, narrate, record
from deskcheck_trainer.env_config import OutputPredictionConfig
from deskcheck_trainer.envs.output_prediction import OutputPredictionEnv
from deskcheck_trainer.envs.step_reward import TrueSteps
from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.rollout import RolloutEngine, Task

PROGRAM = Program("total = 0\nfor x in [3, 4]:\n    total += x\nprint(total)\n")
ITEM = PredictionItem("sum", PROGRAM, "7\n")
ENDLESS = PredictionItem("endless", Program("while True:\n    pass\n"), "")
PROMPTS = Prompts.load("micro")


def env(step_reward: float = 0.5, **options) -> OutputPredictionEnv:
    return OutputPredictionEnv(PROMPTS, step_reward=step_reward, **options)


@pytest.fixture(scope="module")
def told() -> str:
    return narrate(record(PROGRAM))


async def reward(answer: str, item: PredictionItem = ITEM, weight: float = 0.5) -> Any:
    rollout = await env(weight).play(item, ScriptedSampler([answer]), SamplingParams())
    return rollout.reward, rollout.metrics.get("true_claims")


async def test_the_narrators_own_telling_earns_everything(told):
    assert await reward(told) == (1.0, 1.0)


async def test_a_false_step_costs_its_share_and_a_wrong_output_the_outcome(told):
    false_step = told.replace("x is 3", "x is 9", 1)
    assert false_step != told
    earned, share = await reward(false_step)
    assert 0 < share < 1 and earned == pytest.approx(0.5 + 0.5 * (2 * share - 1))
    assert (await reward(false_step, weight=0.1))[0] > earned
    wrong_output = told.replace("<output>\n7\n", "<output>\n8\n")
    wrong, share_of_wrong = await reward(wrong_output)
    assert 0.5 < share_of_wrong < 1 and wrong == pytest.approx(-0.5 + 0.5 * (2 * share_of_wrong - 1))


async def test_an_answer_that_claims_nothing_earns_nothing_for_its_steps():
    assert await reward("") == (-1.0, 0.0)


async def test_off_by_default_the_sandbox_is_not_even_asked():
    class NoSandbox(TrueSteps):
        async def share(self, program, answer):
            raise AssertionError("asked")

    rollout = await OutputPredictionEnv(PROMPTS, steps=NoSandbox()).play(
        ITEM, ScriptedSampler(["<output>\n7\n</output>"]), SamplingParams()
    )
    assert rollout.reward == 1.0 and "true_claims" not in rollout.metrics
    [plain] = load_config("rl", RLConfig, ["env=output_prediction"]).env.used().values()
    assert isinstance(plain, OutputPredictionConfig) and plain.step_reward == 0


async def test_a_run_cut_short_is_scored_by_its_outcome():
    assert await reward("<output>\n</output>", ENDLESS) == (1.0, None)


async def test_a_broken_sandbox_gives_no_reward():
    class Broken(TrueSteps):
        async def _narrator(self, program):
            raise SandboxFailed("the jail is gone")

    broken = env(steps=Broken())
    rollout = await broken.play(ITEM, ScriptedSampler(["<output>\n7\n</output>"]), SamplingParams())
    assert rollout.reward is None and not rollout.scored
    assert await broken.score(ITEM, "7\n") is None


async def test_the_gold_answer_proves_itself_and_a_false_gold_does_not():
    engine = RolloutEngine([env(0.9)], ScriptedSampler([]), SamplingParams())
    assert await engine.prove([Task("output_prediction", ITEM, gold="7\n")]) == 1
    with pytest.raises(ConfigError, match="gives its own gold answer"):
        await engine.prove([Task("output_prediction", PredictionItem("sum", PROGRAM, "8\n"), gold="8\n")])


def test_a_weight_of_one_is_refused():
    with pytest.raises(ConfigError, match=r"step_reward is 1.0, expected a weight in \[0, 1\)"):
        load_config("rl", RLConfig, ["env=output_prediction", "env.output_prediction.step_reward=1"])
