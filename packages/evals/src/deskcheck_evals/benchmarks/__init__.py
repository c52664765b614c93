"""Benchmarks: where the problems to solve and the programs to predict come from.

A benchmark offers one or both of two things: problems (`load_problems_of`) and prediction items (`load_items`). Each
loader is one file; this one only chooses. Published benchmarks are read by one loop (collection.py) and differ in the
`SHAPES` of their rows. Ids are unique: a file that lists one twice is refused, because every count after it would be
wrong.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from deskcheck_agent.problem import Problem

from deskcheck_evals.benchmarks import (
    apps,
    codecontests,
    codejam,
    cruxeval,
    evalplus,
    livecodebench,
    micro,
    problems,
    programs,
)
from deskcheck_evals.benchmarks.collection import collect, excluded_ids
from deskcheck_evals.benchmarks.config import BenchmarkConfig, BenchmarkName
from deskcheck_evals.benchmarks.items import PredictionItem
from deskcheck_evals.errors import EvalError

__all__ = ["SHAPES", "BenchmarkConfig", "BenchmarkName", "PredictionItem", "load_items", "load_problems_of"]

SHAPES = {
    BenchmarkName.livecodebench: livecodebench.SHAPE,
    BenchmarkName.codecontests: codecontests.SHAPE,
    BenchmarkName.evalplus: evalplus.SHAPE,
    BenchmarkName.apps: apps.SHAPE,
    BenchmarkName.codejam: codejam.SHAPE,
}


def load_problems_of(config: BenchmarkConfig) -> list[Problem]:
    """Problems to solve; EvalError if this benchmark has none, or its file is wrong."""
    match config.name:
        case BenchmarkName.micro:
            loaded = micro.load_problems(config)
        case BenchmarkName.problems:
            loaded = problems.load_problems(config)
        case name if name in SHAPES:
            loaded = collect(SHAPES[name], config).problems
        case _:
            raise EvalError(
                _lacks(config, "problems to solve", "task=output_prediction, or benchmark=micro or problems")
            )
    return _checked(loaded, config)


def load_items(config: BenchmarkConfig) -> list[PredictionItem]:
    """Programs whose output, or an input for it, is to be predicted; EvalError if this benchmark has none, or its file
    is wrong."""
    match config.name:
        case BenchmarkName.micro:
            loaded = micro.load_items(config)
        case BenchmarkName.cruxeval_o | BenchmarkName.cruxeval_i:
            loaded = cruxeval.load_items(config)
        case BenchmarkName.programs:
            loaded = programs.load_items(config)
        case _:
            raise EvalError(
                _lacks(config, "programs to predict", "benchmark=micro, cruxeval_o, cruxeval_i or programs")
            )
    return _checked(loaded, config)


class HasId(Protocol):
    """A problem or an item."""

    @property
    def id(self) -> str: ...


def _checked[T: HasId](loaded: Sequence[T], config: BenchmarkConfig) -> list[T]:
    source = config.path or config.name
    twice = [name for name, count in Counter(one.id for one in loaded).items() if count > 1]
    if twice:
        raise EvalError(f"{source}: {len(twice)} ids occur more than once (first: {twice[0]!r}), expected each id once")
    if not loaded:
        raise EvalError(f"{source}: nothing to measure, expected at least one row")
    excluded = excluded_ids(config)
    return [one for one in loaded if one.id not in excluded][: config.limit]


def _lacks(config: BenchmarkConfig, what: str, instead: str) -> str:
    return f"benchmark.name={config.name} has no {what}: use {instead}"
