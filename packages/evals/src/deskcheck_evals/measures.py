"""From the rows of a run to named measures: one value a problem, for intervals and paired differences.

Which measures there are depends on the task; their names are the ones in every table. A measure of output prediction
averages a problem's items first when it is paired with another run, and weighs items equally when it stands alone.
"""

import ast
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from deskcheck_agent.feedback import Combine

from deskcheck_evals.constructs import constructs
from deskcheck_evals.errors import EvalError
from deskcheck_evals.intervals import Interval, bootstrap, paired_difference
from deskcheck_evals.metrics import pass_at_k
from deskcheck_evals.results import Answered, Fixed, Predicted
from deskcheck_evals.selection import (
    Pool,
    perfect_simulator,
    predicted_pass_rate,
    random_simulator,
    selectors,
    values,
)
from deskcheck_evals.tasks.compare import right
from deskcheck_evals.tasks.input_prediction import COPY_OUTPUT, MAJORITY_INPUT
from deskcheck_evals.tasks.input_runs import InputEnd
from deskcheck_evals.transitions import Transitions

LENGTH_BINS = (0, 10, 20, 40, 80, 160, 320)
"""Lower edges, in executed lines, of the bins of accuracy by trace length; the last is open."""
PAPER_KS = (1, 5, 10)
"""The k that the paper's tables have."""
MAIN_SCORES = ("pass@1", "exact_match", "exact_match (flexible-extract)")
"""Of lm-eval's scores of a question, those that stand for it, the first that is there."""


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


@dataclass(frozen=True)
class Control:
    """A simulator whose score is known beforehand."""

    name: str
    k: int
    measured: float
    expected: Interval
    holds: bool


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


def prediction_measures(
    rows: Sequence[Predicted], statistics: Statistics, checker: str = "tokens"
) -> dict[str, Measure]:
    """pass@1, @5, @10 as far as there are attempts, and two baselines that read no program."""
    maker = _passes(rows, statistics)
    owners = [row.problem for row in rows]
    common = majority_output(rows)
    maker.add(
        "majority output",
        [right(row.expected, common, is_call=row.is_call, checker=checker) for row in rows],
        owners,
        note=f"always answers {common!r}",
    )
    copied = [right(row.expected, copied_input(row), is_call=row.is_call, checker=checker) for row in rows]
    maker.add("copy input", copied, owners)
    return maker.made


def input_measures(rows: Sequence[Predicted], statistics: Statistics) -> dict[str, Measure]:
    """pass@1, @5, @10 of predicted inputs as far as there are attempts, and two baselines that read no program."""
    maker = _passes(rows, statistics)
    for name in (COPY_OUTPUT, MAJORITY_INPUT):
        maker.add(name, [row.baselines[name] == InputEnd.right for row in rows], [row.problem for row in rows])
    return maker.made


def _passes(rows: Sequence[Predicted], statistics: Statistics) -> Maker:
    maker = Maker(statistics)
    attempts = min(len(row.right) for row in rows)
    for k in (k for k in PAPER_KS if k <= attempts):
        points = [pass_at_k(len(row.right), sum(row.right), k) for row in rows]
        maker.add(f"pass@{k}", points, [row.problem for row in rows])
    return maker


def copied_input(row: Predicted) -> str | None:
    """What a copier answers: standard input, or a call's first argument as it is written; None if there is none."""
    if not row.is_call:
        return row.input
    try:
        call = ast.parse(row.input, mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(call, ast.Call) or not call.args:
        return None
    return ast.get_source_segment(row.input, call.args[0])


def majority_output(rows: Sequence[Predicted]) -> str:
    """The most frequent true output; of equally frequent ones the first in alphabetical order."""
    counts = Counter(row.expected.strip() for row in rows)
    return min(counts, key=lambda output: (-counts[output], output))


def accuracy_by_length(rows: Sequence[Predicted], statistics: Statistics) -> dict[str, Measure]:
    """pass@1 of programs with so many executed lines; items whose lines were not counted are left out."""
    maker = Maker(statistics)
    edges = [*LENGTH_BINS, None]
    for low, high in pairwise(edges):
        inside = [
            row for row in rows if row.steps is not None and low <= row.steps and (high is None or row.steps < high)
        ]
        label = f"{low}-{high - 1}" if high is not None else f"{low}+"
        maker.add(label, [sum(row.right) / len(row.right) for row in inside], [row.problem for row in inside])
    return maker.made


def accuracy_by_construct(rows: Sequence[Predicted], statistics: Statistics) -> dict[str, Measure]:
    """pass@1 of the programs that use a construct of Python; a program counts under all of its constructs."""
    maker = Maker(statistics)
    used = [constructs(row.source) for row in rows]
    for name in sorted(set().union(*used)):
        inside = [row for row, found in zip(rows, used, strict=True) if name in found]
        maker.add(name, [sum(row.right) / len(row.right) for row in inside], [row.problem for row in inside])
    return maker.made


def statuses(rows: Sequence[Predicted]) -> Counter[str]:
    """How often each parse status occurred."""
    return Counter(status for row in rows for status in row.statuses)


def ends(rows: Sequence[Predicted]) -> Counter[str]:
    """How often runs of predicted inputs ended in each way."""
    return Counter(end for row in rows for end in row.ends)


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


def fix_measures(rows: Sequence[Fixed], statistics: Statistics) -> dict[str, Measure]:
    """First and submitted programs, private and public; turns; how often a deliberate submission was right."""
    maker = Maker(statistics)
    owners = [row.problem for row in rows]
    maker.add("first pass@1", [row.first_passed for row in rows], owners)
    maker.add("submitted pass@1", [row.submitted_passed for row in rows], owners)
    maker.add_difference("submitted - first", "submitted pass@1", "first pass@1")
    _add_submitted(maker, rows)
    tested = [row for row in rows if row.has_public]
    maker.add("first public", [row.first_public for row in tested], [row.problem for row in tested])
    maker.add("submitted public", [row.submitted_public for row in tested], [row.problem for row in tested])
    chosen = [row for row in rows if row.status == "submitted"]
    maker.add("submitted on purpose", [row.status == "submitted" for row in rows], owners)
    maker.add("submit precision", [row.submitted_passed for row in chosen], [row.problem for row in chosen])
    maker.add("turns used", [row.turns for row in rows], owners, is_share=False)
    return maker.made


def _add_submitted(maker: Maker, rows: Sequence[Fixed]) -> None:
    """submitted pass@5, @10: one of k trajectories of a problem submits a right program (the paper's table 3)."""
    passed: dict[tuple[str, int], list[bool]] = defaultdict(list)
    earlier: Counter[tuple[str, int]] = Counter()
    for row in rows:  # where runs are pooled, an attempt that comes again is another run's, and k is of one run
        passed[row.problem, earlier[row.problem, row.attempt]].append(row.submitted_passed)
        earlier[row.problem, row.attempt] += 1
    smallest = min(map(len, passed.values()))
    for k in (k for k in PAPER_KS if 1 < k <= smallest):
        points = [pass_at_k(len(each), sum(each), k) for each in passed.values()]
        maker.add(f"submitted pass@{k}", points, [problem for problem, _ in passed])


def answer_measures(rows: Sequence[Answered], statistics: Statistics) -> dict[str, Measure]:
    """Every score that lm-eval gives, by its name there."""
    maker = Maker(statistics)
    for name in dict.fromkeys(name for row in rows for name in row.scores):
        scored = [row for row in rows if name in row.scores]
        maker.add(name, [row.scores[name] for row in scored], [row.problem for row in scored])
    return maker.made


def main_score(names: Iterable[str]) -> str:
    """The one of lm-eval's scores that stands for a question."""
    found = list(names)
    return next((name for name in MAIN_SCORES if name in found), found[0])


def transitions(rows: Sequence[Fixed], measures: Mapping[str, Measure]) -> dict[str, Transitions]:
    """The table of private and of public tests; both identities are asserted against the measures of `fix_measures`."""
    private = Transitions.of([row.first_passed for row in rows], [row.submitted_passed for row in rows])
    private.require(_rate(measures["first pass@1"]), _rate(measures["submitted pass@1"]))
    tested = [row for row in rows if row.has_public]
    if not tested:
        return {"private": private}
    public = Transitions.of([row.first_public for row in tested], [row.submitted_public for row in tested])
    public.require(_rate(measures["first public"]), _rate(measures["submitted public"]))
    return {"private": private, "public": public}


def transition_measures(rows: Sequence[Fixed], tests: str, statistics: Statistics) -> dict[str, Measure]:
    """The four cells of the table of `tests` (public or private) as measures, so that they have intervals."""
    if tests == "private":
        ends = [(row.problem, (row.first_passed, row.submitted_passed)) for row in rows]
    else:
        ends = [(row.problem, (row.first_public, row.submitted_public)) for row in rows if row.has_public]
    maker = Maker(statistics)
    for name, cell in (("FF", (False, False)), ("FP", (False, True)), ("PF", (True, False)), ("PP", (True, True))):
        maker.add(name, [end == cell for _, end in ends], [problem for problem, _ in ends])
    return maker.made


def _rate(measure: Measure) -> Fraction:
    return Fraction(round(sum(measure.values)), len(measure.values))
