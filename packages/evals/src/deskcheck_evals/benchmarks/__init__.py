"""Benchmarks: where the problems to solve and the programs to predict come from.

A benchmark offers one or both of two things: problems (`load_problems_of`) and prediction items (`load_items`). Each
loader is one file; this one only chooses. Published benchmarks are read by one loop (collection.py) and differ in the
`SHAPES` of their rows. Ids are unique: a file that lists one twice is refused, because every count after it would be
wrong. `load_all_problems` and `load_all_items` also say what was left out, and where from.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from deskcheck_agent.problem import Problem

from deskcheck_evals.benchmarks import (
    apps,
    candidates,
    codecontests,
    codejam,
    cruxeval,
    evalplus,
    livecodebench,
    micro,
    problems,
    programs,
)
from deskcheck_evals.benchmarks.collection import Left, collect, excluded_ids
from deskcheck_evals.benchmarks.config import BenchmarkConfig, BenchmarkName
from deskcheck_evals.benchmarks.items import PredictionItem, with_outputs
from deskcheck_evals.errors import EvalError
from deskcheck_evals.rows import Json
from deskcheck_evals.truth import Truths, default_truths

__all__ = [
    "SHAPES",
    "BenchmarkConfig",
    "BenchmarkName",
    "Loaded",
    "PredictionItem",
    "load_all_items",
    "load_all_problems",
    "load_items",
    "load_problems_of",
]

LOG = logging.getLogger(__name__)
NAMED = 20
"""Ids of items left out that are named on the log; the run's left_out.jsonl has all."""

SHAPES = {
    BenchmarkName.livecodebench: livecodebench.SHAPE,
    BenchmarkName.codecontests: codecontests.SHAPE,
    BenchmarkName.evalplus: evalplus.SHAPE,
    BenchmarkName.apps: apps.SHAPE,
    BenchmarkName.codejam: codejam.SHAPE,
}


@dataclass(frozen=True)
class Loaded[T]:
    """What a benchmark gives, what is left out of it, and the runs that it was made from."""

    wanted: list[T]
    left: list[Left] = field(default_factory=list)
    sources: list[Json] = field(default_factory=list)
    """Header entries of the runs whose candidates are asked about."""


def load_problems_of(config: BenchmarkConfig) -> list[Problem]:
    """Problems to solve; EvalError if this benchmark has none, or its file is wrong."""
    return load_all_problems(config).wanted


def load_all_problems(config: BenchmarkConfig) -> Loaded[Problem]:
    """As load_problems_of, with what was left out."""
    left: list[Left] = []
    match config.name:
        case BenchmarkName.micro:
            loaded = micro.load_problems(config)
        case BenchmarkName.problems:
            loaded = problems.load_problems(config)
        case name if name in SHAPES:
            found = collect(SHAPES[name], config)
            loaded, left = found.problems, found.left
        case _:
            raise EvalError(
                _lacks(config, "problems to solve", "task=output_prediction, or benchmark=micro or problems")
            )
    return Loaded(_checked(loaded, config), left)


def load_items(config: BenchmarkConfig) -> list[PredictionItem]:
    """Programs whose output, or an input for it, is to be predicted; EvalError if this benchmark has none, or its file
    is wrong."""
    return load_all_items(config).wanted


def load_all_items(config: BenchmarkConfig, truths: Truths = default_truths) -> Loaded[PredictionItem]:
    """As load_items, with what was left out; `truths` finds the outputs that the benchmark does not state."""
    left: list[Left] = []
    sources: list[Json] = []
    match config.name:
        case BenchmarkName.micro:
            loaded = micro.load_items(config)
        case BenchmarkName.cruxeval_o | BenchmarkName.cruxeval_i:
            loaded = cruxeval.load_items(config)
        case BenchmarkName.programs:
            loaded, left = with_outputs(programs.load_asked(config), truths)
        case BenchmarkName.candidates:
            asked, unrun, sources = candidates.load_asked(config)
            loaded, unpredictable = with_outputs(asked, truths)
            left = unrun + unpredictable
            config = replace(config, limit=None)  # it has counted problems
        case _:
            raise EvalError(
                _lacks(config, "programs to predict", "benchmark=micro, cruxeval_o, cruxeval_i, programs or candidates")
            )
    _tell(left, str(config.path or config.name))
    return Loaded(_checked(loaded, config), left, sources)


def _tell(left: Sequence[Left], source: str) -> None:
    """What was left out, on the log: by reason, and by name."""
    for reason, count in Counter(one.reason for one in left).most_common():
        names = [one.where for one in left if one.reason == reason][:NAMED]
        more = f" and {count - NAMED} more" if count > NAMED else ""
        LOG.warning("%s: %d left out: %s (%s%s)", source, count, reason, ", ".join(names), more)


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
