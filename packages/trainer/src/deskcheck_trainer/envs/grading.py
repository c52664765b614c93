"""What the sandbox says about a program, asked once: the rollouts of a group often write the same program.

Of 128 micro rollouts (16 problems, G = 8) about 52 first programs are distinct, so a memory before the judge and before
executed feedback saves more than half of the sandbox's work. A fault of ours (SE) is not remembered: the next rollout
tries again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Protocol

from deskcheck_agent.feedback import Feedback, TestFeedback
from deskcheck_agent.problem import Problem
from deskcheck_evals.tasks.judging import Grade, Judge
from deskcheck_tracer import Sandbox, Verdict

REMEMBERED = 20_000
"""Answers kept, newest first: some steps' worth."""


class Memory[T]:
    """Answers by key; rollouts that ask for the same one at the same time wait for one answer."""

    def __init__(self, keep: Callable[[T], bool]) -> None:
        self._keep = keep
        self._known: OrderedDict[Hashable, T] = OrderedDict()
        self._running: dict[Hashable, asyncio.Future[T]] = {}

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        if key in self._known:
            return self._known[key]
        if key in self._running:
            return await asyncio.shield(self._running[key])
        running = self._running[key] = asyncio.ensure_future(ask())
        try:
            answer = await asyncio.shield(running)
        finally:
            del self._running[key]
        if self._keep(answer):
            self._known[key] = answer
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return answer


class Grades(Protocol):
    """Anything that grades programs."""

    async def grade(self, problem: Problem, source: str) -> Grade: ...


class Grader:
    """Grades by the sandbox, remembered."""

    def __init__(self, sandbox: Sandbox | None = None) -> None:
        self._judge = Judge(sandbox)
        self._memory: Memory[Grade] = Memory(lambda grade: grade.verdict is not Verdict.SE)

    async def grade(self, problem: Problem, source: str) -> Grade:
        """How `source` does on the problem's tests; verdict SE means that nothing is known."""

        async def ask() -> Grade:
            return (await self._judge.grade(problem, [source]))[source]

        return await self._memory.get((problem.id, source), ask)


class RememberedFeedback:
    """Another feedback, asked once for each program: for executed feedback, which gives the same answer every time."""

    def __init__(self, inner: Feedback) -> None:
        self.inner = inner
        self.source = inner.source
        self._memory: Memory[list[TestFeedback]] = Memory(lambda told: all(test.passed is not None for test in told))

    async def observe(self, sources: Sequence[str], problem: Problem) -> list[list[TestFeedback]]:
        async def one(source: str) -> list[TestFeedback]:
            async def ask() -> list[TestFeedback]:
                return (await self.inner.observe([source], problem))[0]

            return await self._memory.get((problem.id, source), ask)

        return list(await asyncio.gather(*map(one, sources)))


def reward_of(verdict: Verdict) -> float | None:
    """+1 for accepted, -1 for any fault of the program, None for a fault of ours (CWM's rewards, arXiv 2510.02387)."""
    if verdict is Verdict.SE:
        return None
    return 1.0 if verdict is Verdict.AC else -1.0
