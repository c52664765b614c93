"""A finished (or interrupted) run, read back: its header, its rows as typed records, and where it came from.

Everything a report shows is computed from here. The four kinds of rows are written by the four tasks and have one
reader each: `predictions`, `pools`, `fixes`, `answers`. Runs that differ in nothing but models and seeds can be read as
one: their rows stand side by side, a problem's value is then its mean over them, and intervals stay intervals over
problems.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Any

from deskcheck_conf.made_by import made_by

from deskcheck_evals.errors import EvalError
from deskcheck_evals.rows import Json, read_rows
from deskcheck_evals.selection import Candidate, Pool

ROWS = "rows.jsonl"


@dataclass(frozen=True, eq=False)
class Result:
    """One run; equal only to itself, so that what is computed from it can be kept."""

    label: str
    folder: Path
    header: Json
    rows: list[Json]
    start: Json
    """The last entry of starts.jsonl: command, versions, commit; empty when the folder has none."""
    summary: Json | None
    """What the run said at its end; None while it is unfinished."""
    parts: tuple["Result", ...] = ()
    """The runs that were pooled into this one; empty for a single run."""

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


@dataclass(frozen=True)
class Predicted:
    """One item of output or input prediction."""

    id: str
    problem: str
    expected: str
    input: str
    is_call: bool
    steps: int | None
    """Executed lines of the program, where they were counted."""
    right: tuple[bool, ...]
    statuses: tuple[str, ...]
    ends: tuple[str, ...] = ()
    """Input prediction: how the run of each predicted input ended (`InputEnd`)."""
    baselines: Mapping[str, str] = field(default_factory=dict)
    """Input prediction: how inputs ended that read no program."""


@dataclass(frozen=True)
class Fixed:
    """One trajectory of self-fixing."""

    problem: str
    attempt: int
    first_passed: bool
    first_public: bool
    submitted_passed: bool
    submitted_public: bool
    turns: int
    status: str


@dataclass(frozen=True)
class Answered:
    """One question that lm-eval asked."""

    problem: str
    scores: dict[str, float]


def read_result(folder: Path, label: str | None = None) -> Result:
    """The run in `folder`; EvalError if there is none."""
    if not (folder / ROWS).is_file():
        command = made_by(folder)
        step = f"; run `{command}` first" if command else ""
        raise EvalError(
            f"{folder}: no {ROWS} in it: expected the run folder of a deskcheck-eval that has finished a problem{step}"
        )
    header, rows = read_rows(folder / ROWS)
    if not rows:
        raise EvalError(f"{folder / ROWS}: no finished problem yet: let the run go on, or leave it out of runs=[...]")
    return Result(label or folder.name, folder, header, rows, _last_start(folder), _summary(folder))


def read_runs(pattern: str, label: str | None = None) -> Result:
    """The run in the folder `pattern`, or, where it is a pattern such as `outputs/x-s*`, its runs pooled.

    Raises:
        EvalError: nothing there, or runs of different tasks, benchmarks or settings.
    """
    if Path(pattern).is_dir() or not any(sign in pattern for sign in "*?["):
        return read_result(Path(pattern), label)
    found = [read_result(Path(folder)) for folder in sorted(glob(pattern)) if (Path(folder) / ROWS).is_file()]
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


def last_run(root: Path) -> Path:
    """The folder under `root` whose rows were written last; EvalError if there is none."""
    found = sorted(root.rglob(ROWS), key=lambda path: path.stat().st_mtime)
    if not found:
        raise EvalError(f"no run under {root}/: run deskcheck-eval first, or name runs: deskcheck-report runs=[FOLDER]")
    return found[-1].parent


def predictions(result: Result) -> list[Predicted]:
    """Rows of tasks output_prediction and input_prediction."""
    return [
        Predicted(
            row["id"], row["problem"], row["expected"], row["input"], row["is_call"], row["steps"],
            tuple(row["right"]), tuple(row["statuses"]), tuple(row.get("ends", ())), row.get("baselines", {}),
        )
        for row in result.rows
    ]  # fmt: skip


def pools(result: Result) -> list[Pool]:
    """Rows of task self_verify."""
    unit = length_unit(result)
    return [Pool(row["id"], tuple(_candidate(each, unit) for each in row["candidates"])) for row in result.rows]


def length_unit(result: Result) -> str:
    """What short1@k counts: tokens, or characters where the sampler did not say how many tokens a response has."""
    stored = [each for row in result.rows for each in row["candidates"]]
    return "tokens" if all(each["tokens"] > 0 for each in stored if each["code"] is not None) else "characters"


def fixes(result: Result) -> list[Fixed]:
    """Rows of task self_fix."""
    return [
        Fixed(
            row["problem"], row["attempt"], row["first"]["passed"], all(row["first"]["public"]),
            row["submitted"]["passed"], all(row["submitted"]["public"]), row["turns"], row["status"],
        )
        for row in result.rows
    ]  # fmt: skip


def answers(result: Result) -> list[Answered]:
    """Rows of task no_regression."""
    return [Answered(row["problem"], row["scores"]) for row in result.rows]


def _candidate(stored: dict[str, Any], unit: str) -> Candidate:
    length = max(1, stored[unit]) if stored["code"] is not None else 0
    return Candidate(stored["passed"], length, tuple(stored["public"]), tuple(map(tuple, stored["predicted"])))


def _summary(folder: Path) -> Json | None:
    path = folder / "done.json"
    return json.loads(path.read_text())["summary"] if path.exists() else None


def _last_start(folder: Path) -> Json:
    path = folder / "starts.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return json.loads(lines[-1]) if lines else {}
