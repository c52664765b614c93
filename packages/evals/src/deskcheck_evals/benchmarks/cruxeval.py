"""CRUXEval: predict `f(<input>)`, or an input for an output (Gu et al. 2024, arXiv 2401.03065; data MIT,
facebookresearch/cruxeval).

Rows are {code, input, output, id}, from a JSONL file or, with a hub id such as `cruxeval-org/cruxeval`, through
`datasets`. The call expression goes to the model's prompt as part of the program; the prediction is compared as a
literal (deskcheck_evals.literal) and never executed, unlike in the original scorer. A predicted input is run in the
sandbox (tasks/input_runs.py), where f meets plain values alone; 14 of the 800 true inputs are no literals.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deskcheck_tracer import Program

from deskcheck_evals.benchmarks.config import BenchmarkConfig
from deskcheck_evals.benchmarks.items import PredictionItem
from deskcheck_evals.hub import is_hub_id, load_hub
from deskcheck_evals.jsonl import field, read_jsonl


def load_items(config: BenchmarkConfig) -> list[PredictionItem]:
    """One item a row, in file order."""
    return [_item(row, where) for where, row in _rows(config)]


def _item(row: dict[str, Any], where: str) -> PredictionItem:
    code, arguments, output, name = (field(row, key, str, where) for key in ("code", "input", "output", "id"))
    return PredictionItem(name, Program(code, call=f"f({arguments})"), output)


def _rows(config: BenchmarkConfig) -> Iterator[tuple[str, dict[str, Any]]]:
    path = str(config.path)
    if not is_hub_id(path):
        for number, row in read_jsonl(Path(path)):
            yield f"{path}:{number}", row
        return
    rows = load_hub(path, config.split, key="benchmark.path", extra="deskcheck-evals[hub]")
    for number, row in enumerate(rows):
        yield f"{path}[{number}]", dict(row)
