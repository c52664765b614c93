"""`deskcheck-rl`: reinforcement learning with verifiable rewards, on one of two backends of TRL.

`trl_sync` plays a block of tasks with the current weights, then takes one optimizer step, and so on. `trl_async` plays
beside the training, with weights that are a few versions old. Tasks, environments, rewards, advantages, validation and
checkpoints are the same. Every few steps the policy is scored on validation tasks and the best weights are kept: RL of
small models collapses late (paper.md 3), and once it has, the run stops. Interrupted at any point, a run continues from
its last checkpoint: with the tasks and seeds it would have used (sync), or with no task lost or used twice (async).
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskcheck_agent.sampler import SamplingParams, seed_of
from deskcheck_conf.entry import command
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.progress import Advance, progress
from deskcheck_conf.run import Run

from deskcheck_trainer import world
from deskcheck_trainer.algo_config import BackendName
from deskcheck_trainer.backends.backend import Backend, Ingredients
from deskcheck_trainer.checkpoints import Best, last_complete, save_whole, steps_of
from deskcheck_trainer.export.write import exporting
from deskcheck_trainer.filters import Gibberish, Overlong
from deskcheck_trainer.launch.launch import launching
from deskcheck_trainer.lora import merged_weights
from deskcheck_trainer.monitor import Monitor, averages
from deskcheck_trainer.out_of_memory import memory_told
from deskcheck_trainer.rl_config import RLConfig, training_benchmark, validation_benchmark
from deskcheck_trainer.rollout import Rollout, Task
from deskcheck_trainer.sandbox_check import check_sandbox
from deskcheck_trainer.tasks import MakeEnvs, load_tasks, make_envs

if TYPE_CHECKING:
    from transformers import TrainerCallback

CHECKPOINT = "checkpoint"
"""Folder of the trained model, in the run folder: the best one by validation, else the last."""
ADAPTER = "adapter"
"""Folder of its adapter in there, with lora.keep_adapter."""


def train(config: RLConfig, run: Run, *, make_envs: MakeEnvs = make_envs) -> float | None:
    """Train and save the model; returns the best validation pass@1 (None without validation).

    `make_envs` is where environments of one's own come in: examples/extending/environment.py.
    """
    if not run.is_done():
        from deskcheck_agent.attention import full_precision_attention

        parts = build(config, run.folder, make_envs)
        check_sandbox(config, run.folder)
        parts.prove(config.prove_rewards)
        with parts.backend.trainer.args.main_process_first():  # it removes those that were cut off
            resume = last_complete(run.folder / "trainer")
        with progress("rl", config.max_steps, done=steps_of(resume)) as advance:
            parts.attach(run, advance)
            with full_precision_attention(parts.backend.trainer.model), memory_told(memory_cures(config)):
                parts.backend.train(resume)
        run.finish(parts.finish())
    assert run.summary is not None
    if run.is_main:
        print(f"{run.folder / CHECKPOINT}  " + "  ".join(f"{name} {value}" for name, value in run.summary.items()))
    return run.summary["validation"]


@dataclass
class Parts:
    """Everything of one training run, ready to start."""

    config: RLConfig
    folder: Path
    tasks: dict[str, list[Task]]
    backend: Backend
    monitor: Monitor
    validation: list[Task]
    best: Best | None = None

    def prove(self, count: int) -> None:
        """Let every environment's reward score its own gold answers, before a step is spent."""
        asyncio.run(self.backend.engine.prove([task for tasks in self.tasks.values() for task in tasks[:count]]))

    def attach(self, run: Run, advance: Advance) -> None:
        from deskcheck_trainer.backends.finite import FiniteGuard

        self.backend.trainer.add_callback(FiniteGuard())
        self.backend.trainer.add_callback(_callback(self, run, advance))

    def validate(self) -> tuple[float, dict[str, float]]:
        """pass@1 of the selected environment, and the averages of all; the same seeds at every call."""
        seed = seed_of(self.config.seed, "validation")
        play = self.backend.engine.run(self.validation, self.config.validation.samples, seed=seed)
        groups = self.backend.play(play)
        rollouts = [rollout for group in groups for rollout in group.rollouts]
        numbers = {f"validation/{name}": value for name, value in averages(rollouts).items()}
        return numbers[f"validation/{selected(self.config)}/pass"], numbers

    def saving(self) -> Callable[[Path], None]:
        """What saves the weights as they are now. All processes call this, for parts of weights are gathered here."""
        if not world.is_sharded():
            return self.save
        trainer = self.backend.trainer
        return partial(self.save, weights=trainer.accelerator.get_state_dict(trainer.model_wrapped))

    def save(self, folder: Path, weights: dict[str, Any] | None = None) -> None:
        trainer = self.backend.trainer
        model = trainer.accelerator.unwrap_model(trainer.model)
        if self.config.lora.r is None:
            model.save_pretrained(folder, state_dict=weights)
        else:
            model.get_base_model().save_pretrained(folder, state_dict=merged_weights(model))
            if self.config.lora.keep_adapter:
                model.save_pretrained(folder / ADAPTER)
        self.backend.tokenizer.save_pretrained(folder)

    def finish(self) -> dict[str, Any]:
        """Put the result in its place and summarise the run."""
        target = self.folder / CHECKPOINT
        if self.best is None or self.best.model is None:
            save = self.saving()
            if world.is_first():
                save_whole(target, save)
            return {"steps": self.monitor.step, "step": self.monitor.step, "validation": None}
        model = self.best.model
        if world.is_first():
            save_whole(target, lambda fresh: shutil.copytree(model, fresh, dirs_exist_ok=True))
        scores = self.best.scores
        return {
            "steps": self.monitor.step,  # fewer than max_steps after a collapse
            "step": self.best.step,
            "validation": scores[self.best.step or 0],
            "validation_before": scores.get(0),
            "validation_last": scores[max(scores)],
        }


def build(config: RLConfig, folder: Path, make_envs: MakeEnvs = make_envs) -> Parts:
    """Environments, tasks and the backend of `config`; checkpoints go under `folder`."""
    from deskcheck_agent.samplers.transformers import model_path
    from transformers import PrinterCallback
    from transformers.utils import logging as transformers_logging

    model_path(config.model)  # first: a missing one is told before problems are drawn
    monitor = Monitor(folder, config.max_sandbox_faults)
    envs = make_envs(config, progress=lambda: monitor.step / config.max_steps)
    tasks = {name: load_tasks(name, training_benchmark(config, name)) for name in config.env.used()}
    made = Ingredients(config, folder / "trainer", envs, tasks, rollout_params(config), make_filters(config), monitor)
    transformers_logging.disable_progress_bar()  # the run has one bar
    if config.backend is BackendName.trl_async:
        from deskcheck_trainer.backends.trl_async import build as build_backend
    else:
        from deskcheck_trainer.backends.trl_sync import build as build_backend
    backend: Backend = build_backend(made)
    if not backend.tokenizer.chat_template:
        raise ConfigError(
            f"the tokenizer of {config.model.path} has no chat template, in which every prompt is asked: set "
            "model.chat_template to a Jinja file (often that of the model's instruct version)"
        )
    backend.trainer.remove_callback(PrinterCallback)  # stdout carries results alone
    validation = make_validation(config) if config.validation.every else []
    return Parts(config, folder, tasks, backend, monitor, validation)


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


def memory_cures(config: RLConfig) -> str:
    """What to make smaller, the cheapest first; nothing of it changes a step but the last two."""
    is_sync = config.backend is BackendName.trl_sync
    size = f"micro_batch_rows (now {config.micro_batch_rows})"
    of_pass = size if is_sync else f"async_.tokens_per_pass (now {config.async_.tokens_per_pass})"
    return (
        f"a smaller {of_pass}, a smaller sampler_rows (now {config.sampler_rows}), "
        "+algo.trl.activation_checkpointing=true, lora.r=16 with model.dtype=bfloat16, a smaller sampling.max_tokens "
        f"(now {config.sampling.max_tokens}). The run continues from its last checkpoint where the same step is meant"
    )


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
            advance()
            every = parts.config.validation.every
            if parts.validation and (step % every == 0 or step == parts.config.max_steps):
                self.validate(step)
                rule = parts.config.validation
                if parts.best is not None and parts.best.collapsed(rule.collapse, rule.collapse_after):
                    control.should_training_stop = True

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            row = {name: value for name, value in (logs or {}).items() if name != "epoch" and value is not None}
            run.log(row | parts.monitor.take(), step=state.global_step)
            if state.global_step % parts.config.save_every == 0 or state.global_step == parts.config.max_steps:
                run.table("samples", parts.monitor.samples())

        def validate(self, step: int) -> None:
            assert parts.best is not None
            parts.backend.refresh()
            score, numbers = world.of_first(parts.validate)
            parts.best.add(step, score, parts.saving())
            run.log(numbers, step=step)

    return Report()


main = command("rl", RLConfig, train, launch=exporting(launching(train)))
