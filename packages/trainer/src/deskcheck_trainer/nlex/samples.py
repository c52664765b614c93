"""Rows to look at: a few of each task, drawn by seed, beside the steps of their programs' real runs.

A dataset keeps no traces, so the programs drawn here are recorded once more, in the same jail as when it was built.
Texts are cut to what a page can show; what is cut is said.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from deskcheck_tracer import Program, Trace

from deskcheck_trainer.nlex.row import shard_paths

SAMPLES = 12
"""Rows shown, over all tasks."""
STEPS = 60
TEXT = 6_000
"""Characters of one text."""
VALUE = 160

Tracer = Callable[[Sequence[Program]], list[Trace]]


@dataclass(frozen=True)
class ShownStep:
    """One executed line of the real run."""

    number: int
    line: int
    code: str
    changes: str
    """`name = value` of what it changed, and what it printed."""


@dataclass(frozen=True)
class Sample:
    """A row with its real run."""

    row: dict[str, Any]
    steps: list[ShownStep]
    more_steps: int
    ended: str
    """How the run ended; empty for rows about no run."""


def draw_rows(folder: Path, seed: int, count: int = SAMPLES) -> list[dict[str, Any]]:
    """About `count` rows: as many of each task, from one shard drawn for all."""
    rng = random.Random(f"samples-{seed}")
    paths = shard_paths(folder)
    if not paths:
        return []
    table = pq.read_table(rng.choice(paths))
    of_row = table["task"].to_pylist()
    tasks = sorted(set(of_row))
    rows: list[dict[str, Any]] = []
    for task in tasks:
        places = [place for place, name in enumerate(of_row) if name == task]
        chosen = sorted(rng.sample(places, min(len(places), -(-count // len(tasks)))))
        rows += table.take(chosen).to_pylist()
    return rows


def draw_samples(folder: Path, trace: Tracer, seed: int) -> list[Sample]:
    """Rows beside the real runs of their programs."""
    rows = draw_rows(folder, seed)
    about_runs = [row for row in rows if row["events"]]
    programs = [Program(row["source"], row["stdin"] or "", row["call"]) for row in about_runs]
    traces = dict(zip((id(row) for row in about_runs), trace(programs) if programs else [], strict=True))
    return [_sample(row, traces.get(id(row))) for row in rows]


def _sample(row: dict[str, Any], trace: Trace | None) -> Sample:
    if trace is None:
        return Sample(row, [], 0, "")
    lines = row["source"].splitlines()
    steps = list(trace.steps())
    shown = [
        ShownStep(
            number=step.index + 1,
            line=step.line,
            code=cut(lines[step.line - 1].strip(), VALUE) if 0 < step.line <= len(lines) else "",
            changes=_changes(step.changes, step.stdout),
        )
        for step in steps[:STEPS]
    ]
    return Sample(row, shown, len(steps) - len(shown), " ".join(map(str, trace.end)).strip())


def _changes(changes: dict[str, str | None], printed: str) -> str:
    """What a step did, one change a line."""
    told = [f"{name} = {cut(text, VALUE)}" if text is not None else f"del {name}" for name, text in changes.items()]
    return "\n".join([*told, *([f"prints {cut(printed, VALUE)!r}"] if printed else [])])


def cut(text: str, length: int = TEXT) -> str:
    """The beginning of a text; says how much is missing."""
    return text if len(text) <= length else f"{text[:length]} ... ({len(text) - length:,} more characters)"
