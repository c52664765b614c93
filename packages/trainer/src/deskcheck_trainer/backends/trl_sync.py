"""The synchronous backend: GRPOTrainer on slot rows (slots.py), with our advantages and our sampler.

Rollouts of a step are played by our engine with the weights of that step: by the trainer's own model (adapters are put
into that very model), or by vLLM that TRL has just updated (vllm_rollouts.py). Advantages are ours: computed from whole
groups before TRL sees the rows, and put in place of TRL's by the trainer's override.

Private coupling to TRL 1.16, checked by contract tests: `_generate_and_score_completions` (advantages), and for speed
`_prepare_inputs` and `_compute_loss` (micro_batch.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from deskcheck_agent.samplers.transformers import TransformersSampler, load_model
from transformers import TrainerCallback, set_seed
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

from deskcheck_trainer.backends.backend import Ingredients, mixture_of
from deskcheck_trainer.backends.micro_batch import PER_BATCH_LOSSES, PER_ROW_LOSSES, micro_batches
from deskcheck_trainer.backends.slots import SlotRolloutFunc, check_slots, slot_reward, slot_rows
from deskcheck_trainer.backends.trl_args import grpo_args
from deskcheck_trainer.backends.vllm_rollouts import check_vllm, refresh, vllm_sampler
from deskcheck_trainer.lora import adapter
from deskcheck_trainer.optimizer import build_optimizer
from deskcheck_trainer.rollout import RolloutEngine
from deskcheck_trainer.vllm_config import VllmMode


class SlotGRPOTrainer(GRPOTrainer):
    """GRPOTrainer with our advantages, and with micro-batches that leave out what carries no gradient."""

    lean: bool = True
    """Use micro_batch.py where it gives the same gradient; off, TRL's own batches are used everywhere."""

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        output = super()._generate_and_score_completions(inputs)
        # rollout_func's extra columns were merged into `inputs`, whose order the output rows still have.
        output["advantages"] = torch.tensor(
            [row["advantage"] for row in inputs], dtype=torch.float32, device=output["advantages"].device
        )
        return output

    @property
    def lean_is_exact(self) -> bool:
        """One optimizer step a generation batch, and no loss term that zero-advantage rows would take part in."""
        args = cast(GRPOConfig, self.args)
        return (
            args.loss_type in PER_ROW_LOSSES | PER_BATCH_LOSSES
            and args.steps_per_generation == args.gradient_accumulation_steps
            and self.num_iterations == 1
            and self.beta == 0
            and not self._entropy_bonus_enabled
            and self.top_entropy_quantile == 1.0
            and self.off_policy_mask_threshold is None
            and not self.use_vllm
        )

    def _prepare_inputs(self, generation_batch: Any) -> dict[str, Any]:
        if not (self.lean and self.lean_is_exact and cast(torch.nn.Module, self.model).training):
            return super()._prepare_inputs(generation_batch)
        args = cast(GRPOConfig, self.args)
        count = args.steps_per_generation or 1
        if self._step % count == 0 or self._buffered_inputs is None:
            batch = self._generate_and_score_completions(generation_batch)
            pad_id = cast(int, self._tokenizer.pad_token_id)
            self._buffered_inputs = micro_batches(batch, count, loss_type=args.loss_type, pad_id=pad_id)
        return self._buffered_inputs[self._step % count]

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        share = inputs.pop("row_share", 1.0)
        return super()._compute_loss(model, inputs) * share


@dataclass
class SyncBackend:
    trainer: SlotGRPOTrainer
    engine: RolloutEngine
    tokenizer: Any

    def train(self, resume: Path | None) -> None:
        self.trainer.train(resume_from_checkpoint=str(resume) if resume else None)

    def refresh(self) -> None:
        if self.trainer.use_vllm:
            refresh(self.trainer)

    def play[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(work)


class _Version(TrainerCallback):
    """The sampler's version is the number of optimizer steps: it samples from the trainer's own weights."""

    def __init__(self, sampler: TransformersSampler) -> None:
        self.sampler = sampler

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.sampler.version = state.global_step


def build(made: Ingredients) -> SyncBackend:
    """The trainer, and an engine that samples from its own weights."""
    from datasets import Dataset

    config, algo = made.config, made.config.algo
    mixture = mixture_of(made, slots=True)
    drawn, rows = slot_rows(
        mixture.take(config.max_steps * config.blocks_per_step), lambda task: made.envs[task.env].max_trained_turns
    )
    args = grpo_args(config, made.folder, slots=mixture.block_rows)
    check_slots(args, mixture.block_rows)
    if config.vllm.mode is not VllmMode.none:
        check_vllm(config)
    model, tokenizer = load_model(config.model)
    sampler = TransformersSampler(model, tokenizer, batch_size=config.sampler_rows, autocast=config.bf16)
    engine = made.engine(sampler)
    watch = made.monitor.watch
    rollout_func = SlotRolloutFunc(
        engine, drawn, tokenizer.eos_token_id, algo.advantage, algo.credit, algo.discount, config.seed, watch
    )
    set_seed(config.seed)  # adapters start from random weights
    trainer = SlotGRPOTrainer(
        model=model,
        reward_funcs=slot_reward,
        args=args,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        rollout_func=cast(Any, rollout_func),  # TRL types conversations as list[str]
        callbacks=[_Version(sampler)],
        peft_config=adapter(config.lora, model),  # put into the sampler's own model: it samples what is trained
    )
    if config.vllm.mode is not VllmMode.none:
        engine.sampler = vllm_sampler(trainer, tokenizer, config)
    trainer.lean = algo.lean
    trainer.optimizer = build_optimizer(cast(Any, trainer.model), config.optimizer)
    return SyncBackend(trainer, engine, tokenizer)
