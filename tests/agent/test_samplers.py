"""Samplers in this process: Transformers on a tiny model, the scripted one, loading errors, vLLM's absence."""

import asyncio
from dataclasses import replace

import pytest
import torch
from deskcheck_agent.errors import ModelError, SamplerError
from deskcheck_agent.sampler import SamplingParams, StopReason
from deskcheck_agent.samplers import make_sampler, scripted
from deskcheck_conf.schema import ModelConfig, SamplerConfig, SamplerKind


def ask(text):
    return [{"role": "user", "content": text}]


# Transformers


async def test_a_completion_does_not_depend_on_its_batch(tiny_model, tiny_tokenizer):
    from deskcheck_agent.samplers.transformers import TransformersSampler

    sampler = TransformersSampler(tiny_model, tiny_tokenizer, batch_size=5)
    prompts = [ask("a" * length) for length in (3, 30, 1, 17)]
    params = [SamplingParams(max_tokens=20, n=3, seed=seed) for seed in range(4)]
    together = await sampler.sample(prompts, params)
    alone = [(await sampler.sample([prompt], one))[0] for prompt, one in zip(prompts, params, strict=True)]
    assert [[each.token_ids for each in row] for row in together] == [[each.token_ids for each in row] for row in alone]
    first = together[0][0]
    assert (await sampler.sample(prompts[:1], replace(params[0], n=1)))[0][0].token_ids == first.token_ids
    rest = (await sampler.sample(prompts[:1], replace(params[0], first=1, n=2)))[0]
    assert [each.token_ids for each in rest] == [each.token_ids for each in together[0][1:]]
    assert len(first.logprobs) == len(first.token_ids) and first.stop in (StopReason.stop, StopReason.length)
    # The chat template's role tokens are single ids: prompt text is encoded as the template writes it.
    assert first.prompt_ids == tuple(tiny_tokenizer("<|user|>aaa<|assistant|>", add_special_tokens=False)["input_ids"])


async def test_text_keeps_tags_that_are_special_tokens_and_drops_the_end(tiny_model, tiny_tokenizer):
    from deskcheck_agent.decode import Row
    from deskcheck_agent.samplers import transformers

    ids = tiny_tokenizer("hi <output>", add_special_tokens=False)["input_ids"]
    row = Row(
        0, 0, (1,), SamplingParams(), 9, [*ids, tiny_tokenizer.eos_token_id], [0.0] * (len(ids) + 1), StopReason.stop
    )
    decoder = transformers.Decoder(
        tiny_model, transformers.eos_ids(tiny_model, tiny_tokenizer), transformers._decode_with(tiny_tokenizer)
    )
    assert transformers._completion(row, decoder, 3).text == "hi <output>"


async def test_autocast_stays_close(tiny_model, tiny_tokenizer):
    from deskcheck_agent.samplers.transformers import generate

    params = SamplingParams(temperature=0, max_tokens=8)
    exact = generate(tiny_model, tiny_tokenizer, [[5, 6, 7]], params)[0][0]
    coarse = generate(tiny_model, tiny_tokenizer, [[5, 6, 7]], params, autocast=True)[0][0]
    assert coarse.logprobs[0] == pytest.approx(exact.logprobs[0], abs=0.1)


async def test_the_event_loop_runs_on_while_the_model_computes(tiny_model, tiny_tokenizer):
    from deskcheck_agent.samplers.transformers import TransformersSampler

    ticks = 0

    async def clock():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(clock())
    await TransformersSampler(tiny_model, tiny_tokenizer).sample([ask("x" * 40)], SamplingParams(max_tokens=60, n=4))
    ticking.cancel()
    assert ticks > 5


def test_load_model_reads_a_folder_and_its_fingerprint_follows_the_weights(tiny_model, tiny_tokenizer, tmp_path):
    from deskcheck_agent.samplers.transformers import fingerprint, load_model

    tiny_model.save_pretrained(tmp_path)
    tiny_tokenizer.save_pretrained(tmp_path)
    config = ModelConfig(path=str(tmp_path))
    model, tokenizer = load_model(config)
    assert torch.equal(model.lm_head.weight.cpu(), tiny_model.lm_head.weight)
    assert tokenizer.chat_template == tiny_tokenizer.chat_template
    before = fingerprint(config)
    with torch.no_grad():
        model.lm_head.weight.add_(1)
    model.save_pretrained(tmp_path)
    assert fingerprint(config) != before
    template = tmp_path / "own.jinja"
    template.write_text("own")
    assert load_model(replace(config, chat_template=str(template)))[1].chat_template == "own"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (ModelConfig(path="no-such-model"), "neither a folder nor an installed micro model"),
        (ModelConfig(path="./no/such/folder"), "neither a folder"),
        (ModelConfig(path="{tmp}"), "cannot load model"),
        (ModelConfig(path="{tmp}", gguf_file="none.gguf"), "cannot load model"),
    ],
)
def test_a_model_that_is_not_there_is_one_clear_error(config, message, tmp_path):
    from deskcheck_agent.samplers import load_model

    config = replace(config, path=config.path.replace("{tmp}", str(tmp_path)))
    with pytest.raises(ModelError, match=message):
        load_model(config)


def test_vllm_missing_names_the_way_to_install_it():
    with pytest.raises(ModelError, match=r"deskcheck-agent\[vllm\]"):
        make_sampler(SamplerConfig(kind=SamplerKind.vllm, model=ModelConfig(path="x")))


# Scripted, by configuration


async def test_make_sampler_caches(tmp_path):
    (tmp_path / "script.jsonl").write_text('"first"\n{"text": "second"}\n')
    config = SamplerConfig(
        kind=SamplerKind.scripted,
        script=str(tmp_path / "script.jsonl"),
        cache=str(tmp_path),
        model=ModelConfig(path=""),
    )
    sampler = make_sampler(config)
    answers = await asyncio.gather(*(sampler.sample([ask(text)], SamplingParams()) for text in "ab"))
    assert [row[0][0].text for row in answers] == ["first", "second"]
    assert (await make_sampler(config).sample([ask("b")], SamplingParams()))[0][0].text == "second"


@pytest.mark.parametrize(
    ("text", "message"), [("", "is empty"), ("{}\n", ":1: expected"), ('"a"\nx\n', ":2: expected")]
)
def test_a_bad_script_is_one_clear_error(tmp_path, text, message):
    path = tmp_path / "script.jsonl"
    path.write_text(text)
    with pytest.raises(SamplerError, match=message):
        scripted(str(path))
