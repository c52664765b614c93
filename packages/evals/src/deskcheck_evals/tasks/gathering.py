"""Running one coroutine a problem, all at once: so that samplers see full batches, and one failure stops the rest."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from deskcheck_evals.errors import EvalError


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
