"""The estimator's invariants, over random groups: sums that vanish, equality over a rollout's turns, zero elsewhere."""

import math

import pytest
from deskcheck_trainer.advantage import AdvantageRule, Credit, advantages, credits, turn_advantages
from deskcheck_trainer.rollout import Rollout, RolloutGroup, Task, Turn
from hypothesis import given
from hypothesis import strategies as st

REWARDS = st.sampled_from([1.0, -1.0, None])


@st.composite
def turns(draw) -> tuple[Turn, ...]:
    lengths = draw(st.lists(st.integers(1, 300), min_size=1, max_size=3))
    trained = [True] + [draw(st.booleans()) for _ in lengths[1:]]
    return tuple(
        Turn("solve", [], (1,), tuple(range(length)), trained=flag)
        for length, flag in zip(lengths, trained, strict=True)
    )


@st.composite
def groups(draw) -> RolloutGroup:
    rollouts = [
        Rollout(
            "task", "env", draw(turns()), draw(REWARDS), drop=draw(st.sampled_from([None, None, None, "gibberish"]))
        )
        for _ in range(draw(st.integers(2, 8)))
    ]
    return RolloutGroup(Task("env", None), tuple(rollouts), reward_weight=draw(st.sampled_from([1.0, 0.8])))


@given(groups(), st.sampled_from(list(Credit)))
def test_length_weighted_sums_to_zero_over_tokens(group, credit):
    values = turn_advantages(group, AdvantageRule.length_weighted, credit, discount=0.7)
    total = math.fsum(
        advantage * len(turn.token_ids)
        for rollout, row in zip(group.rollouts, values, strict=True)
        for turn, advantage in zip(rollout.turns, row, strict=True)
    )
    assert total == pytest.approx(0, abs=1e-9)


@given(groups(), st.sampled_from([AdvantageRule.mean, AdvantageRule.leave_one_out, AdvantageRule.std]))
def test_the_other_rules_sum_to_zero_over_rollouts(group, rule):
    values = turn_advantages(group, rule)
    assert math.fsum(row[0] for row in values) == pytest.approx(0, abs=1e-9)


@given(groups(), st.sampled_from(list(AdvantageRule)))
def test_all_trained_turns_of_a_rollout_share_one_advantage(group, rule):
    for rollout, row in zip(group.rollouts, turn_advantages(group, rule), strict=True):
        trained = {a for turn, a in zip(rollout.turns, row, strict=True) if turn.trained}
        assert len(trained) == 1
        assert all(a == 0 for turn, a in zip(rollout.turns, row, strict=True) if not turn.trained)
        if not rollout.scored:
            assert trained == {0.0}


@given(groups())
def test_better_is_never_below_worse(group):
    values = [row[0] for row in turn_advantages(group, AdvantageRule.length_weighted)]
    pairs = [(r.reward, v) for r, v in zip(group.rollouts, values, strict=True) if r.scored]
    known = {reward for reward, _ in pairs}
    if known == {1.0, -1.0}:
        assert min(v for r, v in pairs if r == 1) >= 0 >= max(v for r, v in pairs if r == -1)


def test_the_numbers_of_each_rule_by_hand():
    rewards, lengths = [1.0, -1.0, -1.0, None], [10, 30, 60, 5]
    assert advantages(AdvantageRule.length_weighted, rewards, lengths) == pytest.approx(
        [1.8, -0.2, -0.2, 0]
    )  # mu = -0.8
    assert advantages(AdvantageRule.mean, rewards, lengths) == pytest.approx([4 / 3, -2 / 3, -2 / 3, 0])
    assert advantages(AdvantageRule.leave_one_out, rewards, lengths) == pytest.approx([2, -1, -1, 0])
    deviation = math.sqrt(4 / 3) + 1e-4
    assert advantages(AdvantageRule.std, rewards, lengths)[0] == pytest.approx(4 / 3 / deviation)


def test_last_turn_credits_the_last_trained_turn_alone_and_discounted_decays_backwards():
    two = (Turn("solve", [], (1,), (1, 2)), Turn("submit_or_fix", [], (1,), (3, 4)))
    one = (Turn("solve", [], (1,), (5, 6)),)
    group = RolloutGroup(Task("env", None), (Rollout("t", "env", two, 1.0), Rollout("t", "env", one, -1.0)))
    assert turn_advantages(group, AdvantageRule.mean, Credit.last_turn) == [[0, 1], [-1]]
    assert turn_advantages(group, AdvantageRule.mean, Credit.discounted, 0.5) == [[0.5, 1], [-1]]


def test_a_task_weight_scales_the_advantage_unless_std_cancels_it():
    rollouts = tuple(Rollout("t", "env", (Turn("predict", [], (1,), (1,)),), r) for r in (1.0, -1.0))
    full, light = (RolloutGroup(Task("env", None), rollouts, reward_weight=weight) for weight in (1.0, 0.8))
    for rule in (AdvantageRule.length_weighted, AdvantageRule.mean, AdvantageRule.leave_one_out):
        assert turn_advantages(light, rule)[0][0] == pytest.approx(0.8 * turn_advantages(full, rule)[0][0])
    std = AdvantageRule.std
    assert turn_advantages(light, std)[0][0] == pytest.approx(turn_advantages(full, std)[0][0], rel=1e-3)


@pytest.mark.parametrize("rewards", [[1.0, 1.0, 1.0], [None, None, -1.0], [0.8, 0.8, None], [0.8, 0.8, 0.8]])
@pytest.mark.parametrize("rule", list(AdvantageRule))
def test_a_group_that_agrees_or_has_one_reward_teaches_nothing_at_all(rule, rewards):
    assert advantages(rule, rewards, [3, 7, 11]) == [0.0, 0.0, 0.0]


def test_rewards_without_tokens_are_centred_over_rollouts():
    assert advantages(AdvantageRule.length_weighted, [1.0, -1.0, -1.0], [0, 0, 0]) == pytest.approx(
        [4 / 3, -2 / 3, -2 / 3]
    )
    assert advantages(AdvantageRule.length_weighted, [1.0, -1.0], [0.25, 0.25]) == [1.0, -1.0]


@pytest.mark.parametrize("rule", list(AdvantageRule))
def test_two_rewards_are_enough_and_every_reward_has_a_length(rule):
    up, down, unknown = advantages(rule, [1.0, -1.0, None], [1, 1, 1])
    assert (up, unknown) == (-down, 0.0) and up > 0.7
    with pytest.raises(ValueError, match="shorter"):
        advantages(rule, [1.0, -1.0], [1])


def test_credit_of_every_turn_by_hand():
    turns = tuple(Turn("solve", [], (1,), (1, 2), trained=trained) for trained in (True, True, False, True, False))
    rollout = Rollout("t", "env", turns, 1.0)
    assert credits(rollout, Credit.shared, 0.5) == [1, 1, 0, 1, 0]
    assert credits(rollout, Credit.last_turn, 0.5) == [0, 0, 0, 1, 0]
    assert credits(rollout, Credit.discounted, 0.5) == [0.25, 0.5, 0, 1, 0]
    assert credits(rollout, Credit.discounted) == [1, 1, 0, 1, 0]
    assert credits(Rollout("t", "env", turns[2:3], 1.0), Credit.shared) == [0]


def test_credit_is_shared_and_counts_in_the_lengths_unless_told():
    two = tuple(Turn("solve", [], (1,), tokens) for tokens in ((1, 2), (3, 4, 5, 6)))
    one = (Turn("solve", [], (1,), (7, 8, 9, 0)),)
    group = RolloutGroup(Task("env", None), (Rollout("t", "env", two, 1.0), Rollout("t", "env", one, -1.0)))
    length_weighted = AdvantageRule.length_weighted  # mu = (1 * 6 - 1 * 4) / 10
    assert turn_advantages(group, length_weighted) == [pytest.approx([0.8, 0.8]), pytest.approx([-1.2])]
    assert turn_advantages(group, AdvantageRule.mean, Credit.discounted) == [[1, 1], [-1]]
    # half of the first turn's 2 tokens and all of the second's 4: mu = (5 - 4) / 9
    halved = turn_advantages(group, length_weighted, Credit.discounted, 0.5)
    assert halved == [pytest.approx([4 / 9, 8 / 9]), pytest.approx([-10 / 9])]


def test_configurations_name_rules_by_their_values():
    assert all(choice.name == choice.value for kind in (AdvantageRule, Credit) for choice in kind)
