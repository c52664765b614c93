"""The books of asynchronous training: which tasks are in play, which rows wait, and what became of each.

Rollouts are made on one thread and trained on another, so "where are we" is no single number. A task is *drawn* from
the mixture and gets the next number; while it is *in play* its rollouts are being made; when they are finished its rows
*wait*, all at once; each row is then *taken*: for the next optimizer step, or dropped as stale or too long. A row never
changes place twice, and everything changes place under one lock.

`state_dict` is what a checkpoint needs so that nothing is lost and nothing is used twice: the position of the mixture,
the draws of tasks in play (played again from their start: none of their rows exists yet), and the waiting rows
themselves. It is taken between two steps, when every row taken is either trained or dropped.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deskcheck_conf.errors import ConfigError

from deskcheck_trainer.mixture import BlockMixture
from deskcheck_trainer.rollout import Task
from deskcheck_trainer.rows import Row


@dataclass(frozen=True)
class Draw:
    """A task in play: its number, and the position of the mixture before it was drawn."""

    number: int
    position: Mapping[str, Any]
    task: Task


class Ledger:
    def __init__(self, mixture: BlockMixture, *, max_staleness: int, most_tokens: int) -> None:
        """Rows over `max_staleness` versions old, or longer than `most_tokens`, are dropped when they are taken."""
        self.mixture = mixture
        self.max_staleness = max_staleness
        self.most_tokens = most_tokens
        self.drawn = 0
        self.counts: Counter[str] = Counter()
        """What became of rows so far: `trained`, or why they were not."""
        self.waiting_tokens = 0
        self._in_play: dict[int, Draw] = {}
        self._again: deque[Draw] = deque()
        self._waiting: deque[Row] = deque()
        self._changed = threading.Condition()

    def draw(self) -> Draw:
        """The next task to play: one that an interrupted run left unfinished, else a new one."""
        with self._changed:
            draw = self._again.popleft() if self._again else self._draw_new()
            self._in_play[draw.number] = draw
            return draw

    def finish(self, draw: Draw, rows: Sequence[Row], skipped: Mapping[str, int] = {}) -> None:
        """The rollouts of a task have ended: its rows wait, the turns that gave none are counted."""
        with self._changed:
            del self._in_play[draw.number]
            self._waiting.extend(rows)
            self.waiting_tokens += sum(map(len, rows))
            self.counts.update(skipped)
            self._changed.notify_all()

    def take(self, version: int, timeout: float) -> Row | None:
        """The oldest row that may be trained at `version`; None when there was none for `timeout` seconds."""
        ends = time.monotonic() + timeout
        with self._changed:
            while True:
                while self._waiting:
                    row = self._waiting.popleft()
                    self.waiting_tokens -= len(row)
                    reason = self._drop(row, version)
                    self.counts[reason or "trained"] += 1
                    if reason is None:
                        return row
                if not self._changed.wait(max(0.0, ends - time.monotonic())):
                    return None

    def state_dict(self) -> dict[str, Any]:
        with self._changed:
            unfinished = [*self._again, *self._in_play.values()]
            return {
                "mixture": self.mixture.state_dict(),
                "drawn": self.drawn,
                "in_play": {draw.number: draw.position for draw in sorted(unfinished, key=lambda draw: draw.number)},
                "rows": [row.to_json() for row in self._waiting],
                "counts": dict(self.counts),
            }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was; of a ledger that has drawn nothing yet."""
        with self._changed:
            if self.drawn:
                raise ConfigError(f"the ledger has drawn {self.drawn} tasks, expected a fresh one to restore into")
            for number, position in state["in_play"].items():
                self.mixture.load_state_dict(position)
                self._again.append(Draw(int(number), position, self._next_task()))
            self.mixture.load_state_dict(state["mixture"])
            self.drawn = state["drawn"]
            self._waiting.extend(Row.from_json(row) for row in state["rows"])
            self.waiting_tokens = sum(map(len, self._waiting))
            self.counts = Counter(state["counts"])

    def _draw_new(self) -> Draw:
        draw = Draw(self.drawn, self.mixture.state_dict(), self._next_task())
        self.drawn += 1
        return draw

    def _next_task(self) -> Task:
        [task] = self.mixture.next_block()
        return task

    def _drop(self, row: Row, version: int) -> str | None:
        if version - row.version > self.max_staleness:
            return "stale"
        return "too_long" if len(row) > self.most_tokens else None
