"""Longer contexts by rotary position scaling: the model's positions are stretched before it is trained.

The paper trains Qwen on sequences of 65,536 tokens, twice what it was pretrained on, by "RoPE scaling x2" (A.3); it
does not name the rule. `yarn` (arXiv 2309.00071) is the one that Qwen's own model cards give, `linear` divides every
position by the factor (arXiv 2306.15595). Both are written into the model's configuration, so a checkpoint made with
them loads anywhere as it was trained. Transformers' `dynamic` is not offered: it leaves short sequences as they are and
changes with the longest one seen, so that a model trained on short rows would have learnt nothing of long ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from deskcheck_conf.errors import ConfigError


class RopeKind(StrEnum):
    yarn = "yarn"
    linear = "linear"


@dataclass(kw_only=True)
class RopeScalingConfig:
    """How far a model's positions are stretched."""

    kind: RopeKind = RopeKind.yarn
    factor: float = 1.0
    """New longest sequence over the old one; 1 leaves the positions as they are."""

    def __post_init__(self) -> None:
        if not 1 <= self.factor <= 128:
            raise ConfigError(f"rope_scaling.factor is {self.factor}, expected a number from 1 to 128")


def scale_rope(model_config: Any, scaling: RopeScalingConfig) -> None:
    """Stretch the positions of a Transformers model configuration, in place, before the model is built from it.

    Raises:
        ConfigError: the model has no rotary positions, several kinds of them, or scaled ones.
    """
    old = getattr(model_config, "rope_parameters", None) or {}
    longest = getattr(model_config, "max_position_embeddings", None)
    if "rope_type" not in old or longest is None:
        raise ConfigError(
            f"rope_scaling: a {model_config.model_type} model has no rotary positions of one kind for all its layers "
            f"(its rope_parameters are {old or 'not there'}): leave rope_scaling.factor at 1"
        )
    if old["rope_type"] != "default":
        raise ConfigError(
            f"rope_scaling: the model's positions are scaled already ({old['rope_type']}, factor {old.get('factor')}, "
            f"{longest} positions): leave rope_scaling.factor at 1, or start from the model before it was scaled"
        )
    new = {**old, "rope_type": scaling.kind.value, "factor": float(scaling.factor)}
    if scaling.kind is RopeKind.yarn:
        new["original_max_position_embeddings"] = longest
    model_config.rope_parameters = new
    model_config.max_position_embeddings = round(longest * scaling.factor)
