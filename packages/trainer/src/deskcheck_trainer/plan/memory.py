"""Peak memory of one training process, part by part, each with its arithmetic.

Weights, gradients and optimizer state are counted; activations come from a pass on fake tensors (activations.py); the
output head is what TRL's fused head, or ours on a CPU, holds at once. The peak is at the start of the backward pass,
where everything but the gradients is there, or at its end, where the gradients are. Beside it there is what a process
has before it loads anything (Python and its libraries, on a GPU the CUDA context): measure yours, it is not counted.
Axes: N tokens of a pass, S labelled ones, H hidden size, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

from deskcheck_trainer.plan.activations import Kept
from deskcheck_trainer.plan.shape import Shape

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
TILE_TOKENS, TILE_VOCAB = 4096, 32768  # of TRL's fused head (trl/kernels/chunked_logprob.py)
MOST_LOGITS = 32_000_000  # above it our head on a CPU leaves the pass to TRL's (backends/labelled_head.py)
WITHOUT_TRITON = 29  # bytes a logit of a tile beside it: y, z, log_p, p, grad, two temporaries (float32), is_target
STREAM = 4  # bytes of a number of the residual stream, float32 under autocast


@dataclass(frozen=True)
class Part:
    name: str
    bytes: float
    how: str


@dataclass(frozen=True)
class Process:
    """What one process of a run holds."""

    shape: Shape
    kept: Kept
    trained: int
    """Trainable parameters."""
    tokens: int
    """N, tokens of one forward pass."""
    dtype: str = "float32"
    bf16: bool = True
    muon: bool = False
    checkpointing: bool = False
    accumulates: bool = False
    """More than one pass a step: the gradients of the passes before are there when activations are largest."""
    strategy: str = "ddp"
    processes: int = 1
    cpu: bool = True

    @property
    def shards(self) -> int:
        """Processes that share one copy of weights, gradients and optimizer state."""
        return self.processes if self.strategy in ("fsdp2", "zero3") else 1


def state_parts(one: Process) -> list[Part]:
    """What is there all the time between two steps: weights and optimizer state."""
    size, shards = BYTES[one.dtype], one.shards
    cut = f" / {shards} processes" if shards > 1 else ""
    parts = [Part("weights", one.shape.parameters * size / shards, f"{one.shape.parameters:,} x {size} bytes{cut}")]
    taken = min(one.shape.hidden_matrices, one.trained) if one.muon else 0
    if taken:
        parts.append(Part("Muon momentum", taken * size / shards, f"{taken:,} x {size} bytes{cut}"))
    rest = one.trained - taken
    parts.append(Part("AdamW moments", 2 * rest * size / shards, f"2 x {rest:,} x {size} bytes{cut}"))
    return parts


def gradients(one: Process) -> Part:
    size, cut = BYTES[one.dtype], f" / {one.shards} processes" if one.shards > 1 else ""
    return Part("gradients", one.trained * size / one.shards, f"{one.trained:,} x {size} bytes{cut}")


def exchange(one: Process) -> list[Part]:
    """What exchanging weights and gradients between processes needs beside them."""
    if one.processes == 1:
        return []
    if one.shards == 1:
        size = BYTES[one.dtype]
        return [
            Part("DDP buckets", one.trained * size, f"{one.trained:,} x {size} bytes: a second copy of the gradients")
        ]
    size = 2 if one.bf16 else BYTES[one.dtype]
    ends = one.shape.parameters - one.shape.layers * one.shape.in_layer
    held = (2 * one.shape.in_layer + ends) * size + one.shape.in_layer * BYTES[one.dtype]
    how = f"2 layers of {one.shape.in_layer:,} and {ends:,} outside layers x {size} bytes, gradients of one layer"
    return [Part("gathered layers", held, how)]


def activations(one: Process) -> list[Part]:
    """What the backbone keeps from forward to backward."""
    shape, kept = one.shape, one.kept
    copies = kept.copies if one.bf16 else 0
    layer = kept.in_layer - copies
    parts = [Part("around the layers", kept.around, f"embedding, last norm, masks of {one.tokens:,} tokens")]
    if one.checkpointing:
        inputs = shape.layers * one.tokens * shape.hidden * STREAM
        how = f"{shape.layers} layers x {one.tokens:,} tokens x {shape.hidden} x {STREAM} bytes"
        parts += [
            Part("inputs of the layers", inputs, how),
            Part("one layer, worked out again", layer, _each(layer, one)),
        ]
        copied = 1
    else:
        parts.append(Part("layers", shape.layers * layer, f"{shape.layers} x {_each(layer, one)}"))
        copied = shape.layers
    if copies and one.shards == 1:
        how = f"{copied} x {copies / 2**20:,.1f} MiB that autocast keeps"
        parts.append(Part("bfloat16 copies of weights", copied * copies, how))
    return parts


def _each(layer: float, one: Process) -> str:
    return f"{one.tokens:,} tokens x {layer / one.tokens:,.0f} bytes"


def head(one: Process) -> Part:
    """The output head with its loss, at its largest: in its backward pass."""
    shape, logits = one.shape, one.tokens * one.shape.vocab
    copy = shape.vocab * shape.hidden * 2 if one.bf16 else 0
    if one.cpu and logits <= MOST_LOGITS:
        # float32: log-probabilities, their gradient, that of the logits; then the logits' own gradient
        each = 14 if one.bf16 else 16
        how = f"{one.tokens:,} tokens x {shape.vocab:,} x {each} bytes, its weights in bfloat16 {copy / 2**20:,.1f} MiB"
        return Part("output head", logits * each + copy, how)
    size = 2 if one.bf16 else 4
    tile = min(one.tokens, TILE_TOKENS) * min(shape.vocab, TILE_VOCAB) * (size + WITHOUT_TRITON * one.cpu)
    sums = (one.tokens * shape.hidden + shape.vocab * shape.hidden) * 4
    how = f"a tile of {tile / 2**20:,.0f} MiB, float32 gradients of its input and weights {sums / 2**20:,.0f} MiB"
    return Part("output head", tile + sums, how)


def peak(one: Process) -> tuple[list[Part], float]:
    """The parts that are there at the peak, and their sum in bytes."""
    state, grads, moved = state_parts(one), gradients(one), exchange(one)
    forward = [*activations(one), head(one)]
    turning = [*state, *([grads] if one.accumulates else []), *moved, *forward]
    ending = [*state, grads, *moved]
    parts = max(turning, ending, key=total)
    return parts, total(parts)


def total(parts: list[Part]) -> float:
    return sum(part.bytes for part in parts)
