"""Micro-batches without waste: what TRL computes, on the rows and columns that carry gradient.

TRL pads every prompt of a generation batch on the left and every completion on the right, shuffles, and sends all rows
through the model. Rows with advantage zero or an all-zero mask (groups that all pass or all fail, empty slots) add
nothing to a loss without KL or entropy term, yet cost a forward and a backward pass. So for one optimizer step on one
generation batch, where the order of rows cannot matter, we

    drop    the rows that carry no gradient,
    sort    the others by length and cut them into chunks of equal cost,
    relay   each chunk as one right-padded block: the tail of longer prompts moves into the completion part, masked out.

The loss of a chunk is TRL's own, rescaled by `row_share` where TRL would have divided by a number of rows. The gradient
is that of the plain batch up to float rounding (tests/trainer/test_micro_batch.py).

Axes: B rows, P prompt columns, C completion columns, N tokens of a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

PER_ROW_LOSSES = frozenset({"grpo", "dr_grpo"})
"""Losses that TRL divides by the number of rows of a micro-batch."""
PER_BATCH_LOSSES = frozenset({"dapo", "cispo"})
"""Losses that TRL divides by the tokens of the whole generation batch."""


def live_rows(batch: Mapping[str, Any]) -> torch.Tensor:
    """Which rows carry gradient, shape (B,): a non-zero advantage and at least one unmasked token."""
    mask_BC = batch["completion_mask"]
    if "tool_mask" in batch:
        mask_BC = mask_BC * batch["tool_mask"]
    return mask_BC.any(dim=1) & (batch["advantages"] != 0)


def micro_batches(batch: Mapping[str, Any], count: int, *, loss_type: str, pad_id: int) -> list[dict[str, Any]]:
    """Split a generation batch into `count` batches in TRL's format; `row_share` says how to rescale each loss."""
    rows = batch["advantages"].shape[0]
    lengths_B = batch["prompt_mask"].sum(1) + batch["completion_mask"].sum(1)
    chunks = _cut(live_rows(batch), lengths_B, count)
    made = []
    for chunk in chunks:
        made.append(_relay(batch, chunk, pad_id))
        share = len(chunk) / (rows / count) if loss_type in PER_ROW_LOSSES else 1.0
        made[-1]["row_share"] = share
        made[-1]["num_items_in_batch"] = batch["num_items_in_batch"]
    return made


def cut_evenly(lengths: Sequence[int], count: int) -> list[list[int]]:
    """The places 0, 1, ... in `count` consecutive chunks of about equal total length.

    Chunks stay empty only where there are fewer places than chunks.
    """
    total = sum(lengths)
    chunks: list[list[int]] = [[] for _ in range(count)]
    seen, last = 0, -1
    for place, length in enumerate(lengths):
        chunk = min(count - 1, int((seen + length / 2) * count / total))
        if len(lengths) >= count:  # no chunk is passed over, and enough places are left for those to come
            last = chunk = max(min(chunk, last + 1), count - len(lengths) + place)
        chunks[chunk].append(place)
        seen += length
    return chunks


def _cut(live_B: torch.Tensor, lengths_B: torch.Tensor, count: int) -> list[list[int]]:
    """Row numbers by length, in `count` chunks of about equal tokens; a chunk without live rows gets one dead row.

    Where there are as many live rows as chunks none is empty: there may be no dead row, and a live one must not be
    trained on twice.
    """
    order = sorted(torch.nonzero(live_B).flatten().tolist(), key=lambda row: int(lengths_B[row]))
    chunks = [[order[place] for place in chunk] for chunk in cut_evenly([int(lengths_B[row]) for row in order], count)]
    # TRL runs every chunk through the model, and the shortest row costs least; its advantage or mask is zero.
    spare = int(lengths_B.masked_fill(live_B, int(lengths_B.max()) + 1).argmin())
    return [chunk or [spare] for chunk in chunks]


def _relay(batch: Mapping[str, Any], chunk: list[int], pad_id: int) -> dict[str, Any]:
    """The chunk's rows as one right-padded block, cut at its shortest prompt."""
    rows = torch.tensor(chunk, device=batch["advantages"].device)
    prompt_mask = batch["prompt_mask"][rows].bool()
    completion_mask = batch["completion_mask"][rows].bool()
    ids = torch.cat([batch["prompt_ids"][rows], batch["completion_ids"][rows]], dim=1)
    trained = torch.cat([torch.zeros_like(prompt_mask), completion_mask], dim=1)
    if "tool_mask" in batch:
        trained[:, prompt_mask.shape[1] :] &= batch["tool_mask"][rows].bool()
    present = torch.cat([prompt_mask, completion_mask], dim=1)

    # A stable sort of "is padding" moves the tokens of each row to its left edge in order.
    width = int(present.sum(1).max())
    order = (~present).to(torch.int8).argsort(dim=1, stable=True)[:, :width]
    present = present.gather(1, order)
    ids = ids.gather(1, order).masked_fill(~present, pad_id)
    trained = trained.gather(1, order) & present
    cut = int(prompt_mask.sum(1).min())
    return {
        "prompt_ids": ids[:, :cut],
        "prompt_mask": torch.ones_like(ids[:, :cut]),
        "completion_ids": ids[:, cut:],
        # Nothing attends to what is right of it, so padding on the right needs no attention mask: with all ones the
        # model takes its causal fast path. The loss mask below is what says which tokens count.
        "completion_mask": torch.ones_like(ids[:, cut:]),
        "tool_mask": trained[:, cut:].long(),
        "advantages": batch["advantages"][rows],
    }
