"""Drawing the next token: temperature and top-p by inverse CDF from each row's own random numbers.

One uniform number per row and token, so a row's text is a function of (seed, prompt, index) and the model alone.
Axes: B rows, V vocabulary, K the most probable tokens looked at.
"""

from collections.abc import Sequence

import numpy
import torch

from deskcheck_agent.sampler import seed_of

TOP = 64
"""Top-p is cut among this many tokens first; only where they hold less than top_p is the whole vocabulary sorted."""


def uniforms(seed: int, prompt_ids: Sequence[int], index: int, count: int) -> numpy.ndarray:
    """The first `count` numbers in [0, 1) of the stream that belongs to completion `index` of a prompt."""
    prompt = numpy.asarray(prompt_ids, dtype=numpy.int64).tobytes().hex()
    return numpy.random.default_rng(seed_of(seed, prompt, index)).random(count, dtype=numpy.float32)


def draw(
    logits_BV: torch.Tensor, temperature_B: torch.Tensor, top_p_B: torch.Tensor, uniform_B: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token ids and their log-probabilities, both (B,).

    The log-probability is of softmax(logits / temperature) over the whole vocabulary, *before* top-p; at temperature 0 (greedy, the
    arg max) it is that of temperature 1.
    """
    greedy_B = temperature_B == 0
    logprobs_BV = torch.log_softmax(logits_BV.float() / temperature_B.masked_fill(greedy_B, 1)[:, None], dim=-1)
    if bool(greedy_B.all()):
        ids_B = logprobs_BV.argmax(-1)
    else:
        ids_B = _nucleus(logprobs_BV.exp(), top_p_B, uniform_B)
        ids_B = torch.where(greedy_B, logprobs_BV.argmax(-1), ids_B) if bool(greedy_B.any()) else ids_B
    return ids_B, logprobs_BV.gather(1, ids_B[:, None]).squeeze(1)


def _nucleus(probs_BV: torch.Tensor, top_p_B: torch.Tensor, uniform_B: torch.Tensor) -> torch.Tensor:
    """Inverse CDF over the smallest set of most probable tokens that holds top_p; over the whole vocabulary at top_p 1."""
    if bool((top_p_B >= 1).all()):
        sums_BV = probs_BV.cumsum(-1)
        target_B = uniform_B * sums_BV[:, -1]
        return torch.searchsorted(sums_BV, target_B[:, None], right=True).squeeze(1).clamp(max=probs_BV.shape[1] - 1)
    width = probs_BV.shape[1]
    sorted_BK, order_BK = probs_BV.topk(min(TOP, width), dim=-1)
    if width > TOP and bool((sorted_BK.sum(-1) < top_p_B).any()):
        sorted_BK, order_BK = probs_BV.sort(dim=-1, descending=True)
    sums_BK = sorted_BK.cumsum(-1)
    # A token is in while the tokens before it hold less than top_p: the first is always in.
    inside_B = (sums_BK - sorted_BK < top_p_B[:, None]).sum(-1)
    target_B = uniform_B * sums_BK.gather(1, inside_B[:, None] - 1).squeeze(1)
    place_B = torch.searchsorted(sums_BK, target_B[:, None], right=True).squeeze(1)
    return order_BK.gather(1, torch.minimum(place_B, inside_B - 1)[:, None]).squeeze(1)
