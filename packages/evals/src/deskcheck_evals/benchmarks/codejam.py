"""Contest problems with their tests in the row, as converted from Google's archive (Code Jam, Kick Start; Apache-2.0).

A row: id, statement, public_tests and private_tests (lists of {input, output}, other keys allowed), and perhaps checker
{type, float_tolerance} and all_private_included. A row that says it lacks some of its private tests is left out and
counted: its passes could be wrong. With a checker of type `tokens`, case does not count, as in the archive's default
validator; its float tolerance (1e-6 as a rule) is our 1e-5. Without one, case counts. `public_only` grades by the
public tests, for rows that have no others.
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
    if row.get("all_private_included") is False and not config.public_only:
        raise Unused("not all private tests are there")
    public = _tests(row, "public_tests", where)
    private = public if config.public_only else _tests(row, "private_tests", where)
    statement = field(row, "statement", str, where)
    problem = Problem(problem_id(row, where), statement, public, private, checker=_checker(row))
    return Entry(graded(problem, where))


def problem_id(row: Row, where: str) -> str:
    """The row's id."""
    return field(row, "id", str, where)


SHAPE = Shape(problem_id, entry)


def _checker(row: Row) -> str:
    """A row that names no validator is no row of that archive: there case counts."""
    checker = row.get("checker")
    kind = checker.get("type") if isinstance(checker, dict) else checker
    if kind not in (None, "tokens"):
        raise Unused(f"checker {kind!r}, which is not here")
    return "tokens_ci" if kind else "tokens"


def _tests(row: Row, key: str, where: str) -> tuple[TestCase, ...]:
    return tuple(_test(test, f"{where}: {key}[{place}]") for place, test in enumerate(field(row, key, list, where)))


def _test(test: Any, where: str) -> TestCase:
    if not isinstance(test, dict) or not isinstance(test.get("input"), str) or not isinstance(test.get("output"), str):
        raise EvalError(f"{where} is {str(test)[:60]}, expected an object with texts input and output")
    return stdio_test(test["input"], test["output"])
