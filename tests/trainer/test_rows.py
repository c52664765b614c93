"""From groups to rows: every trained turn once, with its rollout's advantage, and nothing that carries no gradient."""

from types import SimpleNamespace

import pytest
from deskcheck_conf.errors import ConfigError
from deskcheck_trainer.advantage import AdvantageRule, Credit, turn_advantages
from deskcheck_trainer.rollout import Rollout, RolloutGroup, Task, Turn
from deskcheck_trainer.rows import Estimator
from hypothesis import given
from hypothesis import strategies as st


def turn(rollout: int, number: int, length: int = 2) -> Turn:
    return Turn("solve", [], (100 + number,), (10 * rollout + number,) * length, (-1.0,) * length)


def group(*rollouts: Rollout) -> RolloutGroup:
    return RolloutGroup(Task("two", SimpleNamespace(id="q")), rollouts)


def test_a_variable_number_of_turns_becomes_as_many_rows():
    played = group(
        Rollout("q", "two", (turn(1, 0), turn(1, 1), turn(1, 2)), 1.0),
        Rollout("q", "two", (turn(2, 0),), -1.0),
        Rollout("q", "two", (turn(3, 0), turn(3, 1)), None),
        Rollout("q", "two", (turn(4, 0),), 1.0, drop="gibberish"),
    )
    rows, skipped = Estimator(AdvantageRule.mean).rows(played, 7, 3)
    assert [(row.token_ids[0], row.prompt_ids, row.advantage) for row in rows] == [
        (10, (100,), 1.0), (11, (101,), 1.0), (12, (102,), 1.0), (20, (100,), -1.0),
    ]  # fmt: skip
    assert {(row.group, row.version) for row in rows} == {(7, 3)} and [row.place for row in rows] == [0, 1, 2, 3]
    assert skipped == {"unscorable": 2, "gibberish": 1}


def test_a_group_that_scores_alike_gives_no_rows():
    played = group(*[Rollout("q", "two", (turn(n, 0), turn(n, 1)), -1.0) for n in range(3)])
    assert Estimator(AdvantageRule.length_weighted).rows(played, 0, 0) == ([], {"zero_advantage": 6})


def test_turns_without_credit_or_untrained_give_no_rows():
    told = Turn("simulate", [], (1,), (2,), (-1.0,), trained=False)
    played = group(Rollout("q", "two", (turn(1, 0), told, turn(1, 1)), 1.0), Rollout("q", "two", (turn(2, 0),), -1.0))
    rows, skipped = Estimator(AdvantageRule.mean, Credit.last_turn).rows(played, 0, 0)
    assert [row.token_ids[0] for row in rows] == [11, 20] and skipped == {"zero_advantage": 1}


def test_a_sampler_without_log_probabilities_is_refused():
    bare = Turn("solve", [], (1,), (2,))
    with pytest.raises(ConfigError, match="trl_async needs both"):
        Estimator(AdvantageRule.mean).rows(
            group(Rollout("q", "two", (bare,), 1.0), Rollout("q", "two", (turn(2, 0),), -1.0)), 0, 0
        )


@given(
    st.lists(st.tuples(st.sampled_from([1.0, -1.0, None]), st.lists(st.integers(1, 5), min_size=1, max_size=3)), max_size=6),
    st.sampled_from(AdvantageRule),
    st.sampled_from(Credit),
)  # fmt: skip
def test_rows_carry_exactly_the_advantages_that_the_sync_backend_trains_on(shapes, rule, credit):
    played = group(
        *[
            Rollout("q", "two", tuple(turn(n, t, length) for t, length in enumerate(lengths)), reward)
            for n, (reward, lengths) in enumerate(shapes)
        ]
    )
    rows, _ = Estimator(rule, credit, 0.5).rows(played, 0, 0)
    expected = {
        (10 * n + t): advantage
        for n, advantages in enumerate(turn_advantages(played, rule, credit, 0.5))
        for t, advantage in enumerate(advantages)
        if advantage
    }
    assert {row.token_ids[0]: row.advantage for row in rows} == expected
