"""The task mixture: which task is played next, in blocks that keep the slots of a question together.

The sync backend gives a task one row for each of its trained turns, and wants all blocks equally long (T rows). So a
block is one task with T turns, or T / turns different tasks with fewer turns. Shares are meant per *task*: to draw
tasks of environment e with probability w_e, blocks are drawn with P(e) ~ w_e * turns_e (a block of e holds T / turns_e
tasks). For 25 % output prediction beside two-turn Self-RLEF: 0.25 / (0.25 + 2 * 0.75) = 0.143 of the blocks. Inside an
environment tasks come in shuffled epochs: each once before any twice. The position is a small dictionary, so a run that
stops here continues here.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deskcheck_conf.errors import ConfigError

from deskcheck_trainer.rollout import Task


@dataclass(frozen=True)
class Source:
    """The tasks of one environment, its share of all tasks drawn, and how many turns of each are trained."""

    tasks: Sequence[Task]
    share: float
    turns: int = 1


class BlockMixture:
    def __init__(self, sources: Mapping[str, Source], *, seed: int = 0) -> None:
        """Raises ConfigError: shares that do not add up to 1, no tasks, or turns that do not divide the longest."""
        self.sources = dict(sources)
        self.block_rows = max((source.turns for source in self.sources.values()), default=0)
        self._check()
        self.seed = seed
        self.blocks_drawn = 0
        self.drawn = dict.fromkeys(self.sources, 0)
        self._orders: dict[str, tuple[int, list[int]]] = {}

    def next_block(self) -> list[Task]:
        """The tasks of the next block, together `block_rows` trained turns."""
        names = list(self.sources)
        weights = [source.share * source.turns for source in self.sources.values()]
        # A generator of its own for every block: the position is then a count, not a generator's inner state.
        rng = random.Random(f"{self.seed}/block/{self.blocks_drawn}")
        name = rng.choices(names, weights)[0]
        self.blocks_drawn += 1
        return [self._next_task(name) for _ in range(self.block_rows // self.sources[name].turns)]

    def take(self, blocks: int) -> list[list[Task]]:
        return [self.next_block() for _ in range(blocks)]

    def state_dict(self) -> dict[str, Any]:
        return {"seed": self.seed, "blocks_drawn": self.blocks_drawn, "drawn": dict(self.drawn)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        if state["seed"] != self.seed or set(state["drawn"]) != set(self.sources):
            raise ConfigError(
                f"the saved position is of seed {state['seed']} and {sorted(state['drawn'])}, this mixture is of seed "
                f"{self.seed} and {sorted(self.sources)}: resume with the config that wrote it"
            )
        self.blocks_drawn, self.drawn = state["blocks_drawn"], dict(state["drawn"])

    def _next_task(self, name: str) -> Task:
        tasks = self.sources[name].tasks
        epoch, place = divmod(self.drawn[name], len(tasks))
        self.drawn[name] += 1
        return tasks[self._order(name, epoch)[place]]

    def _order(self, name: str, epoch: int) -> list[int]:
        """The shuffled order of one epoch; the newest of each environment is kept."""
        kept_epoch, order = self._orders.get(name, (-1, []))
        if kept_epoch != epoch:
            order = list(range(len(self.sources[name].tasks)))
            random.Random(f"{self.seed}/{name}/{epoch}").shuffle(order)
            self._orders[name] = (epoch, order)
        return order

    def _check(self) -> None:
        if not self.sources:
            raise ConfigError("the mixture is empty: switch on at least one environment (env=solve, ...)")
        total = sum(source.share for source in self.sources.values())
        if abs(total - 1) > 1e-6 or any(source.share < 0 for source in self.sources.values()):
            shares = {name: source.share for name, source in self.sources.items()}
            raise ConfigError(f"the shares of the environments are {shares}, expected shares that add up to 1")
        for name, source in self.sources.items():
            if not source.tasks and source.share > 0:
                raise ConfigError(f"environment {name} has no tasks: check its benchmark, split and limit")
            if self.block_rows % source.turns:
                raise ConfigError(
                    f"environment {name} trains {source.turns} turns, which does not divide the {self.block_rows} of "
                    "the longest environment: change max_repairs"
                )
