"""A measure: a number, its interval, and the values it is the mean of, one a problem or an item.

What is measured of each task is in the files beside this one; two measures are compared problem by problem.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from deskcheck_evals.intervals import Interval, bootstrap, paired_difference

PAPER_KS = (1, 5, 10)
"""The k that the paper's tables have."""


@dataclass(frozen=True)
class Statistics:
    """How intervals are made."""

    resamples: int = 10_000
    seed: int = 0


@dataclass(frozen=True)
class Measure:
    """A number and what it is the mean of."""

    name: str
    values: list[float]
    problems: list[str]
    interval: Interval
    is_share: bool = True
    """Shown as points of a hundred; otherwise as it is (turns)."""
    note: str = ""

    @property
    def by_problem(self) -> dict[str, float]:
        """The mean of each problem."""
        groups: dict[str, list[float]] = defaultdict(list)
        for value, problem in zip(self.values, self.problems, strict=True):
            groups[problem].append(value)
        return {problem: sum(group) / len(group) for problem, group in groups.items()}


@dataclass
class Maker:
    """Makes measures under one way of making intervals, and keeps them by name."""

    statistics: Statistics
    made: dict[str, Measure] = field(default_factory=dict)

    def add(
        self, name: str, values: Iterable[float], problems: Iterable[str], *, is_share: bool = True, note: str = ""
    ) -> None:
        """One value a problem or an item; nothing is made of no values."""
        numbers, owners = [float(value) for value in values], list(problems)
        if numbers:
            interval = bootstrap(numbers, owners, resamples=self.statistics.resamples, seed=self.statistics.seed)
            self.made[name] = Measure(name, numbers, owners, interval, is_share, note)

    def add_difference(self, name: str, minuend: str, subtrahend: str) -> None:
        """`minuend - subtrahend`, paired by problem."""
        pair = self.made[minuend].by_problem, self.made[subtrahend].by_problem
        self.add(name, [pair[0][problem] - pair[1][problem] for problem in pair[0]], pair[0])


def headline(measures: Mapping[str, Measure]) -> Measure:
    """The one number of a run: the largest best@k simulate of pools, pass@1 of submitted programs, pass@1; else the
    last."""
    selected = [name for name in measures if name.startswith("best@") and name.endswith(" simulate")]
    for name in (*reversed(selected), "submitted pass@1", "pass@1"):
        if name in measures:
            return measures[name]
    return list(measures.values())[-1]


def difference(ours: Measure, theirs: Measure, statistics: Statistics) -> Interval:
    """`ours - theirs` over the problems both have."""
    a, b = ours.by_problem, theirs.by_problem
    shared = sorted(a.keys() & b.keys())
    return paired_difference(
        {problem: a[problem] for problem in shared},
        {problem: b[problem] for problem in shared},
        resamples=statistics.resamples,
        seed=statistics.seed,
    )
