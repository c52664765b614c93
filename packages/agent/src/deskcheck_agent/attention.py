"""Attention in full precision while everything else runs under bfloat16 autocast, for CPUs: in decoding and training.

Under autocast a model's keys come out in float32 and its values in bfloat16, so PyTorch would convert the whole cache
at every token; and its CPU kernels are slower in bfloat16 than in float32: for one query 26.7 against 14.9 ms (256
rows, 8 heads of 32, 220 columns, one core), forward and back over a batch 38 against 24 ms (11 rows, 6 heads of 32, 206
positions). So: float32 buffers, autocast off inside attention alone.

Packed rows attend one by one. SDPA would hold them apart by a mask over the whole sequence and score every pair of
tokens under it; most pairs are of different rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "deskcheck_full_precision"


def _attend(
    module: torch.nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: Any, **options: Any
) -> tuple[torch.Tensor, None]:
    query, value = query.to(key.dtype), value.to(key.dtype)
    with torch.autocast(query.device.type, enabled=False):
        ends = _ends_of_rows(query, options)
        if ends is None:
            return sdpa_attention_forward(module, query, key, value, mask, **options)
        rows = [
            sdpa_attention_forward(module, query[:, :, a:b], key[:, :, a:b], value[:, :, a:b], None, **options)[0]
            for a, b in pairwise(ends)
        ]
        return torch.cat(rows, dim=1), None


def _ends_of_rows(query: torch.Tensor, options: dict[str, Any]) -> list[int] | None:
    """Where the rows of a packed sequence begin and end, from 0 to its length; None if it is not packed, or a window
    hides more than other rows."""
    given = options.get("cu_seq_lens_q")
    if given is None or options.get("sliding_window") is not None or query.shape[0] > 1:
        return None
    ends = given.tolist()
    return ends if ends[-1] == query.shape[2] else None


AttentionInterface.register(NAME, _attend)
AttentionMaskInterface.register(NAME, sdpa_mask)


@contextmanager
def full_precision_attention(model: Any) -> Iterator[None]:
    """Within, the SDPA attention of a model on a CPU keeps out of autocast; any other is left as it is."""
    before = model.config._attn_implementation
    if before != "sdpa" or model.device.type != "cpu":
        yield
        return
    model.config._attn_implementation = NAME
    try:
        yield
    finally:
        model.config._attn_implementation = before
