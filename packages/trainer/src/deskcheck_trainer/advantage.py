"""Advantages of one group: from G rewards and lengths to one number a rollout, then to one number a turn.

`length_weighted` is CWM's baseline (arXiv 2510.02387): mu = sum(R_i T_i) / sum(T_i), A_i = R_i - mu, so that the sum of
A over all trained *tokens* of a group is zero and no length is favoured. `mean` centres over rollouts, `leave_one_out`
uses the other rollouts as baseline (RLOO), `std` divides by the group's deviation (GRPO). Rollouts without a reward are
left out of every baseline and get 0. Credit says how a rollout's advantage reaches its turns; T_i counts a turn's
tokens by its credit, so the token-weighted sum stays zero under every credit rule. Pure Python.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum

from deskcheck_trainer.rollout import Rollout, RolloutGroup

STD_FLOOR = 1e-4  # TRL's constant in (r - mean) / (std + 1e-4), so that `std` here equals scale_rewards="group" there


class AdvantageRule(Enum):
    length_weighted = "length_weighted"
    mean = "mean"
    leave_one_out = "leave_one_out"
    std = "std"


class Credit(Enum):
    """Which turns a terminal reward reaches. The paper does not say; `shared` is our reading of it."""

    shared = "shared"
    last_turn = "last_turn"
    discounted = "discounted"


def advantages(rule: AdvantageRule, rewards_G: Sequence[float | None], lengths_G: Sequence[float]) -> list[float]:
    """One advantage a rollout, shape (G,); 0 where the reward is None or where fewer than two rewards are known."""
    known = [(r, t) for r, t in zip(rewards_G, lengths_G, strict=True) if r is not None]
    if len(known) < 2:
        return [0.0] * len(rewards_G)
    rewards = [r for r, _ in known]
    mean = math.fsum(rewards) / len(rewards)
    match rule:
        case AdvantageRule.length_weighted:
            total = math.fsum(t for _, t in known)
            baseline, scale = (math.fsum(r * t for r, t in known) / total if total else mean), 1.0
        case AdvantageRule.mean:
            baseline, scale = mean, 1.0
        case AdvantageRule.leave_one_out:  # R_i - mean of the others = (R_i - mean) * n / (n - 1)
            baseline, scale = mean, len(rewards) / (len(rewards) - 1)
        case AdvantageRule.std:
            deviation = math.sqrt(math.fsum((r - mean) ** 2 for r in rewards) / (len(rewards) - 1))
            baseline, scale = mean, 1.0 / (deviation + STD_FLOOR)
    if all(r == rewards[0] for r in rewards):  # exactly zero, not a rounding error: zero-advantage rows are skipped
        return [0.0] * len(rewards_G)
    return [0.0 if r is None else (r - baseline) * scale for r in rewards_G]


def credits(rollout: Rollout, credit: Credit, discount: float = 1.0) -> list[float]:
    """The share of the rollout's advantage that each turn gets, shape (turns,); 0 for turns that are not trained."""
    trained = [index for index, turn in enumerate(rollout.turns) if turn.trained]
    shares = [0.0] * len(rollout.turns)
    for place, index in enumerate(reversed(trained)):
        match credit:
            case Credit.shared:
                shares[index] = 1.0
            case Credit.last_turn:
                shares[index] = 1.0 if place == 0 else 0.0
            case Credit.discounted:
                shares[index] = discount**place
    return shares


def turn_advantages(
    group: RolloutGroup, rule: AdvantageRule, credit: Credit = Credit.shared, discount: float = 1.0
) -> list[list[float]]:
    """Advantage of every turn of every rollout, ragged shape (G, turns)."""
    shares = [credits(rollout, credit, discount) for rollout in group.rollouts]
    lengths = [
        math.fsum(share * len(turn.token_ids) for share, turn in zip(share_list, rollout.turns, strict=True))
        for share_list, rollout in zip(shares, group.rollouts, strict=True)
    ]
    values = advantages(rule, group.rewards(), lengths)
    return [[value * share for share in share_list] for value, share_list in zip(values, shares, strict=True)]
