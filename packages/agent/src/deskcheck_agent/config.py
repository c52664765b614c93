"""The configuration of `deskcheck-solve`. Choices are in YAML, meanings here."""

import hashlib
import re
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from deskcheck_conf import ConfigError, RunConfig, SamplerConfig, SamplerKind, SamplingConfig
from deskcheck_tracer.errors import InputError

from deskcheck_agent.budget import Budget
from deskcheck_agent.feedback import Combine, FeedbackSource
from deskcheck_agent.problem import located
from deskcheck_agent.sampler import SamplingParams

AUTO = "auto"
"""A run_name that stands for one made from what is solved and how."""


class Strategy(StrEnum):
    single = "single"
    """One program, nothing looked at."""
    self_verify = "self_verify"
    """The best of k candidates."""
    self_fix = "self_fix"
    """One trajectory of repairs."""
    both = "both"
    """k trajectories of repairs, then the best of their programs."""


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
    rich: bool = False
    """Tell a failing test with the steps around the first difference."""

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ConfigError(f"feedback.n is {self.n}, expected 1 or more")
        for name in ("threshold", "p"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"feedback.{name} is {getattr(self, name)}, expected a share in [0, 1]")


@dataclass(kw_only=True)
class BudgetConfig:
    """The most that one problem may cost (deskcheck_agent.budget); null is no limit."""

    tokens: int | None = None
    """Tokens written by the models, reasoning included."""
    calls: int | None = None
    """Completions asked for."""
    wall_s: float | None = None
    """Seconds from when work on the problem began."""

    def __post_init__(self) -> None:
        for name in ("tokens", "calls", "wall_s"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"budget.{name} is {value}, expected more than 0, or null for no limit")


@dataclass(kw_only=True)
class SolveConfig(RunConfig):
    """Problems in, programs out; or one program in, and whether it is believed."""

    free_keys = (*RunConfig.free_keys, "in_flight", "page_executes")

    strategy: Strategy = Strategy.self_fix
    problem: str | None = None
    """One problem: a Markdown or JSON file (problem_file.py)."""
    problems: str | None = None
    """Many problems: a JSONL file (deskcheck_agent.Problem)."""
    program: str | None = None
    """A program that exists already: nothing is solved, it is desk-checked on the tests."""
    tests: str | None = None
    """Tests of `problem` or `program` in place of the problem's examples: a folder or a file (tests_folder.py)."""
    limit: int | None = None
    """Only the first so many problems."""
    in_flight: int = 64
    """Problems worked on at once."""
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
    """A prompt set (default, few_shot, micro) or a folder of one's own."""
    k: int = 20
    """self_verify: candidates a problem; both: trajectories a problem."""
    max_turns: int = 10
    """self_fix, both: most solver answers, the first program included."""
    generated_tests: int = 0
    """self_verify, both: inputs that the solver proposes where there are fewer public tests, to rank by agreement."""
    early_exit: int = 0
    """self_verify, both: look after so many candidates, and stop where one passes every test by every prediction."""
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    page_executes: bool = False
    """Run the shown programs on their public tests for the page: real runs beside predicted ones."""
    isolation: str = "nsjail"
    degraded: bool = False
    """Go on where the kernel denies a limit of the sandbox; marks every result."""

    def __post_init__(self) -> None:
        if self.run_name == AUTO:
            self.run_name = self._auto_name()
        super().__post_init__()
        for name, least in (("k", 1), ("max_turns", 1), ("in_flight", 1), ("generated_tests", 0), ("early_exit", 0)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected {least} or more")
        self._check_work()
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"limit is {self.limit}, expected 1 or more, or null for all")
        ranks = self.strategy in (Strategy.self_verify, Strategy.both)
        if ranks and self.feedback.source is FeedbackSource.none:
            raise ConfigError(
                f"strategy={self.strategy} has nothing to rank by with feedback=none; "
                "use strategy=single or other feedback"
            )

    def _check_work(self) -> None:
        if self.problem is not None and self.problems is not None:
            raise ConfigError("problem and problems are both set, expected problem=FILE.md or problems=FILE.jsonl")
        if self.problem is None and self.problems is None and self.program is None:
            raise ConfigError(
                "expected problem=FILE.md or .json, problems=FILE.jsonl, or program=FILE.py and tests=FOLDER; got none"
            )
        if self.program is not None and self.problems is not None:
            raise ConfigError("program=FILE.py is desk-checked on one problem: pass problem=FILE.md or tests=FOLDER")
        if self.program is not None and self.feedback.source is FeedbackSource.none:
            raise ConfigError("program=FILE.py with feedback=none has nothing to look at it with; use other feedback")
        if self.tests is not None and self.problems is not None:
            raise ConfigError("tests=FOLDER is for problem=FILE.md or program=FILE.py; problems=FILE.jsonl has its own")

    def _auto_name(self) -> str:
        """What is solved and how, readable; the hash is of the configuration and of the files it names."""
        named = [each for each in (self.program, self.problem, self.problems) if each is not None]
        stem = re.sub(r"[^\w-]+", "-", Path(named[0]).stem).strip("-") if named else "none"
        verb = "check" if self.program is not None else str(self.strategy)
        told = {key: value for key, value in asdict(self).items() if key not in (*self.free_keys, "run_name", "seed")}
        digest = hashlib.sha256(repr(sorted(told.items())).encode())
        for path in (*named, self.tests, self.prompts):
            digest.update(_content(path) if path is not None else b"")
        return f"solve-{stem or 'problem'}-{verb}-{digest.hexdigest()[:8]}"

    @property
    def limits(self) -> Budget:
        """The budget of one problem."""
        return Budget(self.budget.tokens, self.budget.calls, self.budget.wall_s)

    @property
    def pretends(self) -> bool:
        """Whether the solver is the shipped scripted one, which copies its input and solves nothing."""
        return self.sampler.kind is SamplerKind.scripted and self.sampler.script is None


def _content(path: str) -> bytes:
    """What a file or a folder holds; nothing where it cannot be read, which whoever needs it will tell."""
    try:
        place = located(path)
        files = sorted(each for each in place.rglob("*") if each.is_file()) if place.is_dir() else [place]
        return b"".join(each.name.encode() + each.read_bytes() for each in files)
    except (OSError, InputError):
        return b""


def params_of(config: SamplingConfig) -> SamplingParams:
    """Sampling as the agent's functions take it; they set how many completions themselves."""
    return SamplingParams(config.temperature, config.top_p, config.max_tokens, seed=config.seed)
