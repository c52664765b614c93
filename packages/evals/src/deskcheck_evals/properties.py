"""What must hold of the estimators, as tests that come with the package: run them on ours, or on your own.

    pip install 'deskcheck-evals[properties]'
    python -m pytest --pyargs deskcheck_evals.properties
    DESKCHECK_ESTIMATORS=my.metrics python -m pytest --pyargs deskcheck_evals.properties

`my.metrics` is a module with some of the names below, called as ours are (deskcheck_evals.metrics, .intervals,
.transitions); tests of what it lacks are skipped. In a test file of your own, import everything from here and define
the fixture `estimators`, which may be any object with these names:

    pass_at_k(n, c, k)    rank_score_at_k(passed, scores, k)    short1_at_k(passed, lengths, k)
    bootstrap(values, problems, seed=)    paired_difference(ours, theirs, seed=)    with mean, low and high
    Transitions.of(first, submitted)    with the counts FF, FP, PF, PP

Results may be floats: they are compared within 1e-9.
"""

import os
from functools import partial
from importlib import import_module
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deskcheck_evals import intervals, metrics, transitions
from deskcheck_evals.by_definition import listed_pass_at_k, listed_rank_score_at_k

OURS = SimpleNamespace(
    pass_at_k=metrics.pass_at_k,
    rank_score_at_k=metrics.rank_score_at_k,
    short1_at_k=metrics.short1_at_k,
    bootstrap=partial(intervals.bootstrap, resamples=500),
    paired_difference=partial(intervals.paired_difference, resamples=500),
    Transitions=transitions.Transitions,
)

many = settings(max_examples=100, deadline=None)
few = settings(max_examples=25, deadline=None)  # resampling takes longer than counting


@pytest.fixture(scope="session")
def estimators() -> Any:
    """The implementation under test."""
    name = os.environ.get("DESKCHECK_ESTIMATORS")
    return import_module(name) if name else OURS


def under_test(estimators: Any, name: str) -> Any:
    """What it has of this name; the test is skipped where it has nothing."""
    if not hasattr(estimators, name):
        pytest.skip(f"there is no {name} to test")
    return getattr(estimators, name)


def close(value: Any) -> Any:
    """Equal up to the rounding of floats."""
    return pytest.approx(float(value), abs=1e-9, rel=1e-9)


@st.composite
def pools(draw: st.DrawFn, size: int = 7) -> tuple[list[bool], list[int], int]:
    """Whether each candidate passed, its score with many ties, and a k."""
    candidates = draw(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=size))
    passed, scores = [right for right, _ in candidates], [score for _, score in candidates]
    return passed, scores, draw(st.integers(1, len(passed)))


# ------------------------------------------------------------------------------------------------------------- pass@k


@many
@given(st.integers(1, 9), st.data())
def test_pass_at_k_is_the_share_of_draws_with_a_right_one(estimators: Any, n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    assert under_test(estimators, "pass_at_k")(n, c, k) == close(listed_pass_at_k(n, c, k))


@many
@given(st.integers(1, 60), st.data())
def test_pass_at_k_of_one_is_the_mean_and_more_draws_never_lower_it(
    estimators: Any, n: int, data: st.DataObject
) -> None:
    pass_at_k, c = under_test(estimators, "pass_at_k"), data.draw(st.integers(0, n))
    curve = [pass_at_k(n, c, k) for k in range(1, n + 1)]
    assert curve[0] == close(c / n) and curve[-1] == close(c > 0)
    assert all(low <= high + 1e-9 for low, high in pairwise(curve))


def test_two_thousand_candidates_neither_overflow_nor_round(estimators: Any) -> None:
    pass_at_k, rank = under_test(estimators, "pass_at_k"), under_test(estimators, "rank_score_at_k")
    assert pass_at_k(2000, 1, 1000) == close(0.5) and pass_at_k(2000, 1999, 1) == close(0.9995)
    assert pass_at_k(2000, 1000, 2000) == close(1) and pass_at_k(2000, 0, 2000) == close(0)
    assert rank([True] * 1000 + [False] * 1000, [0] * 2000, 1000) == close(0.5)
    assert rank([i == 1 for i in range(2000)], list(range(2000)), 2000) == close(0)


# ------------------------------------------------------------------------------------------------------- rank_score@k


@many
@given(pools())
def test_rank_score_is_the_mean_over_draws_with_ties_at_random(estimators: Any, pool: Any) -> None:
    assert under_test(estimators, "rank_score_at_k")(*pool) == close(listed_rank_score_at_k(*pool))


@many
@given(pools(30))
def test_rank_score_of_one_is_the_mean(estimators: Any, pool: Any) -> None:
    passed, scores, _ = pool
    assert under_test(estimators, "rank_score_at_k")(passed, scores, 1) == close(sum(passed) / len(passed))


@many
@given(pools(30))
def test_all_tied_is_a_random_pick_whatever_k(estimators: Any, pool: Any) -> None:
    passed, _, k = pool
    assert under_test(estimators, "rank_score_at_k")(passed, [7] * len(passed), k) == close(sum(passed) / len(passed))


@many
@given(pools(30))
def test_an_oracle_that_ranks_is_pass_at_k(estimators: Any, pool: Any) -> None:
    passed, _, k = pool
    rank, pass_at_k = under_test(estimators, "rank_score_at_k"), under_test(estimators, "pass_at_k")
    assert rank(passed, [int(right) for right in passed], k) == close(pass_at_k(len(passed), sum(passed), k))


@many
@given(pools(30))
def test_the_best_of_all_is_the_mean_of_those_tied_for_the_top(estimators: Any, pool: Any) -> None:
    passed, scores, _ = pool
    top = [right for right, score in zip(passed, scores, strict=True) if score == max(scores)]
    assert under_test(estimators, "rank_score_at_k")(passed, scores, len(passed)) == close(sum(top) / len(top))


@many
@given(pools(30), st.lists(st.integers(-(10**9), 10**9), min_size=4, max_size=4, unique=True))
def test_only_the_order_of_scores_counts(estimators: Any, pool: Any, levels: list[int]) -> None:
    passed, scores, k = pool
    rank, rising = under_test(estimators, "rank_score_at_k"), sorted(levels)
    assert rank(passed, [rising[score] for score in scores], k) == close(rank(passed, scores, k))


@many
@given(pools(30), st.randoms(use_true_random=False))
def test_the_order_of_the_file_does_not_count(estimators: Any, pool: Any, random: Any) -> None:
    passed, scores, k = pool
    rank, order = under_test(estimators, "rank_score_at_k"), random.sample(range(len(passed)), len(passed))
    assert rank([passed[i] for i in order], [scores[i] for i in order], k) == close(rank(passed, scores, k))


@many
@given(pools(30))
def test_passing_and_failing_share_the_whole(estimators: Any, pool: Any) -> None:
    passed, scores, k = pool
    rank = under_test(estimators, "rank_score_at_k")
    assert rank(passed, scores, k) + rank([not right for right in passed], scores, k) == close(1)


# ----------------------------------------------------------------------------------------------------------- short1@k


@many
@given(pools(30))
def test_the_shortest_is_the_best_by_negative_length(estimators: Any, pool: Any) -> None:
    passed, scores, k = pool
    lengths = [score + 1 for score in scores]
    ranked = metrics.rank_score_at_k(passed, [-length for length in lengths], k)
    assert under_test(estimators, "short1_at_k")(passed, lengths, k) == close(ranked)


@many
@given(pools(30))
def test_no_answer_is_not_the_shortest_one(estimators: Any, pool: Any) -> None:
    passed, scores, _ = pool
    short1 = under_test(estimators, "short1_at_k")
    assert short1([*passed, True], [score + 1 for score in scores] + [0], len(passed) + 1) == close(
        short1(passed, [score + 1 for score in scores], len(passed))
    )


# ---------------------------------------------------------------------------------------------- intervals, differences

SHARES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=20)


@few
@given(SHARES, st.integers(0, 5))
@example([i / 37 for i in range(37)], 0)  # intervals of few values can be equal by chance
def test_the_same_seed_gives_the_same_interval_around_the_mean(estimators: Any, values: list[float], seed: int) -> None:
    bootstrap, problems = under_test(estimators, "bootstrap"), list(range(len(values)))
    first, again = (bootstrap(values, problems, seed=seed) for _ in range(2))
    assert (first.mean, first.low, first.high) == (again.mean, again.low, again.high)
    assert first.mean == close(sum(values) / len(values))
    assert min(values) - 1e-9 <= first.low <= first.high <= max(values) + 1e-9


@few
@given(SHARES, st.integers(2, 4))
def test_more_samples_of_the_same_problems_do_not_narrow_the_interval(
    estimators: Any, values: list[float], times: int
) -> None:
    bootstrap, problems = under_test(estimators, "bootstrap"), list(range(len(values)))
    once, often = bootstrap(values, problems, seed=0), bootstrap(values * times, problems * times, seed=0)
    assert (often.mean, often.low, often.high) == (close(once.mean), close(once.low), close(once.high))


@few
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=20))
def test_a_difference_turns_its_sign_with_its_sides(estimators: Any, pairs: list[tuple[int, int]]) -> None:
    difference = under_test(estimators, "paired_difference")
    ours, theirs = ({f"p{i}": pair[side] / 8 for i, pair in enumerate(pairs)} for side in (0, 1))
    there, back = difference(ours, theirs, seed=0), difference(theirs, ours, seed=0)
    assert (there.mean, there.low, there.high) == (close(-back.mean), close(-back.high), close(-back.low))
    assert there.mean == close(sum(a - b for a, b in pairs) / 8 / len(pairs))


@few
@given(SHARES)
def test_what_makes_a_problem_hard_for_both_cancels(estimators: Any, values: list[float]) -> None:
    hard = {f"p{i}": value for i, value in enumerate(values)}
    better = {problem: value + 0.125 for problem, value in hard.items()}
    found = under_test(estimators, "paired_difference")(better, hard, seed=0)
    assert (found.mean, found.low, found.high) == (close(0.125),) * 3


# -------------------------------------------------------------------------------------------------------- transitions


@many
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_transitions_add_up_to_both_pass_rates(estimators: Any, pairs: list[tuple[bool, bool]]) -> None:
    table = under_test(estimators, "Transitions")
    first, submitted = [a for a, _ in pairs], [b for _, b in pairs]
    found, turned = table.of(first, submitted), table.of(submitted, first)
    assert sum(first) == found.PF + found.PP and sum(submitted) == found.FP + found.PP
    assert len(pairs) == found.FF + found.FP + found.PF + found.PP
    assert (turned.FF, turned.FP, turned.PF, turned.PP) == (found.FF, found.PF, found.FP, found.PP)
