"""Grades of programs, once each: the rollouts of a group often end in the same program.

A thin memory before deskcheck_evals' batching judge. A sandbox fault (verdict SE) is not remembered: the next rollout
tries again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from deskcheck_agent.problem import Problem
from deskcheck_evals.tasks.judging import Grade, Judge
from deskcheck_tracer import Sandbox, Verdict

REMEMBERED = 20_000
"""Grades kept, newest first: some steps' worth."""


class Grader:
    def __init__(self, sandbox: Sandbox | None = None) -> None:
        self._judge = Judge(sandbox)
        self._known: OrderedDict[tuple[str, str], Grade] = OrderedDict()
        self._running: dict[tuple[str, str], asyncio.Future[Grade]] = {}

    async def grade(self, problem: Problem, source: str) -> Grade:
        """How `source` does on the problem's tests; verdict SE means that nothing is known."""
        key = (problem.id, source)
        if key in self._known:
            return self._known[key]
        if key in self._running:
            return await asyncio.shield(self._running[key])
        self._running[key] = asyncio.ensure_future(self._ask(problem, source))
        try:
            grade = await asyncio.shield(self._running[key])
        finally:
            del self._running[key]
        if grade.verdict is not Verdict.SE:
            self._known[key] = grade
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return grade

    async def _ask(self, problem: Problem, source: str) -> Grade:
        return (await self._judge.grade(problem, [source]))[source]


def reward_of(verdict: Verdict) -> float | None:
    """+1 for accepted, -1 for any fault of the program, None for a fault of ours (CWM's rewards, arXiv 2510.02387)."""
    if verdict is Verdict.SE:
        return None
    return 1.0 if verdict is Verdict.AC else -1.0
