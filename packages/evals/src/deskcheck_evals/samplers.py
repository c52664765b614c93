"""The samplers of one command, each made when it is first asked for and shared by all that the command measures.

What a model answers is kept in the run folder as it comes (or where `sampler.cache` says), so that a killed run costs
what was in flight and not the problems that were half done. On micro problems a scripted sampler without a script is
the twin.
"""

from pathlib import Path

from deskcheck_agent.cache import CachedSampler
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler
from deskcheck_agent.samplers import make_sampler
from deskcheck_agent.solver import kept_in
from deskcheck_conf import SamplerConfig, SamplerKind

from deskcheck_evals.benchmarks import BenchmarkConfig, BenchmarkName
from deskcheck_evals.benchmarks.micro import draw
from deskcheck_evals.twin import twin_sampler


class Samplers:
    """Samplers by configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: list[tuple[SamplerConfig, Sampler]] = []

    def get(self, config: SamplerConfig, benchmark: BenchmarkConfig, prompts: Prompts, seed: int) -> Sampler:
        """The sampler of `config`. Raises ModelError or SamplerError saying what is missing."""
        is_twin = config.kind is SamplerKind.scripted and config.script is None
        if is_twin and benchmark.name is BenchmarkName.micro:
            return twin_sampler(draw(benchmark), prompts, seed)
        for known, sampler in self._made:
            if known == config:
                return sampler
        # In a cache that others share, others may look for token ids.
        made = make_sampler(kept_in(config, self.folder), texts_only=config.cache is None)
        self._made.append((config, made))
        return self._made[-1][1]

    def moved(self) -> dict[str, int]:
        """Requests that went to another server because theirs was lost, by its address."""
        counts: dict[str, int] = {}
        for _, sampler in self._made:
            inner = sampler.inner if isinstance(sampler, CachedSampler) else sampler
            counts |= getattr(inner, "moved", {})  # samplers/openai.py
        return counts
