"""The properties that ship with the package, on our estimators; and that each finds an estimator with the fault it is for."""

import math
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from deskcheck_evals import metrics, properties
from deskcheck_evals.intervals import Interval, bootstrap, paired_difference
from deskcheck_evals.properties import *  # noqa: F403  the shipped tests are tests here
from deskcheck_evals.transitions import Transitions


def stable_sort(passed, scores, k):
    """Ties go to whoever stands first in the file."""
    ranked = [passed[i] for i in sorted(range(len(passed)), key=lambda i: -scores[i])]
    draws = math.comb(len(passed), k)
    return sum(right * math.comb(len(passed) - 1 - rank, k - 1) / draws for rank, right in enumerate(ranked))


def lucky_ties(passed, scores, k):
    """Ties go to whoever passes."""
    return metrics.rank_score_at_k(passed, [2 * score + right for score, right in zip(scores, passed, strict=True)], k)


def by_mean_score(passed, scores, k):
    """Not only the order of scores counts."""
    shift = sum(scores) / len(scores)
    return metrics.rank_score_at_k(passed, [abs(score - shift) for score in scores], k)


def with_floats(n, c, k):
    """The textbook formula in floats."""
    return 1.0 - float(math.comb(n - c, k)) / float(math.comb(n, k))


def biased(n, c, k):
    """As if candidates were drawn with replacement."""
    return 1 - (1 - c / n) ** k


def over_samples(values, problems, *, seed=0):
    """Every sample is taken for a problem of its own."""
    return bootstrap(values, seed=seed)


def unseeded(values, problems, *, seed=0):
    return bootstrap(values, problems, seed=int.from_bytes(os.urandom(3)))


def unpaired(ours, theirs, *, seed=0):
    """The difference of two means, resampled apart."""
    a, b = bootstrap([*ours.values()], seed=seed), bootstrap([*theirs.values()], seed=seed + 1)
    return Interval(a.mean - b.mean, a.low - b.high, a.high - b.low, a.problems)


class Swapped(Transitions):
    @classmethod
    def of(cls, first, submitted):
        return Transitions.of(submitted, first)


def no_answer_first(passed, lengths, k):
    return metrics.rank_score_at_k(passed, [-length for length in lengths], k)


def longest(passed, lengths, k):
    return metrics.rank_score_at_k(passed, lengths, k)


@pytest.mark.parametrize(
    ("name", "spoiled", "found_by"),
    [
        ("rank_score_at_k", stable_sort, "rank_score_is_the_mean_over_draws_with_ties_at_random"),
        ("rank_score_at_k", stable_sort, "all_tied_is_a_random_pick_whatever_k"),
        ("rank_score_at_k", stable_sort, "the_order_of_the_file_does_not_count"),
        ("rank_score_at_k", lucky_ties, "all_tied_is_a_random_pick_whatever_k"),
        ("rank_score_at_k", lucky_ties, "the_best_of_all_is_the_mean_of_those_tied_for_the_top"),
        ("rank_score_at_k", lucky_ties, "passing_and_failing_share_the_whole"),
        ("rank_score_at_k", by_mean_score, "only_the_order_of_scores_counts"),
        ("rank_score_at_k", lambda passed, scores, k: stable_sort(passed, scores, 1) / k, "an_oracle_that_ranks_is_pass_at_k"),
        ("rank_score_at_k", lambda passed, scores, k: lucky_ties(passed, scores, len(passed)), "rank_score_of_one_is_the_mean"),
        ("pass_at_k", with_floats, "two_thousand_candidates_neither_overflow_nor_round"),
        ("pass_at_k", biased, "pass_at_k_is_the_share_of_draws_with_a_right_one"),
        ("pass_at_k", biased, "pass_at_k_of_one_is_the_mean_and_more_draws_never_lower_it"),
        ("short1_at_k", no_answer_first, "no_answer_is_not_the_shortest_one"),
        ("short1_at_k", longest, "the_shortest_is_the_best_by_negative_length"),
        ("bootstrap", over_samples, "more_samples_of_the_same_problems_do_not_narrow_the_interval"),
        ("bootstrap", unseeded, "the_same_seed_gives_the_same_interval_around_the_mean"),
        ("paired_difference", unpaired, "what_makes_a_problem_hard_for_both_cancels"),
        ("paired_difference", lambda a, b, seed: paired_difference(a, a, seed=seed), "a_difference_turns_its_sign_with_its_sides"),
        ("Transitions", Swapped, "transitions_add_up_to_both_pass_rates"),
    ],
)  # fmt: skip
def test_a_faulty_estimator_is_found(name, spoiled, found_by):
    shipped = getattr(properties, f"test_{found_by}")
    with pytest.raises((AssertionError, OverflowError, ExceptionGroup)):
        shipped(estimators=SimpleNamespace(**{**vars(properties.OURS), name: spoiled}))


def test_every_property_finds_a_faulty_estimator():
    [marked] = test_a_faulty_estimator_is_found.pytestmark
    assert {f"test_{row[2]}" for row in marked.args[1]} == {
        name for name in vars(properties) if name.startswith("test_")
    }


def test_the_command_that_the_documents_name_tests_a_module_of_ones_own(tmp_path):
    (tmp_path / "mine.py").write_text("def pass_at_k(n, c, k):\n    return c / n\n")
    environment = {
        **os.environ,
        "DESKCHECK_ESTIMATORS": "mine",
        "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs", "deskcheck_evals.properties"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "2 failed, 16 skipped" in done.stdout, "pass@k is the mean for every k, and nothing else is there"
