"""The decode loop against the slow obvious way: one row at a time, the whole text through the model for every token."""

import pytest
import torch
from deskcheck_agent.decode import Decoder
from deskcheck_agent.draw import draw, uniforms
from deskcheck_agent.sampler import SamplingParams, StopReason

EOS = frozenset({257})


def slowly(model, prompt, params, index, eos=EOS):
    """One completion without cache, padding or batch: (token ids, log-probabilities, stop)."""
    limit = min(params.max_tokens, model.config.max_position_embeddings - len(prompt))
    stream = uniforms(params.seed, prompt, index, limit)
    ids, logprobs = [], []
    for step in range(limit):
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([[*prompt, *ids]])).logits[:, -1]
        knobs = torch.tensor([params.temperature]), torch.tensor([params.top_p]), torch.tensor([stream[step]])
        token, logprob = draw(logits, *knobs)
        ids.append(int(token))
        logprobs.append(float(logprob))
        if ids[-1] in eos:
            return ids, logprobs, StopReason.stop
    return ids, logprobs, StopReason.length


def decoded(model, requests, batch_size, eos=EOS, decode=lambda ids: ""):
    decoder = Decoder(model, eos, decode, batch_size=batch_size)
    for place, (prompt, params) in enumerate(requests):
        decoder.add(place, prompt, params)
    rows = []
    decoder.run(rows.append)
    return {(row.request, row.index): row for row in rows}


def requests(seed=0):
    """Prompts of very different lengths, with every mixture of parameters."""
    generator = torch.Generator().manual_seed(seed)
    choices = [(1.0, 1.0, 40), (1.0, 0.9, 30), (0.0, 1.0, 25), (0.7, 0.5, 60), (1.3, 0.95, 3), (1.0, 0.95, 1)]
    made = []
    for place, (temperature, top_p, max_tokens) in enumerate(choices * 2):
        length = int(torch.randint(1, 70, (1,), generator=generator))
        prompt = tuple(torch.randint(0, 256, (length,), generator=generator).tolist())
        made.append((prompt, SamplingParams(temperature, top_p, max_tokens, n=1 + place % 3, seed=place)))
    return made


@pytest.mark.parametrize("batch_size", [1, 3, 7, 64])
def test_rows_equal_those_decoded_alone_without_cache(tiny_model, batch_size):
    eos = frozenset({257, *range(0, 256, 9)})  # an early end for many rows
    made = requests()
    rows = decoded(tiny_model, made, batch_size, eos)
    assert len(rows) == sum(params.n for _, params in made)
    for (request, index), row in rows.items():
        prompt, params = made[request]
        ids, logprobs, stop = slowly(tiny_model, prompt, params, index, eos)
        assert row.token_ids == ids
        assert row.stop is stop
        assert row.logprobs == pytest.approx(logprobs, abs=1e-4)


@pytest.mark.parametrize("pause", [1, 5, 30])
def test_rows_that_join_a_running_batch_equal_those_decoded_alone(tiny_model, pause):
    made = requests(1)
    decoder, rows, steps = Decoder(tiny_model, EOS, lambda ids: "", batch_size=8), [], 0
    with decoder.awake():
        coming = list(enumerate(made))
        while coming or decoder.busy:
            if coming and steps % pause == 0:
                place, (prompt, params) = coming.pop()
                decoder.add(place, prompt, params)
            rows += decoder.advance()
            steps += 1
    assert len(rows) == sum(params.n for _, params in made)
    for row in rows:
        prompt, params = made[row.request]
        assert row.token_ids == slowly(tiny_model, prompt, params, row.index)[0]


def test_dropped_rows_are_never_told_and_make_room(tiny_model):
    decoder = Decoder(tiny_model, frozenset(), lambda ids: "", batch_size=2)
    for place, (length, n) in enumerate([(1, 2), (1, 2), (128, 1), (1, 1)]):
        decoder.add(place, (7,) * length, SamplingParams(max_tokens=30, n=n, seed=place))
    with decoder.awake():
        told = [row.request for row in decoder.advance()]
        decoder.drop(lambda request: request in (0, 1))
        steps = 0
        while decoder.busy:
            told += [row.request for row in decoder.advance()]
            steps += 1
    assert sorted(told) == [2, 3] and steps <= 31


def test_logprobs_are_those_of_the_model_before_top_p(tiny_model):
    prompt = (5, 6, 7)
    row = decoded(tiny_model, [(prompt, SamplingParams(1.0, 0.3, 20))], 4)[0, 0]
    with torch.no_grad():
        logits = tiny_model(input_ids=torch.tensor([[*prompt, *row.token_ids]])).logits[0]
    whole = torch.log_softmax(logits[len(prompt) - 1 : -1], -1)
    expected = whole.gather(1, torch.tensor(row.token_ids)[:, None]).squeeze(1).tolist()
    assert row.logprobs == pytest.approx(expected, abs=1e-4)


def test_a_prompt_that_fills_the_context_is_an_error_and_others_go_on(tiny_model):
    rows = decoded(tiny_model, [((1,) * 128, SamplingParams()), ((1,) * 120, SamplingParams(max_tokens=50))], 4)
    assert rows[0, 0].stop is StopReason.error and rows[0, 0].token_ids == []
    assert rows[1, 0].stop in (StopReason.length, StopReason.stop) and len(rows[1, 0].token_ids) <= 8


def test_stop_strings_cut_the_text_and_end_the_row(tiny_model):
    def decode(ids):
        return "".join(chr(97 + each % 26) for each in ids)

    free = decoded(tiny_model, [((1, 2), SamplingParams(max_tokens=60, seed=3))], 2, decode=decode)[0, 0]
    text = decode(free.token_ids)
    stop = text[20:23]
    assert text.index(stop) == 20
    row = decoded(tiny_model, [((1, 2), SamplingParams(max_tokens=60, seed=3, stop=(stop, "?")))], 2, decode=decode)[
        0, 0
    ]
    assert row.stop is StopReason.stop
    assert row.text == text[:20]
    assert row.token_ids == free.token_ids[:23]


def test_model_mode_is_restored_and_gradients_still_flow(tiny_model):
    tiny_model.train()
    try:
        decoded(tiny_model, [((1, 2), SamplingParams(max_tokens=3))], 2)
        assert tiny_model.training
        tiny_model(input_ids=torch.tensor([[1, 2]]), labels=torch.tensor([[1, 2]])).loss.backward()
        assert all(each.grad is not None for each in tiny_model.parameters())
    finally:
        tiny_model.zero_grad()
        tiny_model.eval()
