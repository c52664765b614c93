"""The configuration of `deskcheck-sft`: which rows, which model, which optimiser, how long.

TRL's own arguments that we do not name pass through `trl` and are checked against SFTConfig's fields when training
starts. No torch in here.
"""

from dataclasses import dataclass, field
from typing import Any

from deskcheck_conf.errors import ConfigError
from deskcheck_conf.schema import ModelConfig

from deskcheck_trainer import world
from deskcheck_trainer.launch.config import TrainingConfig
from deskcheck_trainer.lora import LoRAConfig
from deskcheck_trainer.micro_base import ScratchConfig
from deskcheck_trainer.optimizer import OptimizerConfig, OptimizerKind
from deskcheck_trainer.rope import RopeScalingConfig
from deskcheck_trainer.row_lengths import TooLong


@dataclass(kw_only=True)
class DatasetConfig:
    """One part of the mixture."""

    path: str
    """A folder of `deskcheck-collect`; or a Parquet or JSONL file, a folder or pattern (`*`) of them, or with `split` a
    hub id, with prompt and completion, or messages, or text."""
    columns: dict[str, str] = field(default_factory=dict)
    """Our column -> theirs: `{prompt: problem, completion: generated_solution}`; texts become chat messages."""
    split: str | None = None
    """Split of a dataset on the Hugging Face hub; with `rows` only so many are fetched."""
    subset: str | None = None
    """Its configuration, where it has several."""
    tasks: list[str] = field(default_factory=list)
    """Only rows of these tasks (explain, solve, fix and other renderings, see nlex.Task); all if empty."""
    rows: int | None = None
    """Only the first so many of them; all if null."""
    weight: float = 1.0
    """How often a row is seen an epoch: 0.5 takes a random half, 2 takes each twice."""

    def __post_init__(self) -> None:
        if self.weight <= 0:
            raise ConfigError(f"weight of dataset {self.path} is {self.weight}, expected more than 0")
        if self.columns and set(self.columns) not in ({"prompt", "completion"}, {"messages"}, {"text"}):
            raise ConfigError(
                f"columns of dataset {self.path} name {sorted(self.columns)}, expected prompt and completion, messages,"
                " or text"
            )


@dataclass(kw_only=True)
class SFTConfig(TrainingConfig):
    model: ModelConfig = field(default_factory=ModelConfig)
    scratch: ScratchConfig | None = None
    """Pretrain a new model on plain text instead of fine-tuning `model`."""
    rope_scaling: RopeScalingConfig = field(default_factory=RopeScalingConfig)
    """Stretch the model's positions before training; the paper doubles them: rope_scaling.factor=2."""
    lora: LoRAConfig = field(default_factory=LoRAConfig)
    """Train low-rank adapters instead of all weights, and merge them at the end: lora.r=16."""
    datasets: list[DatasetConfig] = field(default_factory=list)
    reasoning: dict[str, DatasetConfig] = field(default_factory=dict)
    """Public reasoning sets mixed in, by name (config group reasoning; paper, section 2)."""
    narrations: bool = True
    """false: explain rows keep only their output block (the arm without NLEX, same prompts)."""
    packing: bool = True
    """Fill sequences of max_length with whole rows. Off: a sequence is one row, and the rows of a step are split into
    passes of like length, which is faster on a CPU, where attention over a packed sequence is dense
    (docs/decisions.md)."""
    max_length: int = 512
    """Tokens of one sequence."""
    too_long: TooLong = TooLong.cut
    """Rows of more than max_length tokens: cut at their end, as TRL does, or dropped. Either is counted and told."""
    sequences_per_step: int = 16
    """Sequences of one optimiser step; packed, tokens a step = max_length x sequences_per_step."""
    sequences_per_pass: int = 1
    """Sequences of one forward pass; more need more memory."""
    max_steps: int = -1
    """Optimiser steps; -1 trains `epochs`."""
    epochs: float = 1.0
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    warmup_steps: int = 20
    schedule: str = "warmup_stable_decay"
    """Learning rate after warm-up, a Transformers name; warmup_stable_decay falls over the last `decay` share."""
    decay: float = 0.4
    save_every: int = 200
    """Steps between checkpoints; an interrupted run continues from the last one."""
    log_every: int = 10
    activation_checkpointing: bool = False
    """Compute activations again on the way back instead of keeping them: a third more time, far less memory."""
    bf16: bool = True
    """Autocast to bfloat16 (weights and optimiser stay float32)."""
    trl: dict[str, Any] = field(default_factory=dict)
    """Further arguments of TRL's SFTConfig."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scratch is None and not self.parts():
            raise ConfigError("datasets is empty: add one, e.g. datasets='[{path: outputs/collect-micro-s0}]'")
        self.passes(self.launcher.world_size)
        if self.launcher.strategy == "zero3" and self.optimizer.kind is OptimizerKind.muon:
            raise ConfigError(
                "optimizer.kind is muon and launcher.strategy zero3, which cuts matrices into flat pieces that Muon "
                "cannot orthogonalise: pass optimizer.kind=adamw, or launcher.strategy=ddp"
            )
        if self.lora.r is not None and self.launcher.strategy in ("fsdp2", "zero3"):
            raise ConfigError(
                f"lora.r is {self.lora.r} and launcher.strategy {self.launcher.strategy}: adapters are merged into "
                "whole weights at the end; pass launcher.strategy=ddp, with model.dtype=bfloat16 where memory is short"
            )
        changes = {"lora.r": self.lora.r is not None, "rope_scaling.factor": self.rope_scaling.factor > 1}
        for name in (name for name, is_set in changes.items() if is_set and self.scratch is not None):
            raise ConfigError(f"{name} changes a trained model, but scratch makes a new one: leave one of them out")
        self.lora.check(self.optimizer)
        if self.max_steps < 1 and self.epochs <= 0:
            raise ConfigError(f"epochs is {self.epochs}, expected more than 0 where max_steps is not set")

    def passes(self, processes: int) -> int:
        """Forward passes of each of so many processes in one step. Raises ConfigError if a step cannot be dealt out."""
        return world.passes(
            self.sequences_per_step,
            self.sequences_per_pass,
            processes,
            step_key="sequences_per_step",
            pass_key="sequences_per_pass",
        )

    def parts(self) -> list[DatasetConfig]:
        """All parts of the mixture."""
        return [*self.datasets, *self.reasoning.values()]
