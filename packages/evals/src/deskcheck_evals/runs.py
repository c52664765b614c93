"""A finished (or interrupted) run, read back from its folder: header, rows, and where they came from.

A run in shards is one run. Runs that differ in nothing but models and seeds can be read as one: their rows stand side
by side, a problem's value is then its mean over them, and intervals stay intervals over problems. What is in the rows
is results.py's.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

from deskcheck_conf.made_by import made_by

from deskcheck_evals.errors import EvalError
from deskcheck_evals.rows import ROWS, Json, read_rows
from deskcheck_evals.shards import read_parts

CHOOSING = "choose"
"""The folder, in a run's, of what was measured to choose its temperature."""


@dataclass(frozen=True, eq=False)
class Result:
    """One run; equal only to itself, so that what is computed from it can be kept."""

    label: str
    folder: Path
    header: Json
    rows: list[Json]
    start: Json
    """Its `last_start`."""
    summary: Json | None
    """What the run said at its end; None while it is unfinished."""
    parts: tuple["Result", ...] = ()
    """The runs that were pooled into this one; empty for a single run."""
    lacking: str = ""
    """Which shards have not begun, or are not done."""

    @property
    def runs(self) -> tuple["Result", ...]:
        return self.parts or (self,)

    @property
    def done(self) -> bool:
        return all(run.summary is not None for run in self.runs)

    @property
    def unscored(self) -> int:
        """Problems left out because the sandbox failed on them."""
        return sum((run.summary or {}).get("unscored", 0) for run in self.runs)

    @property
    def task(self) -> str:
        return self.header["task"]

    @property
    def scripted(self) -> bool:
        return bool(self.header["scripted"])

    @property
    def packages(self) -> dict[str, str]:
        return self.start.get("packages", {})


def read_result(folder: Path, label: str | None = None) -> Result:
    """The run in `folder`, its shards read as one; EvalError if there is none."""
    parts = read_parts(folder)
    if parts is None:
        header, rows = read_rows(_rows_of(folder))
        summary, start, lacking = _summary(folder), last_start(folder), []
    else:
        header, rows = parts.header, parts.rows
        summaries = [_summary(path) for path in parts.folders]
        undone = [path.name for path, one in zip(parts.folders, summaries, strict=True) if one is None]
        lacking = [f"{name} is unfinished" for name in undone] + [f"shard {one} is missing" for one in parts.missing]
        summary = _summed([one or {} for one in summaries])
        start = last_start(folder) or last_start(parts.folders[0])
    if not rows:
        raise EvalError(f"{folder / ROWS}: no finished problem yet: let the run go on, or leave it out of runs=[...]")
    if summary is not None and len(rows) < summary.get("rows", 0):
        lacking.append(f"{len(rows)} of {summary['rows']} rows are there")
    summary = None if lacking else summary
    rows = sorted(rows, key=lambda row: str(row.get("id")))  # they were written as they finished, and draws see order
    return Result(label or folder.name, folder, header, rows, start, summary, lacking=", ".join(lacking))


def _rows_of(folder: Path) -> Path:
    if not (folder / ROWS).is_file():
        command = made_by(folder)
        step = f"; run `{command}` first" if command else ""
        raise EvalError(
            f"{folder}: no {ROWS} in it: expected the run folder of a deskcheck-eval that has finished a problem{step}"
        )
    return folder / ROWS


def finished_run(folder: Path, task: str) -> Result:
    """The run in `folder`; EvalError unless it is a whole run of `task`."""
    result = read_result(folder)
    if result.task != task:
        raise EvalError(f"{folder} is a run of task={result.task}, expected one of task={task}")
    if not result.done:
        more = f" ({result.lacking})" if result.lacking else ""
        raise EvalError(f"{folder} is unfinished: {len(result.rows)} rows so far{more}; let it end first")
    return result


def _summed(summaries: Sequence[Json]) -> Json:
    """What the shards of a whole run say together."""
    reasons = {name: why for summary in summaries for name, why in summary.get("unscored_problems", {}).items()}
    rows = sum(summary.get("rows", 0) for summary in summaries)
    return {"rows": rows, "unscored": len(reasons), "unscored_problems": reasons}


def read_runs(pattern: str, label: str | None = None) -> Result:
    """The run in the folder `pattern`, or, where it is a pattern such as `outputs/x-s*`, its runs pooled.

    Raises:
        EvalError: nothing there, or runs of different tasks, benchmarks or settings.
    """
    if Path(pattern).is_dir() or not any(sign in pattern for sign in "*?["):
        return read_result(Path(pattern), label)
    found = [read_result(Path(folder)) for folder in sorted(glob(pattern)) if _is_run(Path(folder))]
    if not found:
        raise EvalError(f"{pattern}: no run matches it: expected run folders of deskcheck-eval")
    return pooled(found, label or Path(pattern).name)


def pooled(results: Sequence[Result], label: str) -> Result:
    """Runs of one measurement with other models or seeds, as one; EvalError where they measured different things."""
    first = results[0]
    for other in results[1:]:
        for key in ("task", "benchmark", "settings"):
            if _fixed(other.header[key]) != _fixed(first.header[key]):
                raise EvalError(f"{other.folder} cannot be pooled with {first.folder}: their {key} differs")
    rows = [row for result in results for row in result.rows]
    return Result(label, first.folder, first.header, rows, first.start, None, tuple(results))


def _fixed(value: Any) -> Any:
    """What must be equal in runs that are pooled: settings without models and seeds (a benchmark has its own)."""
    if isinstance(value, dict):
        return {key: _fixed(each) for key, each in value.items() if key not in ("seed", "sampler", "simulator")}
    return value


def _is_run(folder: Path) -> bool:
    return (folder / ROWS).is_file() or any(folder.glob(f"shard-*-of-*/{ROWS}"))


def last_run(root: Path) -> Path:
    """The folder under `root` whose rows were written last; EvalError if there is none."""
    found = [path for path in root.rglob(ROWS) if CHOOSING not in path.relative_to(root).parts]
    if not found:
        raise EvalError(f"no run under {root}/: run deskcheck-eval first, or name runs: deskcheck-report runs=[FOLDER]")
    folder = max(found, key=lambda path: path.stat().st_mtime).parent
    return folder.parent if folder.name.startswith("shard-") else folder


def _summary(folder: Path) -> Json | None:
    path = folder / "done.json"
    return json.loads(path.read_text())["summary"] if path.exists() else None


def last_start(folder: Path) -> Json:
    """The last entry of a run's starts.jsonl: command, versions, commit; empty when the folder has none."""
    path = folder / "starts.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return json.loads(lines[-1]) if lines else {}
