"""`deskcheck-sft`: supervised fine-tuning on narrations (and whatever else is in the mixture), on TRL's SFTTrainer.

Rows are packed into sequences of `max_length` tokens (best fit decreasing, documents kept apart by position ids) or
split into passes of like length; the loss is on completions only; all weights are trained or adapters alone (lora.py),
with positions as they are or stretched (rope.py); the optimiser is AdamW or Muon. The same loop pretrains the micro
base from scratch, where text is wrapped instead of packed, as usual for pretraining. Source: paper section 2.
Interrupted, it continues from the last checkpoint with the next batch it would have seen.
"""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskcheck_conf.entry import command
from deskcheck_conf.progress import Advance, progress
from deskcheck_conf.run import Run

from deskcheck_trainer import world
from deskcheck_trainer.checkpoints import last_complete, save_whole, steps_of
from deskcheck_trainer.launch.launch import launching
from deskcheck_trainer.lora import adapter, merged
from deskcheck_trainer.rope import scale_rope
from deskcheck_trainer.row_lengths import RowLengths
from deskcheck_trainer.sft_checks import refuse_length, refuse_template
from deskcheck_trainer.sft_config import SFTConfig

if TYPE_CHECKING:
    from datasets import Dataset
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler
    from transformers import TrainerCallback

    from deskcheck_trainer.backends.guarded_sft import GuardedSFTTrainer

LOG = logging.getLogger(__name__)
SHOWN = 4
"""Sequences of the training data in W&B's table of samples."""
CHECKPOINT = "checkpoint"
"""Folder of the trained model, in the run folder."""
ADAPTER = "adapter"
"""Folder of the adapter beside it, with lora.keep_adapter."""


def train(config: SFTConfig, run: Run) -> float | None:
    """Fine-tune (or pretrain) and save the model; returns the mean training loss of the last tenth of the steps."""
    if not run.is_done():
        from deskcheck_agent.attention import full_precision_attention

        trainer = build(config, run.folder)
        with trainer.args.main_process_first():  # it removes those that were cut off
            resume = last_complete(run.folder / "trainer")
        label = "sft" if config.scratch is None else "pretrain"
        if not steps_of(resume):
            _tell_rows(trainer, config, run)
        with progress(label, trainer.args.max_steps, done=steps_of(resume)) as advance:
            trainer.add_callback(_report_to(run, advance))
            with full_precision_attention(trainer.model):
                trainer.train(resume_from_checkpoint=str(resume) if resume else None)
        summary = _summary(trainer)
        _export(trainer, config, run.folder)
        run.finish(summary)
    assert run.summary is not None
    if run.is_main:
        print(f"{run.folder / CHECKPOINT}  loss {run.summary['loss']:.4f}  tokens {run.summary['tokens']}")
    return run.summary["loss"]


def build(config: SFTConfig, folder: Path) -> GuardedSFTTrainer:
    """The trainer, ready to start: model, rows, optimiser and schedule of `config`, checkpoints under `folder`.

    Raises:
        ConfigError, InputError: what the configuration, the model and the rows cannot do together.
    """
    from deskcheck_trainer.sft_data import files_of, is_on_hub

    for part in config.parts() if config.scratch is None else ():
        if not is_on_hub(part):
            files_of(part.path)  # a missing one is told before torch is loaded

    from transformers import set_seed
    from transformers.trainer_callback import PrinterCallback

    from deskcheck_trainer.backends.finite import FiniteGuard
    from deskcheck_trainer.backends.guarded_sft import GuardedSFTTrainer
    from deskcheck_trainer.backends.labelled_head import score_labelled_positions
    from deskcheck_trainer.backends.sft_args import sft_args
    from deskcheck_trainer.optimizer import build_optimizer

    arguments = sft_args(config, folder / "trainer")  # first: a wrong name is told before anything is loaded
    model, tokenizer = _model(config)
    with arguments.main_process_first():  # the first prepares the rows, the others find them in the cache
        rows = _rows(config)
    refuse_template(tokenizer, rows, assistant_only=arguments.assistant_only_loss)
    set_seed(config.seed)  # adapters start from random weights, before the trainer has set it
    trainer: Any = GuardedSFTTrainer(
        model=model,
        args=arguments,
        train_dataset=rows,
        processing_class=tokenizer,
        peft_config=adapter(config.lora, model),
        make_optimizer=partial(build_optimizer, config=config.optimizer),
        make_schedule=partial(_schedule, config),
        too_long=config.too_long,
    )
    refuse_length(trainer.train_dataset, model.config)
    if trainer.args.device.type == "cpu":
        score_labelled_positions(model)
    if trainer.args.max_steps < 1:
        trainer.args.max_steps = _steps(config, len(trainer.train_dataset))
    trainer.add_callback(FiniteGuard())
    trainer.remove_callback(PrinterCallback)  # it prints to stdout, which carries results alone
    return trainer


def _model(config: SFTConfig) -> tuple[Any, Any]:
    if config.scratch is None:
        from deskcheck_agent.samplers.transformers import load_model

        scaling = config.rope_scaling
        is_stretched = scaling.factor > 1
        change = partial(scale_rope, scaling=scaling) if is_stretched else None
        model, tokenizer = load_model(config.model, change=change)
        if is_stretched:
            tokenizer.model_max_length = max(tokenizer.model_max_length, model.config.max_position_embeddings)
        return model, tokenizer
    from deskcheck_trainer.micro_base import new_model, train_tokenizer

    tokenizer = train_tokenizer(config.scratch, config.seed)
    return new_model(config.scratch, tokenizer, config.seed), tokenizer


def _rows(config: SFTConfig) -> Dataset:
    from deskcheck_trainer.sft_data import mixture, pretraining_rows

    if config.scratch is not None:
        return pretraining_rows(config.scratch, config.seed)
    return mixture(config.parts(), narrations=config.narrations, seed=config.seed)


def _steps(config: SFTConfig, sequences: int) -> int:
    """Optimiser steps of `epochs` passes over so many packed sequences."""
    return max(1, int(sequences * config.epochs) // config.sequences_per_step)


def _schedule(config: SFTConfig, optimizer: Optimizer, steps: int) -> LRScheduler:
    """The learning rate over `steps`; one factor for all parameter groups."""
    from transformers import get_scheduler

    decays = {"num_decay_steps": round(config.decay * steps)} if config.schedule == "warmup_stable_decay" else {}
    return get_scheduler(
        config.schedule,
        optimizer,
        num_warmup_steps=min(config.warmup_steps, steps // 10),
        num_training_steps=steps,
        scheduler_specific_kwargs=decays,
    )


def _export(trainer: Any, config: SFTConfig, folder: Path) -> None:
    """The trained model as an ordinary checkpoint, without the trainer's own state and card; adapters are merged.

    All ranks take part, since weights in shards are gathered; the first writes.
    """
    model = trainer.accelerator.unwrap_model(trainer.model)
    weights = trainer.accelerator.get_state_dict(trainer.model_wrapped) if world.is_sharded() else None
    if not world.is_first():
        return
    if config.lora.r is not None and config.lora.keep_adapter:
        save_whole(folder / ADAPTER, model.save_pretrained)
    model = merged(model)

    def save(fresh: Path) -> None:
        model.save_pretrained(fresh, state_dict=weights)
        trainer.processing_class.save_pretrained(fresh)

    save_whole(folder / CHECKPOINT, save)


def _tell_rows(trainer: Any, config: SFTConfig, run: Run) -> None:
    """Of the rows that are trained on: how many are too long (metrics.jsonl, W&B, a warning), and what some look like
    (W&B)."""
    lengths: RowLengths | None = trainer.lengths
    if lengths is not None:
        run.log(lengths.numbers(), step=0)
        if lengths.rows_too_long and run.is_main:
            LOG.warning("%s", lengths.told(config.too_long, config.max_length))
    rows = trainer.train_dataset
    first = [trainer.processing_class.decode(rows[place]["input_ids"]) for place in range(min(SHOWN, len(rows)))]
    run.table("samples", [{"sequence": place, "text": text} for place, text in enumerate(first)])


def _report_to(run: Run, advance: Advance) -> TrainerCallback:
    """Progress bar and run.log, at every step and every log of the trainer."""
    from transformers import TrainerCallback

    class Report(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            advance()

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            # TRL's own num_tokens starts from zero where a run is continued; Transformers' count does not.
            kept = {key: value for key, value in (logs or {}).items() if key not in ("epoch", "num_input_tokens_seen")}
            if "num_tokens" in kept:
                kept["num_tokens"] = state.num_input_tokens_seen
            run.log(kept, step=state.global_step)

    return Report()


def _summary(trainer: Any) -> dict[str, Any]:
    told = trainer.state.log_history
    # A run of fewer steps than log_every has logged no loss; its mean over all steps is told at the end.
    name = "loss" if any("loss" in row for row in told) else "train_loss"
    logged = [row[name] for row in told if name in row]
    last = logged[-max(1, len(logged) // 10) :]
    return {
        "loss": sum(last) / len(last),
        "steps": trainer.state.global_step,
        "tokens": trainer.state.num_input_tokens_seen,
        "sequences": len(trainer.train_dataset),
        "rows_too_long": trainer.lengths.rows_too_long if trainer.lengths is not None else 0,
        # every log tells the time since the start; the last of a run that reached its end also tells train_loss
        "seconds": sum(row["train_runtime"] for row in told if "train_loss" in row),
        "parameters": sum(map(world.numel, trainer.model.parameters())),
        "trained_parameters": sum(world.numel(p) for p in trainer.model.parameters() if p.requires_grad),
    }


main = command("sft", SFTConfig, train, launch=launching(train))
