"""From items to rows, in one worker process: record, filter, narrate, verify; judge what is about problems.

Every item gives at least one outcome, a row or a rejection with its reason: one for each rendering of a recorded run,
and a function with inputs to explore has a run for each input. Outcomes come in the order of the items.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from deskcheck_agent.prompts import Prompts
from deskcheck_tracer import Limits, Sandbox

from deskcheck_trainer.nlex.answers import Answers
from deskcheck_trainer.nlex.inputs import InputPlan
from deskcheck_trainer.nlex.own_process import OwnProcess
from deskcheck_trainer.nlex.propose import Proposing
from deskcheck_trainer.nlex.recording import Recorded, Recording, RunFilter
from deskcheck_trainer.nlex.renderings import RenderPlan
from deskcheck_trainer.nlex.row import Rejected, Row, words_and_symbols
from deskcheck_trainer.nlex.runner import Runner
from deskcheck_trainer.nlex.sources.items import Explain, Explore, Fix, Item, Solve
from deskcheck_trainer.nlex.telling import Telling
from deskcheck_trainer.nlex.tokenizer import TokenizerFile
from deskcheck_trainer.nlex.translate import Translation


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How rows are made; travels to worker processes. Meanings as in CollectConfig."""

    prompts: str = "default"
    style: str = "step"
    max_tokens: int | None = None
    tokenizer: TokenizerFile | None = None
    renderings: RenderPlan = field(default_factory=RenderPlan)
    limits: Limits = Limits()
    keep: RunFilter = field(default_factory=RunFilter)
    inputs: InputPlan = field(default_factory=InputPlan)
    own_process: bool = False
    degraded: bool = False
    imports: tuple[str, ...] = ()
    """Modules beyond the standard library that programs may import."""
    check_determinism: bool = True
    translation: Translation | None = None
    """How a model tells recorded runs, in the parent process; None has them told here, by the template narrator."""
    proposing: Proposing | None = None

    def builder(self) -> Builder:
        """The builder with the sandboxes it needs in this process."""
        if self.own_process:
            return Builder(self, OwnProcess())
        second = self._sandbox(hash_seed=1) if self.check_determinism else None
        return Builder(self, self._sandbox(hash_seed=0), second)

    def _sandbox(self, hash_seed: int) -> Sandbox:
        return Sandbox(workers=1, degraded=self.degraded, imports=self.imports, hash_seed=hash_seed)


class Builder:
    """Turns a batch of items into rows and rejections; into recorded runs where a model is to tell them."""

    def __init__(self, recipe: Recipe, runner: Runner, second: Runner | None = None) -> None:
        """`second` records every program again, under another hash seed; None trusts the first recording."""
        self.runners = [runner] if second is None else [runner, second]
        prompts = Prompts.load(recipe.prompts)
        self.recording = Recording(runner, second, recipe.limits, recipe.keep, recipe.inputs)
        self.count = recipe.tokenizer.counter() if recipe.tokenizer else words_and_symbols
        self.telling = None
        if recipe.translation is None:
            self.telling = Telling(prompts, recipe.style, recipe.max_tokens, recipe.renderings, self.count)
        self.answers = Answers(prompts, runner)

    def __call__(self, items: Sequence[Item | Rejected]) -> list[Row | Rejected | Recorded]:
        recorded = iter(self.recording([item for item in items if isinstance(item, Explain | Explore)]))
        answered = iter(asyncio.run(self.answers([item for item in items if isinstance(item, Solve | Fix)])))
        outcomes: list[Row | Rejected | Recorded] = []
        for item in items:
            match item:
                case Explain() | Explore():
                    outcomes += (row for one in next(recorded) for row in self._told(one))
                case Solve() | Fix():
                    outcomes.append(next(answered))
                case Rejected():
                    outcomes.append(item)
        return outcomes if self.count is words_and_symbols else [self._sized(outcome) for outcome in outcomes]

    def _sized(self, outcome: Row | Rejected | Recorded) -> Row | Rejected | Recorded:
        """The outcome with its size in the tokenizer's tokens."""
        return replace(outcome, tokens=outcome.size(self.count)) if isinstance(outcome, Row) else outcome

    def _told(self, one: Recorded | Rejected) -> Sequence[Row | Rejected | Recorded]:
        return [one] if isinstance(one, Rejected) or self.telling is None else self.telling(one)

    def close(self) -> None:
        """End the sandboxes."""
        for runner in self.runners:
            runner.close()
