"""Programs from a JSONL file: {source, stdin | call, output?, id?, problem?}.

Where a row states no output, the truth is our own run of the program in the sandbox, under two hash seeds; a program
that fails, or that puts out something else the second time, has no truth to predict and is left out, by name.
"""

from pathlib import Path
from typing import Any

from deskcheck_tracer import Program

from deskcheck_evals.benchmarks.config import BenchmarkConfig
from deskcheck_evals.benchmarks.items import Asked
from deskcheck_evals.errors import EvalError
from deskcheck_evals.jsonl import field, read_jsonl


def load_asked(config: BenchmarkConfig) -> list[Asked]:
    """One item a row, in file order."""
    path = Path(str(config.path))
    return [_asked(row, f"{path}:{number}") for number, row in read_jsonl(path)]


def _asked(row: dict[str, Any], where: str) -> Asked:
    program = _program(row, where)
    output = field(row, "output", str, where) if row.get("output") is not None else None
    return Asked(str(row.get("id", program.id)), where, program, str(row.get("problem", "")), output=output)


def _program(row: dict[str, Any], where: str) -> Program:
    if ("stdin" in row) == ("call" in row):
        raise EvalError(
            f"{where}: expected either 'stdin' or 'call' beside 'source', got keys {', '.join(sorted(row))}"
        )
    source = field(row, "source", str, where)
    if "call" in row:
        return Program(source, call=field(row, "call", str, where))
    return Program(source, field(row, "stdin", str, where))
