"""Measures of output and input prediction: pass@k, baselines that read no program, accuracy by length and by construct.

A measure averages a problem's items first when it is paired with another run, and weighs items equally when it stands
alone.
"""

import ast
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from deskcheck_evals.constructs import constructs
from deskcheck_evals.measures.measure import PAPER_KS, Maker, Measure, Statistics
from deskcheck_evals.metrics import pass_at_k
from deskcheck_evals.results import Predicted
from deskcheck_evals.tasks.compare import right
from deskcheck_evals.tasks.input_prediction import COPY_OUTPUT, MAJORITY_INPUT
from deskcheck_evals.tasks.input_runs import InputEnd

LENGTH_BINS = (0, 10, 20, 40, 80, 160, 320)
"""Lower edges, in executed lines, of the bins of accuracy by trace length; the last is open."""


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
