"""Inputs that a language model thinks up: calls of a function to explore, tried before those that are drawn.

The answer is read, never run: a line counts if it is one call of that function by its name, with literal arguments and
of bounded size. What remains are ordinary candidates (inputs.py): recorded in the jail, kept for a new path.
"""

from __future__ import annotations

import ast
import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler, SamplingParams, seed_of

from deskcheck_trainer.nlex.row import Rejected, Row
from deskcheck_trainer.nlex.sources.items import Explore, Item

MAX_CHARACTERS = 500
"""A longer call is not read: no run on it could be followed."""


@dataclass(frozen=True, kw_only=True)
class Proposing:
    """Who is asked for how many calls of a function."""

    model: str
    params: SamplingParams
    count: int


class Proposer:
    """Adds a model's calls to the functions of a shard, and remembers them to count what became of them."""

    def __init__(self, sampler: Sampler, prompts: Prompts, plan: Proposing) -> None:
        self.sampler, self.prompts, self.plan = sampler, prompts, plan
        self._counts: dict[int, Counter[str]] = {}
        self._proposed: dict[int, set[tuple[str, str]]] = {}

    def __call__(self, shard: int, items: Sequence[Item | Rejected]) -> tuple[Item | Rejected, ...]:
        """The items of a shard in their order, those to explore with more calls. Raises SamplerError."""
        functions = [item for item in items if isinstance(item, Explore)]
        counts = self._counts[shard] = Counter(functions=len(functions), proposed=0, valid=0)
        answers = iter(asyncio.run(self._ask(functions)) if functions else ())
        known = self._proposed[shard] = set()
        found: list[Item | Rejected] = []
        for item in items:
            if isinstance(item, Explore):
                lines = proposed_lines(next(answers))
                calls = list(dict.fromkeys(filter(None, (literal_call(line, item.entry_point) for line in lines))))
                counts.update(proposed=len(lines), valid=len(calls))
                new = [call for call in calls[: self.plan.count] if call not in item.calls]
                known.update((item.source, call) for call in new)
                item = replace(item, calls=(*item.calls, *new))
            found.append(item)
        return tuple(found)

    async def _ask(self, functions: Sequence[Explore]) -> list[str]:
        params = replace(self.plan.params, seed=seed_of(self.plan.params.seed, "propose"), n=1)

        async def one(function: Explore) -> str:
            prompt = self.prompts.propose(function.source, function.entry_point, self.plan.count)
            [[completion]] = await self.sampler.sample([prompt], params)
            return completion.text

        return await asyncio.gather(*(one(function) for function in functions))

    def counts(self, shard: int, outcomes: Sequence[Row | Rejected]) -> Counter[str]:
        """Of a finished shard: functions asked about, lines proposed, valid calls, and inputs kept as rows."""
        counts, known = self._counts.pop(shard), self._proposed.pop(shard)
        rows = {(row.source, row.call) for row in outcomes if isinstance(row, Row)}
        return counts + Counter(kept=len(rows & known))


def proposed_lines(text: str) -> list[str]:
    """The lines of the last fenced block that are not blank, or of the whole answer where there is none."""
    blocks = re.findall(r"^```[^\n`]*\n(.*?)(?:^```|\Z)", text, re.MULTILINE | re.DOTALL)
    lines = (blocks[-1] if blocks else text).split("\n")
    return [line.strip() for line in lines if line.strip()]


def literal_call(line: str, entry_point: str) -> str | None:
    """The one call of `entry_point` on literals that a line is, in canonical spelling; None for anything else.

    A list's number or dash before it and a comment after it are allowed.
    """
    line = re.sub(r"^(?:[-*]|\d+[.)])\s+", "", line).strip("` ;")
    if len(line) > MAX_CHARACTERS:
        return None
    try:
        node = ast.parse(line, mode="eval").body
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != entry_point:
            return None
        if any(keyword.arg is None for keyword in node.keywords):
            return None
        for value in [*node.args, *(keyword.value for keyword in node.keywords)]:
            ast.literal_eval(value)
        return ast.unparse(node)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None
