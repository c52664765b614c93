"""Scheduled feedback: executed with probability p, else simulated; p may follow a training schedule."""

import asyncio
import random
from collections.abc import Callable, Sequence

from deskcheck_agent.feedback.told import Feedback, FeedbackSource, TestFeedback
from deskcheck_agent.problem import Problem
from deskcheck_agent.sampler import seed_of


class ScheduledFeedback:
    """Executed with probability p, else simulated: one seeded coin a problem and program, so a rerun throws the same.

    `p` may be a function without arguments, read at every call: a training schedule.
    """

    source = FeedbackSource.scheduled

    def __init__(self, executed: Feedback, simulated: Feedback, p: float | Callable[[], float], seed: int = 0) -> None:
        self.executed, self.simulated, self.p, self.seed = executed, simulated, p, seed

    async def observe(self, sources: Sequence[str], problem: Problem) -> list[list[TestFeedback]]:
        p = self.p() if callable(self.p) else self.p
        coins = [random.Random(seed_of(self.seed, problem.id, source)).random() < p for source in sources]
        executed, simulated = await asyncio.gather(
            self.executed.observe([source for source, coin in zip(sources, coins, strict=True) if coin], problem),
            self.simulated.observe([source for source, coin in zip(sources, coins, strict=True) if not coin], problem),
        )
        rows = {True: iter(executed), False: iter(simulated)}
        return [next(rows[coin]) for coin in coins]
