"""pass@k and rank_score@k in closed form against the list of all draws: exact fractions, random pools with ties."""

import random
from collections.abc import Callable
from fractions import Fraction

from deskcheck_evals.by_definition import listed_pass_at_k, listed_rank_score_at_k
from deskcheck_evals.metrics import exact_rank_score, pass_at_k

from tools.parity.checks import Checks

CASES = 600
LEVELS: list[list[int | float | Fraction]] = [
    [0],
    [0, 1],
    [3, -2, 7],
    [Fraction(1, 5), Fraction(2, 5), Fraction(3, 5), Fraction(1)],
    [0.1, 0.2, 1e9, float("-inf")],
]
"""What scores are drawn from, so that most cases have ties."""


def prove(
    checks: Checks,
    *,
    rank: Callable[..., Fraction] = exact_rank_score,
    passes: Callable[[int, int, int], float] = pass_at_k,
    cases: int = CASES,
) -> None:
    """Compare on `cases` random pools of up to 9 candidates, for every k."""
    rng, tied, compared = random.Random(0), 0, 0
    for number in range(cases):
        n, levels = rng.randint(1, 9), rng.choice(LEVELS)
        scores, passed = [rng.choice(levels) for _ in range(n)], [rng.random() < 0.5 for _ in range(n)]
        tied += len(set(scores)) < n
        for k in range(1, n + 1):
            where = f"case {number}: {passed} ranked by {scores}, k={k}"
            checks.check(
                f"rank_score@k of {where}", rank(passed, scores, k) == listed_rank_score_at_k(passed, scores, k)
            )
            checks.check(f"pass@k of {where}", passes(n, sum(passed), k) == float(listed_pass_at_k(n, sum(passed), k)))
            compared += 1
    checks.say(
        f"{cases} random pools of 1 to 9 candidates, {tied} of them with ties; every k: {compared} comparisons of"
    )
    checks.say("rank_score@k (equal as fractions) and of pass@k (equal floats) with the list of all draws.")
