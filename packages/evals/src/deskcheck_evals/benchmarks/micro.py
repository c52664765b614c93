"""Micro problems as a benchmark: 200 unless `limit` says so; an item is a reference program on a private input."""

from typing import cast

from deskcheck_agent.problem import Problem
from deskcheck_tracer import Program

from deskcheck_evals.benchmarks.config import BenchmarkConfig
from deskcheck_evals.benchmarks.items import PredictionItem
from deskcheck_evals.errors import EvalError
from deskcheck_evals.micro import MicroProblem, Split, micro_problems

DEFAULT_COUNT = 200


def load_problems(config: BenchmarkConfig) -> list[Problem]:
    """`limit` problems of the split."""
    return [drawn.problem for drawn in draw(config)]


def load_items(config: BenchmarkConfig) -> list[PredictionItem]:
    """`limit` items: every program on `inputs` of its private inputs, as many programs as that takes."""
    drawn = draw(config, -(-(config.limit or DEFAULT_COUNT) // config.inputs))
    return [_item(one, rank, config) for one in drawn for rank in range(config.inputs)]


def draw(config: BenchmarkConfig, count: int | None = None) -> list[MicroProblem]:
    """The problems with their reference programs."""
    split = cast(Split, config.split)  # one of the three: BenchmarkConfig has checked it
    return micro_problems(split, count or config.limit or DEFAULT_COUNT, config.seed)


def _item(drawn: MicroProblem, rank: int, config: BenchmarkConfig) -> PredictionItem:
    problem = drawn.problem
    if rank >= len(problem.private_tests):
        inputs = len(problem.private_tests)
        raise EvalError(f"benchmark.inputs is {config.inputs}, but a micro problem has {inputs} private inputs")
    test = problem.private_tests[rank]
    return PredictionItem(f"{problem.id}/{rank}", Program(drawn.reference, test.input), test.output, problem.id)
