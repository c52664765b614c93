"""The synchronous backend: multi-turn rollouts on TRL's GRPOTrainer by "slot rows".

TRL trains one completion a row and repeats each row G times. A rollout with up to T trained turns therefore owns T
rows: the dataset lists, for every question, T adjacent rows that differ only in their slot number; TRL repeats them to
[q/slot 0 x G][q/slot 1 x G]; `SlotRolloutFunc` plays G rollouts and writes turn t of rollout k into the k-th row of
slot t, with that turn's own prompt. A rollout that ended early leaves a masked `[eos]` row. So no turn sees another's
context, and all slots of a question hold the same G rewards. Advantages are ours: computed from whole groups before TRL
sees the rows, and put in place of TRL's by the trainer's override.

Private coupling to TRL 1.16, checked by contract tests: `_generate_and_score_completions` (advantages), and for speed
`_prepare_inputs` and `_compute_loss` (micro_batch.py).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from deskcheck_agent.sampler import seed_of
from deskcheck_agent.samplers.transformers import TransformersSampler, load_model
from deskcheck_conf.errors import ConfigError
from transformers import TrainerCallback, set_seed
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

from deskcheck_trainer.advantage import AdvantageRule, Credit, credits, turn_advantages
from deskcheck_trainer.backends.backend import Ingredients, mixture_of
from deskcheck_trainer.backends.micro_batch import PER_BATCH_LOSSES, PER_ROW_LOSSES, micro_batches
from deskcheck_trainer.backends.trl_args import grpo_args
from deskcheck_trainer.backends.vllm_rollouts import check_vllm, refresh, vllm_sampler
from deskcheck_trainer.lora import adapter
from deskcheck_trainer.optimizer import build_optimizer
from deskcheck_trainer.rollout import Rollout, RolloutEngine, RolloutGroup, Seconds, Task, Turn
from deskcheck_trainer.vllm_config import VllmMode


@dataclass(frozen=True)
class Slot:
    """A dataset row: which draw from the mixture, and which of its turns. Travels inside TRL's `prompt` column."""

    draw: int
    turn: int

    def prompt(self, task: Task) -> list[dict[str, str]]:
        return [{"role": "user", "content": task.id, "slot": f"{self.draw}/{self.turn}"}]

    @classmethod
    def read(cls, prompt: Sequence[dict[str, str]]) -> Slot:
        draw, turn = prompt[0]["slot"].split("/")
        return cls(int(draw), int(turn))


def slot_rows(blocks: Sequence[Sequence[Task]], turns_of: Callable[[Task], int]) -> tuple[list[Task], list[dict]]:
    """The drawn tasks in order, and the dataset rows that play them: as many adjacent rows a task as trained turns."""
    tasks = [task for block in blocks for task in block]
    rows = [
        {"prompt": Slot(draw, turn).prompt(task)} for draw, task in enumerate(tasks) for turn in range(turns_of(task))
    ]
    return tasks, rows


def check_slots(args: GRPOConfig, slots: int) -> None:
    """Refuse a geometry that would split a question's slots over two ranks or generation batches.

    Raises:
        ConfigError: the rows of one generation batch on one rank are no multiple of slots x num_generations.
    """
    rows = args.per_device_train_batch_size * (args.steps_per_generation or 1)
    needed = slots * (args.num_generations or 1)
    if rows % needed:
        raise ConfigError(
            f"one rank generates {rows} rows at a time (per_device_train_batch_size {args.per_device_train_batch_size} "
            f"x steps_per_generation {args.steps_per_generation}), expected a multiple of {needed} = {slots} trained "
            f"turns x {args.num_generations} generations: change tasks_per_step or micro_batch_rows"
        )


@dataclass
class SlotRolloutFunc:
    """TRL's `rollout_func`: plays the tasks behind the rows and lays their turns into the slots."""

    engine: RolloutEngine
    tasks: Sequence[Task]
    eos_id: int
    rule: AdvantageRule
    credit: Credit = Credit.shared
    discount: float = 1.0
    seed: int = 0
    watch: Callable[[list[RolloutGroup], Seconds], None] = lambda groups, seconds: None
    """Called with every finished batch of groups and the time it took (logs, sample tables)."""

    def __call__(self, prompts: list[list[dict[str, str]]], trainer: GRPOTrainer) -> dict[str, list[Any]]:
        slots = [Slot.read(prompt) for prompt in prompts]
        draws = list(dict.fromkeys(slot.draw for slot in slots))
        tasks = [self.tasks[draw] for draw in draws]
        # The first draw numbers this generation batch, so a resumed run samples what the first would have.
        generations = cast(int, trainer.num_generations)
        groups = asyncio.run(self.engine.run(tasks, generations, seed=seed_of(self.seed, draws[0])))
        self.watch(groups, self.engine.seconds)
        return self.fill(slots, dict(zip(draws, groups, strict=True)))

    def fill(self, slots: Sequence[Slot], groups: dict[int, RolloutGroup]) -> dict[str, list[Any]]:
        """One column dictionary in the order of `slots`; the k-th row of a slot belongs to rollout k."""
        advantages = {
            draw: turn_advantages(group, self.rule, self.credit, self.discount) for draw, group in groups.items()
        }
        filled: Counter[Slot] = Counter()
        rows = []
        for slot in slots:
            number = filled[slot]
            filled[slot] += 1
            rollout = groups[slot.draw].rollouts[number]
            reward = groups[slot.draw].rewards()[number]
            rows.append(self._row(slot, rollout, reward, advantages[slot.draw][number]))
        columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in rows[0]}
        if any(logprobs is None for logprobs in columns["logprobs"]):
            columns["logprobs"] = None  # pyright: ignore[reportArgumentType]  # TRL: all rows or none
        return columns

    def _row(self, slot: Slot, rollout: Rollout, reward: float | None, advantages: list[float]) -> dict[str, Any]:
        trained = [index for index, turn in enumerate(rollout.turns) if turn.trained]
        row = {
            "prompt_ids": [self.eos_id],
            "completion_ids": [self.eos_id],
            "env_mask": [0],
            "logprobs": [0.0],
            "advantage": 0.0,
            "reward": reward,
        }
        if slot.turn < len(trained):
            index = trained[slot.turn]
            share = credits(rollout, self.credit, self.discount)[index]
            row |= _tokens(rollout.turns[index], trains=rollout.scored and share > 0)
            row["advantage"] = advantages[index]
        return row


def _tokens(turn: Turn, *, trains: bool) -> dict[str, Any]:
    if not turn.token_ids or not turn.prompt_ids:
        raise ConfigError(
            "a completion came without token ids, so it cannot be trained on: its prompt is longer than the context of "
            "the model (or of the vLLM server, --max-model-len), or the server does not return them"
        )
    return {
        "prompt_ids": list(turn.prompt_ids),
        "completion_ids": list(turn.token_ids),
        "env_mask": [int(trains)] * len(turn.token_ids),
        "logprobs": list(turn.logprobs) if turn.logprobs is not None else None,
    }


def slot_reward(prompts: list, completions: list, reward: list[float | None], **_: Any) -> list[float | None]:
    """TRL's reward function: hands on what the environments scored, so that TRL's own reward curves are right."""
    return reward


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
