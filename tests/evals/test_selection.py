"""Selection from stored pools: rules of combination, the two controls, confusion, refusals."""

import random

import pytest
from deskcheck_agent.feedback import Combine, combined_score
from deskcheck_evals.intervals import bootstrap
from deskcheck_evals.selection import (
    Candidate,
    Pool,
    confusion,
    perfect_simulator,
    predicted_pass_rate,
    random_simulator,
    selectors,
    simulate_scores,
    values,
)

NOISE = 0.2


def pools(count: int = 120, n: int = 10, seed: int = 0) -> list[Pool]:
    """Candidates of which about 40 % pass; a wrong one still passes some public tests; a simulator wrong 20 % of the time."""
    rng = random.Random(seed)

    def candidate(skill: float) -> Candidate:
        passed = rng.random() < skill
        public = tuple(passed or rng.random() < 0.4 for _ in range(3))
        predicted = tuple(tuple(bit ^ (rng.random() < NOISE) for _ in range(5)) for bit in public)
        return Candidate(passed, rng.randint(1, 90), public, predicted)

    skills = [rng.random() * 0.8 for _ in range(count)]
    return [Pool(f"p{i}", tuple(candidate(skill) for _ in range(n))) for i, skill in enumerate(skills)]


def mean(values_by_problem: dict[str, float]) -> float:
    return sum(values_by_problem.values()) / len(values_by_problem)


@pytest.mark.parametrize("how", list(Combine))
def test_scores_order_candidates_as_the_agent_does(how):
    for pool in pools(40):
        agents = [sum(combined_score(test, how) for test in c.predicted) for c in pool.candidates]
        ours = simulate_scores(how)(pool)
        assert [round(score / 5, 9) for score in ours] == [round(score, 9) for score in agents]


def test_scores_that_are_equal_as_fractions_are_ties():
    # 1/5 + 2/5 against 3/5 + 0: different as floats.
    def candidate(passed: bool, *passes: int) -> Candidate:
        return Candidate(passed, 1, (True, True), tuple(tuple(i < p for i in range(5)) for p in passes))

    pool = Pool("p", (candidate(True, 1, 2), candidate(False, 3, 0)))
    assert selectors(Combine.mean)["best@k simulate"](pool, 2) == 0.5


def test_a_perfect_simulator_gives_exec_exactly_under_every_rule():
    for how in Combine:
        for k in (1, 3, 10):
            perfect = values([perfect_simulator(pool) for pool in pools()], selectors(how)["best@k simulate"], k)
            assert perfect == values(pools(), selectors(how)["best@k exec"], k)


def test_a_random_simulator_gives_pass_at_1():
    sample, rng = pools(), random.Random(1)
    rate = predicted_pass_rate(sample)
    curves = selectors(Combine.mean)
    truth = values(sample, curves["pass@k"], 1)
    for k in (2, 5, 10):
        draws = [
            values([random_simulator(pool, rate, rng) for pool in sample], curves["best@k simulate"], k)
            for _ in range(12)
        ]
        gaps = [sum(draw[problem] for draw in draws) / len(draws) - truth[problem] for problem in truth]
        assert 0 in bootstrap(gaps) and abs(sum(gaps) / len(gaps)) < 0.02, k


def test_a_useful_simulator_lies_between_random_and_perfect():
    curve = selectors(Combine.mean)
    at = {name: mean(values(pools(), selector, 10)) for name, selector in curve.items()}
    random_pick = mean(values(pools(), curve["pass@k"], 1))
    assert random_pick + 0.1 < at["best@k simulate"] <= at["best@k exec"] + 0.05 < at["pass@k"] + 0.05


def test_without_public_tests_selection_is_a_random_pick():
    pool = Pool("p", tuple(Candidate(i < 3, 1, (), ()) for i in range(10)))
    for name in ("best@k simulate", "best@k exec"):
        assert selectors(Combine.mean)[name](pool, 5) == 0.3


def test_a_response_without_a_program_ranks_last_but_not_for_a_random_simulator():
    nothing = Candidate(False, 0, (False,), ((False,),))
    pool = Pool("p", (nothing, Candidate(True, 9, (False,), ((False,),))))
    for name in ("best@k simulate", "best@k exec", "short1@k"):
        assert selectors(Combine.mean)[name](pool, 2) == 1.0, name
    blind = [random_simulator(pool, 0.5, random.Random(seed)) for seed in range(400)]
    picks = [selectors(Combine.mean)["best@k simulate"](guess, 2) for guess in blind]
    assert abs(sum(picks) / len(picks) - 0.5) < 0.06


def test_confusion_counts_attempts_of_candidates_with_a_program():
    pool = Pool(
        "p",
        (
            Candidate(True, 4, (True, False), ((True, False), (True, True))),
            Candidate(False, 0, (False, False), ((False, False), (False, False))),
        ),
    )
    assert confusion([pool]) == {(True, True): 1, (False, True): 1, (True, False): 2, (False, False): 0}


def test_k_beyond_n_names_the_problem():
    with pytest.raises(ValueError, match="problem p0: k=11 of n=10"):
        values(pools(1), selectors(Combine.mean)["pass@k"], 11)
