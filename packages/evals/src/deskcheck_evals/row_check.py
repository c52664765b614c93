"""Whether rows hold what a report reads of them: a truth value where one is needed, and never NaN.

rows.jsonl is written by deskcheck-eval alone; a file that was edited, merged by hand or damaged is refused with the row
and the key that is not right, so that no number is computed from it.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from deskcheck_evals.errors import EvalError
from deskcheck_evals.results import Result
from deskcheck_evals.rows import ROWS, Json

Check = Callable[[Any], bool]


def check_rows(result: Result) -> None:
    """EvalError for a task that is none, or for the first row that cannot be read."""
    for run in result.runs:
        if run.task not in ROW_CHECKS:
            raise EvalError(f"{run.folder / ROWS}:1: task is {run.task!r}, expected one of {', '.join(ROW_CHECKS)}")
        for row in run.rows:
            if (odd := _odd(row, ROW_CHECKS[run.task])) is not None:
                where = f"{run.folder / ROWS}: row {row.get('id', '?')!r}"
                raise EvalError(f"{where}: {odd}: remove the row's line and run deskcheck-eval again, it makes it anew")


def _odd(row: Json, checks: Mapping[str, tuple[Check, str]]) -> str | None:
    """What is wrong with a row, in words; None if nothing is."""
    for path, (holds, wanted) in checks.items():
        value: Any = row
        for key in path.split("."):
            value = value.get(key, _ABSENT) if isinstance(value, Mapping) else _ABSENT
        if not holds(value):
            got = "absent" if value is _ABSENT else f"{value!r}"[:80]
            return f"{path!r} is {got}, expected {wanted}"
    return None


def _is_bits(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(bit, bool) for bit in value)


def _is_some_bits(value: Any) -> bool:
    return _is_bits(value) and bool(value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_scores(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(score, int | float) and not math.isnan(score) for score in value.values()
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_candidates(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_candidate, value))


def _is_candidate(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    predicted = value.get("predicted")
    return (
        isinstance(value.get("passed"), bool)
        and isinstance(value.get("code"), str | None)
        and _is_bits(value.get("public"))
        and isinstance(predicted, list)
        and len(predicted) == len(value["public"])
        and all(map(_is_some_bits, predicted))
        and _is_count(value.get("tokens"))
    )


_ABSENT = object()
_TEXT: tuple[Check, str] = (lambda value: isinstance(value, str), "a text")
_BIT: tuple[Check, str] = (lambda value: isinstance(value, bool), "true or false")
_BITS: tuple[Check, str] = (_is_some_bits, "a list of true and false")
_COUNT: tuple[Check, str] = (_is_count, "a whole number")
ROW_CHECKS: dict[str, dict[str, tuple[Check, str]]] = {
    "output_prediction": {
        "key": _TEXT,
        "id": _TEXT,
        "problem": _TEXT,
        "expected": _TEXT,
        "right": _BITS,
        "steps": (lambda value: value is None or _is_count(value), "a whole number or null"),
    },
    "input_prediction": {
        "key": _TEXT,
        "id": _TEXT,
        "problem": _TEXT,
        "right": _BITS,
        "ends": (_is_texts, "a list of texts"),
        "baselines": (lambda value: isinstance(value, Mapping), "an object"),
    },
    "no_regression": {
        "key": _TEXT,
        "id": _TEXT,
        "problem": _TEXT,
        "scores": (_is_scores, "an object of numbers"),
    },
    "self_verify": {
        "key": _TEXT,
        "id": _TEXT,
        "candidates": (
            _is_candidates,
            "candidates, each with code, tokens, passed, public, and as many lists in predicted as in public",
        ),
    },
    "self_fix": {
        "key": _TEXT,
        "problem": _TEXT,
        "attempt": _COUNT,
        "first.passed": _BIT,
        "first.public": (_is_bits, "a list of true and false"),
        "submitted.passed": _BIT,
        "submitted.public": (_is_bits, "a list of true and false"),
        "turns": _COUNT,
        "status": _TEXT,
    },
}
"""Task -> dotted key of a row -> what must hold of it, and that in words."""
