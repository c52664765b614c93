"""TRL's SFTTrainer with a guard: a step that cannot be taken stops the run, and says why and what to change.

Transformers goes on after a loss of NaN (its log even replaces it by the last average), and the next checkpoint holds
weights of NaN. Here every pass's loss is looked at, a number that a step waits for anyway; finite.py looks at the
gradients. Running out of memory is the other end that users can do something about.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import torch
from deskcheck_conf.errors import ConfigError
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from trl.trainer.sft_trainer import SFTTrainer

from deskcheck_trainer.checkpoints import last_complete
from deskcheck_trainer.out_of_memory import is_out_of_memory, shown
from deskcheck_trainer.row_lengths import RowLengths, TooLong, fitting, row_lengths

SHOWN_CHARACTERS = 120


class GuardedSFTTrainer(SFTTrainer):
    """Raises ConfigError for a loss that is not finite, and for a pass that does not fit in memory."""

    args: Any  # Transformers types these as optional, or as the base of what they are
    model: Any
    optimizer: Any
    lr_scheduler: Any
    processing_class: Any
    lengths: RowLengths | None = None
    """How many rows were too long; None where rows are wrapped."""

    def __init__(
        self,
        *args: Any,
        make_optimizer: Callable[[Any], Optimizer],
        make_schedule: Callable[[Optimizer, int], LRScheduler],
        too_long: TooLong = TooLong.cut,
        **kwargs: Any,
    ) -> None:
        """`make_optimizer(model)`, `make_schedule(optimizer, steps)`: as configured, whatever trains underneath."""
        self._make_optimizer, self._make_schedule = make_optimizer, make_schedule
        self._too_long = too_long
        super().__init__(*args, **kwargs)
        self._pass: dict[str, Any] = {}

    # With DeepSpeed Transformers drops both when training starts, and makes others from TrainingArguments, which know
    # neither a schedule of ours nor its warm-up: so ours are made where it asks, not handed over before.

    def create_optimizer(self, model: Any = None) -> Optimizer:
        if self.optimizer is None:
            self.optimizer = self._make_optimizer(self.model if model is None else model)
        return self.optimizer

    def create_scheduler(self, num_training_steps: int, optimizer: Optimizer | None = None) -> LRScheduler:
        if self.lr_scheduler is None:
            self.lr_scheduler = self._make_schedule(optimizer or self.optimizer, num_training_steps)
            self._created_lr_scheduler = True
        return self.lr_scheduler

    def _prepare_dataset(
        self,
        dataset: Any,
        processing_class: Any,
        args: Any,
        packing: bool,
        formatting_func: Any,
        dataset_name: str,
    ) -> Any:
        """TRL's preparation in two halves, for what lies between: tokens, not cut yet. Sets `lengths`."""
        rest = formatting_func, dataset_name
        if packing and args.packing_strategy != "bfd":  # the others split rows and lose nothing
            return super()._prepare_dataset(dataset, processing_class, args, packing, *rest)
        uncut = copy(args)
        uncut.max_length, uncut.shuffle_dataset = None, False
        rows: Any = super()._prepare_dataset(dataset, processing_class, uncut, False, *rest)
        self.lengths = row_lengths(rows, args.max_length, self._too_long)
        if self._too_long is TooLong.drop:
            rows = fitting(rows, args.max_length)
        if self.lengths.rows_too_long and self.lengths.answers_lost == self.lengths.rows:
            raise ConfigError(
                f"no row has a token of its answer within max_length={args.max_length}: all {self.lengths.rows} are "
                "longer; raise max_length"
            )
        return super()._prepare_dataset(rows, processing_class, args, packing, *rest)

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        self._pass = inputs
        try:
            loss = super().training_step(model, inputs, num_items_in_batch)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise ConfigError(self._out_of_memory(error)) from error
        if not math.isfinite(value := float(loss)):
            raise ConfigError(self._not_finite(value))
        return loss

    def _not_finite(self, loss: float) -> str:
        rates = ", ".join(f"{rate:g}" for rate in sorted({group["lr"] for group in self.optimizer.param_groups}))
        return (
            f"step {self.state.global_step + 1}: the loss is {loss}, expected a finite number; {self._weights()}.\n"
            f"Learning rate {rates}, {'bfloat16 autocast' if self.args.bf16 else 'no autocast'}, rows from "
            f"{self._first_text()!r}. Lower optimizer.learning_rate (with Muon also optimizer.muon_learning_rate) or "
            "raise warmup_steps; if it stops at the same step all the same, pass bf16=false or take those rows out.\n"
            f"{self._way_back()}"
        )

    def _weights(self) -> str:
        finite = all(bool(torch.isfinite(weight).all()) for weight in self.model.parameters())
        return "the weights are finite" if finite else "the steps before made weights that are not finite either"

    def _first_text(self) -> str:
        ids = self._pass["input_ids"][0, :SHOWN_CHARACTERS].tolist()
        return str(self.processing_class.decode(ids))[:SHOWN_CHARACTERS]

    def _way_back(self) -> str:
        checkpoint = last_complete(Path(str(self.args.output_dir)))
        if checkpoint is None:
            return "No checkpoint was written yet."
        is_whole = (checkpoint / "config.json").exists()  # one of adapters alone is no model
        return f"The last checkpoint is kept: {checkpoint}" + (
            f"; model.path={checkpoint} starts a new run from its weights." if is_whole else "."
        )

    def _out_of_memory(self, error: RuntimeError) -> str:
        rows, columns = self._pass["input_ids"].shape
        return (
            f"step {self.state.global_step + 1}: out of memory in a pass of {rows} x {columns} tokens "
            f"({shown(error)}). In this order: a smaller sequences_per_pass (now "
            f"{self.args.per_device_train_batch_size}; sequences_per_step stays), activation_checkpointing=true (now "
            f"{str(bool(self.args.activation_checkpointing)).lower()}), a smaller max_length (now "
            f"{self.args.max_length}), lora.r=16.\n{self._way_back()}"
        )
