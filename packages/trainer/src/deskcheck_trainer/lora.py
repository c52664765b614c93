"""Low-rank adapters (LoRA, arXiv 2106.09685): a few per cent of the weights are trained, the rest stay as they were.

The adapters are peft's. What a run leaves behind is an ordinary checkpoint all the same: at its end the adapters are
added to the weights they belong to, so that whatever serves or trains the model next needs no peft. Muon is refused:
it makes every update of a matrix orthogonal, which is meant for a whole weight matrix and not for the two factors of
one, whose product would then grow at a rate that neither learning rate names. Only `adapter` and `merged` need peft.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deskcheck_conf.errors import ConfigError

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
    """Leave the adapter in the run folder too (`adapter`), beside the merged checkpoint."""

    def __post_init__(self) -> None:
        if self.r is not None and self.r < 1:
            raise ConfigError(f"lora.r is {self.r}, expected 1 or more, or null to train all weights")
        if not self.alpha > 0:
            raise ConfigError(f"lora.alpha is {self.alpha}, expected more than 0")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"lora.dropout is {self.dropout}, expected a share in [0, 1)")


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
