"""From a group of rollouts to the rows that are trained on: one row a trained turn, with its own prompt.

A row carries everything a trainer needs: tokens, the log-probabilities they were sampled with, the advantage of its
turn, and the policy version at the moment its group began. Rows without gradient are never made: turns of a rollout
without a reward (our sandbox failed) or refused by a filter, turns that earn no credit, and turns with advantage zero,
so that a batch of so many tokens holds so many tokens that teach (CWM, arXiv 2510.02387). Pure Python.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from deskcheck_conf.errors import ConfigError

from deskcheck_trainer.advantage import AdvantageRule, Credit, turn_advantages
from deskcheck_trainer.rollout import Rollout, RolloutGroup


@dataclass(frozen=True)
class Row:
    """One trained turn. `group` numbers its task in the order of the mixture, `place` the row within its group."""

    group: int
    place: int
    version: int
    prompt_ids: tuple[int, ...]
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    advantage: float

    def __len__(self) -> int:
        """Tokens of prompt and completion."""
        return len(self.prompt_ids) + len(self.token_ids)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Row:
        tokens = {name: tuple(told[name]) for name in ("prompt_ids", "token_ids", "logprobs")}
        return cls(**{**told, **tokens})


@dataclass(frozen=True)
class Estimator:
    """How rewards of a group become advantages of its turns."""

    rule: AdvantageRule
    credit: Credit = Credit.shared
    discount: float = 1.0

    def rows(self, group: RolloutGroup, number: int, version: int) -> tuple[list[Row], Counter[str]]:
        """The rows of a finished group, and how many trained turns gave none, by reason."""
        rows: list[Row] = []
        skipped: Counter[str] = Counter()
        shares = turn_advantages(group, self.rule, self.credit, self.discount)
        for rollout, advantages in zip(group.rollouts, shares, strict=True):
            for turn, advantage in zip(rollout.turns, advantages, strict=True):
                if not turn.trained:
                    continue
                if reason := _refused(rollout, advantage):
                    skipped[reason] += 1
                    continue
                if not turn.prompt_ids or turn.logprobs is None:
                    raise ConfigError("the sampler returned no token ids or log-probabilities: trl_async needs both")
                rows.append(Row(number, len(rows), version, turn.prompt_ids, turn.token_ids, turn.logprobs, advantage))
        return rows, skipped


def _refused(rollout: Rollout, advantage: float) -> str | None:
    if rollout.reward is None:
        return "unscorable"
    if rollout.drop is not None:
        return rollout.drop
    return "zero_advantage" if advantage == 0 else None
