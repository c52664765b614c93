"""The rollout engine with an environment of two lines: seeds, order, filters, faults, and what a group's rewards are."""

import asyncio
from dataclasses import FrozenInstanceError
from types import SimpleNamespace

import pytest
from deskcheck_agent.sampler import Completion, SamplingParams, ScriptedSampler, StopReason, seed_of
from deskcheck_conf.errors import ConfigError
from deskcheck_trainer.rollout import Rollout, RolloutEngine, RolloutGroup, Seconds, Task, Turn

PARAMS = SamplingParams(n=4, max_tokens=7)
PATIENCE_S = 30  # an engine that waits for ever fails here


class Guess:
    """Asks as many turns as its item says; the reward is 1 for an item of one turn, else -1."""

    name = "guess"
    reward_weight = 0.5
    max_trained_turns = 3

    def __init__(self) -> None:
        self.played = []

    async def play(self, item, sampler, params):
        self.played.append((item.id, params))
        turns = []
        for number in range(item.turns):
            prompt = [{"role": "user", "content": f"{item.id} {number}"}]
            [[completion]] = await sampler.sample([prompt], params)
            turns.append(Turn.of("solve", prompt, completion))
        return Rollout(item.id, self.name, tuple(turns), 1.0 if item.turns == 1 else -1.0)

    async def score(self, item, answer):
        return item.rewards[answer]


class Other(Guess):
    name = "other"
    reward_weight = 2.0


def item(name: str, turns: int = 1, **rewards) -> SimpleNamespace:
    return SimpleNamespace(id=name, turns=turns, rewards=rewards)


def echo(messages, params, index) -> str:
    return messages[0]["content"].upper()


# ---- records ----


def test_a_turn_keeps_what_was_sampled():
    prompt = [{"role": "user", "content": "go"}]
    completion = Completion("text", "thought", [1, 2], [3], [-0.5], 4, StopReason.length)  # lists, as engines give
    turn = Turn.of("predict", prompt, completion)
    assert turn == Turn("predict", prompt, (1, 2), (3,), (-0.5,), "text", True, True)
    assert turn.trained and turn.truncated is True


@pytest.mark.parametrize("stop", [StopReason.stop, StopReason.error, StopReason.budget])
def test_a_turn_without_probabilities_that_ended_by_itself(stop):
    turn = Turn.of("solve", [], Completion("text", prompt_ids=(1,), token_ids=(3,), stop=stop))
    assert turn == Turn("solve", [], (1,), (3,), None, "text", False, True)
    assert turn.logprobs is None and turn.truncated is False


def test_a_turn_is_trained_whole_and_without_text_unless_told():
    turn = Turn("solve", [], (), ())
    assert (turn.logprobs, turn.text, turn.truncated, turn.trained) == (None, "", False, True)


@pytest.mark.parametrize(
    ("reward", "drop", "scored"),
    [
        (1.0, None, True),
        (-1.0, None, True),
        (0.0, None, True),
        (None, None, False),
        (1.0, "gibberish", False),
        (None, "", False),
    ],
)
def test_a_rollout_without_reward_or_dropped_does_not_count(reward, drop, scored):
    assert Rollout("t", "guess", (), reward, drop=drop).scored is scored


def test_a_rollout_begins_without_numbers_and_is_not_dropped():
    one, two = Rollout("t", "guess", (), 1.0), Rollout("t", "guess", (), 1.0)
    assert (one.metrics, one.drop) == ({}, None)
    assert one.metrics is not two.metrics


def test_a_task_is_named_by_environment_and_item():
    assert Task("guess", item("a")).id == "guess/a"
    assert Task("guess", item("a")).gold is None


def test_the_rewards_of_a_group_are_weighted_and_none_where_they_do_not_count():
    rollouts = tuple(
        Rollout("t", "guess", (), reward, drop=drop)
        for reward, drop in [(1.0, None), (-1.0, None), (None, None), (1.0, "silly"), (0.0, None)]
    )
    task = Task("guess", item("a"))
    assert RolloutGroup(task, rollouts, 0.5).rewards() == [0.5, -0.5, None, None, 0.0]
    assert RolloutGroup(task, rollouts).rewards() == [1.0, -1.0, None, None, 0.0]


@pytest.mark.parametrize(
    "record",
    [
        Turn("solve", [], (), ()),
        Rollout("t", "guess", (), 1.0),
        Task("guess", None),
        RolloutGroup(Task("guess", None), ()),
    ],
    ids=lambda record: type(record).__name__,
)
def test_what_was_played_is_not_changed_afterwards(record):
    for name in vars(record):
        with pytest.raises(FrozenInstanceError):
            setattr(record, name, None)


# ---- playing ----


async def test_groups_keep_the_order_of_tasks_and_each_rollout_has_its_seed():
    guess, other = Guess(), Other()
    engine = RolloutEngine([guess, other], ScriptedSampler(echo), PARAMS)
    tasks = [Task("guess", item("a")), Task("other", item("b", 2)), Task("guess", item("c", 3))]
    async with asyncio.timeout(PATIENCE_S):
        groups = await engine.run(tasks, 2, seed=9)
    assert [group.task for group in groups] == tasks
    assert [group.reward_weight for group in groups] == [0.5, 2.0, 0.5]
    assert [[rollout.task_id for rollout in group.rollouts] for group in groups] == [["a", "a"], ["b", "b"], ["c", "c"]]
    assert [group.rewards() for group in groups] == [[0.5, 0.5], [-2.0, -2.0], [-0.5, -0.5]]
    assert [turn.text for turn in groups[2].rollouts[1].turns] == ["C 0", "C 1", "C 2"]
    seeds = {name: [params.seed for id, params in guess.played + other.played if id == name] for name in "abc"}
    assert seeds == {name: [seed_of(9, place, 0), seed_of(9, place, 1)] for place, name in enumerate("abc")}
    assert {(params.n, params.max_tokens) for _, params in guess.played} == {(1, 7)}


async def test_all_rollouts_sample_a_turn_in_one_call():
    sampler = ScriptedSampler(echo)
    async with asyncio.timeout(PATIENCE_S):
        await RolloutEngine([Guess()], sampler, PARAMS).run(
            [Task("guess", item("a", 1)), Task("guess", item("b", 3))], 2
        )
    assert sampler.calls == 3
    assert [prompt[0]["content"] for prompt in sampler.prompts] == ["a 0"] * 2 + ["b 0"] * 2 + ["b 1"] * 2 + ["b 2"] * 2


async def test_without_a_seed_it_is_nought():
    guess = Guess()
    engine = RolloutEngine([guess], ScriptedSampler(echo), PARAMS)
    async with asyncio.timeout(PATIENCE_S):
        await engine.run([Task("guess", item("a"))], 1)
        await engine.play_group(Task("guess", item("b")), 1)
    assert [params.seed for _, params in guess.played] == [seed_of(0, 0, 0), seed_of(0, 0)]


async def test_the_time_of_a_run_is_told():
    class Slow(ScriptedSampler):
        async def sample(self, prompts, params):
            await asyncio.sleep(0.02)
            return await super().sample(prompts, params)

    class Thoughtful(Guess):
        async def play(self, item, sampler, params):
            await asyncio.sleep(0.02)
            return await super().play(item, sampler, params)

    engine = RolloutEngine([Thoughtful()], Slow(echo), PARAMS)
    assert engine.seconds == Seconds(0.0, 0.0)
    assert (engine.seconds.total, engine.seconds.sampling) == (0.0, 0.0)
    async with asyncio.timeout(PATIENCE_S):
        await engine.run([Task("guess", item("a"))], 1)
    assert 0.015 < engine.seconds.sampling < engine.seconds.total - 0.015 < PATIENCE_S


async def test_a_group_alone_plays_at_its_own_pace():
    other, sampler = Other(), ScriptedSampler(echo)
    engine = RolloutEngine([Guess(), other], sampler, PARAMS)
    task = Task("other", item("b", 2))
    async with asyncio.timeout(PATIENCE_S):
        group = await engine.play_group(task, 3, seed=5)
    assert (group.task, group.reward_weight) == (task, 2.0)
    assert [rollout.task_id for rollout in group.rollouts] == ["b", "b", "b"]
    assert [params.seed for _, params in other.played] == [seed_of(5, 0), seed_of(5, 1), seed_of(5, 2)]
    assert sampler.calls == 6  # a call for every turn of every rollout


# ---- filters, gold answers, faults ----


async def test_the_first_filter_that_refuses_gives_the_reason():
    asked = []

    def even(rollout: Rollout) -> str | None:
        asked.append(rollout.task_id)
        return "long" if rollout.reward == -1.0 else None

    filters = (even, lambda rollout: "late" if rollout.task_id != "a" else None)
    engine = RolloutEngine([Guess()], ScriptedSampler(echo), PARAMS, filters=iter(filters))
    tasks = [Task("guess", item("a")), Task("guess", item("b")), Task("guess", item("c", 2))]
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(2):
            groups = await engine.run(tasks, 1)
            assert [group.rollouts[0].drop for group in groups] == [None, "late", "long"]
    assert [group.rollouts[0].reward for group in groups] == [1.0, 1.0, -1.0]  # kept, and not counted
    assert sorted(asked) == ["a", "a", "b", "b", "c", "c"]


async def test_every_gold_answer_is_scored_by_its_own_environment():
    engine = RolloutEngine([Guess(), Other()], ScriptedSampler([]), PARAMS)
    tasks = [
        Task("guess", item("a", right=1.0), gold="right"),
        Task("other", item("b", fine=1.0), gold="fine"),
        Task("guess", item("c")),
    ]
    assert await engine.prove(tasks) == 2
    assert await engine.prove([]) == 0


@pytest.mark.parametrize("reward", [-1.0, 0.0, 0.99, None])
async def test_a_gold_answer_that_is_not_rewarded_stops_the_run(reward):
    engine = RolloutEngine([Guess()], ScriptedSampler([]), PARAMS)
    tasks = [Task("guess", item("a", right=1.0), gold="right"), Task("guess", item("b", right=reward), gold="right")]
    with pytest.raises(ConfigError) as raised:
        await engine.prove(tasks)
    assert str(raised.value) == (
        f"the reward of guess/b gives its own gold answer {reward}, expected 1.0: "
        "check the item's outputs, limits and checker, or leave it out"
    )


async def test_a_fault_of_ours_stops_every_other_rollout():
    ended = []

    class Faulty(Guess):
        async def play(self, item, sampler, params):
            if item.id == "bad":
                raise OSError("the disk is full")
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)  # what is cancelled may still have to tidy up
                ended.append(item.id)

    engine = RolloutEngine([Faulty()], ScriptedSampler(echo), PARAMS)
    tasks = [Task("guess", item("a")), Task("guess", item("bad")), Task("guess", item("b"))]
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(OSError, match="the disk is full"):
            await engine.run(tasks, 1)
    assert sorted(ended) == ["a", "b"]
