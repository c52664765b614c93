"""HumanEval(+) and MBPP(+) in evalplus's JSONL (Liu et al. 2023, arXiv 2305.01210; Apache-2.0).

A row: task_id, prompt, entry_point, canonical_solution, base_input, plus_input (lists of argument lists), atol. The
expected outputs are not in it: they are what prompt + canonical_solution returns, run in the sandbox when the row is
read, in batches of one process. Private tests are base_input, then plus_input; files without plus_input are the plain
benchmark. Public tests are the calls shown in the prompt (`>>> f(2)` or `assert f(2) == 4`), with the canonical
answer. As in evalplus all calls of a program are made in one process.

Compared as evalplus does: floats within `atol`, at least 1e-6, other values by ==, except that True is not 1.
HumanEval's find_zero accepts any root. evalplus's two tasks with several accepted conventions (are_equivalent,
sum_div) are not special here: the canonical one counts.
"""

import ast
import doctest
import re
from collections.abc import Iterable, Iterator
from itertools import batched
from typing import Any

from deskcheck_agent.problem import Problem
from deskcheck_tracer import Limits, Program, TestCase, default_sandbox
from deskcheck_tracer.checker import Checker
from deskcheck_tracer.outcome import Outcome

from deskcheck_evals.benchmarks.collection import Entry, Shape, graded
from deskcheck_evals.benchmarks.config import BenchmarkConfig
from deskcheck_evals.benchmarks.mbpp_inputs import with_types
from deskcheck_evals.benchmarks.row_files import Row
from deskcheck_evals.benchmarks.values import value_checker
from deskcheck_evals.errors import EvalError
from deskcheck_evals.jsonl import field

LEAST_ATOL = 1e-6  # evalplus takes it for floats where a row says 0
BATCH = 100
"""Inputs of one process: a canonical solution that a wrong input ends takes this many with it, in the error alone."""
GENEROUS = Limits(cpu_s=60.0, wall_s=120.0, memory_mb=2048, output_bytes=50_000_000)
FIND_ZERO = """
import ast

def check(input, output, answer):
    coefficients, x = ast.literal_eval(input), ast.literal_eval(output)
    return isinstance(x, (int, float)) and abs(sum(c * x**i for i, c in enumerate(coefficients))) <= {atol!r}
"""


def entry(row: Row, where: str, config: BenchmarkConfig) -> Entry:
    """The problem of a row; runs its canonical solution on all inputs."""
    name, prompt = field(row, "entry_point", str, where), field(row, "prompt", str, where)
    source = prompt + field(row, "canonical_solution", str, where)
    inputs = [argument_text(one) for one in _inputs(row, where)][: config.max_tests]
    public = list(dict.fromkeys(shown_calls(prompt, name)))
    outputs = returned(source, name, [*public, *inputs], where)
    tests = [TestCase(given, output) for given, output in zip([*public, *inputs], outputs, strict=True)]
    problem = Problem(
        task_id(row, where),
        f"Complete this program, keeping the function's name and arguments:\n```python\n{prompt.strip()}\n```",
        tuple(tests[: len(public)]),
        tuple(tests[len(public) :]),
        entry_point=name,
        limits=limits_for(len(tests)),
        checker=_checker(name, _atol(row, where), outputs),
        together=True,
    )
    return Entry(graded(problem, where), (source,))


def task_id(row: Row, where: str) -> str:
    """The row's id, such as HumanEval/0."""
    return field(row, "task_id", str, where)


SHAPE = Shape(task_id, entry)


def limits_for(tests: int) -> Limits:
    """For all tests of a program. They follow from the number of tests: the time of the reference is never the same
    twice, and would make another problem of this one each time.
    """
    return Limits(cpu_s=2.0 + 0.02 * tests, wall_s=10.0 + 0.06 * tests, memory_mb=1024, output_bytes=50_000_000)


def returned(source: str, name: str, arguments: list[str], where: str) -> list[str]:
    """What the canonical solution returns for each, as repr. EvalError if it fails, or returns what has no literal."""
    batches = [list(batch) for batch in batched(arguments, BATCH)]
    programs = [Program(source, call=_all_calls(name, batch)) for batch in batches]
    results = default_sandbox().run_many(programs, GENEROUS)
    outputs: list[str] = []
    for batch, result in zip(batches, results, strict=True):
        if result.outcome is not Outcome.ok or result.returned is None:
            said = result.stderr.strip().rpartition("\n")[2][:200] or result.detail
            raise EvalError(
                f"{where}: the canonical solution ends with {result.outcome} on inputs {len(outputs)} to "
                f"{len(outputs) + len(batch) - 1} ({said}), expected an answer for each"
            )
        outputs += ast.literal_eval(result.returned)
    if odd := next((output for output in outputs if re.search(r"<[\w.]+ object at 0x|<function ", output)), None):
        raise EvalError(f"{where}: the canonical solution returns {odd[:80]}, expected values that can be written down")
    return outputs


def _all_calls(name: str, batch: Iterable[str]) -> str:
    return "[" + ", ".join(f"repr({name}({given}))" for given in batch) + "]"


def _inputs(row: Row, where: str) -> Iterator[list[Any]]:
    for key in ("base_input", "plus_input"):
        listed = row.get(key) or []
        if not isinstance(listed, list) or not all(isinstance(one, list) for one in listed):
            raise EvalError(f"{where}: {key!r} is {str(listed)[:60]}, expected a list of argument lists")
        yield from (with_types(task_id(row, where), one) for one in listed)


def argument_text(values: Iterable[Any]) -> str:
    """Arguments as Python writes them; JSON's NaN and Infinity as calls of float."""
    return ", ".join(re.sub(r"(?<![\w'\"])(nan|inf)(?![\w'\"])", r"float('\1')", repr(value)) for value in values)


def shown_calls(prompt: str, name: str) -> Iterator[str]:
    """The arguments of the calls that a prompt shows with literal arguments."""
    try:
        shown = [example.source for example in doctest.DocTestParser().get_examples(prompt)]
    except ValueError:  # prose that begins with >>>
        shown = []
    shown += [match[0].strip() for match in re.finditer(r"^\s*assert .*$", prompt, re.MULTILINE)]
    for text in shown:
        try:
            calls = [node for node in ast.walk(ast.parse(text.strip())) if isinstance(node, ast.Call)]
            for call in calls:
                if isinstance(call.func, ast.Name) and call.func.id == name and not call.keywords:
                    yield ", ".join(repr(ast.literal_eval(argument)) for argument in call.args)
        except (ValueError, SyntaxError):
            continue


def _atol(row: Row, where: str) -> float:
    atol = row.get("atol") or 0
    if not isinstance(atol, int | float) or atol < 0:
        raise EvalError(f"{where}: 'atol' is {atol!r}, expected a number from 0 up")
    return atol


def _checker(name: str, atol: float, outputs: list[str]) -> str | Checker:
    """Plain values need no second jail."""
    if name == "find_zero":
        return Checker(FIND_ZERO.format(atol=max(atol, LEAST_ATOL)), pure=True)
    return value_checker(max(atol, LEAST_ATOL)) if any(re.search(r"\d|nan|inf", text) for text in outputs) else "exact"
