"""A finished (or interrupted) run, read back: its header, its rows as typed records, and where it came from.

Everything a report shows is computed from here. The four kinds of rows have one reader each: `predictions`, `pools`,
`fixes`, `answers`; they take the open choices (choices.py) into account and refuse a row that is not whole. A run in
shards is one run. Runs that differ in nothing but models and seeds can be read as one: their rows stand side by side, a
problem's value is then its mean over them, and intervals stay intervals over problems.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Any

from deskcheck_conf.made_by import made_by

from deskcheck_evals.choices import DEFAULTS, Capped, Choices, LengthUnit, NoPublicTests, Ties
from deskcheck_evals.errors import EvalError
from deskcheck_evals.rescore import public_results, right_again
from deskcheck_evals.rows import ROWS, Json, read_rows, stored
from deskcheck_evals.selection import Candidate, Pool
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
    """The last entry of starts.jsonl: command, versions, commit; empty when the folder has none."""
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
    source: str = ""
    outputs: tuple[str | None, ...] = ()
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
    has_public: bool = True
    """Whether the problem has a public test at all."""


@dataclass(frozen=True)
class Answered:
    """One question that lm-eval asked."""

    problem: str
    scores: dict[str, float]


def read_result(folder: Path, label: str | None = None) -> Result:
    """The run in `folder`, its shards read as one; EvalError if there is none."""
    parts = read_parts(folder)
    if parts is None:
        header, rows = read_rows(_rows_of(folder))
        summary, start, lacking = _summary(folder), _last_start(folder), []
    else:
        header, rows = parts.header, parts.rows
        summaries = [_summary(path) for path in parts.folders]
        undone = [path.name for path, one in zip(parts.folders, summaries, strict=True) if one is None]
        lacking = [f"{name} is unfinished" for name in undone] + [f"shard {one} is missing" for one in parts.missing]
        summary = _summed([one or {} for one in summaries])
        start = _last_start(folder) or _last_start(parts.folders[0])
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


def where(result: Result, row: Json) -> str:
    """The place of a row, for errors."""
    return f"{result.folder}: row {row.get('id')!r}"


@functools.cache
def predictions(result: Result, choices: Choices = DEFAULTS) -> tuple[Predicted, ...]:
    """Rows of tasks output_prediction and input_prediction."""
    return tuple(_predicted(result, row, choices) for row in result.rows)


def _predicted(result: Result, row: Json, choices: Choices) -> Predicted:
    checker = None if "ends" in row else choices.checker  # predicted inputs were run: no text is compared
    right = row["right"] if checker is None else right_again(row, checker, where(result, row))
    _whole(result, row, {"predictions": [right, row["statuses"]]}, "attempts")
    _booleans(result, row, right)
    return Predicted(
        row["id"], row["problem"], row["expected"], row["input"], row["is_call"], row["steps"],
        tuple(right), tuple(row["statuses"]), row.get("source", ""), tuple(row.get("outputs", ())),
        tuple(row.get("ends", ())), row.get("baselines", {}),
    )  # fmt: skip


@functools.cache
def pools(result: Result, choices: Choices = DEFAULTS) -> tuple[Pool, ...]:
    """Rows of task self_verify; EvalError if none is left to select in."""
    unit = length_unit(result, choices.length_unit)
    kept = [row for row in result.rows if not _is_left_out(row, choices)]
    if not kept:
        raise EvalError(f"{result.folder}: no problem has public tests: pass no_public_tests=random_pick")
    return tuple(_pool(result, row, unit, choices) for row in kept)


def without_public_tests(result: Result) -> int:
    """How many problems have no public test, on which nothing can be ranked."""
    return sum(not each["candidates"][0]["public"] for each in result.rows)


def _is_left_out(row: Json, choices: Choices) -> bool:
    return choices.no_public_tests is NoPublicTests.leave_out and not row["candidates"][0]["public"]


def _pool(result: Result, row: Json, unit: str, choices: Choices) -> Pool:
    candidates = row["candidates"]
    _whole(result, row, {"candidates": [candidates]}, "candidates")
    tests = len(candidates[0]["public"])
    for each in candidates:
        _booleans(result, row, [each["passed"], *each["public"], *(bit for test in each["predicted"] for bit in test)])
        if len(each["public"]) != tests or len(each["predicted"]) != tests or not all(each["predicted"]):
            raise EvalError(f"{where(result, row)} has candidates without a result for some public test")
    return Pool(row["id"], tuple(_candidate(result, row, place, unit, choices) for place in range(len(candidates))))


def _candidate(result: Result, row: Json, place: int, unit: str, choices: Choices) -> Candidate:
    written, here = row["candidates"][place], where(result, row)
    length = max(1, stored(written, unit, here)) if written["code"] is not None else 0
    public, predicted = public_results(row, written, choices.checker, here)
    tiebreak = {Ties.average: 0, Ties.length: -length, Ties.first: -place}[choices.ties]
    is_last = choices.capped is Capped.last and stored(written, "stop", here) == "length"
    return Candidate(written["passed"], length, public, predicted, tiebreak, is_last)


def _whole(result: Result, row: Json, lists: dict[str, list[Any]], setting: str) -> None:
    """EvalError where a generation is missing: fewer than the configuration asked for would change every estimate."""
    asked = result.header["settings"].get(setting)
    for what, found in lists.items():
        counts = {len(each) for each in found}
        if counts != {asked if asked is not None else max(counts)} or 0 in counts:
            wanted = f"{setting}={asked} of each" if asked is not None else "equally many of each"
            said = " and ".join(str(count) for count in sorted(counts))
            raise EvalError(f"{where(result, row)} has {said} {what}, expected {wanted}: remove the line")


def _booleans(result: Result, row: Json, values: Sequence[Any]) -> None:
    for odd in (value for value in values if not isinstance(value, bool)):
        raise EvalError(f"{where(result, row)} has the score {odd!r}, expected true or false")


def length_unit(result: Result, unit: LengthUnit = LengthUnit.auto) -> str:
    """What lengths are counted in: tokens, or characters where the sampler did not say how many tokens there are."""
    written = [each for row in result.rows for each in row["candidates"] if each["code"] is not None]
    has_tokens = all(each["tokens"] > 0 for each in written)
    if unit is LengthUnit.tokens and not has_tokens:
        raise EvalError(f"{result.folder}: its sampler did not count tokens: pass length_unit=characters")
    return "tokens" if unit is not LengthUnit.characters and has_tokens else "characters"


def fixes(result: Result) -> list[Fixed]:
    """Rows of task self_fix."""
    return [_fixed_program(result, row) for row in result.rows]


def answers(result: Result) -> list[Answered]:
    """Rows of task no_regression."""
    return [Answered(row["problem"], row["scores"]) for row in result.rows]


def _fixed_program(result: Result, row: Json) -> Fixed:
    first, submitted = row["first"], row["submitted"]
    _booleans(result, row, [*(one["passed"] for one in (first, submitted)), *first["public"], *submitted["public"]])
    return Fixed(
        row["problem"], row["attempt"], first["passed"], all(first["public"]), submitted["passed"],
        all(submitted["public"]), row["turns"], row["status"], bool(first["public"] or submitted["public"]),
    )  # fmt: skip


def _summary(folder: Path) -> Json | None:
    path = folder / "done.json"
    return json.loads(path.read_text())["summary"] if path.exists() else None


def _last_start(folder: Path) -> Json:
    path = folder / "starts.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return json.loads(lines[-1]) if lines else {}
