"""Our configuration as TRL's GRPOConfig, or as its AsyncGRPOConfig.

Some arguments follow from our own fields; those cannot be given twice. Everything else in `algo.trl` must be a field of
that class with a value of its type, so that a misspelt or mistyped argument is refused with the nearest name and not
handed to a constructor.
"""

from __future__ import annotations

import difflib
import types
import typing
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskcheck_conf.errors import ConfigError
from trl.trainer.grpo_config import GRPOConfig

from deskcheck_trainer import world
from deskcheck_trainer.backends.vllm_rollouts import vllm_args
from deskcheck_trainer.rl_config import RLConfig

if TYPE_CHECKING:
    from trl.experimental.async_grpo.async_grpo_config import AsyncGRPOConfig

TOKEN_MEAN = "dapo"
"""The loss that divides by the trained tokens of a step."""
ASYNC_LOSSES = (TOKEN_MEAN, "dr_grpo")
"""What the asynchronous trainer can do: its one clipped loss, divided by the tokens or by a constant."""


def grpo_args(config: RLConfig, folder: Path, *, slots: int) -> GRPOConfig:
    """GRPOConfig for `slots` rows a question; raises ConfigError for arguments that do not fit."""
    ours = _ours(config, folder, slots) | vllm_args(config)
    given = dict(config.algo.trl)
    check_arguments(given, taken=ours)
    if given.get("scale_rewards", "none") not in ("none", False):
        raise ConfigError(
            f"algo.trl.scale_rewards is {given['scale_rewards']!r}, expected none: advantages are ours, pass "
            "algo.advantage=std for division by the group's deviation"
        )
    if given.get("use_vllm"):
        raise ConfigError("algo.trl.use_vllm follows from vllm.mode: pass vllm.mode=server, or vllm.mode=colocate")
    defaults: dict[str, Any] = {
        "scale_rewards": "none",
        "vllm_importance_sampling_mode": "token_truncate",  # TRL's sequence_mask can leave nothing of a long answer
        **_checkpointing(given),
    }
    return GRPOConfig(**(defaults | given | ours))


def async_args(config: RLConfig, folder: Path) -> AsyncGRPOConfig:
    """AsyncGRPOConfig; raises ConfigError for arguments that do not fit, and for losses that TRL cannot do there."""
    from trl.experimental.async_grpo.async_grpo_config import AsyncGRPOConfig

    ours = _ours_async(config, folder)
    given = dict(config.algo.trl)
    if (loss := given.pop("loss_type", TOKEN_MEAN)) not in ASYNC_LOSSES:
        raise ConfigError(
            f"algo.trl.loss_type is {loss!r}, expected one of {', '.join(ASYNC_LOSSES)} with backend=trl_async: TRL's "
            "asynchronous trainer has one clipped loss; pass algo=cwm or algo=dapo, or backend=trl_sync"
        )
    if given.pop("beta", 0):
        raise ConfigError(
            "algo.trl.beta is not 0, but TRL's asynchronous trainer has no KL term: pass backend=trl_sync"
        )
    check_arguments(given, taken=ours, of=AsyncGRPOConfig)
    return AsyncGRPOConfig(**(_checkpointing(given) | given | ours))


def _checkpointing(given: dict[str, Any]) -> dict[str, Any]:
    """TRL's default is on: slower, and only large models need it."""
    named = {"activation_checkpointing", "gradient_checkpointing"} & given.keys()
    return {} if named else {"activation_checkpointing": False}


def check_arguments(given: dict[str, Any], *, taken: typing.Collection[str] = (), of: type = GRPOConfig) -> None:
    """Raise ConfigError unless every key is a free field of TRL's config class `of` and every value has its type."""
    known = {f.name for f in fields(of) if f.init}
    hints = typing.get_type_hints(of)
    for name, value in given.items():
        if name in taken:
            raise ConfigError(f"algo.trl.{name} follows from other keys of this configuration: set those instead")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"see trl's {of.__name__}"
            raise ConfigError(f"algo.trl.{name} is no argument of trl.{of.__name__}: {hint}")
        if not _fits(value, hints[name]):
            raise ConfigError(f"algo.trl.{name} is {value!r}, expected {hints[name]}")


def _fits(value: Any, hint: Any) -> bool:
    """Whether a YAML value has the annotated type; annotations beyond plain types and unions are not judged."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return any(_fits(value, part) for part in typing.get_args(hint))
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint in (str, bool, dict, list, type(None)):
        return isinstance(value, hint)
    return True


def _ours(config: RLConfig, folder: Path, slots: int) -> dict[str, Any]:
    rows = config.blocks_per_step * slots * config.num_generations
    accumulation = world.passes(
        rows,
        config.micro_batch_rows,
        world.size(),
        step_key=f"a step's rows (blocks_per_step {config.blocks_per_step} x {slots} trained turns x "
        f"{config.num_generations} generations)",
        pass_key="micro_batch_rows",
    )
    return _shared(config, folder) | {
        "per_device_train_batch_size": config.micro_batch_rows,
        "steps_per_generation": accumulation,
        "gradient_accumulation_steps": accumulation,
        "shuffle_dataset": False,  # slots of a question must stay together; the order is the mixture's
    }


def _ours_async(config: RLConfig, folder: Path) -> dict[str, Any]:
    options = config.async_
    return _shared(config, folder) | {
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": options.passes(world.size()),
        "token_budget": options.tokens_per_pass,
        "max_staleness": options.max_staleness,
        "weight_sync_steps": options.weight_sync_steps,
    }


def _shared(config: RLConfig, folder: Path) -> dict[str, Any]:
    import torch

    return {
        "output_dir": str(folder),
        "max_steps": config.max_steps,
        "num_generations": config.num_generations,
        "learning_rate": config.optimizer.learning_rate,
        "warmup_steps": config.warmup_steps,
        "lr_scheduler_type": config.lr_scheduler_type,
        "max_grad_norm": config.max_grad_norm,
        "max_completion_length": config.sampling.max_tokens,
        "temperature": config.sampling.temperature,
        "top_p": config.sampling.top_p,
        "seed": config.seed,
        "bf16": config.bf16,
        "use_cpu": not torch.cuda.is_available(),
        "dataloader_pin_memory": torch.cuda.is_available(),
        "logging_steps": 1,
        "save_strategy": "steps",
        "save_steps": config.save_every,
        "save_total_limit": 2,
        "report_to": "none",  # the run's own log carries everything, W&B included
        "disable_tqdm": True,
    }
