"""What `rl.py` asks of a backend: something that trains, and something that plays between two steps."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from deskcheck_agent.sampler import Sampler, SamplingParams

from deskcheck_trainer.mixture import BlockMixture, Source
from deskcheck_trainer.monitor import Monitor
from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.rollout import Env, Rollout, RolloutEngine, Task


@dataclass
class Ingredients:
    """What every backend is built from."""

    config: RLConfig
    folder: Path
    """Checkpoints go here."""
    envs: dict[str, Env]
    tasks: dict[str, list[Task]]
    params: SamplingParams
    filters: Sequence[Callable[[Rollout], str | None]]
    monitor: Monitor

    def engine(self, sampler: Sampler) -> RolloutEngine:
        return RolloutEngine(list(self.envs.values()), sampler, self.params, filters=self.filters)


class Backend(Protocol):
    trainer: Any
    """A Transformers Trainer, ready to train."""
    engine: RolloutEngine
    tokenizer: Any

    def train(self, resume: Path | None) -> None:
        """Train to the end, from the start or from a checkpoint of this backend."""
        ...

    def refresh(self) -> None:
        """Give the sampler the weights of the last step, if it does not read them from the trainer; all processes call
        this."""
        ...

    def play[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of the engine between two steps, with the weights of the last one (validation)."""
        ...


def mixture_of(made: Ingredients, *, slots: bool) -> BlockMixture:
    """The mixture of tasks: in blocks of as many turns as the longest environment has (`slots`), or one by one."""
    used = made.config.env.used()
    turns = {name: made.envs[name].max_trained_turns if slots else 1 for name in used}
    sources = {name: Source(made.tasks[name], env.share, turns[name]) for name, env in used.items()}
    return BlockMixture(sources, seed=made.config.seed)
