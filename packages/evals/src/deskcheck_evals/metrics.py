"""The estimators: pass@k, rank_score@k, short1@k.

Each answers "draw k of the n candidates of one problem without replacement; what share of the draws ends well?",
exactly: integers and fractions inside, one rounding to float at the end, no overflow at any n. They differ in who
picks from the k: an oracle (pass@k), a ranking (rank_score@k: best@k simulate and best@k exec) or the shortest
response (short1@k). Candidates with equal scores are drawn in uniformly random order, and that randomness is averaged
out exactly: a stable sort would favour whatever order the file has. All functions are about one problem; average over
problems with `deskcheck_evals.intervals`.

Sources: pass@k, Chen et al. 2021 (arXiv 2107.03374), section 2.1; rank_score@k, Hassid et al. 2024 (arXiv
2404.00725), eq. 4; short-m@k, Hassid et al. 2025 (arXiv 2505.17813).
"""

import math
from collections.abc import Sequence
from fractions import Fraction

Score = int | float | Fraction
"""What a ranking orders by, larger is better. Keep sums of shares in Fraction: as floats, 0.1 + 0.2 is not 0.3."""


def pass_at_k(n: int, c: int, k: int) -> float:
    """Chance that k of n candidates, c of them right, hold a right one. ValueError unless c <= n and 1 <= k <= n."""
    _check_k(n, k)
    if not 0 <= c <= n:
        raise ValueError(f"pass@k got c={c} right candidates of n={n}, expected 0 <= c <= n")
    draws = math.comb(n, k)
    return float(Fraction(draws - math.comb(n - c, k), draws))


def rank_score_at_k(passed: Sequence[bool | int], scores: Sequence[Score], k: int) -> float:
    """Chance that the best-scored of k random candidates passed; ties are broken uniformly at random, averaged exactly.

    `passed` and `scores` belong to the same n candidates in any order. ValueError if their lengths differ, if a score
    is NaN, if `passed` holds anything but 0 and 1, or unless 1 <= k <= n.
    """
    return float(exact_rank_score(passed, scores, k))


def exact_rank_score(passed: Sequence[bool | int], scores: Sequence[Score], k: int) -> Fraction:
    """`rank_score_at_k` before its one rounding to float."""
    n = len(passed)
    _check_candidates(passed, scores)
    _check_k(n, k)
    groups = _tie_groups(passed, scores)
    unit = math.lcm(*(size for _, size in groups))  # one denominator, so that the loop stays in integers
    wins = better = 0
    for right, size in groups:
        # Draws whose best lies in this group: none of the `better` ones drawn, and at least one of the group's.
        draws = math.comb(n - better, k) - math.comb(n - better - size, k)
        wins += draws * right * (unit // size)
        better += size
    return Fraction(wins, unit * math.comb(n, k))


def short1_at_k(passed: Sequence[bool | int], lengths: Sequence[int], k: int) -> float:
    """Chance that the shortest of k random responses passed. `lengths` are in tokens or characters: say which.

    A length of 0 or less means "no answer" and ranks last.
    """
    return rank_score_at_k(passed, [-length if length > 0 else -math.inf for length in lengths], k)


def _tie_groups(passed: Sequence[bool | int], scores: Sequence[Score]) -> list[tuple[int, int]]:
    """(right candidates, candidates) of every group of equal scores, best group first."""
    groups: dict[Score, tuple[int, int]] = {}
    for right, score in zip(passed, scores, strict=True):
        rights, size = groups.get(score, (0, 0))
        groups[score] = (rights + int(right), size + 1)
    return [groups[score] for score in sorted(groups, reverse=True)]


def _check_k(n: int, k: int) -> None:
    if not 1 <= k <= n:
        raise ValueError(f"k={k} of n={n} candidates, expected 1 <= k <= n: sample more or ask for a smaller k")


def _check_candidates(passed: Sequence[bool | int], scores: Sequence[Score]) -> None:
    if len(passed) != len(scores):
        raise ValueError(f"{len(passed)} pass labels but {len(scores)} scores, expected one of each per candidate")
    if any(math.isnan(score) for score in scores):
        raise ValueError("a score is NaN: a candidate without a score needs one that says where it ranks, such as -inf")
    if any(right not in (0, 1) for right in passed):
        raise ValueError(f"pass labels {sorted(set(passed))}, expected booleans or 0 and 1")
