"""What `deskcheck-collect` may ask a language model for: narrations, solutions. Choices are in YAML, meanings here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from deskcheck_conf.errors import ConfigError
from deskcheck_evals.benchmarks.config import BenchmarkConfig
from deskcheck_tracer.prose import Demands


class NarratorKind(StrEnum):
    template = "template"
    """Our own words (`style`): exact, free."""
    llm = "llm"
    """`sampler` tells each recorded run in prose; what does not prove true is rejected."""


@dataclass(kw_only=True)
class TranslationConfig:
    """How `narrator=llm` tells a run."""

    attempts: int = 1
    """Answers asked for a run, one after the other, until one proves true."""
    record_tokens: int = 2000
    """Longest record of the run in the prompt, in words and symbols: its middle is left out to fit, with a mark; a run
    that does not fit even so is rejected as too_long."""
    min_coverage: float = Demands().min_coverage
    """Least share of the sentences about the run with a statement that was checked."""
    min_told: float = 0.5
    """Least share of the run's lines that did something which the text speaks of."""
    strictness: float = 0.0
    """From 0 to 1: more of the wrong texts are found and more of the true ones lost (`Demands` of the tracer)."""

    def __post_init__(self) -> None:
        for key in ("attempts", "record_tokens"):
            if getattr(self, key) < 1:
                raise ConfigError(f"translation.{key} is {getattr(self, key)}, expected at least 1")
        for key in ("min_coverage", "min_told", "strictness"):
            if not 0 <= (given := getattr(self, key)) <= 1:
                raise ConfigError(f"translation.{key} is {given}, expected a share in [0, 1]")


@dataclass(kw_only=True)
class SolutionsConfig:
    """Pools of judged solutions: output-prediction items for RL instead of rows (nlex/solutions.py)."""

    benchmark: BenchmarkConfig = field(default_factory=lambda: BenchmarkConfig(split="train"))
    """The problems: micro, or a JSONL file."""
    candidates: int = 20
    """Programs sampled a problem."""
    keep: int = 4
    """Distinct correct programs kept a problem (paper, section 3)."""
    max_unscored: int = 3
    """Stop when the sandbox itself has failed on more problems than this."""

    def __post_init__(self) -> None:
        for key in ("candidates", "keep"):
            if getattr(self, key) < 1:
                raise ConfigError(f"solutions.{key} is {getattr(self, key)}, expected at least 1")
        if self.max_unscored < 0:
            raise ConfigError(f"solutions.max_unscored is {self.max_unscored}, expected 0 or more")
