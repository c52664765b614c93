"""Measures of no-regression runs: the scores of lm-eval, under its own names."""

from collections.abc import Iterable, Sequence

from deskcheck_evals.measures.measure import Maker, Measure, Statistics
from deskcheck_evals.results import Answered

MAIN_SCORES = ("pass@1", "exact_match", "exact_match (flexible-extract)")
"""Of lm-eval's scores of a question, those that stand for it, the first that is there."""


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
