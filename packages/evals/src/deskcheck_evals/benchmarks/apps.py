"""APPS (Hendrycks et al. 2021, arXiv 2105.09938; MIT) and what is written like it, such as TACO.

A row: problem_id (or id), question, starter_code, solutions (JSON list of programs) and input_output, a JSON text of
{inputs, outputs, fn_name?}. Without fn_name inputs and outputs are texts, or lists of lines; with it, argument lists
and results. Many rows wrap a result in a list of one: as in APPS's own test code, both are accepted. All tests are
private, but for the first `public_tests` of them; a row without tests is not a problem.

Known of the data: most stdio tests are the statement's samples, and several problems accept more answers than the one
that is there (`multi_answer` in the lint).
"""

import json
from dataclasses import replace
from typing import Any

from deskcheck_agent.problem import Problem
from deskcheck_tracer import TestCase

from deskcheck_evals.benchmarks.collection import Entry, Shape, graded, stdio_test
from deskcheck_evals.benchmarks.config import BenchmarkConfig
from deskcheck_evals.benchmarks.row_files import Row
from deskcheck_evals.benchmarks.values import value_checker
from deskcheck_evals.errors import EvalError
from deskcheck_evals.jsonl import field


def entry(row: Row, where: str, config: BenchmarkConfig) -> Entry:
    """The problem of a row and the solutions that came with it."""
    tested = _decoded(row, "input_output", where)
    if not isinstance(tested, dict) or not _is_pair_of_lists(tested):
        raise EvalError(
            f"{where}: 'input_output' is {str(tested)[:60]!r}, expected two lists, inputs and outputs, equally long"
        )
    name = tested.get("fn_name")
    pairs = zip(tested["inputs"], tested["outputs"], strict=True)
    test = _call if name else _stdio
    tests = tuple(test(given, output, where) for given, output in pairs)
    starter = str(row.get("starter_code") or "").rstrip()
    statement = field(row, "question", str, where)
    problem = Problem(
        problem_id(row, where),
        f"{statement}\n\nStart from:\n```python\n{starter}\n```" if starter else statement,
        tests[: config.public_tests],
        tests[config.public_tests :],
        entry_point=_entry_point(name, starter),
        checker=value_checker(plain_lists=True, wrapped=True) if name else "tokens",
    )
    if problem.entry_point and "." in problem.entry_point:
        problem = _on_instances(problem)
    return Entry(graded(problem, where), _solutions(row, where))


def problem_id(row: Row, where: str) -> str:
    """`problem_id` or `id`, as text."""
    for key in ("problem_id", "id"):
        if isinstance(row.get(key), int | str):
            return str(row[key])
    raise EvalError(f"{where}: no 'problem_id' and no 'id' (keys: {', '.join(sorted(row))}), expected one of them")


SHAPE = Shape(problem_id, entry)


def _is_pair_of_lists(tested: dict[str, Any]) -> bool:
    inputs, outputs = tested.get("inputs"), tested.get("outputs")
    return isinstance(inputs, list) and isinstance(outputs, list) and len(inputs) == len(outputs)


def _stdio(given: Any, output: Any, where: str) -> TestCase:
    return stdio_test(_text(given, where), _text(output, where))


def _text(value: Any, where: str) -> str:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value) + "\n"
    if not isinstance(value, str):
        raise EvalError(f"{where}: a test holds {str(value)[:60]!r}, expected a text or a list of lines")
    return value


def _call(given: Any, output: Any, where: str) -> TestCase:
    if not isinstance(given, list):
        raise EvalError(f"{where}: the input of a call is {str(given)[:60]!r}, expected a list of arguments")
    return TestCase(", ".join(map(repr, given)), repr(output))


def _entry_point(name: str | None, starter: str) -> str | None:
    return f"Solution.{name}" if name and "class Solution" in starter else name


def _on_instances(problem: Problem) -> Problem:
    """A method is called on an object made for the call."""
    public, private = (
        tuple(TestCase(f"Solution(), {test.input}".rstrip(", "), test.output) for test in tests)
        for tests in (problem.public_tests, problem.private_tests)
    )
    return replace(problem, public_tests=public, private_tests=private)


def _solutions(row: Row, where: str) -> tuple[str, ...]:
    listed = _decoded(row, "solutions", where) if row.get("solutions") else []
    if not isinstance(listed, list):
        raise EvalError(f"{where}: 'solutions' is {str(listed)[:60]!r}, expected a JSON list of programs")
    return tuple(one for one in listed if isinstance(one, str))


def _decoded(row: Row, name: str, where: str) -> Any:
    value = row.get(name)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else None
    except (ValueError, RecursionError) as error:
        raise EvalError(f"{where}: {name!r} is not JSON ({error})") from None
