"""Gathering: concurrent requests share inner calls, each gets its own answers, errors reach every waiter."""

import asyncio

import pytest
from deskcheck_agent.gather import GatheringSampler
from deskcheck_agent.sampler import SamplingParams, ScriptedSampler


def ask(text):
    return [{"role": "user", "content": text}]


def echo(messages, params, index):
    return f"{messages[0]['content']}/{params.seed}/{index}"


async def test_two_hundred_loops_become_one_call_a_turn():
    inner = ScriptedSampler(echo)
    sampler = GatheringSampler(inner)

    async def loop(number):
        first = await sampler.sample([ask(f"a{number}")], SamplingParams(seed=number))
        second = await sampler.sample([ask(f"b{number}"), ask("c")], SamplingParams(seed=number, n=2))
        return first[0][0].text, [each.text for each in second[1]]

    answers = await asyncio.gather(*(loop(number) for number in range(200)))
    assert inner.calls == 2
    assert answers == [(f"a{n}/{n}/0", [f"c/{n}/0", f"c/{n}/1"]) for n in range(200)]


async def test_batch_size_bounds_completions_but_never_splits_a_request():
    sizes = []

    class Measuring(ScriptedSampler):
        async def sample(self, prompts, params):
            answers = await super().sample(prompts, params)
            sizes.append(sum(map(len, answers)))
            return answers

    sampler = GatheringSampler(Measuring(echo), batch_size=10)
    await asyncio.gather(*(sampler.sample([ask("x")], SamplingParams(n=n, seed=n)) for n in (4, 4, 4, 25, 1)))
    assert sizes == [8, 4, 25, 1]


async def test_an_error_reaches_every_waiter_and_the_next_call_works():
    class Failing(ScriptedSampler):
        async def sample(self, prompts, params):
            if self.calls == 0:
                self.calls = 1
                raise RuntimeError("engine died")
            return await super().sample(prompts, params)

    sampler = GatheringSampler(Failing(echo))
    results = await asyncio.gather(
        *(sampler.sample([ask("x")], SamplingParams()) for _ in range(3)), return_exceptions=True
    )
    assert [str(each) for each in results] == ["engine died"] * 3
    assert (await sampler.sample([ask("y")], SamplingParams()))[0][0].text == "y/0/0"


async def test_a_cancelled_waiter_does_not_disturb_the_others():
    class Slow(ScriptedSampler):
        async def sample(self, prompts, params):
            await asyncio.sleep(0.05)
            return await super().sample(prompts, params)

    sampler = GatheringSampler(Slow(echo))
    leaving, staying = (asyncio.create_task(sampler.sample([ask(text)], SamplingParams())) for text in "ab")
    await asyncio.sleep(0.01)
    leaving.cancel()
    assert (await staying)[0][0].text == "b/0/0"
    with pytest.raises(asyncio.CancelledError):
        await leaving


def test_it_works_in_one_event_loop_after_another():
    sampler = GatheringSampler(ScriptedSampler(echo))
    for _ in range(2):
        assert asyncio.run(sampler.sample([ask("x")], SamplingParams()))[0][0].text == "x/0/0"
