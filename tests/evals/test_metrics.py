"""The estimators in exact fractions, on worked examples, and what they refuse. Their invariants: test_properties.py."""

import math

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


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pass_at_k(5, 0, 6), "k=6 of n=5"),
        (lambda: pass_at_k(5, 0, 0), "1 <= k"),
        (lambda: pass_at_k(5, 6, 1), "c=6"),
        (lambda: pass_at_k(0, 0, 1), "n=0"),
        (lambda: rank_score_at_k([True], [1], 2), "k=2 of n=1"),
        (lambda: rank_score_at_k([True], [1, 2], 1), "1 pass labels but 2 scores"),
        (lambda: rank_score_at_k([True, False], [1, math.nan], 1), "NaN"),
        (lambda: rank_score_at_k([2], [1], 1), "pass labels"),
    ],
)
def test_refusals_name_the_fault(call, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        call()
