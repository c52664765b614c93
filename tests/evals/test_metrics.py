"""The estimators against brute force in exact fractions, their invariants, and figures recomputed from real labels."""

import itertools
import json
import math
import os
from fractions import Fraction
from pathlib import Path

import pytest
from deskcheck_evals.metrics import exact_rank_score, pass_at_k, rank_score_at_k, short1_at_k
from hypothesis import given, settings
from hypothesis import strategies as st

CANDIDATES = st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=7)


def enumerate_rank_score(passed: list[bool], scores: list[int], k: int) -> Fraction:
    """The definition: every draw of k, every equally good best candidate of it equally likely."""
    draws = list(itertools.combinations(range(len(passed)), k))
    total = Fraction(0)
    for draw in draws:
        best = max(scores[i] for i in draw)
        leaders = [i for i in draw if scores[i] == best]
        total += Fraction(sum(passed[i] for i in leaders), len(leaders))
    return total / len(draws)


@given(CANDIDATES, st.data())
@settings(max_examples=150, deadline=None)
def test_rank_score_is_the_enumerated_one(candidates, data):
    passed, scores = [list(column) for column in zip(*candidates, strict=True)]
    k = data.draw(st.integers(1, len(passed)))
    assert exact_rank_score(passed, scores, k) == enumerate_rank_score(passed, scores, k)


@given(CANDIDATES, st.data())
@settings(max_examples=100, deadline=None)
def test_rank_score_invariants(candidates, data):
    passed, scores = [list(column) for column in zip(*candidates, strict=True)]
    n = len(passed)
    k = data.draw(st.integers(1, n))
    mean = Fraction(sum(passed), n)
    value = exact_rank_score(passed, scores, k)
    assert exact_rank_score(passed, scores, 1) == mean
    assert exact_rank_score(passed, [7] * n, k) == mean, "all tied is a random pick"
    assert float(exact_rank_score(passed, passed, k)) == pass_at_k(n, sum(passed), k), "an oracle ranking is pass@k"
    assert exact_rank_score(passed, [3 * score + 1 for score in scores], k) == value, "only the order counts"
    order = data.draw(st.permutations(range(n)))
    assert exact_rank_score([passed[i] for i in order], [scores[i] for i in order], k) == value
    top = [right for right, score in candidates if score == max(scores)]
    assert exact_rank_score(passed, scores, n) == Fraction(sum(top), len(top))


@given(st.integers(1, 9), st.data())
@settings(max_examples=60, deadline=None)
def test_pass_at_k_is_the_enumerated_one(n, data):
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    draws = list(itertools.combinations([True] * c + [False] * (n - c), k))
    assert pass_at_k(n, c, k) == float(Fraction(sum(map(any, draws)), len(draws)))


def test_large_n_neither_overflows_nor_rounds():
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


if "DESKCHECK_DATA" in os.environ:  # the real data is no part of the repository

    def test_figures_of_the_humaneval_labels():
        """The README of the labels states them; a reader recomputed them with another program."""
        path = Path(os.environ["DESKCHECK_DATA"]) / "humaneval" / "codegen16b_first20_labels.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        passed = [[label["hidden"] == "AC" for label in row["labels"]] for row in rows]
        public = [[label["visible"].count("AC") for label in row["labels"]] for row in rows]

        def mean(values):
            return round(sum(values) / len(rows), 4)

        assert {k: mean(pass_at_k(20, sum(p), k) for p in passed) for k in (1, 2, 5, 10, 20)} == {
            1: 0.2201, 2: 0.3063, 5: 0.4171, 10: 0.4999, 20: 0.5793,
        }  # fmt: skip
        assert {k: mean(map(rank_score_at_k, passed, public, [k] * len(rows))) for k in (2, 5, 10, 20)} == {
            2: 0.2989, 5: 0.3920, 10: 0.4554, 20: 0.5116,
        }  # fmt: skip
