"""How well a simulator predicts what candidates print on the public tests, right programs and wrong ones alike.

Where it simulates its own programs this is the paper's self-execution (table 2), where it simulates another model's,
what it reports beside figure 5. A prediction counts if it is what the program really printed, whatever was expected.
Left out is what has no output to compare with: programs that were stopped or failed, calls, and outputs too long to be
kept in a row.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from deskcheck_evals.measures import PAPER_KS, Maker, Measure, Statistics
from deskcheck_evals.metrics import pass_at_k
from deskcheck_evals.rescore import PRINTED
from deskcheck_evals.results import Result
from deskcheck_evals.rows import Json
from deskcheck_evals.tasks.compare import right


@dataclass(frozen=True)
class Simulated:
    """One candidate on one public test: which of its predictions are what it really printed."""

    problem: str
    right: tuple[bool, ...]


@functools.cache
def simulated(result: Result) -> tuple[Simulated, ...]:
    """Every candidate of a self-verify run on every public test, as far as its output is known."""
    return tuple(each for row in result.rows for each in _of_problem(row))


@functools.cache
def execution_measures(result: Result, statistics: Statistics) -> dict[str, Measure]:
    """pass@1, and @5 where there are as many predictions; empty where the rows hold no outputs."""
    found = simulated(result)
    maker = Maker(statistics)
    smallest = min((len(each.right) for each in found), default=0)
    for k in (k for k in PAPER_KS if k <= smallest):
        points = [pass_at_k(len(each.right), sum(each.right), k) for each in found]
        maker.add(f"pass@{k}", points, [each.problem for each in found])
    return maker.made


def _of_problem(row: Json) -> Iterator[Simulated]:
    if row.get("entry_point") is not None:
        return
    checker = row.get("checker", "tokens")
    known: dict[str, list[Simulated]] = {}  # equal programs print the same, and share their predictions
    for candidate in row["candidates"]:
        code = candidate["code"]
        if code is None or "printed" not in candidate:
            continue
        if code not in known:
            known[code] = list(_of_candidate(row["id"], candidate, checker))
        yield from known[code]


def _of_candidate(problem: str, candidate: Json, checker: str) -> Iterator[Simulated]:
    tests = zip(candidate["printed"], candidate["public_verdicts"], candidate["outputs"], strict=True)
    for printed, verdict, outputs in tests:
        if printed is not None and verdict in PRINTED:
            bits = (right(printed, output, is_call=False, checker=checker) for output in outputs)
            yield Simulated(problem, tuple(bits))
