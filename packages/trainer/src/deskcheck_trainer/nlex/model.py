"""The language model behind a dataset under construction: made when it is first asked, its answers kept.

Finished shards ask nothing, so a run that only needs its last shards written starts no model before them, and one that
is whole starts none. Every answer goes into the agent's content-addressed cache, by default in the run folder: each is
kept as soon as it is there, and a kill or a dead server costs what was in flight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from deskcheck_agent.errors import SamplerError
from deskcheck_agent.sampler import Completion, Message, Sampler, SamplingParams
from deskcheck_agent.samplers import make_sampler
from deskcheck_conf.schema import SamplerConfig

ANSWERS = "answers"
"""Folder of the kept answers in the run folder, unless sampler.cache names another."""


class KeptSampler:
    """A configured sampler that is made when first asked and keeps what it was told."""

    def __init__(self, config: SamplerConfig, folder: Path) -> None:
        self.cache = Path(config.cache or folder / ANSWERS)
        self.config = replace(config, cache=str(self.cache))
        self.model_id = label(config)
        self._inner: Sampler | None = None

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        """As Sampler; a SamplerError says in addition where the answers so far are."""
        if self._inner is None:
            self._inner = make_sampler(self.config)
        try:
            return await self._inner.sample(prompts, params)
        except SamplerError as error:
            raise SamplerError(
                f"{error}. Finished shards and {self.cache} keep what was answered: the same command goes on from there"
            ) from error


def label(config: SamplerConfig) -> str:
    """The model in one line: all that decides what it answers, and neither addresses nor speeds."""
    model = config.model
    parts = (config.kind.value, model.path, model.gguf_file, model.revision, model.dtype, model.chat_template)
    return " ".join(part for part in parts if part)
