"""Filters: the reasons to leave a rollout out."""

import math

from deskcheck_trainer.filters import Gibberish, Overlong
from deskcheck_trainer.rollout import Rollout, Turn

GIBBERISH = Gibberish(min_token_id=100, vocab_size=128, margin=2.0)
LOW = -math.log(128) - 2.1


def rollout(*turns: Turn) -> Rollout:
    return Rollout("task", "env", turns, 1.0)


def test_only_a_rare_and_unlikely_token_is_gibberish():
    assert GIBBERISH(rollout(Turn("solve", [], (1,), (5, 101), (-0.1, LOW)))) == "gibberish"
    assert GIBBERISH(rollout(Turn("solve", [], (1,), (5, 101), (LOW, -0.1)))) is None  # a common token, unlikely
    assert GIBBERISH(rollout(Turn("solve", [], (1,), (5, 100), (-0.1, LOW)))) is None  # the bound itself is common
    assert GIBBERISH(rollout(Turn("solve", [], (1,), (5, 101)))) is None  # no logprobs, nothing to judge


def test_any_turn_of_a_rollout_can_be_gibberish():
    fine, bad = Turn("solve", [], (1,), (5,), (-0.1,)), Turn("submit_or_fix", [], (1,), (120,), (LOW,))
    assert GIBBERISH(rollout(fine, bad)) == "gibberish"


def test_a_cut_turn_is_overlong_only_where_it_is_trained():
    assert Overlong()(rollout(Turn("solve", [], (1,), (5,), truncated=True))) == "overlong"
    assert Overlong()(rollout(Turn("solve", [], (1,), (5,), truncated=True, trained=False))) is None
    assert Overlong()(rollout(Turn("solve", [], (1,), (5,)))) is None
