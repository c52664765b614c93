"""Drawing: frequencies follow the truncated distribution, the cut is the smallest set that holds top_p."""

import pytest
import torch
from deskcheck_agent.draw import draw, uniforms


def drawn(probs, temperature, top_p, count=20_000):
    logits = torch.tensor(probs).log().expand(count, -1)
    uniform = torch.linspace(0, 1, count + 1)[:-1]
    ids, logprobs = draw(logits, torch.full((count,), temperature), torch.full((count,), top_p), uniform)
    return ids, logprobs


@pytest.mark.parametrize(
    ("top_p", "expected"),
    [
        (1.0, [0.1, 0.4, 0.2, 0.3]),
        (0.95, [0.1, 0.4, 0.2, 0.3]),  # 0.9 is less than 0.95: the last one is in
        (0.85, [0.0, 4 / 9, 2 / 9, 3 / 9]),
        (0.7, [0.0, 4 / 7, 0.0, 3 / 7]),
        (0.01, [0.0, 1.0, 0.0, 0.0]),
    ],
)
def test_frequencies_are_those_of_the_nucleus(top_p, expected):
    ids, _ = drawn([0.1, 0.4, 0.2, 0.3], 1.0, top_p)
    shares = torch.bincount(ids, minlength=4) / len(ids)
    assert shares.tolist() == pytest.approx(expected, abs=1e-3)


def test_logprobs_are_before_top_p_and_after_temperature():
    ids, logprobs = drawn([0.1, 0.4, 0.2, 0.3], 0.5, 0.5)
    squared = torch.tensor([0.1, 0.4, 0.2, 0.3]) ** 2
    expected = (squared / squared.sum()).log()[ids]
    assert torch.allclose(logprobs, expected, atol=1e-5)


def test_temperature_zero_is_the_arg_max_beside_sampled_rows():
    logits = torch.tensor([[0.0, 1.0, 0.5]] * 3)
    ids, logprobs = draw(logits, torch.tensor([0.0, 1.0, 1.0]), torch.ones(3), torch.tensor([0.99, 0.0, 0.999]))
    assert ids.tolist() == [1, 0, 2]
    assert logprobs[0] == pytest.approx(float(torch.log_softmax(logits[0], -1)[1]))


def test_wide_vocabularies_use_the_whole_of_it_where_the_top_is_not_enough():
    flat = torch.zeros(2, 1000)
    flat[1, 7] = 50.0
    ids, _ = draw(flat, torch.ones(2), torch.tensor([0.9, 0.9]), torch.tensor([0.9999, 0.9999]))
    assert ids[1] == 7
    probs = torch.rand(4000, generator=torch.Generator().manual_seed(0)).pow(3)
    count = 4000
    ids, _ = draw(probs.log().expand(count, -1), torch.ones(count), torch.full((count,), 0.5), torch.rand(count))
    order = probs.sort(descending=True).indices
    share = (probs / probs.sum())[order].cumsum(0)
    nucleus = set(order[: int((share < 0.5).sum()) + 1].tolist())
    assert set(ids.tolist()) <= nucleus
    assert len(set(ids.tolist())) > 0.8 * len(nucleus)


def test_streams_are_named_by_seed_prompt_and_index():
    first = uniforms(1, (1, 2), 0, 8).tolist()
    assert uniforms(1, (1, 2), 0, 4).tolist() == first[:4]
    others = [uniforms(2, (1, 2), 0, 8), uniforms(1, (1, 3), 0, 8), uniforms(1, (1, 2), 1, 8), uniforms(1, (12,), 0, 8)]
    assert all(each.tolist() != first for each in others)
