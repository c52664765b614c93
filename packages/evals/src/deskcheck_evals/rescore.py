"""Comparing stored outputs anew: another comparator over the same generations, with no model and nothing run.

A row of output prediction holds the true output and every predicted one. A row of self-verification holds the public
tests, what each candidate printed on them and every prediction, so both what really happened and what was predicted
can be judged again. Private tests are not in the rows: the grade stays the run's. A program that failed or was stopped
fails under every comparator; calls are compared by value whatever it is.
"""

from deskcheck_evals.choices import Checker
from deskcheck_evals.rows import Json, stored
from deskcheck_evals.tasks.compare import right

PRINTED = ("AC", "WA")
"""Verdicts of programs that ended by themselves: what they printed decides."""
Tests = tuple[bool, ...]
Attempts = tuple[tuple[bool, ...], ...]


def right_again(row: Json, checker: Checker, where: str) -> list[bool]:
    """Which predictions of an item are right under another comparator; `where` is the row's place, for errors."""
    outputs = stored(row, "outputs", where)
    return [right(row["expected"], each, is_call=row["is_call"], checker=checker.value) for each in outputs]


def public_results(row: Json, candidate: Json, checker: Checker | None, where: str) -> tuple[Tests, Attempts]:
    """Real and predicted results of a candidate on the public tests; None: as they were in the run."""
    as_run = tuple(candidate["public"]), tuple(map(tuple, candidate["predicted"]))
    if checker is None or candidate["code"] is None or stored(row, "entry_point", where) is not None:
        return as_run
    expected = [test["output"] for test in stored(row, "tests", where)]
    printed, verdicts = (stored(candidate, key, where) for key in ("printed", "public_verdicts"))
    ran = zip(expected, candidate["public"], printed, verdicts, strict=True)
    said = zip(expected, stored(candidate, "outputs", where), strict=True)
    return (
        tuple(_ran_right(want, bit, have, verdict, checker) for want, bit, have, verdict in ran),
        tuple(tuple(_right(want, one, checker) for one in predicted) for want, predicted in said),
    )


def _ran_right(expected: str, as_run: bool, printed: str | None, verdict: str, checker: Checker) -> bool:
    if verdict not in PRINTED or printed is None:  # it was stopped, or printed more than a row holds
        return as_run
    return _right(expected, printed, checker)


def _right(expected: str, output: str | None, checker: Checker) -> bool:
    return right(expected, output, is_call=False, checker=checker.value)
