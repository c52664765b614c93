"""How long a run takes: tokens x operations a token / (operations a second at best x the share of it that is reached).

A token costs two operations a parameter that it is multiplied with, three times that with the backward pass (Kaplan et
al. 2020, arXiv 2001.08361, 2.1), four times where checkpointed layers are worked out again; attention adds 2 x 2 x
query width x the tokens looked at a layer. Decoding is bound by memory as well: each step of a batch reads all weights.
"""

from __future__ import annotations

from dataclasses import dataclass

from deskcheck_trainer.plan.shape import Shape


@dataclass(frozen=True)
class Phase:
    name: str
    seconds: float
    how: str


def operations(shape: Shape, context: float, *, passes: int) -> float:
    """Operations a token that looks at `context` others. passes: 1 forward, 3 with backward, 4 checkpointed."""
    return passes * (2 * shape.in_products + 4 * shape.layers * shape.query * context)


def training(
    shape: Shape, tokens: float, context: float, *, checkpointing: bool, devices: int, tflops: float, mfu: float
) -> Phase:
    """Forward and backward over `tokens`, in rows of `context` tokens on average."""
    passes = 4 if checkpointing else 3
    each = operations(shape, context / 2, passes=passes)
    rate = devices * tflops * 1e12 * mfu
    how = (
        f"{tokens:,.0f} tokens x {each:.3g} operations ({passes} x (2 x {shape.in_products:,} + attention over "
        f"{context / 2:,.0f})) / ({devices} x {tflops:g} TFLOP/s x {mfu:g})"
    )
    return Phase("training", tokens * each / rate, how)


def decoding(
    shape: Shape,
    rows: int,
    tokens: int,
    at_once: int,
    *,
    weight_bytes: int,
    cache_bytes: float,
    devices: int,
    tflops: float,
    mfu: float,
    bandwidth_gb_s: float,
) -> Phase:
    """`rows` completions of `tokens` tokens, `at_once` on each device; `cache_bytes` a row of keys and values."""
    batches = -(-rows // (at_once * devices))
    computed = at_once * operations(shape, 0, passes=1) / (tflops * 1e12 * mfu)
    moved = (shape.parameters * weight_bytes + at_once * cache_bytes) / (bandwidth_gb_s * 1e9)
    step = max(computed, moved)
    how = (
        f"{batches} batches of {at_once} x {devices} rows x {tokens:,} tokens x {step * 1e3:.3g} ms "
        f"(computing {computed * 1e3:.3g}, reading weights and cache {moved * 1e3:.3g})"
    )
    return Phase("sampling", batches * tokens * step, how)


def clock(seconds: float) -> str:
    """`18.3 h` and the like."""
    for limit, unit, size in ((120, "s", 1), (7200, "min", 60), (172_800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 86_400:.3g} days"
