"""Configuration of the filters of `deskcheck-collect`; the choices are in the group `filters`."""

from __future__ import annotations

from dataclasses import dataclass, field

from deskcheck_conf.errors import ConfigError
from deskcheck_evals.benchmarks import BenchmarkConfig


@dataclass(kw_only=True)
class NearDuplicatesConfig:
    """Leave out programs that are nearly an earlier one, see nlex.near_duplicates."""

    threshold: float | None = None
    """Jaccard similarity of token shingles from which two programs are nearly the same; null compares nothing."""
    shingle: int = 5
    """Tokens of a shingle."""

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold <= 1:
            key = "filters.near_duplicates.threshold"
            raise ConfigError(f"{key} is {self.threshold}, expected a similarity over 0 and up to 1, or null")
        if self.shingle < 1:
            raise ConfigError(f"filters.near_duplicates.shingle is {self.shingle}, expected 1 or more tokens")


@dataclass(kw_only=True)
class DecontaminateConfig:
    """Leave out what overlaps with a benchmark, see nlex.decontaminate. Both lists empty: compare with nothing."""

    benchmarks: list[BenchmarkConfig] = field(default_factory=list)
    """As in `deskcheck-eval`: their statements and programs."""
    files: list[str] = field(default_factory=list)
    """JSONL files of any benchmark (HumanEval's, MBPP's) or patterns (benchmarks/*.jsonl): every string of a row."""
    ngram: int = 10
    """Tokens of an n-gram; Qwen2.5-Coder's length."""
    threshold: float = 0.5
    """Share of a benchmark text's n-grams from which an item is contaminated; Tulu 3's share."""

    def __post_init__(self) -> None:
        if self.ngram < 1:
            raise ConfigError(f"filters.decontaminate.ngram is {self.ngram}, expected 1 or more tokens")
        if not 0 < self.threshold <= 1:
            key = "filters.decontaminate.threshold"
            raise ConfigError(f"{key} is {self.threshold}, expected a share over 0 and up to 1")


@dataclass(kw_only=True)
class FiltersConfig:
    """Which programs become rows."""

    min_lines: int = 3
    """Traces with fewer executed lines are trivial."""
    hash_seeds: int = 2
    """Record under this many hash seeds, each in its own process; traces must be equal. 1 trusts the program, as
    isolation=process always does: our own programs hold nothing but integers and lists."""
    keep_raised: bool = False
    """Keep programs that end in an exception; the narration tells it, the output is what was printed before."""
    near_duplicates: NearDuplicatesConfig = field(default_factory=NearDuplicatesConfig)
    decontaminate: DecontaminateConfig = field(default_factory=DecontaminateConfig)

    def __post_init__(self) -> None:
        if self.hash_seeds not in (1, 2):
            raise ConfigError(f"filters.hash_seeds is {self.hash_seeds}, expected 2 (check determinism) or 1 (do not)")
