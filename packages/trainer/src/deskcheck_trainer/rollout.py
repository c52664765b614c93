"""Rollouts: what an environment returns, and the engine that plays many of them at once.

An environment plays one task with the current policy and returns a `Rollout`: turns, each a fresh prompt with the
tokens sampled for it, and one terminal reward. The engine plays every task G times, all at the same moment, and samples
a turn of all rollouts in one call (turn_sampler.py). A rollout whose reward is None was our fault (a sandbox fault) and
trains nothing. No torch and no TRL in here.

Axes: G rollouts of one task form a group.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from deskcheck_agent.sampler import Completion, Message, Sampler, SamplingParams, StopReason, seed_of
from deskcheck_conf.errors import ConfigError

from deskcheck_trainer.turn_sampler import TurnSampler


@dataclass(frozen=True)
class Turn:
    """One prompt and what the policy answered."""

    role: str
    """`predict`, `solve` or `submit_or_fix`: which prompt this is."""
    prompt: list[Message]
    prompt_ids: tuple[int, ...]
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...] | None = None
    text: str = ""
    truncated: bool = False
    trained: bool = True

    @classmethod
    def of(cls, role: str, prompt: list[Message], completion: Completion) -> Turn:
        logprobs = tuple(completion.logprobs) if completion.logprobs is not None else None
        return cls(
            role=role,
            prompt=prompt,
            prompt_ids=tuple(completion.prompt_ids),
            token_ids=tuple(completion.token_ids),
            logprobs=logprobs,
            text=completion.text,
            truncated=completion.stop is StopReason.length,
        )


@dataclass(frozen=True)
class Rollout:
    """One play of one task. `reward` is before the task weight; None means unscorable, which never trains."""

    task_id: str
    env: str
    turns: tuple[Turn, ...]
    reward: float | None
    metrics: dict[str, float] = field(default_factory=dict)
    """Numbers of this rollout, averaged per environment by whoever logs (`pass`, `parse_fail`, ...)."""
    drop: str | None = None
    """Why a filter refused this rollout; a dropped rollout neither trains nor counts in a baseline."""

    @property
    def scored(self) -> bool:
        return self.reward is not None and self.drop is None


@dataclass(frozen=True)
class Task:
    """Something to play: an item (a Problem or a PredictionItem) and the name of the environment that plays it."""

    env: str
    item: Any
    gold: str | None = None
    """A right answer where one is known (a reference program, the true output): the reward must give it 1."""

    @property
    def id(self) -> str:
        return f"{self.env}/{self.item.id}"


@dataclass(frozen=True)
class RolloutGroup:
    task: Task
    rollouts: tuple[Rollout, ...]
    reward_weight: float = 1.0

    def rewards(self) -> list[float | None]:
        """Weighted rewards, None where unscorable or dropped; shape (G,)."""
        return [self.reward_weight * r.reward if r.scored and r.reward is not None else None for r in self.rollouts]


class Env(Protocol):
    name: str
    reward_weight: float
    max_trained_turns: int

    async def play(self, item: Any, sampler: Sampler, params: SamplingParams) -> Rollout:
        """Play once. Faults of the model lower the reward and are counted in `metrics`; faults of ours give None."""
        ...

    async def score(self, item: Any, answer: str) -> float | None:
        """The reward of a bare answer (program or output): +1 or -1, None for a fault of ours."""
        ...


class Seconds(NamedTuple):
    """How long the last run took, and how much of it the sampler; the rest is mostly the sandbox."""

    total: float
    sampling: float


class RolloutEngine:
    def __init__(
        self,
        envs: Sequence[Env],
        sampler: Sampler,
        params: SamplingParams,
        *,
        filters: Sequence[Callable[[Rollout], str | None]] = (),
    ) -> None:
        self.envs = {env.name: env for env in envs}
        self.sampler = sampler
        self.params = params
        self.filters = tuple(filters)
        self.seconds = Seconds(0.0, 0.0)

    async def run(self, tasks: Sequence[Task], num_generations: int, *, seed: int = 0) -> list[RolloutGroup]:
        """Play every task `num_generations` times, all rollouts at once. The order of tasks and rollouts is kept.

        Every rollout samples with a seed of its own, derived from `seed`, its task's place and its own number, so that
        the same call gives the same rollouts whatever the batching.
        """
        began = time.perf_counter()
        sampler = TurnSampler(self.sampler, len(tasks) * num_generations)

        async def play(task: Task, seed: int) -> Rollout:
            try:
                return await self._play(task, sampler, seed)
            finally:
                sampler.leave()

        rollouts = await _all_or_none(
            play(task, seed_of(seed, place, number))
            for place, task in enumerate(tasks)
            for number in range(num_generations)
        )
        self.seconds = Seconds(time.perf_counter() - began, sampler.seconds)
        return [
            RolloutGroup(
                task=task,
                rollouts=tuple(rollouts[place * num_generations : (place + 1) * num_generations]),
                reward_weight=self.envs[task.env].reward_weight,
            )
            for place, task in enumerate(tasks)
        ]

    async def play_group(self, task: Task, num_generations: int, *, seed: int = 0) -> RolloutGroup:
        """Play one task `num_generations` times, every turn sampled as soon as it is asked for.

        For samplers that let requests join and leave as they come: many groups may play at once on one event loop.
        """
        rollouts = await _all_or_none(
            self._play(task, self.sampler, seed_of(seed, number)) for number in range(num_generations)
        )
        return RolloutGroup(task, tuple(rollouts), self.envs[task.env].reward_weight)

    async def prove(self, tasks: Sequence[Task]) -> int:
        """Score the gold answer of every task that has one; returns how many were proven.

        Raises:
            ConfigError: a gold answer scored anything but 1.
        """
        known = [(task, task.gold) for task in tasks if task.gold is not None]
        scores = await asyncio.gather(*(self.envs[task.env].score(task.item, gold) for task, gold in known))
        for (task, _), score in zip(known, scores, strict=True):
            if score != 1.0:
                raise ConfigError(
                    f"the reward of {task.id} gives its own gold answer {score}, expected 1.0: "
                    "check the item's outputs, limits and checker, or leave it out"
                )
        return len(known)

    async def _play(self, task: Task, sampler: Sampler, seed: int) -> Rollout:
        rollout = await self.envs[task.env].play(task.item, sampler, replace(self.params, n=1, seed=seed))
        reason = next((reason for refuse in self.filters if (reason := refuse(rollout)) is not None), None)
        return replace(rollout, drop=reason) if reason is not None else rollout


async def _all_or_none(plays: Iterable[Coroutine[Any, Any, Rollout]]) -> list[Rollout]:
    """The rollouts in order; one rollout's fault of ours stops them all."""
    running = [asyncio.ensure_future(play) for play in plays]
    try:
        return await asyncio.gather(*running)
    except BaseException:
        for play in running:
            play.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        raise
