"""Configuration, command entry and run folders shared by the deskcheck packages.

This package is also Hydra's `pkg://deskcheck_conf`: the YAML beside this file is what the commands compose. It imports
neither torch nor wandb, and none of its sibling packages.
"""

from deskcheck_conf.entry import command, load_config, register, run_folder
from deskcheck_conf.errors import AnswerIsNo, ConfigError
from deskcheck_conf.files import write_atomic
from deskcheck_conf.progress import progress
from deskcheck_conf.run import Run
from deskcheck_conf.schema import (
    ModelConfig,
    RunConfig,
    SamplerConfig,
    SamplerKind,
    SamplingConfig,
    WandbConfig,
    WandbMode,
)

__all__ = [
    "AnswerIsNo",
    "ConfigError",
    "ModelConfig",
    "Run",
    "RunConfig",
    "SamplerConfig",
    "SamplerKind",
    "SamplingConfig",
    "WandbConfig",
    "WandbMode",
    "command",
    "load_config",
    "progress",
    "register",
    "run_folder",
    "write_atomic",
]
