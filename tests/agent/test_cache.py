"""The cache: same request, no call; anything that changes the answer changes the key."""

import asyncio
from dataclasses import replace

import pytest
from deskcheck_agent.cache import CachedSampler
from deskcheck_agent.errors import SamplerError
from deskcheck_agent.sampler import Completion, SamplingParams, ScriptedSampler, StopReason

ASK = [{"role": "user", "content": "q"}]
OTHER = [{"role": "user", "content": "other"}]
PARAMS = SamplingParams(n=2)


def echo(messages, params, index):
    return f"{messages[0]['content']} {params} {index}"


async def test_a_rerun_asks_nothing_and_fewer_samples_are_a_prefix(tmp_path):
    first = CachedSampler(ScriptedSampler(echo), tmp_path)
    said = await first.sample([ASK], PARAMS)
    inner = ScriptedSampler(echo)
    again = CachedSampler(inner, tmp_path)
    assert await again.sample([ASK], PARAMS) == said
    assert await again.sample([ASK], replace(PARAMS, n=1)) == [said[0][:1]]
    assert inner.calls == 0 and again.hits == 2


async def test_more_samples_cost_only_what_is_new(tmp_path):
    asked = []
    inner = ScriptedSampler(lambda messages, params, index: asked.append(index) or echo(messages, "", index))
    sampler = CachedSampler(inner, tmp_path)
    await sampler.sample([ASK], PARAMS)
    five = (await sampler.sample([ASK], replace(PARAMS, n=5)))[0]
    assert asked == [0, 1, 2, 3, 4]
    assert [each.text for each in five] == [f"q  {index}" for index in range(5)]
    assert (await sampler.sample([ASK], replace(PARAMS, first=3, n=2)))[0] == five[3:] and inner.calls == 2


async def test_texts_alone_are_the_same_texts_and_as_many_tokens(tmp_path):
    said = await CachedSampler(ScriptedSampler(echo), tmp_path, texts_only=True).sample([ASK], PARAMS)
    kept = await CachedSampler(ScriptedSampler(["never asked"]), tmp_path).sample([ASK], PARAMS)
    assert [(each.text, each.tokens, each.stop) for each in kept[0]] == [
        (each.text, each.tokens, each.stop) for each in said[0]
    ]
    assert said[0][0].token_ids and said[0][0].logprobs, "what was just sampled is whole"
    assert (kept[0][0].token_ids, kept[0][0].prompt_ids, kept[0][0].logprobs) == ((), (), None)


async def test_what_came_before_a_failure_is_kept_and_only_the_gaps_are_asked_again(tmp_path):
    class Dying(ScriptedSampler):
        """Tells of completions as they come, in any order, and dies."""

        async def sample_each(self, prompts, params, on_answer):
            for place, index in [(1, 0), (0, 3), (0, 1)]:
                on_answer(place, index, Completion(f"{prompts[place][0]['content']}{index}"))
            raise SamplerError("gone")

    asks = [ASK, [{"role": "user", "content": "r"}]]
    params = [replace(PARAMS, n=5), PARAMS]
    with pytest.raises(SamplerError, match="gone"):
        await CachedSampler(Dying(echo), tmp_path).sample(asks, params)
    asked = []
    inner = ScriptedSampler(lambda messages, params, index: asked.append((messages[0]["content"], index)) or "new")
    rows = await CachedSampler(inner, tmp_path).sample(asks, params)
    assert [[each.text for each in row] for row in rows] == [["new", "q1", "new", "q3", "new"], ["r0", "new"]]
    assert asked == [("q", 0), ("q", 2), ("q", 4), ("r", 1)] and inner.calls == 1


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"temperature": 0.5}, {"top_p": 0.5}, {"max_tokens": 7}, {"stop": ("x",)}, {"n": 3}],
)
async def test_other_parameters_are_asked_for(tmp_path, change):
    inner = ScriptedSampler(echo)
    sampler = CachedSampler(inner, tmp_path)
    await sampler.sample([ASK], PARAMS)
    await sampler.sample([ASK, ASK], [PARAMS, replace(PARAMS, **change)])
    assert inner.calls == 2 and len(inner.prompts) == 2


async def test_other_models_revisions_and_prompts_are_asked_for(tmp_path):
    await CachedSampler(ScriptedSampler(echo), tmp_path).sample([ASK], PARAMS)
    for inner, revision, prompt in [
        (ScriptedSampler(echo, model_id="other"), "", ASK),
        (ScriptedSampler(echo), "r2", ASK),
        (ScriptedSampler(echo), "", [{"role": "system", "content": "q"}]),
    ]:
        await CachedSampler(inner, tmp_path, revision).sample([prompt], PARAMS)
        assert inner.calls == 1


async def test_errors_are_not_kept(tmp_path):
    inner = ScriptedSampler(lambda *_: Completion("", stop=StopReason.error))
    sampler = CachedSampler(inner, tmp_path)
    await sampler.sample([ASK], PARAMS)
    await sampler.sample([ASK], PARAMS)
    assert inner.calls == 2


def test_a_folder_that_cannot_be_used_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SamplerError, match=r"cannot use the completion cache .*sampler\.cache"):
        CachedSampler(ScriptedSampler(echo), tmp_path / "file")


class Slow(ScriptedSampler):
    """Answers after everybody has asked."""

    async def sample(self, prompts, params):
        await asyncio.sleep(0.02)
        return await super().sample(prompts, params)


async def test_what_is_being_asked_for_is_asked_once(tmp_path):
    inner = Slow(echo)
    sampler = CachedSampler(inner, tmp_path)
    calls = [[(ASK, 2), (ASK, 2)], [(ASK, 3)], [(OTHER, 1), (ASK, 1)]]
    answers = await asyncio.gather(
        *(sampler.sample([prompt for prompt, _ in call], [replace(PARAMS, n=n) for _, n in call]) for call in calls)
    )
    assert [[len(row) for row in rows] for rows in answers] == [[2, 2], [3], [1, 1]]
    assert answers[0][0] == answers[0][1] == answers[1][0][:2]
    assert len(inner.prompts) == 3  # two of ASK, its third, one of OTHER


async def test_whoever_waited_asks_itself_where_the_other_failed(tmp_path):
    class Failing(Slow):
        async def sample(self, prompts, params):
            answers = await super().sample(prompts, params)
            if self.calls == 1:
                raise SamplerError("down")
            return answers

    sampler = CachedSampler(Failing(echo), tmp_path)
    first, second = await asyncio.gather(
        sampler.sample([ASK], PARAMS), sampler.sample([ASK], PARAMS), return_exceptions=True
    )
    assert isinstance(first, SamplerError) and [each.stop for each in second[0]] == [StopReason.stop] * 2
    assert not sampler._asking
