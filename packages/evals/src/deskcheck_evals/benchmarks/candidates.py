"""Output prediction on what a model wrote: every stored candidate of self_verify runs, on every public test.

Unfiltered and not deduplicated, wrong programs included, as the paper has it ("20 solutions a problem", tables 1 and
2): equal programs count as often as they were written. The output to predict is our own run of the program, not what
the test expects. A candidate that fails on an input has no output there and is left out, by name; a response without a
program has nothing to run.
"""

from collections.abc import Iterator
from pathlib import Path

from deskcheck_tracer import Limits, Program
from deskcheck_tracer.asserts import ASSERTS

from deskcheck_evals.benchmarks.collection import Left
from deskcheck_evals.benchmarks.config import BenchmarkConfig
from deskcheck_evals.benchmarks.items import Asked
from deskcheck_evals.results import Result, finished_run, where
from deskcheck_evals.rows import Json, stored


def load_asked(config: BenchmarkConfig) -> tuple[list[Asked], list[Left], list[Json]]:
    """What is asked, what is left out without being run, and where it comes from, for a header.

    `config.limit` counts problems of each run, in the order of their ids. EvalError for a folder without a finished
    self_verify run.
    """
    runs = [finished_run(Path(folder), "self_verify") for folder in config.runs]
    asked: list[Asked] = []
    left: list[Left] = []
    for run in runs:
        prefix = "" if len(runs) == 1 else f"{run.label}/"
        for row in sorted(run.rows, key=lambda row: row["id"])[: config.limit]:
            asked += _asked(run, row, prefix)
            left += _left(run, row, prefix)
    return asked, left, [provenance(run) for run in runs]


def provenance(run: Result) -> Json:
    """What a header says of a run whose candidates are used."""
    names = ("config", "data", "benchmark", "solver", "seed", "scripted")
    return {"folder": str(run.folder), **{name: run.header.get(name) for name in names}}


def _asked(run: Result, row: Json, prefix: str) -> Iterator[Asked]:
    if row.get("checker") == ASSERTS:
        return
    tests, entry_point, limits = (stored(row, key, where(run, row)) for key in ("tests", "entry_point", "limits"))
    for place, candidate in enumerate(row["candidates"]):
        for number, test in enumerate(tests if candidate["code"] is not None else ()):
            name = f"{prefix}{row['id']}/{place}/{number}"
            program = _program(candidate["code"], test["input"], entry_point)
            yield Asked(name, f"{run.folder}: {name}", program, row["id"], Limits(**limits))


def _left(run: Result, row: Json, prefix: str) -> Iterator[Left]:
    for place, candidate in enumerate(row["candidates"]):
        name = f"{prefix}{row['id']}/{place}"
        if candidate["code"] is None:
            yield Left(f"{run.folder}: {name}", name, "no program in the response")
        elif row.get("checker") == ASSERTS:
            yield Left(f"{run.folder}: {name}", name, "test code has no output to predict")


def _program(source: str, given: str, entry_point: str | None) -> Program:
    return Program(source, given) if entry_point is None else Program(source, call=f"{entry_point}({given})")
