"""The configuration of the environments: what `deskcheck-rl` plays, how much of each, and against what it is scored.

Choices live in conf/deskcheck_conf/env. No torch in here.
"""

from dataclasses import dataclass, field, fields

from deskcheck_agent.feedback import FeedbackSource
from deskcheck_conf.errors import ConfigError
from deskcheck_evals.benchmarks.config import BenchmarkConfig


@dataclass(kw_only=True)
class EnvConfig:
    """What every environment has: its tasks and its weight in the mixture."""

    share: float = 1.0
    """Share of all tasks drawn; the shares of the environments in use add up to 1."""
    reward_weight: float = 1.0
    """Multiplies the reward of +1 or -1. Acts only where nothing divides by a standard deviation."""
    benchmark: BenchmarkConfig = field(default_factory=lambda: BenchmarkConfig(split="train"))
    """The tasks to train on."""
    validation: BenchmarkConfig | None = None
    """The tasks to choose the best checkpoint by; null takes the validation split of `benchmark`."""


@dataclass(kw_only=True)
class OutputPredictionConfig(EnvConfig):
    reward_weight: float = 0.8  # paper.md 3
    checker: str = "tokens"
    """How stdout is compared: tokens (floats within 1e-5) or exact."""
    step_reward: float = 0.0
    """Weight, in [0, 1), of the share of an answer's claims that hold in the true trace; the rest is the outcome's. The
    programs then run in the sandbox. 0 in the paper."""

    def __post_init__(self) -> None:
        if not 0 <= self.step_reward < 1:
            raise ConfigError(f"env.output_prediction.step_reward is {self.step_reward}, expected a weight in [0, 1)")


@dataclass(kw_only=True)
class SolveConfig(EnvConfig):
    """Problem -> program, scored by the private tests."""


@dataclass(kw_only=True)
class SelfRlefConfig(EnvConfig):
    """Solve, see feedback on the public tests, submit or fix; scored by the private tests."""

    max_repairs: int = 1
    """Most repairs in a training rollout; 1 in the paper."""
    feedback: FeedbackSource = FeedbackSource.executed
    """Where the observed outputs of a fix prompt come from in training."""
    predictions: int = 5
    """simulated, scheduled: predictions a public test."""
    executed_from: float = 1.0
    """scheduled: probability of executed feedback at the first step ..."""
    executed_to: float = 0.0
    """... and at the last, changing linearly."""


@dataclass(kw_only=True)
class EnvsConfig:
    """The environments in use; null leaves one out."""

    output_prediction: OutputPredictionConfig | None = None
    solve: SolveConfig | None = None
    self_rlef: SelfRlefConfig | None = None

    def used(self) -> dict[str, EnvConfig]:
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}

    def judges_programs(self) -> bool:
        """Does any of them run programs that the model wrote?"""
        return self.solve is not None or self.self_rlef is not None
