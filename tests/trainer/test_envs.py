"""Environments: the agent's own prompts byte for byte, rewards that prove themselves, and our faults never scored."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from deskcheck_agent.feedback import ExecutedFeedback, FeedbackSource
from deskcheck_agent.fix import self_fix
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Completion, SamplingParams, ScriptedSampler, StopReason
from deskcheck_agent.simulate import simulate
from deskcheck_conf.errors import ConfigError
from deskcheck_evals.benchmarks import PredictionItem
from deskcheck_evals.tasks.judging import Grade
from deskcheck_tracer import Program, TestCase, Verdict
from deskcheck_trainer.envs.output_prediction import OutputPredictionEnv
from deskcheck_trainer.envs.self_rlef import SelfRlefEnv
from deskcheck_trainer.envs.solve import SolveEnv
from deskcheck_trainer.rollout import RolloutEngine, Task

PROMPTS = Prompts.load("micro")
PARAMS = SamplingParams(max_tokens=64)
DOUBLE = "print(int(input()) * 2)"
PROBLEM = Problem(
    "double",
    "print twice the number",
    public_tests=(TestCase("1\n", "2\n"), TestCase("2\n", "4\n")),
    private_tests=(TestCase("5\n", "10\n"), TestCase("7\n", "14\n")),
)
ITEM = PredictionItem("item", Program("print(1 / 3)\nprint(input())", "x\n"), "0.3333333333333333\nx\n")


def fenced(code: str) -> str:
    return f"```python\n{code}\n```"


def self_rlef(**options) -> SelfRlefEnv:
    return SelfRlefEnv(PROMPTS, **options)


# ---------------------------------------------------------------- byte-equal prompts


async def test_self_rlef_shows_what_the_agents_loop_shows():
    script = [fenced("print(int(input()) + 1)"), fenced(DOUBLE)]
    trained, inference = ScriptedSampler(script), ScriptedSampler(script)
    rollout = await self_rlef().play(PROBLEM, trained, PARAMS)
    await self_fix(PROBLEM, inference, max_turns=2, feedback=ExecutedFeedback(), prompts=PROMPTS, params=PARAMS)
    assert trained.prompts == inference.prompts == [turn.prompt for turn in rollout.turns]
    assert [turn.role for turn in rollout.turns] == ["solve", "submit_or_fix"]
    assert "2: 4, got 3 wrong" in rollout.turns[1].prompt[0]["content"]


async def test_solve_and_output_prediction_show_the_agents_prompts():
    sampler = ScriptedSampler([fenced(DOUBLE)])
    await SolveEnv(PROMPTS).play(PROBLEM, sampler, PARAMS)
    assert sampler.prompts == [PROMPTS.solve(PROBLEM)]
    trained, inference = ScriptedSampler(["x"]), ScriptedSampler(["x"])
    await OutputPredictionEnv(PROMPTS).play(ITEM, trained, PARAMS)
    await simulate([ITEM.program], inference, n=1, prompts=PROMPTS, params=PARAMS)
    assert trained.prompts == inference.prompts == [PROMPTS.simulate(ITEM.program)]


async def test_private_tests_reach_no_prompt_and_expected_outputs_no_simulate_prompt():
    secret, expected = "q8Zk2LwX0vN4tRb7", "h3Jd9PfS6mYc1GaE"
    problem = replace(
        PROBLEM, public_tests=(TestCase("1\n", expected),), private_tests=(TestCase(f"{secret}\n", secret),)
    )
    sampler = ScriptedSampler([fenced("print(1)"), "<output>\n1\n</output>", fenced("print(2)")])
    await self_rlef(feedback=FeedbackSource.simulated, predictions=1).play(problem, sampler, PARAMS)
    texts = [prompt[0]["content"] for prompt in sampler.prompts]
    assert len(texts) == 3 and not any(secret in text for text in texts)
    assert [expected in text for text in texts] == [True, False, True]  # solve, simulate, fix


# ---------------------------------------------------------------- rewards


@pytest.mark.parametrize(
    ("answers", "reward", "metrics"),
    [
        (
            [fenced(DOUBLE), fenced("#SUBMIT")],
            1.0,
            {"first_pass": 1, "break_rate": 0, "submit_precision": 1, "turns": 2},
        ),
        ([fenced("print(3)"), fenced(DOUBLE)], 1.0, {"first_pass": 0, "fix_rate": 1, "submit_rate": 0}),
        ([fenced(DOUBLE), fenced("print(3)")], -1.0, {"first_pass": 1, "break_rate": 1, "pass": 0}),
        ([fenced("print(3)"), fenced("#SUBMIT")], -1.0, {"fix_rate": 0, "submit_rate": 1, "submit_precision": 0}),
        (["no code at all"], -1.0, {"parse_fail": 1, "turns": 1, "pass": 0}),
        ([fenced("print(3)"), "no code"], -1.0, {"parse_fail": 0.5, "turns": 2}),
    ],
)
async def test_self_rlef_is_scored_by_the_last_program(answers, reward, metrics):
    rollout = await self_rlef().play(PROBLEM, ScriptedSampler(answers), PARAMS)
    assert rollout.reward == reward
    assert {name: rollout.metrics[name] for name in metrics} == metrics
    assert all(turn.trained and turn.token_ids for turn in rollout.turns)


async def test_passing_the_public_tests_alone_is_not_enough():
    cheat = fenced("print({'1': 2, '2': 4}.get(input(), 0))")
    rollout = await SolveEnv(PROMPTS).play(PROBLEM, ScriptedSampler([cheat]), PARAMS)
    assert rollout.reward == -1.0
    assert (rollout.metrics["pass_public"], rollout.metrics["pass"]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("answer", "reward"),
    [
        ("<output>\n0.3333333333333333\nx\n</output>", 1.0),
        ("thinking\n<output>\n0.333333\nx\n</output>", 1.0),  # a float within 1e-5
        ("<output>\n0.3334\nx\n</output>", -1.0),
        ("<output>\n0.3333333333333333\ny\n</output>", -1.0),
        ("0.3333333333333333\nx", -1.0),  # no output block
    ],
)
async def test_output_prediction_is_scored_by_stdout(answer, reward):
    rollout = await OutputPredictionEnv(PROMPTS).play(ITEM, ScriptedSampler([answer]), PARAMS)
    assert rollout.reward == reward


class BrokenGrader:
    """A judge whose sandbox never works."""

    async def grade(self, problem, source):
        return Grade((), False, Verdict.SE)


async def test_a_sandbox_fault_is_no_reward_at_all():
    env = SolveEnv(PROMPTS, grades=BrokenGrader())
    rollout = await env.play(PROBLEM, ScriptedSampler([fenced(DOUBLE)]), PARAMS)
    assert rollout.reward is None and not rollout.scored
    assert rollout.metrics["sandbox_fault"] == 1 and "pass" not in rollout.metrics


async def test_a_turn_that_could_not_be_sampled_is_not_trained():
    nothing = Completion("", prompt_ids=(1, 2), stop=StopReason.error)
    sampler = ScriptedSampler(
        lambda messages, params, index: nothing if "fix" in messages[0]["content"] else fenced("print(3)")
    )
    rollout = await self_rlef().play(PROBLEM, sampler, PARAMS)
    assert [turn.trained for turn in rollout.turns] == [True, False]


# ---------------------------------------------------------------- the engine


def engine(env, script) -> RolloutEngine:
    return RolloutEngine([env], ScriptedSampler(script), PARAMS)


async def test_every_rollout_has_a_seed_of_its_own_and_turns_share_batches():
    seeds = []

    def script(messages, params, index):
        seeds.append(params.seed)
        return fenced("print(3)") if messages[0]["content"].startswith("solve") else fenced("#SUBMIT")

    sampler = ScriptedSampler(script)
    player = RolloutEngine([self_rlef()], sampler, PARAMS)
    tasks = [Task("self_rlef", PROBLEM), Task("self_rlef", replace(PROBLEM, id="again"))]
    groups = await player.run(tasks, 3)
    assert [len(group.rollouts) for group in groups] == [3, 3]
    assert len(set(seeds)) == 12  # 2 tasks x 3 rollouts x 2 turns
    assert sampler.calls == 2  # one batch of all first turns, one of all second turns
    first = list(seeds)
    await player.run(tasks, 3)
    assert sorted(seeds[12:]) == sorted(first)
    await player.run(tasks, 3, seed=1)
    assert not set(seeds[24:]) & set(first)


async def test_rewards_prove_themselves_or_stop_the_run():
    solve, prediction = SolveEnv(PROMPTS), OutputPredictionEnv(PROMPTS)
    assert await engine(solve, []).prove([Task("solve", PROBLEM, gold=DOUBLE), Task("solve", PROBLEM)]) == 1
    assert await engine(prediction, []).prove([Task("output_prediction", ITEM, gold=ITEM.output)]) == 1
    with pytest.raises(ConfigError, match=r"the reward of solve/double gives its own gold answer -1.0, expected 1.0"):
        await engine(solve, []).prove([Task("solve", PROBLEM, gold="print(0)")])


async def test_a_filter_drops_and_names_the_reason():
    player = RolloutEngine([SolveEnv(PROMPTS)], ScriptedSampler([fenced(DOUBLE)]), PARAMS, filters=[lambda r: "silly"])
    [group] = await player.run([Task("solve", PROBLEM)], 2)
    assert {rollout.drop for rollout in group.rollouts} == {"silly"}
    assert group.rewards() == [None, None]


async def test_scheduled_feedback_follows_the_share():
    share = SimpleNamespace(value=1.0)
    env = self_rlef(feedback=FeedbackSource.scheduled, predictions=1, executed_share=lambda: share.value)
    script = lambda messages, params, index: (  # noqa: E731
        "<output>\n77\n</output>" if messages[0]["content"].startswith("run") else fenced("print(3)")
    )
    executed = await env.play(PROBLEM, ScriptedSampler(script), PARAMS)
    share.value = 0.0
    simulated = await env.play(PROBLEM, ScriptedSampler(script), PARAMS)
    assert "got 3 wrong" in executed.turns[1].prompt[0]["content"]
    assert "got 77 wrong" in simulated.turns[1].prompt[0]["content"]


async def test_an_error_of_the_sampler_stops_all_rollouts_with_its_own_message():
    class Broken:
        model_id = "broken"

        async def sample(self, prompts, params):
            raise ConnectionError("the server is gone")

    player = RolloutEngine([self_rlef()], Broken(), PARAMS)
    with pytest.raises(ConnectionError, match="the server is gone"):
        await player.run([Task("self_rlef", PROBLEM)], 4)
