"""`deskcheck-sft`: supervised fine-tuning on narrations (and whatever else is in the mixture), on TRL's SFTTrainer.

Rows are packed into sequences of `max_length` tokens (best fit decreasing, documents kept apart by position ids) or
split into passes of like length, the loss is on completions only, and the optimiser is AdamW or Muon. The same loop
pretrains the micro base from scratch, where text is wrapped instead of packed, as usual for pretraining. Source: paper
section 2. Interrupted, it continues from the last checkpoint with the next batch it would have seen.
"""

from __future__ import annotations

import warnings
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskcheck_conf.entry import command
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.progress import Advance, progress
from deskcheck_conf.run import Run

from deskcheck_trainer import world
from deskcheck_trainer.checkpoints import last_complete, save_whole, steps_of
from deskcheck_trainer.launch.launch import launching
from deskcheck_trainer.sft_config import SFTConfig

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler
    from transformers import TrainerCallback
    from trl.trainer.sft_trainer import SFTTrainer

CHECKPOINT = "checkpoint"
"""Folder of the trained model, in the run folder."""


def train(config: SFTConfig, run: Run) -> float | None:
    """Fine-tune (or pretrain) and save the model; returns the mean training loss of the last tenth of the steps."""
    if not run.is_done():
        from deskcheck_agent.attention import full_precision_attention

        trainer = build(config, run.folder)
        with trainer.args.main_process_first():  # it removes those that were cut off
            resume = last_complete(run.folder / "trainer")
        label = "sft" if config.scratch is None else "pretrain"
        with progress(label, trainer.args.max_steps, done=steps_of(resume)) as advance:
            trainer.add_callback(_report_to(run, advance))
            with full_precision_attention(trainer.model):
                trainer.train(resume_from_checkpoint=str(resume) if resume else None)
        save(trainer, run.folder / CHECKPOINT)
        run.finish(_summary(trainer))
    assert run.summary is not None
    if run.is_main:
        print(f"{run.folder / CHECKPOINT}  loss {run.summary['loss']:.4f}  tokens {run.summary['tokens']}")
    return run.summary["loss"]


def build(config: SFTConfig, folder: Path) -> SFTTrainer:
    """The trainer, ready to start: model, rows, optimiser and schedule of `config`, checkpoints under `folder`."""
    from deskcheck_trainer.sft_data import files_of, is_on_hub, mixture, pretraining_rows

    for part in config.parts() if config.scratch is None else ():
        if not is_on_hub(part):
            files_of(part.path)  # a missing one is told before torch is loaded

    from transformers.trainer_callback import PrinterCallback
    from trl.trainer.sft_trainer import SFTTrainer

    from deskcheck_trainer.backends.labelled_head import score_labelled_positions
    from deskcheck_trainer.optimizer import build_optimizer

    arguments = _arguments(config, folder)  # first: a wrong name is told before anything is loaded
    model, tokenizer = _model(config)
    with arguments.main_process_first():  # the first prepares the rows, the others find them in the cache
        if config.scratch is not None:
            rows = pretraining_rows(config.scratch, config.seed)
        else:
            rows = mixture(config.parts(), narrations=config.narrations, seed=config.seed)
    trainer: Any = SFTTrainer(  # Any: Transformers types model and rows as optional
        model=model, args=arguments, train_dataset=rows, processing_class=tokenizer
    )
    if trainer.args.device.type == "cpu":
        score_labelled_positions(trainer.model)
    if trainer.args.max_steps < 1:
        trainer.args.max_steps = _steps(config, len(trainer.train_dataset))
    trainer.remove_callback(PrinterCallback)  # it prints to stdout, which carries results alone
    trainer.optimizer = build_optimizer(trainer.model, config.optimizer)
    trainer.lr_scheduler = _schedule(config, trainer.optimizer, trainer.args.max_steps)
    return trainer


def _model(config: SFTConfig) -> tuple[Any, Any]:
    if config.scratch is None:
        from deskcheck_agent.samplers import load_model

        return load_model(config.model)
    from deskcheck_trainer.micro_base import new_model, train_tokenizer

    tokenizer = train_tokenizer(config.scratch, config.seed)
    return new_model(config.scratch, tokenizer, config.seed), tokenizer


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


def _arguments(config: SFTConfig, folder: Path) -> Any:
    """TRL's SFTConfig; `config.trl` may add to it, and a name it does not have is an error."""
    import torch
    from transformers import SchedulerType
    from trl.trainer.sft_config import SFTConfig as TRLConfig

    schedules = [kind.value for kind in SchedulerType]
    if config.schedule not in schedules:
        raise ConfigError(f"schedule is {config.schedule!r}, expected one of {', '.join(schedules)}")
    known = {f.name for f in fields(TRLConfig)}
    if unknown := sorted(set(config.trl) - known):
        raise ConfigError(f"trl has no SFTConfig argument {', '.join(unknown)}: see TRL's documentation of SFTConfig")
    values: dict[str, Any] = {
        "output_dir": str(folder / "trainer"),
        "max_length": config.max_length,
        "packing": config.packing,
        # Rows of like length share a pass, but a step is a random sample: steps of like rows alone learn half as fast.
        "train_sampling_strategy": "random" if config.packing else "batch_rebalance",
        "packing_strategy": "wrapped" if config.scratch is not None else "bfd",
        "per_device_train_batch_size": config.sequences_per_pass,
        "gradient_accumulation_steps": config.passes(world.size()),
        "max_steps": config.max_steps,
        "num_train_epochs": config.epochs,
        # DeepSpeed builds optimizer and schedule itself, from these arguments.
        "learning_rate": config.optimizer.learning_rate,
        "adam_beta1": config.optimizer.beta1,
        "adam_beta2": config.optimizer.beta2,
        "weight_decay": config.optimizer.weight_decay,
        "max_grad_norm": 1.0,
        "seed": config.seed,
        "data_seed": config.seed,
        "bf16": config.bf16,
        "use_cpu": not torch.cuda.is_available(),
        "gradient_checkpointing": False,
        "dataloader_pin_memory": torch.cuda.is_available(),
        "save_strategy": "steps",
        "save_steps": config.save_every,
        "save_total_limit": 1,
        "logging_steps": config.log_every,
        "include_num_input_tokens_seen": "non_padding",
        "report_to": "none",
        "disable_tqdm": True,
        "ddp_find_unused_parameters": False,
    }
    with warnings.catch_warnings():  # TRL 1.16 still defaults this argument to True under its old, deprecated name
        warnings.filterwarnings("ignore", message="`gradient_checkpointing` is deprecated")
        return TRLConfig(**{**values, **config.trl})


def save(trainer: Any, folder: Path) -> None:
    """Weights and tokenizer, without the trainer's own state and card; written by the first rank."""
    weights = trainer.accelerator.get_state_dict(trainer.model_wrapped)  # all ranks: it gathers what is in shards

    def write(fresh: Path) -> None:
        trainer.accelerator.unwrap_model(trainer.model).save_pretrained(fresh, state_dict=weights)
        trainer.processing_class.save_pretrained(fresh)

    if world.is_first():
        save_whole(folder, write)


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
    logged = [row for row in trainer.state.log_history if "loss" in row]
    last = logged[-max(1, len(logged) // 10) :]
    return {
        "loss": sum(row["loss"] for row in last) / len(last),
        "steps": trainer.state.global_step,
        "tokens": trainer.state.num_input_tokens_seen,
        "sequences": len(trainer.train_dataset),
        # every log tells the time since the start; the last of a run that reached its end also tells train_loss
        "seconds": sum(row["train_runtime"] for row in trainer.state.log_history if "train_loss" in row),
        "parameters": sum(getattr(p, "ds_numel", p.numel()) for p in trainer.model.parameters()),
    }


main = command("sft", SFTConfig, train, launch=launching(train))
