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

    The log-probability is of softmax(logits / temperature) over the whole vocabulary, *before* top-p; at temperature
    0 (greedy, the arg max) it is that of temperature 1.
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
    """Inverse CDF, in order of token id, over the smallest set of most probable tokens that holds top_p."""
    if bool((top_p_B < 1).any()):
        probs_BV = probs_BV.masked_fill(probs_BV < _least_probable(probs_BV, top_p_B)[:, None], 0)
    sums_BV = probs_BV.cumsum(-1)
    total_B = sums_BV[:, -1]
    # Rounding may not reach the total: beyond it lies no token, or one that top-p cut.
    target_B = torch.minimum(uniform_B * total_B, torch.nextafter(total_B, torch.zeros_like(total_B)))
    return torch.searchsorted(sums_BV, target_B[:, None], right=True).squeeze(1)


def _least_probable(probs_BV: torch.Tensor, top_p_B: torch.Tensor) -> torch.Tensor:
    """The probability (B,) of the last token inside top_p; 0 at top_p 1. Each row's depends on that row alone."""
    sorted_BK = probs_BV.topk(min(TOP, probs_BV.shape[1]), dim=-1).values
    least_B = _last_inside(sorted_BK, top_p_B)
    wide_B = (sorted_BK.sum(-1) < top_p_B) & (top_p_B < 1)
    if bool(wide_B.any()):
        least_B[wide_B] = _last_inside(probs_BV[wide_B].sort(dim=-1, descending=True).values, top_p_B[wide_B])
    return least_B.masked_fill(top_p_B >= 1, 0)


def _last_inside(sorted_BK: torch.Tensor, top_p_B: torch.Tensor) -> torch.Tensor:
    # A token is in while the tokens before it hold less than top_p: the first is always in.
    inside_B1 = (sorted_BK.cumsum(-1) - sorted_BK < top_p_B[:, None]).sum(-1, keepdim=True)
    return sorted_BK.gather(1, inside_B1 - 1).squeeze(1)
