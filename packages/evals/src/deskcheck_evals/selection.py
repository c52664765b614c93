"""Choosing among stored candidates: every number of self-verification, recomputed from a pool with no model.

A `Pool` is one problem's candidates, each with what it is worth (private tests), what the public tests say (exec) and
what the simulator predicted for every attempt at every public test. A selector turns a pool and k into the chance
that the candidate it picks passes. The paper leaves open how the attempts at one test combine; `Combine` names the
choices and every report prints the one it used. Scores are integers, so that equal scores are equal and ties
average exactly. A problem without public tests has all candidates tied, which is a random pick. The other open choices
(choices.py) are in the pool already when it gets here: results.py reads it under them.

Controls: `random simulator` (guesses at the simulator's own rate, blind to the program) must give pass@1, `perfect
simulator` (the real public results, through the same code) must give best@k exec.
"""

import math
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from deskcheck_agent.feedback import Combine

from deskcheck_evals.metrics import exact_rank_score, pass_at_k, short1_at_k


@dataclass(frozen=True)
class Candidate:
    """One sampled program of a problem."""

    passed: bool
    """All private tests pass."""
    length: int
    """Of the whole response, in tokens or characters; 0 when there is no program in it."""
    public: tuple[bool, ...]
    """Real result of every public test; all False without a program."""
    predicted: tuple[tuple[bool, ...], ...]
    """Predicted result of every attempt at every public test (tests x attempts); all False without a program."""
    tiebreak: int = 0
    """Larger is picked first among equal scores; equal ones are averaged exactly."""
    short_last: bool = False
    """In short1@k it ranks with those that hold no program."""

    @property
    def has_program(self) -> bool:
        return self.length > 0


@dataclass(frozen=True)
class Pool:
    """The candidates of one problem."""

    problem: str
    candidates: tuple[Candidate, ...]

    @property
    def passed(self) -> list[bool]:
        return [candidate.passed for candidate in self.candidates]


NO_PROGRAM = -1
"""Score of a response without a program: below one that fails every test."""
Scores = Callable[[Pool], Sequence[int]]
Selector = Callable[[Pool, int], float]


def simulate_scores(how: Combine) -> Scores:
    """Public tests predicted to pass, one score a candidate: deskcheck_agent.feedback.combined_score summed over tests.

    Counted in integers, in units of one attempt where all tests have the same number: equal scores must be equal.
    """

    def scores(pool: Pool) -> list[int]:
        unit = math.lcm(*(len(test) for candidate in pool.candidates for test in candidate.predicted))
        return [
            sum(_score(test, how, unit) for test in candidate.predicted) if candidate.has_program else NO_PROGRAM
            for candidate in pool.candidates
        ]

    return scores


def _score(attempts: Sequence[bool], how: Combine, unit: int) -> int:
    passes = sum(attempts)
    match how:
        case Combine.mean:
            return passes * (unit // len(attempts))
        case Combine.majority:
            return unit * (2 * passes > len(attempts))
        case Combine.any:
            return unit * (passes > 0)


def exec_scores(pool: Pool) -> list[int]:
    """Public tests that really pass, one score a candidate."""
    return [sum(candidate.public) if candidate.has_program else NO_PROGRAM for candidate in pool.candidates]


def ranked_by(scores: Scores) -> Selector:
    """best@k under a ranking."""
    return lambda pool, k: float(exact_rank_score(pool.passed, ranks(pool, scores), k))


def ranks(pool: Pool, scores: Scores) -> list[int]:
    """Scores with ties broken as the candidates' tiebreaks say; equal ranks are drawn at random."""
    pairs = [(score, candidate.tiebreak) for score, candidate in zip(scores(pool), pool.candidates, strict=True)]
    places = {pair: place for place, pair in enumerate(sorted(set(pairs)))}
    return [places[pair] for pair in pairs]


def selectors(how: Combine) -> dict[str, Selector]:
    """The four curves of the paper, by the names used in tables."""
    return {
        "pass@k": lambda pool, k: pass_at_k(len(pool.candidates), sum(pool.passed), k),
        "best@k exec": ranked_by(exec_scores),
        "best@k simulate": ranked_by(simulate_scores(how)),
        "short1@k": lambda pool, k: short1_at_k(
            pool.passed, [0 if c.short_last else c.length for c in pool.candidates], k
        ),
    }


def values(pools: Sequence[Pool], selector: Selector, k: int) -> dict[str, float]:
    """One value a problem (the mean of its pools, where runs are pooled). ValueError naming the problem if k > n."""
    found: dict[str, list[float]] = defaultdict(list)
    for pool in pools:
        try:
            found[pool.problem].append(selector(pool, k))
        except ValueError as error:
            raise ValueError(f"problem {pool.problem}: {error}") from error
    return {problem: sum(each) / len(each) for problem, each in found.items()}


def perfect_simulator(pool: Pool) -> Pool:
    """The same pool, every attempt predicting what really happens."""
    attempts = _attempts(pool)
    return _changed(pool, lambda c: replace(c, predicted=tuple((bit,) * attempts for bit in c.public)))


def random_simulator(pool: Pool, rate: float, rng: random.Random) -> Pool:
    """The same pool, every attempt a coin that shows `pass` with chance `rate`; blind even to a missing program."""
    attempts = _attempts(pool)

    def guess(candidate: Candidate) -> Candidate:
        coins = tuple(tuple(rng.random() < rate for _ in range(attempts)) for _ in candidate.public)
        return replace(candidate, length=1, predicted=coins, tiebreak=0)  # a rule for ties is no guess

    return _changed(pool, guess)


def predicted_pass_rate(pools: Sequence[Pool]) -> float:
    """Share of attempts that predict a pass; 0.5 when there are none (a coin is as good as any)."""
    bits = [bit for pool in pools for candidate in pool.candidates for test in candidate.predicted for bit in test]
    return sum(bits) / len(bits) if bits else 0.5


def confusion(pools: Sequence[Pool]) -> Mapping[tuple[bool, bool], int]:
    """How often (predicted pass, real pass) occurred, over attempts at public tests of candidates with a program."""
    counts = {(predicted, real): 0 for predicted in (False, True) for real in (False, True)}
    for pool in pools:
        for candidate in pool.candidates:
            if not candidate.has_program:
                continue
            for real, attempts in zip(candidate.public, candidate.predicted, strict=True):
                for predicted in attempts:
                    counts[predicted, real] += 1
    return counts


def _attempts(pool: Pool) -> int:
    return max((len(test) for candidate in pool.candidates for test in candidate.predicted), default=1)


def _changed(pool: Pool, change: Callable[[Candidate], Candidate]) -> Pool:
    return Pool(pool.problem, tuple(change(candidate) for candidate in pool.candidates))
