"""What must not be trained on: the programs and statements of benchmarks, with the id that a report names.

Benchmarks of deskcheck_evals are loaded as an evaluation loads them: their problems give statements, their items
programs. Any other benchmark is a JSONL file, each string of a row (prompt, canonical solution, test code) a text of
its own, but for inputs and outputs: `[1, 2, 3, 4, 5]` is in many programs. Nothing is run here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from glob import glob
from pathlib import Path

from deskcheck_evals.benchmarks import SHAPES, BenchmarkConfig, BenchmarkName, load_items, load_problems_of
from deskcheck_evals.jsonl import read_jsonl
from deskcheck_tracer.errors import DeskcheckError, InputError


@dataclass(frozen=True)
class BenchmarkText:
    """Something that must not be trained on."""

    benchmark: str
    """A name without blanks."""
    id: str
    text: str


def benchmark_texts(benchmarks: Sequence[BenchmarkConfig], files: Sequence[str]) -> list[BenchmarkText]:
    """The texts of all benchmarks. Raises InputError naming the key whose benchmark cannot be read."""
    found: list[BenchmarkText] = []
    for place, config in enumerate(benchmarks):
        found += _read(f"benchmarks[{place}]", _of_benchmark(config))
    for place, pattern in enumerate(files):
        found += _read(f"files[{place}]", _of_files(pattern))
    return found


def _read(key: str, texts: Iterator[BenchmarkText]) -> list[BenchmarkText]:
    try:
        return list(texts)
    except DeskcheckError as e:
        raise InputError(
            f"filters.decontaminate.{key}: {e}. Rows are written only when they can be compared with every benchmark"
            " named: put it there or take it out of the list (filters=default compares with none)."
        ) from None


def _of_benchmark(config: BenchmarkConfig) -> Iterator[BenchmarkText]:
    """All of a benchmark, whatever part of it an evaluation is limited to."""
    config = config if config.name is BenchmarkName.micro else replace(config, limit=None)
    if config.name in (BenchmarkName.programs, BenchmarkName.evalplus):
        yield from _of_file(Path(str(config.path)))  # as an evaluation loads it, it may have to run the programs
        return
    name = _name(config)
    if config.name in (BenchmarkName.micro, BenchmarkName.problems, *SHAPES):
        yield from (BenchmarkText(name, problem.id, problem.statement) for problem in load_problems_of(config))
    if config.name in (BenchmarkName.micro, BenchmarkName.cruxeval_o):
        yield from (BenchmarkText(name, item.id, item.program.source) for item in load_items(config))


def _of_files(pattern: str) -> Iterator[BenchmarkText]:
    paths = sorted(glob(pattern, recursive=True))
    if not paths:
        raise InputError(f"no file is called {pattern}, expected JSONL files of benchmarks")
    for path in paths:
        yield from _of_file(Path(path))


def _of_file(path: Path) -> Iterator[BenchmarkText]:
    """Every string of every row that is no mere value; `task_id` or `id` names the row, else its line."""
    for number, row in read_jsonl(path):
        name = next((str(row[key]) for key in ("task_id", "id", "question_id") if key in row), f"line {number}")
        texts = [text for text in row.values() if isinstance(text, str) and not is_value(text)]
        yield from (BenchmarkText(_plain(path.name), name, text) for text in texts)


def is_value(text: str) -> bool:
    """Whether a text is what goes into a program or comes out: a Python literal, or nothing but numbers and symbols."""
    if not re.search(r"[^\W\d_]", text):
        return True
    try:
        ast.literal_eval(text.strip())
        return True
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return False


def _name(config: BenchmarkConfig) -> str:
    if config.name is BenchmarkName.micro:
        return f"{config.name}-{config.split}"
    return _plain(Path(str(config.path)).name)


def _plain(name: str) -> str:
    return re.sub(r"\s+", "_", name)
