"""Problems from a JSONL file, one `Problem.to_json` a line."""

from pathlib import Path

from deskcheck_agent.problem import Problem
from deskcheck_agent.problem import load_problems as read_problems

from deskcheck_evals.benchmarks.config import BenchmarkConfig
from deskcheck_evals.errors import EvalError


def load_problems(config: BenchmarkConfig) -> list[Problem]:
    """All problems of the file; EvalError for one without private tests: every program would pass it."""
    loaded = list(read_problems(Path(str(config.path))))
    for problem in loaded:
        if not problem.private_tests:
            raise EvalError(
                f"{config.path}: problem {problem.id!r} has no private tests, expected at least one to grade by"
            )
    return loaded
