"""What a training run tells: averages of rollout metrics, a few samples to read, and when to stop.

Averages are taken over the rollouts that have the number, so a rate of a part (`fix_rate`: of the rollouts that were
wrong at first) is a rate of that part. Samples go to samples.jsonl, one rollout an environment a step.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from deskcheck_conf.errors import ConfigError
from deskcheck_conf.files import append_whole

from deskcheck_trainer import world
from deskcheck_trainer.rollout import Rollout, RolloutGroup, Seconds

WINDOW = 1000
"""Rollouts over which the sandbox's faults are counted."""
MOST_SHOWN = 64
"""Turns in one table of samples, the newest; samples.jsonl has them all."""


def rollout_numbers(rollout: Rollout) -> dict[str, float]:
    """All numbers of one rollout under its environment's name."""
    numbers = dict(rollout.metrics)
    if rollout.reward is not None:
        numbers["reward"] = rollout.reward
    numbers["unscorable"] = float(rollout.reward is None)
    numbers["dropped"] = float(rollout.drop is not None)
    if rollout.drop is not None:
        numbers[f"dropped_{rollout.drop}"] = 1.0
    return {f"{rollout.env}/{name}": value for name, value in numbers.items()}


def averages(rollouts: Iterable[Rollout]) -> dict[str, float]:
    """Mean of every number over the rollouts that have it."""
    values: dict[str, list[float]] = defaultdict(list)
    for rollout in rollouts:
        for name, value in rollout_numbers(rollout).items():
            values[name].append(value)
    return {name: sum(listed) / len(listed) for name, listed in sorted(values.items())}


class Monitor:
    """Watches finished groups, from any thread; `take` sums up what was seen since the last call."""

    def __init__(self, folder: Path, max_faults: float) -> None:
        self.max_faults = max_faults
        self._faults: deque[bool] = deque(maxlen=WINDOW)
        self.path = folder / "samples.jsonl"
        self.step = 0
        self._lock = threading.Lock()
        self._seen: list[RolloutGroup] = []
        self._seconds = Seconds(0.0, 0.0)
        self._shown: deque[dict[str, Any]] = deque(maxlen=MOST_SHOWN)

    def watch(self, groups: Sequence[RolloutGroup], seconds: Seconds) -> None:
        """ConfigError once more than `max_faults` of WINDOW rollouts had no verdict: the sandbox is broken."""
        self._faults.extend(rollout.reward is None for group in groups for rollout in group.rollouts)
        if sum(self._faults) > self.max_faults * WINDOW:
            raise ConfigError(
                f"{sum(self._faults)} of the last {len(self._faults)} rollouts could not be scored because the sandbox "
                f"failed, expected at most max_sandbox_faults={self.max_faults} of {WINDOW}: run `deskcheck-trace "
                "selftest`, then this again (it continues from its last checkpoint)"
            )
        with self._lock:
            self._seen += groups
            before = self._seconds
            self._seconds = Seconds(before.total + seconds.total, before.sampling + seconds.sampling)

    def take(self) -> dict[str, float]:
        with self._lock:
            groups, self._seen = self._seen, []
            seconds, self._seconds = self._seconds, Seconds(0.0, 0.0)
        if not groups:
            return {}
        self._keep(groups)
        rollouts = [rollout for group in groups for rollout in group.rollouts]
        tokens = sum(len(turn.token_ids) for rollout in rollouts for turn in rollout.turns)
        degenerate = sum(len(set(group.rewards()) - {None}) < 2 for group in groups)
        return {
            **averages(rollouts),
            "zero_advantage_share": degenerate / len(groups),
            "time/rollouts_s": seconds.total,
            "time/sampling_s": seconds.sampling,
            "sampled_tokens": float(tokens),
            "sampled_tokens_per_s": tokens / max(seconds.sampling, 1e-9),
        }

    def _keep(self, groups: Sequence[RolloutGroup]) -> None:
        """The first rollout of the first group of each environment, for a reader; of several processes the first's."""
        if not world.is_first():
            return
        first: dict[str, Rollout] = {}
        for group in groups:
            first.setdefault(group.task.env, group.rollouts[0])
        rows = [{"step": self.step, **_readable(rollout)} for rollout in first.values()]
        append_whole(self.path, "".join(json.dumps(row) + "\n" for row in rows))
        for row in rows:
            of_rollout = {name: value for name, value in row.items() if name != "turns"}
            self._shown += [{**of_rollout, "turn": place, **turn} for place, turn in enumerate(row["turns"])]

    def samples(self) -> list[dict[str, Any]]:
        """Turns to read, one a line, since this was last asked."""
        shown, self._shown = list(self._shown), deque(maxlen=MOST_SHOWN)
        return shown


def _readable(rollout: Rollout) -> dict[str, Any]:
    turns = [{"role": turn.role, "prompt": turn.prompt[-1]["content"], "answer": turn.text} for turn in rollout.turns]
    return {"env": rollout.env, "task": rollout.task_id, "reward": rollout.reward, "drop": rollout.drop, "turns": turns}
