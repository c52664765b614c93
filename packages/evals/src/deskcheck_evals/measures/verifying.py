"""Measures of self-verification: every selector at every k, what choosing gains, and two controls of a simulator."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deskcheck_agent.feedback import Combine

from deskcheck_evals.errors import EvalError
from deskcheck_evals.intervals import Interval
from deskcheck_evals.measures.measure import PAPER_KS, Maker, Measure, Statistics
from deskcheck_evals.metrics import pass_at_k
from deskcheck_evals.selection import (
    Pool,
    perfect_simulator,
    predicted_pass_rate,
    random_simulator,
    selectors,
    values,
)


@dataclass(frozen=True)
class Control:
    """A simulator whose score is known beforehand."""

    name: str
    k: int
    measured: float
    expected: Interval
    holds: bool


def curve_measures(
    pools: Sequence[Pool], how: Combine, ks: Sequence[int], statistics: Statistics
) -> dict[str, dict[int, Measure]]:
    """Selector -> k -> measure; only k that every pool has candidates for. EvalError if there is none such."""
    smallest = min(len(pool.candidates) for pool in pools)
    if min(ks) > smallest:
        raise EvalError(f"ks is {list(ks)}, but a problem has only {smallest} candidates: ask for a k up to {smallest}")
    curves: dict[str, dict[int, Measure]] = {}
    for name, selector in selectors(how).items():
        curves[name] = {}
        for k in (k for k in ks if k <= smallest):
            maker = Maker(statistics)
            points = values(pools, selector, k)
            maker.add(name.replace("@k", f"@{k}"), points.values(), points)
            curves[name][k] = next(iter(maker.made.values()))
    return curves


def verify_measures(
    pools: Sequence[Pool], how: Combine, ks: Sequence[int], statistics: Statistics
) -> dict[str, Measure]:
    """Every point of every curve by its name, and the differences that matter at the largest k."""
    curves = curve_measures(pools, how, ks, statistics)
    maker = Maker(statistics, {point.name: point for curve in curves.values() for point in curve.values()})
    k = max(curves["pass@k"])
    first = min(curves["pass@k"])
    maker.add_difference(f"simulation gap at {k}", f"best@{k} exec", f"best@{k} simulate")
    maker.add_difference(f"best@{k} simulate - short1@{k}", f"best@{k} simulate", f"short1@{k}")
    if first == 1:
        maker.add_difference(f"best@{k} simulate - pass@1", f"best@{k} simulate", "pass@1")
    _add_public(maker, pools)
    return maker.made


def _add_public(maker: Maker, pools: Sequence[Pool]) -> None:
    """public pass@k: one of k candidates passes all public tests. Problems without any are left out: nothing to pass.

    Source: the paper's table 6. At k = 1 it is the public pass rate of its table 3.
    """
    tested = [pool for pool in pools if any(candidate.public for candidate in pool.candidates)]
    smallest = min((len(pool.candidates) for pool in tested), default=0)
    left = len(pools) - len(tested)
    note = f"without {left} problems that have no public tests" if left else ""
    for k in (k for k in PAPER_KS if k <= smallest):
        passing = [sum(c.has_program and all(c.public) for c in pool.candidates) for pool in tested]
        points = [pass_at_k(len(pool.candidates), count, k) for pool, count in zip(tested, passing, strict=True)]
        maker.add(f"public pass@{k}", points, [pool.problem for pool in tested], note=note)


def gain_measures(curves: Mapping[str, Mapping[int, Measure]], statistics: Statistics) -> dict[str, dict[int, Measure]]:
    """Each selector's gain over one random candidate (pass@1), paired by problem: selector -> k -> measure.

    Empty without k = 1. Bands of two curves overlap even where one is better on the very same problems; these do not.
    """
    if 1 not in curves["pass@k"]:
        return {}
    random_pick = curves["pass@k"][1].by_problem
    gains: dict[str, dict[int, Measure]] = {}
    for name in (name for name in curves if name != "pass@k"):
        gains[name] = {}
        for k, point in curves[name].items():
            values_by_problem = point.by_problem
            maker = Maker(statistics)
            differences = [value - random_pick[problem] for problem, value in values_by_problem.items()]
            maker.add(f"{point.name} - pass@1", differences, values_by_problem)
            gains[name][k] = maker.made[f"{point.name} - pass@1"]
    return gains


def controls(pools: Sequence[Pool], how: Combine, k: int, statistics: Statistics, draws: int = 20) -> list[Control]:
    """A random simulator, averaged over `draws`, must give pass@1 within its interval; a perfect one exactly exec."""
    select, curves = selectors(how)["best@k simulate"], curve_measures(pools, how, [1, k], statistics)
    rng, rate = random.Random(statistics.seed), predicted_pass_rate(pools)
    blind = [values([random_simulator(pool, rate, rng) for pool in pools], select, k) for _ in range(draws)]
    blind_mean = sum(sum(draw.values()) / len(draw) for draw in blind) / draws
    perfect = values([perfect_simulator(pool) for pool in pools], select, k)
    pass_at_1, exec_at_k = curves["pass@k"][1], curves["best@k exec"][k]
    return [
        Control("random simulator = pass@1", k, blind_mean, pass_at_1.interval, blind_mean in pass_at_1.interval),
        Control(
            f"perfect simulator = best@{k} exec",
            k,
            sum(perfect.values()) / len(perfect),
            exec_at_k.interval,
            perfect == exec_at_k.by_problem,
        ),
    ]
