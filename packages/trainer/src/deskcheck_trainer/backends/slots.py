"""Multi-turn rollouts on TRL's GRPOTrainer by "slot rows".

TRL trains one completion a row and repeats each row G times. A rollout with up to T trained turns therefore owns T
rows: the dataset lists, for every question, T adjacent rows that differ only in their slot number; TRL repeats them to
[q/slot 0 x G][q/slot 1 x G]; `SlotRolloutFunc` plays G rollouts and writes turn t of rollout k into the k-th row of
slot t, with that turn's own prompt. A rollout that ended early leaves a masked `[eos]` row. So no turn sees another's
context, and all slots of a question hold the same G rewards.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from deskcheck_agent.sampler import seed_of
from deskcheck_conf.errors import ConfigError
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

from deskcheck_trainer.advantage import AdvantageRule, Credit, credits, turn_advantages
from deskcheck_trainer.rollout import Rollout, RolloutEngine, RolloutGroup, Seconds, Task, Turn


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
