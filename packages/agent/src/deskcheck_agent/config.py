"""The configuration of `deskcheck-solve`. Choices are in YAML, meanings here."""

from dataclasses import dataclass, field
from enum import StrEnum

from deskcheck_conf import ConfigError, RunConfig, SamplerConfig, SamplingConfig

from deskcheck_agent.feedback import Combine, FeedbackSource
from deskcheck_agent.sampler import SamplingParams


class SolveMode(StrEnum):
    single = "single"
    """One program, nothing looked at."""
    verify = "verify"
    """Self-verify: the best of k candidates."""
    fix = "fix"
    """Self-fix: one trajectory of repairs."""
    both = "both"
    """k trajectories of repairs, then the best of their programs."""


@dataclass(kw_only=True)
class InlineTest:
    """A public test given on the command line."""

    input: str = ""
    output: str = ""


@dataclass(kw_only=True)
class InlineProblem:
    """One problem given on the command line; used if it has a statement."""

    statement: str | None = None
    tests: list[InlineTest] = field(default_factory=list)
    entry_point: str | None = None


@dataclass(kw_only=True)
class FeedbackConfig:
    """How programs are looked at (deskcheck_agent.feedback)."""

    source: FeedbackSource = FeedbackSource.simulated
    n: int = 5
    """Predictions a public test."""
    combine: Combine = Combine.mean
    """How they become one score."""
    threshold: float = 0.5
    """A test counts as passed from this score on."""
    p: float = 1.0
    """scheduled: probability of executed feedback."""

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ConfigError(f"feedback.n is {self.n}, expected 1 or more")
        for name in ("threshold", "p"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"feedback.{name} is {getattr(self, name)}, expected a share in [0, 1]")


@dataclass(kw_only=True)
class SolveConfig(RunConfig):
    """Problems in, programs out."""

    mode: SolveMode = SolveMode.fix
    problems: str | None = None
    """A JSONL file of problems (deskcheck_agent.Problem), or give one as `inline`."""
    inline: InlineProblem = field(default_factory=InlineProblem)
    limit: int | None = None
    """Only the first so many problems."""
    sampler: SamplerConfig = field(default_factory=SamplerConfig)
    """The solver."""
    simulator: SamplerConfig = field(default_factory=SamplerConfig)
    """Who predicts outputs; solve.yaml makes it the solver, key by key."""
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    """How programs are sampled."""
    simulating: SamplingConfig = field(default_factory=SamplingConfig)
    """How predictions are sampled."""
    feedback: FeedbackConfig = field(default_factory=FeedbackConfig)
    prompts: str = "default"
    """A prompt set (default, micro) or a folder of one's own."""
    k: int = 20
    """verify: candidates a problem; both: trajectories a problem."""
    max_turns: int = 10
    """fix, both: most solver answers, the first program included."""
    isolation: str = "nsjail"
    degraded: bool = False
    """Go on where the kernel denies a limit of the sandbox; marks every result."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("k", "max_turns"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected 1 or more")
        if (self.problems is None) == (self.inline.statement is None):
            raise ConfigError(
                "expected problems=FILE.jsonl or one problem inline, as in \"inline.statement='Print the sum.'\" "
                "\"inline.tests=[{input: '1 2', output: '3'}]\"; got " + ("both" if self.problems else "neither")
            )
        if self.mode is SolveMode.verify and self.feedback.source is FeedbackSource.none:
            raise ConfigError(
                "mode=verify has nothing to rank by with feedback=none; use mode=single or other feedback"
            )


def params_of(config: SamplingConfig) -> SamplingParams:
    """Sampling as the agent's functions take it; they set how many completions themselves."""
    return SamplingParams(config.temperature, config.top_p, config.max_tokens, seed=config.seed)
