"""Intervals: coverage on data with a known mean, width over problems and not over candidates, pairing."""

import numpy as np
import pytest
from deskcheck_evals.intervals import bootstrap, exact_bound, paired_difference


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says():
    generator = np.random.default_rng(3)
    samples = [bootstrap(list(generator.random(60) < 0.4), resamples=400, seed=i) for i in range(200)]
    covered = sum(0.4 in interval for interval in samples)
    assert 175 <= covered <= 199, covered


def test_resampling_is_by_problem():
    # 50 problems, 20 equal candidates each: a thousand values carry the information of fifty.
    values = [float(problem % 2) for problem in range(50) for _ in range(20)]
    owners = [problem for problem in range(50) for _ in range(20)]
    by_problem, by_candidate = bootstrap(values, owners), bootstrap(values)
    ratio = (by_problem.high - by_problem.low) / (by_candidate.high - by_candidate.low)
    assert by_problem.mean == by_candidate.mean == 0.5
    assert by_problem.problems == 50
    assert 3.5 < ratio < 5.5, "the square root of 20"


def test_items_weigh_the_same_when_problems_have_unequal_numbers():
    assert bootstrap([1, 1, 1, 0], ["a", "a", "a", "b"]).mean == 0.75


def test_another_seed_is_another_interval():
    values = list(np.random.default_rng(0).random(40))
    assert bootstrap(values, seed=1) != bootstrap(values, seed=2)


def test_a_difference_is_written_with_its_sign():
    hard = {f"p{i}": i / 40 for i in range(40)}
    assert (
        paired_difference({problem: value + 0.05 for problem, value in hard.items()}, hard).signed()
        == "+5.0 [+5.0, +5.0]"
    )


def test_refusals():
    with pytest.raises(ValueError, match="no finished problem"):
        bootstrap([])
    with pytest.raises(ValueError, match="NaN"):
        bootstrap([1.0, float("nan")])
    with pytest.raises(ValueError, match="2 values but 1 problem"):
        bootstrap([1, 0], ["a"])
    with pytest.raises(ValueError, match="same problems"):
        paired_difference({"a": 1.0}, {"b": 1.0})


def test_nothing_of_many_leaves_room_for_some():
    """The bound is the share at which nothing of n is as unlikely as the level allows; its limit is the rule of three
    and a bit: 3.7 / n."""
    for n in (1, 20, 108, 244):
        assert (1 - exact_bound(n)) ** n == pytest.approx(0.025)
    assert 10_000 * exact_bound(10_000) == pytest.approx(3.69, abs=0.01)
