"""Low-rank adapters (LoRA, arXiv 2106.09685): a few per cent of the weights are trained, the rest stay as they were.

The adapters are peft's. What a run leaves behind is an ordinary checkpoint all the same: at its end the adapters are
added to the weights they belong to, so that whatever serves or trains the model next needs no peft. Muon is refused:
it makes every update of a matrix orthogonal, which is meant for a whole weight matrix and not for the two factors of
one, whose product would then grow at a rate that neither learning rate names. RL keeps its best weights while it goes
on, so `merged_weights` leaves the model as it is. Only functions that are given a model need peft.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deskcheck_conf.errors import ConfigError

from deskcheck_trainer.optimizer import OptimizerConfig, OptimizerKind

if TYPE_CHECKING:
    from peft import LoraConfig

ALL_LINEAR = "all-linear"


@dataclass(kw_only=True)
class LoRAConfig:
    """Rank, scale and place of the adapters."""

    r: int | None = None
    """Rank of every adapter, as 16; null: no adapters, all weights are trained."""
    alpha: float = 32.0
    """An adapter's output is multiplied by alpha / r."""
    dropout: float = 0.0
    target_modules: list[str] = field(default_factory=list)
    """Names of the linear layers that get one, as in [q_proj, v_proj]; empty: all but the output head."""
    keep_adapter: bool = False
    """Leave the adapter too, beside the merged weights: in the folder `adapter` of the run (deskcheck-sft) or of its
    checkpoint (deskcheck-rl)."""

    def __post_init__(self) -> None:
        if self.r is not None and self.r < 1:
            raise ConfigError(f"lora.r is {self.r}, expected 1 or more, or null to train all weights")
        if not self.alpha > 0:
            raise ConfigError(f"lora.alpha is {self.alpha}, expected more than 0")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"lora.dropout is {self.dropout}, expected a share in [0, 1)")

    def check(self, optimizer: OptimizerConfig) -> None:
        """ConfigError where adapters are to be trained by Muon."""
        if self.r is not None and optimizer.kind is OptimizerKind.muon:
            raise ConfigError(
                "optimizer.kind is muon, which is for whole weight matrices and not for the two factors of an adapter: "
                "pass optimizer.kind=adamw with lora.r"
            )


def adapter(config: LoRAConfig, model: Any) -> LoraConfig | None:
    """What peft is to add to `model`; None where all weights are trained.

    Raises:
        ConfigError: the model has no layer of a name in target_modules, or that layer cannot have an adapter.
    """
    if config.r is None:
        return None
    import torch
    from peft import LoraConfig

    linear = {name.rpartition(".")[2] for name, part in model.named_modules() if isinstance(part, torch.nn.Linear)}
    possible = sorted(linear - {"lm_head"})  # TRL's fused head reads the output head's weight past any adapter
    if unknown := sorted(set(config.target_modules) - set(possible)):
        raise ConfigError(f"lora.target_modules names {', '.join(unknown)}, expected some of {', '.join(possible)}")
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=config.r,
        lora_alpha=config.alpha,  # pyright: ignore[reportArgumentType] - typed int, used as a factor
        lora_dropout=config.dropout,
        target_modules=config.target_modules or ALL_LINEAR,
    )


def merged(model: Any) -> Any:
    """The model itself with its adapters added to its weights (in place: the adapted model is used up); a model
    without adapters as it is."""
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") else model


def merged_weights(model: Any) -> dict[str, Any]:
    """The weights of the model without adapters that says what `model` says, by its parameter names; nothing changes.

    Adding in place and taking away again would leave rounding behind: a run would depend on when it was saved.
    """
    from peft.tuners.lora import LoraLayer

    base = model.get_base_model()
    weights = {name: value for name, value in base.state_dict().items() if ".lora_" not in name}
    for name, layer in base.named_modules():
        if isinstance(layer, LoraLayer):
            weight = weights[f"{name}.base_layer.weight"]
            for adapter_name in layer.active_adapters:
                delta: Any = layer.get_delta_weight(adapter_name)  # type: ignore[operator] - of every kind of layer
                weight = weight + delta.to(weight.dtype)
            weights[f"{name}.base_layer.weight"] = weight.detach()
    return {name.replace(".base_layer.", "."): value for name, value in weights.items()}
