"""Filters: reasons to leave a rollout out of training.

A filter is called with a finished rollout and returns the reason to drop it, or None. A dropped rollout carries no
gradient and no weight in its group's baseline, and is counted by its reason. Zero-advantage groups are no filter's
business: they are known only after the whole group is scored, and the backend skips their rows (see trl_sync).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from deskcheck_trainer.rollout import Rollout


@dataclass(frozen=True)
class Gibberish:
    """Drops rollouts with a rare token that the policy itself found very unlikely.

    CWM's rule (arXiv 2510.02387): any token id above 100,000 with logprob < -log(128,256) - 2. It assumes a BPE whose
    ids rank by frequency, so the numbers belong to the tokenizer and are configuration.
    """

    min_token_id: int
    vocab_size: int
    margin: float = 2.0

    def __call__(self, rollout: Rollout) -> str | None:
        threshold = -math.log(self.vocab_size) - self.margin
        for turn in rollout.turns:
            if turn.logprobs is None:
                continue
            pairs = zip(turn.token_ids, turn.logprobs, strict=True)
            if any(token > self.min_token_id and logprob < threshold for token, logprob in pairs):
                return "gibberish"
        return None


@dataclass(frozen=True)
class Overlong:
    """Drops rollouts with a turn cut at the token limit, whose reward says nothing about the text (DAPO's masking)."""

    def __call__(self, rollout: Rollout) -> str | None:
        return "overlong" if any(turn.truncated and turn.trained for turn in rollout.turns) else None
