"""Running one coroutine a problem, all at once: so that samplers see full batches, and one failure stops the rest."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

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


class Unscored:
    """Problems that the sandbox itself failed on. They have no row, so a rerun tries again; too many stop the run."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.problems: list[str] = []

    def add(self, problem: str) -> None:
        """Leave one problem out. EvalError once there are more than `most`."""
        self.problems.append(problem)
        if len(self.problems) > self.most:
            raise EvalError(
                f"the sandbox failed (verdict SE) on {len(self.problems)} problems ({', '.join(self.problems[:5])}), "
                f"expected at most max_unscored={self.most}: run `deskcheck-trace selftest`, then this again"
            )


Advance = Callable[..., None]


def key_of(problem: Problem) -> str:
    """What the row of a problem is stored under."""
    return content_key(problem.to_json())


async def row_for_each(
    problems: Sequence[Problem],
    rows: Rows,
    make: Callable[[Problem], Coroutine[Any, Any, dict[str, Any] | None]],
    unscored: Unscored,
    advance: Advance,
) -> None:
    """Add a row for every problem that has none; `make` gives None where the sandbox failed on it."""

    async def one(problem: Problem) -> None:
        row = await make(problem)
        if row is None:
            unscored.add(problem.id)
        else:
            rows.add(key_of(problem), row)
        advance()

    await all_of(one(problem) for problem in problems if key_of(problem) not in rows)
