"""Whether agreement means anything: how sure several attempts are, against how often they are right.

Output prediction: the share of attempts that give the most frequent answer, against whether that answer is right.
Self-verification: the share of attempts that predict a pass, against whether the test really passes. Points go into
bins by their share; a bin's accuracy has an interval over problems. The expected calibration error is the mean distance
of accuracy and share over the bins, weighted by their points (Guo et al. 2017, eq. 3); with few points it is too large
by chance, in every resample more so, so it has no interval: compare it between runs of one size. The Brier score is the
mean squared distance, point by point.
"""

import ast
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from deskcheck_evals.intervals import Interval, bootstrap
from deskcheck_evals.results import Predicted
from deskcheck_evals.selection import Pool

EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Between two edges lies a bin of what is above the lower and at most at the upper; 0 is a bin of its own."""


@dataclass(frozen=True)
class Point:
    """One item, or one candidate on one test: how sure the attempts are, and how right that is."""

    problem: str
    share: float
    right: float
    """0 or 1; of equally frequent answers, their mean."""


@dataclass(frozen=True)
class Bin:
    """The points of one range of shares."""

    label: str
    points: int
    share: float
    """Their mean."""
    right: Interval


@dataclass(frozen=True)
class Calibration:
    """A reliability diagram and its two sums."""

    bins: list[Bin]
    ece: float
    brier: Interval


def answer_points(rows: Sequence[Predicted]) -> tuple[list[Point], int]:
    """One point an item with at least two attempts that has an answer, and how many have none."""
    points, without = [], 0
    for row in (row for row in rows if len(row.right) > 1 and row.outputs):
        groups: dict[str, list[bool]] = defaultdict(list)
        for output, right in zip(row.outputs, row.right, strict=True):
            if output is not None:
                groups[_answer(output, is_call=row.is_call)].append(right)
        if not groups:
            without += 1
            continue
        most = max(map(len, groups.values()))
        best = [sum(group) / len(group) for group in groups.values() if len(group) == most]
        points.append(Point(row.problem, most / len(row.right), sum(best) / len(best)))
    return points, without


def pass_points(pools: Sequence[Pool]) -> list[Point]:
    """One point a candidate with a program and a public test."""
    return [
        Point(pool.problem, sum(attempts) / len(attempts), float(real))
        for pool in pools
        for candidate in pool.candidates
        if candidate.has_program
        for real, attempts in zip(candidate.public, candidate.predicted, strict=True)
    ]


def calibration(points: Sequence[Point], resamples: int, seed: int) -> Calibration | None:
    """The reliability of `points`; None where there are none."""
    if not points:
        return None
    bins = []
    labels = ["0 %", *(f"{100 * low + 1:.0f}-{100 * high:.0f} %" for low, high in pairwise(EDGES))]
    for place, label in enumerate(labels):
        inside = [point for point in points if _place(point.share) == place]
        if inside:
            right = bootstrap([p.right for p in inside], [p.problem for p in inside], resamples=resamples, seed=seed)
            bins.append(Bin(label, len(inside), sum(p.share for p in inside) / len(inside), right))
    ece = sum(abs(each.right.mean - each.share) * each.points for each in bins) / len(points)
    squares = [(point.share - point.right) ** 2 for point in points]
    brier = bootstrap(squares, [point.problem for point in points], resamples=resamples, seed=seed)
    return Calibration(bins, ece, brier)


def _place(share: float) -> int:
    """The bin of a share. Rounded: 3 of 5 is 0.6 whatever its last bit says."""
    return bisect_left(EDGES, round(share, 9))


def _answer(output: str, *, is_call: bool) -> str:
    """The answer without what its comparison does not look at: layout. Other spellings of a number stay apart."""
    if is_call:
        try:
            return ast.unparse(ast.parse(output.strip(), mode="eval"))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return output.strip()
    return " ".join(output.split())
