"""The estimators as they are defined, by listing every draw: exact fractions, and only for a handful of candidates.

Slow on purpose and without a shortcut, so that it can be checked by reading. deskcheck_evals.metrics computes the same
in closed form; the properties and the parity proof compare the two.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations


def listed_pass_at_k(n: int, c: int, k: int) -> Fraction:
    """The share of draws of k from n candidates, c of them right, that hold a right one."""
    draws = list(combinations([True] * c + [False] * (n - c), k))
    return Fraction(sum(map(any, draws)), len(draws))


def listed_rank_score_at_k(passed: Sequence[bool | int], scores: Sequence[float | Fraction], k: int) -> Fraction:
    """The mean over all draws of k of the chance that the best-scored one passed, every equally good one being as
    likely to be taken."""
    draws = list(combinations(range(len(passed)), k))
    total = Fraction(0)
    for draw in draws:
        best = max(scores[i] for i in draw)
        leaders = [i for i in draw if scores[i] == best]
        total += Fraction(sum(int(passed[i]) for i in leaders), len(leaders))
    return total / len(draws)
