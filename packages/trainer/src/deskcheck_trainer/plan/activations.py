"""What a forward pass keeps for the backward pass, found by running it on fake tensors.

A formula would have to know every architecture, precision and attention kernel. PyTorch's fake tensors have shapes and
no data, and autograd tells what it saves; so the model's own code runs, on one layer and on two, and the difference is
what a layer keeps. Checkpointed layers keep their input, and one at a time is worked out again. Axes: B rows, L tokens.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deskcheck_trainer.plan.shape import adapted, empty_model, with_layers

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig


@dataclass(frozen=True)
class Pass:
    """One forward pass of one process."""

    rows: int
    tokens: int
    """Tokens of a row."""
    bf16: bool
    dtype: str = "float32"
    """Of the weights."""
    masked: bool = False
    """Attention over a dense mask, as packed rows or padding want it without a variable-length kernel."""
    cpu: bool = True
    """On a CPU attention keeps out of autocast (deskcheck_agent.attention)."""


@dataclass(frozen=True)
class Kept:
    """Bytes that are alive from forward to backward."""

    in_layer: int
    around: int
    """Embedding, last norm, masks: what is there however many layers there are."""
    copies: int
    """Part of `in_layer` that does not grow with the tokens: the weights in bfloat16, which autocast keeps."""


def kept(config: PreTrainedConfig, one: Pass, lora: Any = None) -> Kept:
    """What `one` keeps of a model of `config`, with adapters where `lora` asks for them."""
    single, double = (_saved(with_layers(config, layers), one, lora) for layers in (1, 2))
    short = Pass(1, 2, one.bf16, one.dtype, False, one.cpu)
    few = [_saved(with_layers(config, layers), short, lora) for layers in (1, 2)]
    return Kept(in_layer=double - single, around=single - (double - single), copies=few[1] - few[0])


def _saved(config: PreTrainedConfig, one: Pass, lora: Any) -> int:
    """Bytes of distinct storages that autograd saves in a pass of the whole backbone, parameters aside."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode

    config = deepcopy(config)
    config.dtype, config._attn_implementation = getattr(torch, one.dtype), _attention(one)
    backbone = adapted(empty_model(config), lora).get_decoder().train()
    with FakeTensorMode():
        weights = {name: _fake(tensor) for name, tensor in (*backbone.named_parameters(), *backbone.named_buffers())}
        ids = torch.zeros((one.rows, one.tokens), dtype=torch.long)
        storages: dict[int, torch.UntypedStorage] = {}
        own = {tensor.untyped_storage()._cdata for tensor in weights.values()}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            if storage._cdata not in own:
                storages[storage._cdata] = storage  # held, so that its address is not used again
            return tensor

        saving = torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)
        with saving, torch.autocast("cpu", dtype=torch.bfloat16, enabled=one.bf16):
            torch.func.functional_call(backbone, weights, (ids,), {"use_cache": False})
        return sum(storage.nbytes() for storage in storages.values())


def _fake(tensor: torch.Tensor) -> torch.Tensor:
    """A fake tensor on the CPU like one on the meta device, which autocast would pass by."""
    import torch

    return torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu", requires_grad=tensor.requires_grad)


def _attention(one: Pass) -> str:
    """Name of the attention that a run would use, as Transformers knows it.

    On fake tensors Transformers always makes a mask, since it cannot look at the tokens; a twin that makes none stands
    for the passes that need none.
    """
    from deskcheck_agent.attention import NAME
    from transformers import AttentionInterface, AttentionMaskInterface

    used = NAME if one.cpu else "sdpa"
    if one.masked:
        return used
    twin = f"{used}_without_mask"
    AttentionInterface.register(twin, AttentionInterface()[used])
    AttentionMaskInterface.register(twin, lambda *_, **__: None)
    return twin
