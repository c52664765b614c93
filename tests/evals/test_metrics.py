"""The estimators in exact fractions, on worked examples, and what they refuse. Their invariants: test_properties.py."""

import math
from fractions import Fraction

import pytest
from deskcheck_evals.by_definition import listed_rank_score_at_k
from deskcheck_evals.metrics import exact_rank_score, pass_at_k, rank_score_at_k, short1_at_k
from deskcheck_evals.properties import pools
from hypothesis import given, settings


@given(pools())
@settings(max_examples=150, deadline=None)
def test_rank_score_is_the_listed_one_to_the_last_digit(pool):
    assert exact_rank_score(*pool) == listed_rank_score_at_k(*pool)


def test_large_n_does_not_round():
    assert pass_at_k(2000, 1, 1000) == 0.5
    assert rank_score_at_k([True] * 1000 + [False] * 1000, [0] * 2000, 1000) == 0.5


def test_ties_do_not_follow_file_order():
    # 1 of 4 right, all tied: a random pick is right a quarter of the time; a stable sort would say a half at k=2.
    assert rank_score_at_k([True, False, False, False], [1, 1, 1, 1], 2) == 0.25


def test_short1_ranks_missing_answers_last():
    assert short1_at_k([True, False, False], [5, 9, 0], 3) == 1.0
    assert short1_at_k([False, True], [0, 100], 2) == 1.0
    assert short1_at_k([False, True], [3, 2], 1) == 0.5


def test_pass_at_k_from_none_right_to_all():
    assert [pass_at_k(4, right, 2) for right in range(5)] == [0, 3 / 6, 5 / 6, 1, 1]
    assert (pass_at_k(1, 0, 1), pass_at_k(1, 1, 1)) == (0, 1)
    assert isinstance(pass_at_k(4, 0, 2), float)


def test_the_largest_score_ranks_first_whatever_kind_of_number_it_is():
    passed, scores = [True, False, True, 0], [-math.inf, Fraction(1, 3), 0.5, 2]
    assert [exact_rank_score(passed, scores, k) for k in (1, 2, 3, 4)] == [
        Fraction(1, 2),
        Fraction(1, 3),
        Fraction(1, 4),
        0,
    ]
    assert rank_score_at_k(passed, scores, 3) == 0.25 and isinstance(rank_score_at_k(passed, scores, 3), float)


def test_a_tie_is_worth_the_share_of_the_right_in_it():
    # Best group: 1 of 2 right; then 2 of 3; then 1 of 1. Of the 15 pairs 9 meet the first group, 5 the second at best.
    passed, scores = [1, 0, 1, 1, 0, 1], [9, 9, 5, 5, 5, 1]
    assert exact_rank_score(passed, scores, 2) == Fraction(9, 15) * Fraction(1, 2) + Fraction(6, 15) * Fraction(2, 3)
    assert exact_rank_score(passed, scores, 6) == Fraction(1, 2)


def test_short1_prefers_one_token_to_none_and_to_two():
    assert short1_at_k([True, False, False], [1, 0, 2], 3) == 1
    assert short1_at_k([False, True], [-3, 7], 2) == 1
    assert short1_at_k([True, False], [0, -1], 2) == 0.5  # two without an answer tie


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pass_at_k(5, -1, 1), "pass@k got c=-1 right candidates of n=5, expected 0 <= c <= n"),
        (lambda: pass_at_k(5, 0, 6), "k=6 of n=5"),
        (lambda: pass_at_k(5, 0, 0), "1 <= k"),
        (lambda: pass_at_k(5, 6, 1), "c=6"),
        (lambda: pass_at_k(0, 0, 1), "n=0"),
        (lambda: rank_score_at_k([True], [1], 2), "k=2 of n=1"),
        (lambda: rank_score_at_k([True], [1, 2], 1), "1 pass labels but 2 scores"),
        (
            lambda: rank_score_at_k([True, False], [1, math.nan], 1),
            "^a score is NaN: a candidate without a score needs one that says where it ranks, such as -inf$",
        ),
        (lambda: rank_score_at_k([2, 2, 1], [1, 1, 1], 1), "pass labels [1, 2], expected booleans or 0 and 1"),
        (lambda: rank_score_at_k([-1], [1], 1), "pass labels [-1]"),
        (lambda: rank_score_at_k([], [], 1), "k=1 of n=0 candidates, expected 1 <= k <= n"),
        (lambda: short1_at_k([True, False], [1], 1), "2 pass labels but 1 scores"),
    ],
)
def test_refusals_name_the_fault(call, words):
    with pytest.raises(ValueError, match=words.replace("[", r"\[")):
        call()
