"""A benchmark of your own: its rows become problems, and everything measures on those.

    python examples/extending/benchmark.py examples/extending/exercises.jsonl problems.jsonl
    deskcheck-eval task=self_verify benchmark=problems benchmark.path=problems.jsonl

A row is {"name", "task", "function", "cases": [[arguments, result], ...]}; the first case is shown
to the model, the others grade its programs.
"""

import json
import sys
from pathlib import Path

from deskcheck_agent import Problem
from deskcheck_evals.benchmarks import BenchmarkConfig
from deskcheck_evals.benchmarks.collection import Entry, Shape, Unused, collect
from deskcheck_evals.benchmarks.row_files import Row
from deskcheck_evals.jsonl import field
from deskcheck_tracer import TestCase


def entry(row: Row, where: str, config: BenchmarkConfig) -> Entry:
    """The problem of one row. `field` tells file, line and key of what is missing or of another type."""
    cases = [TestCase(_arguments(given), repr(result)) for given, result in field(row, "cases", list, where)]
    if len(cases) < 2:
        raise Unused("no case is left to grade by")  # counted and told, not silently skipped
    name = field(row, "function", str, where)
    statement = f"{field(row, 'task', str, where)}\nWrite a function `{name}`."
    return Entry(Problem(name_of(row, where), statement, tuple(cases[:1]), tuple(cases[1:]), entry_point=name))


def name_of(row: Row, where: str) -> str:
    return field(row, "name", str, where)


def _arguments(given: list[object]) -> str:
    return ", ".join(map(repr, given))


def main(source: str, target: str) -> None:
    # `collect` reads JSONL, Parquet or the hub, and leaves out duplicates and excluded ids.
    found = collect(Shape(name_of, entry), BenchmarkConfig(path=source))
    Path(target).write_text("".join(json.dumps(problem.to_json()) + "\n" for problem in found.problems))
    print(f"{len(found.problems)} problems, {len(found.left)} rows left out")


if __name__ == "__main__":
    main(*sys.argv[1:])
