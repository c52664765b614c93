"""Programs from a JSONL file: {source, stdin | call, output?, id?, problem?}.

Where a row states no output, the truth is our own run of the program in the sandbox; a program that fails, or that
prints something else when it is run again, has no truth to predict and is refused by name.
"""

from pathlib import Path
from typing import Any

from deskcheck_tracer import Program

from deskcheck_evals.benchmarks.config import BenchmarkConfig
from deskcheck_evals.benchmarks.items import PredictionItem
from deskcheck_evals.errors import EvalError
from deskcheck_evals.jsonl import field, read_jsonl
from deskcheck_evals.truth import true_outputs


def load_items(config: BenchmarkConfig) -> list[PredictionItem]:
    """One item a row, in file order; runs the programs whose output is not stated."""
    path = Path(str(config.path))
    rows = [(f"{path}:{number}", row) for number, row in read_jsonl(path)]
    programs = [_program(row, where) for where, row in rows]
    unknown = [i for i, (_, row) in enumerate(rows) if row.get("output") is None]
    outputs = dict(zip(unknown, true_outputs([programs[i] for i in unknown]), strict=True))
    items = []
    for i, ((where, row), program) in enumerate(zip(rows, programs, strict=True)):
        output = outputs[i] if i in outputs else field(row, "output", str, where)
        if output is None:
            raise EvalError(f"{where}: the program fails, or prints something else on a second run: remove the row")
        items.append(PredictionItem(str(row.get("id", program.id)), program, output, str(row.get("problem", ""))))
    return items


def _program(row: dict[str, Any], where: str) -> Program:
    if ("stdin" in row) == ("call" in row):
        raise EvalError(
            f"{where}: expected either 'stdin' or 'call' beside 'source', got keys {', '.join(sorted(row))}"
        )
    source = field(row, "source", str, where)
    if "call" in row:
        return Program(source, call=field(row, "call", str, where))
    return Program(source, field(row, "stdin", str, where))
