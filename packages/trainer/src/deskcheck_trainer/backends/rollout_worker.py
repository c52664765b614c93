"""The rollout worker of the asynchronous backend: our environments, played without end beside the trainer.

A thread with an event loop of its own keeps `groups_in_play` tasks going: draw a task, play it G times with the sampler
as it is (its weights may change meanwhile), turn the group into rows, put them into the ledger, draw the next. It rests
while `room` tokens wait to be trained. It fits TRL's RolloutWorkerProtocol, on the main process; TRL starts it after
the first weight sync, tells it every new policy version, and stops it.

A fault of ours or of the configuration ends the thread and is raised on the trainer's side by `check_health`.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from deskcheck_agent.sampler import seed_of
from deskcheck_conf.errors import ConfigError

from deskcheck_trainer.ledger import Ledger
from deskcheck_trainer.rollout import RolloutEngine, RolloutGroup, Seconds
from deskcheck_trainer.rows import Estimator

POLL_S = 0.02
"""How often resting players look for room."""


class EpisodeRolloutWorker:
    def __init__(
        self,
        engine: RolloutEngine,
        ledger: Ledger,
        estimator: Estimator,
        *,
        num_generations: int,
        groups_in_play: int,
        room: int,
        patience: int,
        seed: int = 0,
        watch: Callable[[Sequence[RolloutGroup], Seconds], None] = lambda groups, seconds: None,
    ) -> None:
        """`patience`: groups in a row without a single row after which the run is stopped."""
        self.engine, self.ledger, self.estimator = engine, ledger, estimator
        self.num_generations, self.groups_in_play = num_generations, groups_in_play
        self.room, self.patience, self.seed, self.watch = room, patience, seed, watch
        self.version = 0
        self.rollout_buffer: Any = ledger  # TRL keeps it and hands it to the loader that we replace
        self.metrics_queue: Any = queue.Queue()  # of {name: number}
        self._without_rows = 0
        self._alive = self._last_end = 0.0
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._playing: asyncio.Task[None] | None = None

    # the trainer's side

    def start(self) -> None:
        self._alive = self._last_end = time.monotonic()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(self._loop,), name="rollouts", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cancel what is in play and end the thread; twice is as good as once."""
        if self._thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._thread = None

    def update_model_version(self, model_version: int) -> None:
        self.version = model_version
        self.engine.sampler.version = model_version  # type: ignore[attr-defined]

    def check_health(self, stale_after_s: float) -> None:
        """Raise what ended the thread, or RuntimeError when no group ended for so long although there was room."""
        if self._failure is not None:
            raise self._failure
        silent = time.monotonic() - self._alive
        if silent > stale_after_s:
            raise RuntimeError(f"no group of rollouts ended for {silent:.0f} s, expected one within {stale_after_s} s")

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the worker's loop, beside the rollouts, and wait for it (validation)."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    # the thread

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        self._playing = loop.create_task(self._play())
        try:
            loop.run_forever()
        finally:
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    async def _play(self) -> None:
        try:
            async with asyncio.TaskGroup() as players:
                for _ in range(self.groups_in_play):
                    players.create_task(self._play_on())
        except* Exception as errors:
            self._failure = errors.exceptions[0]

    async def _play_on(self) -> None:
        while True:
            while self.ledger.waiting_tokens >= self.room:
                self._alive = time.monotonic()
                await asyncio.sleep(POLL_S)
            await self._play_one()

    async def _play_one(self) -> None:
        draw = self.ledger.draw()
        version = self.version  # of the oldest token: weights may change while the group is played
        group = await self.engine.play_group(draw.task, self.num_generations, seed=seed_of(self.seed, draw.number))
        rows, skipped = self.estimator.rows(group, draw.number, version)
        self.ledger.finish(draw, rows, skipped)
        now = time.monotonic()
        since = now - self._last_end
        self._alive = self._last_end = now
        self.watch([group], Seconds(since, since))
        self._without_rows = 0 if rows else self._without_rows + 1
        if self._without_rows > self.patience:
            raise ConfigError(
                f"the last {self._without_rows} groups of rollouts gave nothing to train on "
                f"({_told(self.ledger.counts)}), expected one in async_.patience={self.patience}: every rollout of a "
                "group scores alike, so take easier or harder tasks, a better start, or more generations"
            )


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "no turns at all"
