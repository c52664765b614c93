"""Contest problems with their tests in the row, as converted from Google's archive (Code Jam, Kick Start; Apache-2.0).

A row: id, statement, public_tests and private_tests (lists of {input, output}, other keys allowed), and perhaps checker
{type, float_tolerance} and all_private_included. A row that says it lacks some of its private tests is left out and
counted: its passes could be wrong. Outputs are compared by tokens without case, as the archive's default validator
does; its float tolerance (1e-6 as a rule) is our 1e-5.
"""

from typing import Any

from deskcheck_agent.problem import Problem
from deskcheck_tracer import TestCase

from deskcheck_evals.benchmarks.collection import Entry, Shape, Unused, graded, stdio_test
from deskcheck_evals.benchmarks.config import BenchmarkConfig
from deskcheck_evals.benchmarks.row_files import Row
from deskcheck_evals.errors import EvalError
from deskcheck_evals.jsonl import field


def entry(row: Row, where: str, config: BenchmarkConfig) -> Entry:
    """The problem of a row whose private tests are all there."""
    if row.get("all_private_included") is False:
        raise Unused("not all private tests are there")
    kind = (row.get("checker") or {}).get("type", "tokens")
    if kind != "tokens":
        raise Unused(f"checker {kind!r}, which is not here")
    problem = Problem(
        problem_id(row, where),
        field(row, "statement", str, where),
        _tests(row, "public_tests", where),
        _tests(row, "private_tests", where),
        checker="tokens_ci",
    )
    return Entry(graded(problem, where))


def problem_id(row: Row, where: str) -> str:
    """The row's id."""
    return field(row, "id", str, where)


SHAPE = Shape(problem_id, entry)


def _tests(row: Row, key: str, where: str) -> tuple[TestCase, ...]:
    return tuple(_test(test, f"{where}: {key}[{place}]") for place, test in enumerate(field(row, key, list, where)))


def _test(test: Any, where: str) -> TestCase:
    if not isinstance(test, dict) or not isinstance(test.get("input"), str) or not isinstance(test.get("output"), str):
        raise EvalError(f"{where} is {str(test)[:60]}, expected an object with texts input and output")
    return stdio_test(test["input"], test["output"])
