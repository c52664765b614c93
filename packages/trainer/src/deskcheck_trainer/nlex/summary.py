"""What a finished dataset holds, counted from its files: the facts of a run, and the table printed at its end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Group
from rich.table import Column, Table
from rich.text import Text

from deskcheck_trainer.nlex.decontaminate import Match
from deskcheck_trainer.nlex.row import MANIFEST, Reason, read_table

Overlaps = dict[str, dict[str, int]]
"""Benchmark -> id in it -> items dropped for it."""


def summary(folder: Path) -> dict[str, Any]:
    """Counts of the manifest beside the sizes of rows, all from the files.

    `outcomes` are the rows and the rejections: more than items where inputs were made for functions.
    """
    read = json.loads((folder / MANIFEST).read_text())
    table = read_table(folder, ["task", "tokens", "lines", "events"])
    sizes = {task: row_sizes(table.filter(pc.field("task") == task)) for task in read["tasks"]}
    kept = ("items", "rows", "tasks", "rejected", "contaminated", "config_hash", "rows_hash")
    outcomes = read["rows"] + sum(read["rejected"].values())
    named = {"tokenizer": read["config"]["tokenizer"], "counts": read.get("counts", {})}
    return {**{key: read[key] for key in kept}, **named, "outcomes": outcomes, "sizes": sizes}


def row_sizes(table: pa.Table) -> dict[str, float]:
    """Median and 95th percentile of tokens, median executed lines and events, tokens in all."""
    tokens, lines, events = (sorted(table[name].to_pylist()) for name in ("tokens", "lines", "events"))
    return {
        "tokens_total": sum(tokens),
        "tokens_median": median(tokens),
        "tokens_p95": tokens[len(tokens) * 95 // 100],
        "lines_median": median(lines),
        "events_median": median(events),
    }


def overlaps(folder: Path, rejected_files: Iterable[str]) -> Overlaps:
    """What decontamination dropped, by the benchmark and the id it overlaps with."""
    found: dict[str, Counter[str]] = {}
    for file in rejected_files:
        table = pq.read_table(folder / file, columns=["reason", "detail"])
        for detail in table.filter(pc.field("reason") == str(Reason.contaminated))["detail"].to_pylist():
            match = Match.read(detail)
            found.setdefault(match.benchmark, Counter())[match.id] += 1
    return {name: dict(sorted(ids.items())) for name, ids in sorted(found.items())}


def report(folder: Path, facts: dict[str, Any]) -> Group:
    """What is printed at the end: rows by task with their sizes, rejected items by reason."""
    unit = f"of {facts['tokenizer']}" if facts.get("tokenizer") else "(words and symbols)"
    rows = Table(title="rows", caption=f"tokens {unit} in prompt and completion", title_justify="left")
    for name in ("task", "rows", "tokens", "a row (median)", "95 %", "lines (median)"):
        rows.add_column(name, justify="left" if name == "task" else "right")
    for task, sizes in facts["sizes"].items():
        numbers = [facts["tasks"][task], *(sizes[f"tokens_{part}"] for part in ("total", "median", "p95"))]
        lines = f"{sizes['lines_median']:,.0f}" if sizes["lines_median"] else ""
        rows.add_row(task, *(f"{number:,.0f}" for number in numbers), lines)
    tables = [Text(headline(folder, facts)), rows]
    if facts["rejected"]:
        tables.append(_counts("rejected", "reason", facts["rejected"]))
    if facts["contaminated"]:
        dropped = {name: sum(ids.values()) for name, ids in facts["contaminated"].items()}
        tables.append(_counts("contaminated", "benchmark", dropped))
    tables += [Text(f"{stage}: {told(found)}") for stage, found in facts["counts"].items()]
    return Group(*tables)


def told(counts: dict[str, int]) -> str:
    """Counts of a model's stage in one line, largest first."""
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items(), key=lambda pair: -pair[1]))


def headline(folder: Path, facts: dict[str, Any]) -> str:
    """How many rows of how many items."""
    tried = f" ({facts['outcomes']:,} programs with inputs)" if facts["outcomes"] != facts["items"] else ""
    return f"{facts['rows']:,} rows of {facts['items']:,} items{tried} in {folder}"


def _counts(title: str, column: str, counts: dict[str, int]) -> Table:
    table = Table(column, Column("items", justify="right"), title=title, title_justify="left")
    for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        table.add_row(name, f"{count:,}")
    return table
