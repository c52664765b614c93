"""The rows of a run as typed records: everything that a report shows is computed from these.

Each kind of rows has one reader: `predictions`, `pools`, `fixes`, `answers`. They take the open choices (choices.py)
into account and refuse a row that is not whole. The runs themselves are runs.py's; their names can be had here, too.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deskcheck_evals.choices import DEFAULTS, Capped, Choices, LengthUnit, NoPublicTests, Ties
from deskcheck_evals.errors import EvalError
from deskcheck_evals.rescore import public_results, right_again
from deskcheck_evals.rows import ROWS, Json, stored
from deskcheck_evals.runs import CHOOSING, Result, finished_run, last_run, pooled, read_result, read_runs
from deskcheck_evals.selection import Candidate, Pool

__all__ = [
    "CHOOSING",
    "ROWS",
    "Answered",
    "Fixed",
    "Predicted",
    "Result",
    "answers",
    "finished_run",
    "fixes",
    "last_run",
    "length_unit",
    "pooled",
    "pools",
    "predictions",
    "read_result",
    "read_runs",
    "where",
    "without_public_tests",
]


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
