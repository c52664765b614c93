"""Our configuration as TRL's SFTConfig; `trl` in it may add to what follows from our own keys, or overrule it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from deskcheck_conf.errors import ConfigError
from transformers import SchedulerType
from trl.chat_template_utils import get_training_chat_template
from trl.trainer.sft_config import SFTConfig as TRLConfig

from deskcheck_trainer import world
from deskcheck_trainer.sft_config import SFTConfig


def sft_args(config: SFTConfig, folder: Path) -> TRLConfig:
    """SFTConfig with checkpoints under `folder`. Raises ConfigError for a schedule or an argument that there is not."""
    schedules = [kind.value for kind in SchedulerType]
    if config.schedule not in schedules:
        raise ConfigError(f"schedule is {config.schedule!r}, expected one of {', '.join(schedules)}")
    known = {f.name for f in fields(TRLConfig)}
    if unknown := sorted(set(config.trl) - known):
        raise ConfigError(f"trl has no SFTConfig argument {', '.join(unknown)}: see TRL's documentation of SFTConfig")
    if "gradient_checkpointing" in config.trl:  # the old name, which Transformers overrules by the new one
        raise ConfigError("trl.gradient_checkpointing is activation_checkpointing here, a key of its own: set that")
    return TRLConfig(**{**_ours(config, folder), **config.trl})


def _ours(config: SFTConfig, folder: Path) -> dict[str, Any]:
    return {
        "output_dir": str(folder),
        "max_length": config.max_length,
        "packing": config.packing,
        # Rows of like length share a pass, but a step is a random sample: steps of like rows alone learn half as fast.
        "train_sampling_strategy": "random" if config.packing else "batch_rebalance",
        "packing_strategy": "wrapped" if config.scratch is not None else "bfd",
        "per_device_train_batch_size": config.sequences_per_pass,
        "gradient_accumulation_steps": config.passes(world.size()),
        "max_steps": config.max_steps,
        "num_train_epochs": config.epochs,
        "learning_rate": config.optimizer.learning_rate,  # told to DeepSpeed; optimizer and schedule are ours
        "max_grad_norm": 1.0,
        "seed": config.seed,
        "data_seed": config.seed,
        "bf16": config.bf16,
        "use_cpu": not torch.cuda.is_available(),
        "activation_checkpointing": config.activation_checkpointing,
        "dataloader_pin_memory": torch.cuda.is_available(),
        "save_strategy": "steps",
        "save_steps": config.save_every,
        "save_total_limit": 2,  # a run that goes wrong may do so in the very step that is saved
        "logging_steps": config.log_every,
        "include_num_input_tokens_seen": "non_padding",
        "report_to": "none",
        "disable_tqdm": True,
        "ddp_find_unused_parameters": False,
    }


def marks_answers(tokenizer: Any) -> bool:
    """Whether the chat template says which tokens are the assistant's, by itself or in TRL's version of it."""
    try:
        get_training_chat_template(tokenizer)
    except ValueError:
        return False
    return True
