"""What `deskcheck-collect` has a language model do to a shard, in the parent process: inputs before, narrations after.

Workers record and filter; the model is one for all of them, and sees the runs of a whole shard at once. A run without
`narrator=llm` and `inputs.proposals` passes through here untouched, and no model is made.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from deskcheck_agent.config import params_of
from deskcheck_agent.prompts import Prompts
from deskcheck_tracer.prose import Demands

from deskcheck_trainer.collect_config import CollectConfig
from deskcheck_trainer.nlex import Rejected, Row
from deskcheck_trainer.nlex.build import Recipe
from deskcheck_trainer.nlex.model import KeptSampler, label
from deskcheck_trainer.nlex.propose import Proposer, Proposing
from deskcheck_trainer.nlex.recording import Recorded
from deskcheck_trainer.nlex.sources import Item
from deskcheck_trainer.nlex.translate import Translation, Translator


def make_translation(config: CollectConfig) -> Translation:
    """How the configured model tells runs."""
    told = config.translation
    return Translation(
        model=label(config.sampler),
        params=params_of(config.sampling),
        attempts=told.attempts,
        record_tokens=told.record_tokens,
        demands=Demands(min_coverage=told.min_coverage, min_told=told.min_told, strictness=told.strictness),
    )


def make_proposing(config: CollectConfig) -> Proposing:
    """How the configured model is asked for inputs."""
    return Proposing(model=label(config.sampler), params=params_of(config.sampling), count=config.inputs.proposals)


class ModelStages:
    """What a language model does to a shard, in the parent process: inputs before it is recorded, narrations after."""

    def __init__(self, config: CollectConfig, recipe: Recipe, folder: Path) -> None:
        sampler, prompts = KeptSampler(config.sampler, folder), Prompts.load(config.prompts)
        self.proposer = Proposer(sampler, prompts, recipe.proposing) if recipe.proposing else None
        self.translator = Translator(sampler, prompts, recipe.translation) if recipe.translation else None

    def before(self, shard: int, items: tuple[Item | Rejected, ...]) -> tuple[Item | Rejected, ...]:
        """The items that the workers get."""
        return self.proposer(shard, items) if self.proposer else items

    def after(
        self, shard: int, outcomes: list[Row | Rejected | Recorded]
    ) -> tuple[list[Row | Rejected], dict[str, Counter[str]]]:
        """What goes on disk, and the counts of either stage."""
        counts: dict[str, Counter[str]] = {}
        if self.translator:
            told, counts["translate"] = self.translator(outcomes)
        else:
            told = [one for one in outcomes if not isinstance(one, Recorded)]
        if self.proposer:
            counts["propose"] = self.proposer.counts(shard, told)
        return told, counts
