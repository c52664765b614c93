"""TRL's tree attention without its CUDA kernel: the same numbers from PyTorch's own attention.

TRL packs rows as a prefix tree: tokens that several rows share are computed once, and each segment of the tree attends
to the path from the root to itself. Its kernel (FlashAttention 3, fetched from a hub) runs on recent GPUs alone. Here
every segment is one call of `scaled_dot_product_attention`, which runs anywhere; the work is the same, the calls more.
Axes: H query heads, K key heads, N packed tokens, Q tokens of a segment, P tokens of its path, D head width.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface

NAME = "deskcheck_tree"


def tree_attention(
    module: torch.nn.Module,
    query_1HND: torch.Tensor,
    key_1KND: torch.Tensor,
    value_1KND: torch.Tensor,
    attention_mask: None,
    *,
    tree_kv_index: torch.Tensor,
    tree_cu_seqlens_q: torch.Tensor,
    tree_cu_seqlens_k: torch.Tensor,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attention output of shape (1, N, H, D); the tree as TRL's TreeRow.pack describes it."""
    if softcap:
        raise NotImplementedError("attention with a soft cap needs TRL's own kernel: install `kernels`, on a GPU")
    ends = zip(tree_cu_seqlens_q.tolist()[1:], tree_cu_seqlens_k.tolist()[1:], strict=True)
    out, q_start, k_start = [], 0, 0
    dtype = key_1KND.dtype  # under autocast on a CPU: float32, which is faster there (deskcheck_agent.attention)
    with torch.autocast(query_1HND.device.type, enabled=False):
        for q_end, k_end in ends:
            path_P = tree_kv_index[k_start:k_end].long()
            out.append(
                torch.nn.functional.scaled_dot_product_attention(
                    query_1HND[:, :, q_start:q_end].to(dtype),
                    key_1KND[:, :, path_P],
                    value_1KND[:, :, path_P].to(dtype),
                    attn_mask=_causal(q_end - q_start, k_end - k_start, sliding_window, path_P.device),
                    scale=scaling,
                    enable_gqa=True,
                )
            )
            q_start, k_start = q_end, k_end
    return torch.cat(out, dim=2).transpose(1, 2).contiguous(), None


def _causal(queries: int, keys: int, window: int | None, device: torch.device) -> torch.Tensor:
    """Who sees whom, shape (Q, P): the last query is the last key, and nobody looks ahead (or beyond the window)."""
    seen_QP = torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)
    return seen_QP if window is None else seen_QP.triu(keys - queries - window + 1)


def use_where_needed(model: Any) -> None:
    """Put this attention in the place of TRL's where its kernel cannot run."""
    if model.device.type != "cuda" or importlib.util.find_spec("kernels") is None:
        AttentionInterface.register(NAME, tree_attention)
        AttentionMaskInterface.register(NAME, lambda **_: None)
        model.config._attn_implementation = NAME
