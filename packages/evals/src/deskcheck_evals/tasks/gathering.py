"""Running one coroutine a problem, all at once: so that samplers see full batches, and one failure stops the rest."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, NamedTuple

from deskcheck_agent.problem import Problem

from deskcheck_evals.errors import EvalError
from deskcheck_evals.rows import Rows, content_key


async def all_of(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Wait for all; the first exception cancels the others and is raised as it is."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


class NoRow(NamedTuple):
    """In place of a row: nothing counts for this problem."""

    reason: str


class Unscored:
    """Problems that could not be judged, with the reason. They have no row, so a rerun tries again; too many stop the
    run."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.reasons: dict[str, str] = {}

    @property
    def problems(self) -> list[str]:
        return list(self.reasons)

    def add(self, problem: str, reason: str = "") -> None:
        """Leave one problem out. EvalError once there are more than `most`."""
        self.reasons[problem] = reason
        if len(self.reasons) > self.most:
            last = f"; the last: {reason}" if reason else ""
            raise EvalError(
                f"the sandbox failed (verdict SE) on {len(self.reasons)} problems ({', '.join(self.problems[:5])}"
                f"{last}), expected at most max_unscored={self.most}: run `deskcheck-trace selftest`, or look for bad "
                "tests with `deskcheck-eval experiment=eval/lint`, then this again"
            )


Advance = Callable[..., None]


def key_of(problem: Problem) -> str:
    """What the row of a problem is stored under."""
    return content_key(problem.to_json())


async def row_for_each(
    problems: Sequence[Problem],
    rows: Rows,
    make: Callable[[Problem], Coroutine[Any, Any, dict[str, Any] | NoRow]],
    unscored: Unscored,
    advance: Advance,
) -> None:
    """Add a row for every problem that has none; one that nothing can grade is not even asked about."""

    async def one(problem: Problem) -> None:
        fault = ungradable(problem)
        row = NoRow(fault) if fault else await make(problem)
        if isinstance(row, NoRow):
            unscored.add(problem.id, row.reason)
        else:
            rows.add(key_of(problem), row)
        advance()

    await all_of(one(problem) for problem in problems if key_of(problem) not in rows)


def ungradable(problem: Problem) -> str:
    """Why no program could be graded on the problem; empty if it can be."""
    if not problem.private_tests:
        return "no private tests"
    for kind in ("public", "private"):
        for place, test in enumerate(getattr(problem, f"{kind}_tests")):
            try:
                (test.input + test.output).encode("utf-8")
            except UnicodeEncodeError:
                return f"{kind} test {place} cannot be encoded as UTF-8"
    return ""
