"""The parity proof (tools/parity): a sample of it on the real data, and that it fails where a scorer is broken on purpose."""

import os
import random
from fractions import Fraction
from pathlib import Path

import pytest
from deskcheck_agent.feedback import Combine
from deskcheck_evals.intervals import bootstrap
from deskcheck_evals.metrics import exact_rank_score, rank_score_at_k
from deskcheck_evals.selection import Pool, selectors

from tools.parity import cruxeval, estimators, humaneval
from tools.parity.checks import Checks


def test_the_estimators_are_what_listing_every_draw_gives():
    checks = Checks(quiet=True)
    estimators.prove(checks, cases=60)
    assert checks.failed == [] and checks.made > 300


def in_file_order(passed, scores, k):
    """Ties broken by a stable sort."""
    return exact_rank_score(passed, [(score, -place) for place, score in enumerate(scores)], k)


@pytest.mark.parametrize(
    "spoiled",
    [
        {
            "rank": lambda passed, scores, k: exact_rank_score(
                passed, [2 * s + p for s, p in zip(scores, passed, strict=True)], k
            )
        },
        {"rank": lambda passed, scores, k: exact_rank_score(passed, scores, k) + Fraction(1, 10**12)},
        {"passes": lambda n, c, k: 1 - (1 - c / n) ** k},
    ],
    ids=["ties to whoever passes", "off by a trillionth", "with replacement"],
)
def test_a_broken_estimator_is_found(spoiled):
    checks = Checks(quiet=True)
    estimators.prove(checks, cases=20, **spoiled)
    assert checks.failed


if "DESKCHECK_DATA" in os.environ:  # the real data is no part of the repository
    DATA = Path(os.environ["DESKCHECK_DATA"])

    def test_the_figures_of_the_humaneval_labels():
        checks = Checks(quiet=True)
        humaneval.prove(DATA, checks)
        assert checks.failed == [] and checks.made == 20

    def lucky(pool: Pool, k: int) -> float:
        scores = [2 * sum(candidate.public) + candidate.passed for candidate in pool.candidates]
        return rank_score_at_k(pool.passed, scores, k)

    def test_lucky_ties_and_intervals_over_samples_are_found():
        checks = Checks(quiet=True)
        humaneval.prove(DATA, checks, curves={**selectors(Combine.mean), "best@k exec": lucky})
        assert any(each.startswith("best@k exec, k=10 is 0.4999, expected 0.4554") for each in checks.failed)
        checks = Checks(quiet=True)
        humaneval.prove(DATA, checks, interval=lambda values, _: bootstrap(values))
        assert len(checks.failed) == 1 and checks.failed[0].startswith("half an interval is 0.007")

    def test_a_sample_of_the_official_scores_is_ours():
        checks = Checks(quiet=True)
        cruxeval.prove(DATA, checks, limit=8)
        assert checks.failed == [] and checks.made == 5 + 2 * len(cruxeval.DECEPTIVE)

    def test_a_scorer_that_runs_what_it_is_given_is_found():
        checks = Checks(quiet=True)
        cruxeval.prove(DATA, checks, limit=2, scorer=cruxeval.by_their_rule)
        assert [each for each in checks.failed if "wrong by ours" in each] == checks.failed
        assert len(checks.failed) == len(cruxeval.DECEPTIVE)

    @pytest.mark.parametrize("share", [0.0, 0.3])
    def test_a_scorer_that_is_wrong_now_and_then_is_found(share):
        async def spoiled(predictions, sandbox):
            rng = random.Random(0)
            return [each.official and rng.random() < share for each in predictions]

        checks = Checks(quiet=True)
        cruxeval.prove(DATA, checks, limit=2, scorer=spoiled)
        assert any("official True, ours False: not explained" in each for each in checks.failed)
