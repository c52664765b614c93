"""The scripted sampler, seeds, parameters, reasoning."""

import pytest
from deskcheck_agent.sampler import SamplingParams, ScriptedSampler, params_per_prompt, seed_of, split_reasoning

ASK = [{"role": "user", "content": "q"}]


async def test_scripted_sampler_answers_and_remembers():
    sampler = ScriptedSampler(lambda messages, params, index: f"{messages[-1]['content']}{params.seed}{index}")
    answers = await sampler.sample([ASK, ASK], [SamplingParams(n=2, seed=1), SamplingParams(seed=5)])
    assert [[each.text for each in row] for row in answers] == [["q10", "q11"], ["q50"]]
    assert sampler.prompts == [ASK, ASK]
    assert len(answers[0][0].logprobs) == len(answers[0][0].token_ids) == 3
    listed = ScriptedSampler(["a", "<think>hm</think>b"])
    assert [each.text for each in (await listed.sample([ASK], SamplingParams(n=3)))[0]] == ["a", "b", "a"]


def test_seeds_are_stable_and_depend_on_every_part():
    assert seed_of(0, "fix", 1) == 6680651877325209821
    assert (
        len({seed_of(0, "fix", 1), seed_of(0, "fix", 2), seed_of(1, "fix", 1), seed_of(0, "fix1"), seed_of("0fix", 1)})
        == 5
    )


@pytest.mark.parametrize("wrong", [{"temperature": -1}, {"top_p": 0}, {"top_p": 1.1}, {"max_tokens": 0}, {"n": 0}])
def test_impossible_parameters_are_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SamplingParams(**wrong)


def test_one_params_a_prompt_or_one_for_all():
    assert params_per_prompt([1, 2], SamplingParams()) == [SamplingParams()] * 2
    with pytest.raises(ValueError, match="1 sampling params for 2 prompts"):
        params_per_prompt([1, 2], [SamplingParams()])


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("plain", None, "plain"),
        ("<think>a\nb</think>\n\nanswer", "a\nb", "answer"),
        ("opened by the template</think>answer", "opened by the template", "answer"),
        ("<think>cut off", "cut off", ""),
    ],
)
def test_reasoning_is_kept_apart(text, reasoning, answer):
    assert split_reasoning(text) == (reasoning, answer)
