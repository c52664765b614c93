"""Attention in full precision while everything else runs under bfloat16 autocast, for decoding on CPUs.

Under autocast a model's keys come out in float32 and its values in bfloat16, so PyTorch would convert the whole cache
at every token; and its CPU kernel for one query is twice as slow in bfloat16 as in float32 (26.7 against 14.9 ms for
256 rows, 8 heads of 32, 220 columns, one core). So: float32 buffers, autocast off inside attention alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "deskcheck_full_precision"


def _attend(
    module: torch.nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: Any, **options: Any
) -> tuple[torch.Tensor, None]:
    with torch.autocast(query.device.type, enabled=False):
        return sdpa_attention_forward(module, query.to(key.dtype), key, value.to(key.dtype), mask, **options)


AttentionInterface.register(NAME, _attend)
AttentionMaskInterface.register(NAME, sdpa_mask)


@contextmanager
def full_precision_attention(model: Any) -> Iterator[None]:
    """Within, the model's SDPA attention keeps out of autocast; another attention implementation is left as it is."""
    before = model.config._attn_implementation
    if before != "sdpa":
        yield
        return
    model.config._attn_implementation = NAME
    try:
        yield
    finally:
        model.config._attn_implementation = before
