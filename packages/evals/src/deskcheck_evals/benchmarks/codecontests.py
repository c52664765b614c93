"""CodeContests (Li et al. 2022, arXiv 2203.07814; data CC-BY-4.0); valid and test together are the paper's DMC.

Read are the Parquet files of the hub's release (deepmind/code_contests: a folder of them, or the hub id), where tests
are {input: [...], output: [...]} and solutions {language: [...], solution: [...]}, and JSONL or Parquet with the
messages of the original release as lists, [{input, output}, ...]. NOT read are the original's Riegeli files of
protobuf messages.

Private tests are private_tests, then generated_tests: CodeContests grades by both. Time and memory limits are the
problem's, whatever language they were meant for. A problem that reads or writes a named file is left out and counted.
No checkers come with the data: outputs are compared by tokens, and of problems with several answers one counts.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from deskcheck_agent.problem import Problem
from deskcheck_tracer import Limits, TestCase

from deskcheck_evals.benchmarks.collection import Entry, Shape, Unused, graded, stdio_test
from deskcheck_evals.benchmarks.config import BenchmarkConfig
from deskcheck_evals.benchmarks.row_files import Row
from deskcheck_evals.errors import EvalError
from deskcheck_evals.jsonl import field

PYTHON3 = 3
"""Of the enum Language; 1 is Python 2."""
WALL_FACTOR = 2.5  # as the default limits: 2 s of CPU, 5 s of wall time


def entry(row: Row, where: str, config: BenchmarkConfig) -> Entry:
    """The problem of a row and its solutions in Python 3."""
    if row.get("input_file") or row.get("output_file"):
        raise Unused("reads or writes a named file")
    private = [*_tests(row, "private_tests", where), *_tests(row, "generated_tests", where)]
    problem = Problem(
        name(row, where),
        field(row, "description", str, where),
        tuple(_tests(row, "public_tests", where)),
        tuple(private),
        limits=_limits(row, where),
    )
    return Entry(graded(problem, where), tuple(_solutions(row, where)))


def name(row: Row, where: str) -> str:
    """The row's name, which is its id."""
    return field(row, "name", str, where)


def hub_split(split: str) -> str:
    """The hub says `valid`."""
    return split.replace("validation", "valid")


SHAPE = Shape(name, entry, hub_split)


def _tests(row: Row, key: str, where: str) -> Iterator[TestCase]:
    for test in messages(row.get(key), f"{where}: {key}"):
        if not isinstance(test.get("input"), str) or not isinstance(test.get("output"), str):
            raise EvalError(f"{where}: {key} holds {str(test)[:60]}, expected texts input and output")
        yield stdio_test(test["input"], test["output"])


def messages(value: Any, where: str) -> list[dict[str, Any]]:
    """Repeated messages from either shape: a list of objects, or an object of equally long lists."""
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return value
    if isinstance(value, dict) and all(isinstance(column, list) for column in value.values()):
        lengths = {key: len(column) for key, column in value.items()}
        if len(set(lengths.values())) > 1:
            raise EvalError(f"{where} has columns of different lengths: {lengths}")
        return [dict(zip(value, one, strict=True)) for one in zip(*value.values(), strict=True)]
    raise EvalError(f"{where} is {str(value)[:60]!r}, expected a list of objects, or an object of lists")


def _solutions(row: Row, where: str) -> Iterator[str]:
    for one in messages(row.get("solutions"), f"{where}: solutions"):
        if one.get("language") in (PYTHON3, "PYTHON3") and isinstance(one.get("solution"), str):
            yield one["solution"]


def _limits(row: Row, where: str) -> Limits:
    """Ours where the row states none (null or 0)."""
    default = Limits()
    seconds = _seconds(row.get("time_limit"), where) or default.cpu_s or 0
    bytes_ = row.get("memory_limit_bytes") or 0
    if not isinstance(bytes_, int) or bytes_ < 0:
        raise EvalError(f"{where}: 'memory_limit_bytes' is {bytes_!r}, expected a number of bytes")
    memory = max(1, bytes_ // 2**20) if bytes_ else default.memory_mb
    return Limits(cpu_s=seconds, wall_s=max(default.wall_s or 0, WALL_FACTOR * seconds), memory_mb=memory)


def _seconds(value: Any, where: str) -> float:
    """A protobuf Duration as an object, a timedelta or a number."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, dict):
        value = (value.get("seconds") or 0) + (value.get("nanos") or 0) / 1e9
    if not isinstance(value, int | float | None) or (value or 0) < 0:
        raise EvalError(f"{where}: 'time_limit' is {value!r}, expected seconds and nanos")
    return float(value or 0)
