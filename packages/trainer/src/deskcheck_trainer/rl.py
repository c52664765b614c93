"""`deskcheck-rl`: reinforcement learning with verifiable rewards, on TRL's GRPOTrainer by slot rows (trl_sync.py).

Each step draws a block of tasks from the mixture, plays every task G times with the current weights (sampled in this
process, so never stale), turns rewards into advantages and takes one optimizer step. Every few steps the policy is
scored on validation tasks and the best weights are kept: RL of small models collapses late (paper.md 3). Interrupted at
any point, a run continues from its last checkpoint with the tasks and seeds it would have used.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from deskcheck_agent.sampler import SamplingParams, seed_of
from deskcheck_conf.entry import command
from deskcheck_conf.progress import Advance, progress
from deskcheck_conf.run import Run

from deskcheck_trainer.checkpoints import Best, last_complete, save_whole, steps_of
from deskcheck_trainer.filters import Gibberish, Overlong
from deskcheck_trainer.launch.launch import launching
from deskcheck_trainer.mixture import BlockMixture, Source
from deskcheck_trainer.monitor import Monitor, averages
from deskcheck_trainer.rl_config import RLConfig, training_benchmark, validation_benchmark
from deskcheck_trainer.rollout import Env, Rollout, RolloutEngine, Task
from deskcheck_trainer.sandbox_check import check_sandbox
from deskcheck_trainer.tasks import load_tasks, make_envs

if TYPE_CHECKING:
    from transformers import TrainerCallback

    from deskcheck_trainer.backends.trl_sync import SlotGRPOTrainer

CHECKPOINT = "checkpoint"
"""Folder of the trained model, in the run folder: the best one by validation, else the last."""


def train(config: RLConfig, run: Run) -> float | None:
    """Train and save the model; returns the best validation pass@1 (None without validation)."""
    if not run.is_done():
        from deskcheck_agent.attention import full_precision_attention

        parts = build(config, run.folder)
        check_sandbox(config, run.folder)
        parts.prove(config.prove_rewards)
        resume = last_complete(run.folder / "trainer")
        with progress("rl", config.max_steps, done=steps_of(resume)) as advance:
            parts.attach(run, advance)
            with full_precision_attention(parts.trainer.model):
                parts.trainer.train(resume_from_checkpoint=str(resume) if resume else None)
        run.finish(parts.finish())
    assert run.summary is not None
    print(f"{run.folder / CHECKPOINT}  " + "  ".join(f"{name} {value}" for name, value in run.summary.items()))
    return run.summary["validation"]


@dataclass
class Parts:
    """Everything of one training run, ready to start."""

    config: RLConfig
    folder: Path
    envs: dict[str, Env]
    engine: RolloutEngine
    tasks: dict[str, list[Task]]
    trainer: SlotGRPOTrainer
    tokenizer: Any
    monitor: Monitor
    validation: list[Task]
    best: Best | None = None

    def prove(self, count: int) -> None:
        """Let every environment's reward score its own gold answers, before a step is spent."""
        asyncio.run(self.engine.prove([task for tasks in self.tasks.values() for task in tasks[:count]]))

    def attach(self, run: Run, advance: Advance) -> None:
        self.trainer.add_callback(_callback(self, run, advance))

    def validate(self) -> tuple[float, dict[str, float]]:
        """pass@1 of the selected environment, and the averages of all; the same seeds at every call."""
        seed = seed_of(self.config.seed, "validation")
        groups = asyncio.run(self.engine.run(self.validation, self.config.validation.samples, seed=seed))
        rollouts = [rollout for group in groups for rollout in group.rollouts]
        numbers = {f"validation/{name}": value for name, value in averages(rollouts).items()}
        return numbers[f"validation/{selected(self.config)}/pass"], numbers

    def save(self, folder: Path) -> None:
        self.trainer.accelerator.unwrap_model(self.trainer.model).save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def finish(self) -> dict[str, Any]:
        """Put the result in its place and summarise the run."""
        target = self.folder / CHECKPOINT
        if self.best is None or self.best.model is None:
            save_whole(target, self.save)
            return {"steps": self.config.max_steps, "step": self.config.max_steps, "validation": None}
        model = self.best.model
        save_whole(target, lambda fresh: shutil.copytree(model, fresh, dirs_exist_ok=True))
        scores = self.best.scores
        return {
            "steps": self.config.max_steps,
            "step": self.best.step,
            "validation": scores[self.best.step or 0],
            "validation_before": scores.get(0),
            "validation_last": scores[max(scores)],
        }


def build(config: RLConfig, folder: Path) -> Parts:
    """Model, environments, mixture, engine and trainer of `config`; checkpoints go under `folder`."""
    from datasets import Dataset
    from deskcheck_agent.samplers.transformers import TransformersSampler, load_model, model_path
    from transformers import PrinterCallback
    from transformers.utils import logging as transformers_logging

    from deskcheck_trainer.backends.trl_args import grpo_args
    from deskcheck_trainer.backends.trl_sync import (
        SlotGRPOTrainer,
        SlotRolloutFunc,
        check_slots,
        slot_reward,
        slot_rows,
    )
    from deskcheck_trainer.optimizer import build_optimizer

    model_path(config.model)  # first: a missing one is told before problems are drawn
    monitor = Monitor(folder, config.max_sandbox_faults)
    envs = make_envs(config, progress=lambda: monitor.step / config.max_steps)
    tasks = {name: load_tasks(name, training_benchmark(config, name)) for name in config.env.used()}
    mixture = make_mixture(config, envs, tasks)
    drawn, rows = slot_rows(
        mixture.take(config.max_steps * config.blocks_per_step), lambda task: envs[task.env].max_trained_turns
    )
    args = grpo_args(config, folder / "trainer", slots=mixture.block_rows)
    check_slots(args, mixture.block_rows)

    transformers_logging.disable_progress_bar()  # the run has one bar
    model, tokenizer = load_model(config.model)
    sampler = TransformersSampler(model, tokenizer, batch_size=config.sampler_rows, autocast=config.bf16)
    engine = RolloutEngine(list(envs.values()), sampler, rollout_params(config), filters=make_filters(config))
    algo = config.algo
    rollout_func = SlotRolloutFunc(
        engine,
        drawn,
        tokenizer.eos_token_id,
        algo.advantage,
        algo.credit,
        algo.discount,
        config.seed,
        monitor.watch,
    )
    trainer = SlotGRPOTrainer(
        model=model,
        reward_funcs=slot_reward,
        args=args,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        rollout_func=cast(Any, rollout_func),  # TRL types conversations as list[str]
    )
    trainer.remove_callback(PrinterCallback)  # stdout carries results alone
    trainer.lean = algo.lean
    trainer.optimizer = build_optimizer(cast(Any, trainer.model), config.optimizer)
    validation = make_validation(config) if config.validation.every else []
    return Parts(config, folder, envs, engine, tasks, trainer, tokenizer, monitor, validation)


def make_mixture(config: RLConfig, envs: dict[str, Env], tasks: dict[str, list[Task]]) -> BlockMixture:
    sources = {
        name: Source(tasks[name], env.share, envs[name].max_trained_turns) for name, env in config.env.used().items()
    }
    return BlockMixture(sources, seed=config.seed)


def make_validation(config: RLConfig) -> list[Task]:
    """Validation tasks of every environment in use; none of them is a training task, by split."""
    return [task for name in config.env.used() for task in load_tasks(name, validation_benchmark(config, name))]


def make_filters(config: RLConfig) -> list[Callable[[Rollout], str | None]]:
    filters: list[Callable[[Rollout], str | None]] = []
    if (gibberish := config.algo.gibberish) is not None:
        filters.append(Gibberish(gibberish.min_token_id, gibberish.vocab_size, gibberish.margin))
    if config.algo.drop_overlong:
        filters.append(Overlong())
    return filters


def rollout_params(config: RLConfig) -> SamplingParams:
    sampling = config.sampling
    return SamplingParams(temperature=sampling.temperature, top_p=sampling.top_p, max_tokens=sampling.max_tokens)


def selected(config: RLConfig) -> str:
    """The environment whose validation pass@1 chooses the checkpoint."""
    used = config.env.used()
    return config.validation.select or max(used, key=lambda name: used[name].share)


def _callback(parts: Parts, run: Run, advance: Advance) -> TrainerCallback:
    from transformers import TrainerCallback

    class Report(TrainerCallback):
        """Progress, logs, and validation with the best weights kept."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            parts.monitor.step = state.global_step
            if parts.validation:
                parts.best = Best.at(parts.folder, upto=state.global_step)
                if 0 not in parts.best.scores and state.global_step == 0:
                    self.validate(0)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            step = parts.monitor.step = state.global_step
            parts.engine.sampler.version = step  # type: ignore[attr-defined]
            advance()
            every = parts.config.validation.every
            if parts.validation and (step % every == 0 or step == parts.config.max_steps):
                self.validate(step)

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            row = {name: value for name, value in (logs or {}).items() if name != "epoch"}
            run.log(row | parts.monitor.take(), step=state.global_step)

        def validate(self, step: int) -> None:
            assert parts.best is not None
            score, numbers = parts.validate()
            parts.best.add(step, score, parts.save)
            run.log(numbers, step=step)

    return Report()


main = command("rl", RLConfig, train, launch=launching(train))
