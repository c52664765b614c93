"""Budgets: what one problem may cost in tokens, completions and seconds, and what was cut when it had cost that.

A `Meter` belongs to one problem; every sampler that works on it is wrapped in a `BudgetedSampler` over the same meter.
A completion that the budget does not allow comes back as StopReason.budget, without text: the loops above treat it as
never written (no candidate, no prediction, no turn), so nothing that was paid for is lost. What has begun is finished,
except where the time is up, so tokens may exceed their limit by what was in flight: by no more than each completion's
share of it, as `max_tokens` shrinks to what is left.

Completions that a cache gives count like fresh ones: the budget is a property of the result, not of the run.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from deskcheck_agent.sampler import Completion, Message, Sampler, SamplingParams, StopReason, params_per_prompt

CUT = Completion("", stop=StopReason.budget)


@dataclass(frozen=True)
class Budget:
    """The most that one problem may cost; None is no limit."""

    tokens: int | None = None
    """Tokens written by the models, reasoning included."""
    calls: int | None = None
    """Completions asked for."""
    wall_s: float | None = None
    """Seconds from when work on the problem began in this process."""


@dataclass
class Meter:
    """What a problem has cost so far and what its budget cut, by role: {"solver": 3} are three completions."""

    budget: Budget = field(default_factory=Budget)
    tokens: int = 0
    calls: int = 0
    cut: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def seconds_left(self) -> float | None:
        """None without a limit; 0 when the time is up."""
        return None if self.budget.wall_s is None else max(0.0, self.budget.wall_s - self.seconds)

    @property
    def tokens_left(self) -> int | None:
        return None if self.budget.tokens is None else max(0, self.budget.tokens - self.tokens)

    def admitted(self, calls: int) -> int:
        """How many of so many completions may still be asked for."""
        if self.tokens_left == 0 or self.seconds_left == 0:
            return 0
        return calls if self.budget.calls is None else min(calls, max(0, self.budget.calls - self.calls))

    def spend(self, completions: Sequence[Completion]) -> None:
        """Count what came back."""
        self.tokens += sum(each.tokens for each in completions)


class BudgetedSampler:
    """A sampler that asks for no more than the problem's meter admits. `role` names it in `meter.cut`."""

    def __init__(self, inner: Sampler, meter: Meter, role: str) -> None:
        self.inner, self.meter, self.role = inner, meter, role
        self.model_id: str = inner.model_id

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        """As every sampler; what the budget does not allow is StopReason.budget, the last prompts' first."""
        each = params_per_prompt(prompts, params)
        admitted = self._admit(each)
        asked = [(prompt, one) for prompt, one in zip(prompts, admitted, strict=True) if one is not None]
        answers = iter(await self._in_time([prompt for prompt, _ in asked], [one for _, one in asked]))
        rows = [[] if one is None else next(answers) for one in admitted]
        full = [[*row, *[CUT] * (one.n - len(row))] for row, one in zip(rows, each, strict=True)]
        if cut := sum(done.stop is StopReason.budget for row in full for done in row):
            self.meter.cut[self.role] += cut
        return full

    def _admit(self, each: Sequence[SamplingParams]) -> list[SamplingParams | None]:
        """The parameters with as many completions and tokens as the budget still has; None for none."""
        left = self.meter.admitted(sum(one.n for one in each))
        self.meter.calls += left
        tokens = self.meter.tokens_left
        admitted: list[SamplingParams | None] = []
        for one in each:
            count = min(one.n, left)
            left -= count
            longest = one.max_tokens if tokens is None else min(one.max_tokens, tokens)
            admitted.append(replace(one, n=count, max_tokens=longest) if count else None)
        return admitted

    async def _in_time(self, prompts: list[list[Message]], each: list[SamplingParams]) -> list[list[Completion]]:
        if not prompts:
            return []
        if self.meter.seconds_left is None:
            answers = await self.inner.sample(prompts, each)
        else:
            answers = await self._until_the_end(prompts, each)
        self.meter.spend([completion for row in answers for completion in row])
        return answers

    async def _until_the_end(self, prompts: list[list[Message]], each: list[SamplingParams]) -> list[list[Completion]]:
        """Completion by completion, so that those that come in time are kept."""
        tasks = [
            [
                asyncio.ensure_future(self.inner.sample([prompt], replace(one, first=index, n=1)))
                for index in one.indices
            ]
            for prompt, one in zip(prompts, each, strict=True)
        ]
        flat = [task for row in tasks for task in row]
        try:
            done, _ = await asyncio.wait(flat, timeout=self.meter.seconds_left, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()  # an error of the sampler's is one of the call's
            return [[task.result()[0][0] if task in done else CUT for task in row] for row in tasks]
        finally:
            for task in flat:
                task.cancel()
