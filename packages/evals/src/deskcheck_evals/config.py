"""The configuration of `deskcheck-eval`; that of the report is in report_config.py. Choices in YAML, meanings here."""

from dataclasses import dataclass, field, fields, replace
from enum import Enum, StrEnum

from deskcheck_agent.config import FeedbackConfig
from deskcheck_agent.feedback import Combine, FeedbackSource
from deskcheck_conf import ConfigError, RunConfig, SamplerConfig, SamplingConfig
from omegaconf import OmegaConf

from deskcheck_evals.benchmarks.config import BenchmarkConfig
from deskcheck_evals.choices import Checker, SelectionConfig
from deskcheck_evals.shards import Shard

SPEED_KEYS = ("batch_size", "timeout_s", "api_key_env", "cache", "base_url")
"""Of a sampler: where it is asked and how fast. An address may stand for a model (evaluate.header_of)."""


class TaskName(StrEnum):
    output_prediction = "output_prediction"
    """Predict what a program prints or returns."""
    input_prediction = "input_prediction"
    """Predict an input for which a program prints or returns its output; scored by running it."""
    self_verify = "self_verify"
    """Sample candidates, simulate each on the public tests; stores what every selection needs."""
    self_fix = "self_fix"
    """Solve, read feedback, submit or fix."""
    no_regression = "no_regression"
    """A benchmark of lm-evaluation-harness, run by it: what the model could do before."""
    lint = "lint"
    """Look for faults in the benchmark; no model is asked."""


PREDICTING = (TaskName.output_prediction, TaskName.input_prediction)
"""Tasks about items, in which no simulator stands beside the solver."""


class PromptMode(StrEnum):
    """How output and input prediction are asked for."""

    step_by_step = "step_by_step"
    """The prompt set's own simulate or find_input prompt: narrate, then answer."""
    direct = "direct"
    """The output or the input alone: the set's direct or predict_input prompt."""


@dataclass(kw_only=True)
class ChooseConfig:
    """A temperature chosen on other problems before anything is measured (deskcheck_evals.choose)."""

    temperatures: list[float] = field(default_factory=list)
    """Those to choose from; none: `sampling.temperature` and `simulating.temperature` are what they say."""
    benchmark: BenchmarkConfig = field(default_factory=lambda: BenchmarkConfig(split="validation"))
    """The validation problems: no test split, and no problem of the benchmark that is measured."""

    def __post_init__(self) -> None:
        if any(temperature < 0 for temperature in self.temperatures):
            raise ConfigError(f"choose.temperatures is {self.temperatures}, expected numbers of 0 or more")
        if len(set(self.temperatures)) < len(self.temperatures):
            raise ConfigError(f"choose.temperatures is {self.temperatures}, expected each once")
        if self.temperatures and "test" in self.benchmark.split:
            raise ConfigError(
                f"choose.benchmark.split is {self.benchmark.split!r}: a temperature is chosen on validation problems, "
                "never on those of a test; pass choose.benchmark.split=validation (or train)"
            )


@dataclass(kw_only=True)
class EvalConfig(RunConfig, SelectionConfig):
    """One measurement: a task, a benchmark, who answers and how."""

    free_keys = (
        *RunConfig.free_keys,
        *(entry.name for entry in fields(SelectionConfig)),
        *("resamples", "max_unscored", "shards"),
        *(f"{who}.{key}" for who in ("sampler", "simulator") for key in SPEED_KEYS),
    )

    task: TaskName = TaskName.self_verify
    benchmark: BenchmarkConfig = field(default_factory=BenchmarkConfig)
    limit: int | None = None
    """Short for benchmark.limit."""
    sampler: SamplerConfig = field(default_factory=SamplerConfig)
    """The solver."""
    simulator: SamplerConfig = field(default_factory=SamplerConfig)
    """Who predicts outputs in self-verify and self-fix; eval.yaml makes it the solver, key by key."""
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    """How programs are sampled (and predictions, in tasks output_prediction and input_prediction)."""
    simulating: SamplingConfig = field(default_factory=SamplingConfig)
    """How predictions are sampled inside self-verify and self-fix."""
    choose: ChooseConfig = field(default_factory=ChooseConfig)
    """A temperature of both, chosen on validation problems."""
    prompts: str = "default"
    """A prompt set of deskcheck-agent (default, few_shot, micro) or a folder of one's own."""
    mode: PromptMode = PromptMode.step_by_step
    attempts: int = 10
    """output_prediction, input_prediction: predictions an item."""
    candidates: int = 20
    """self_verify: programs a problem."""
    candidates_from: str | None = None
    """self_verify: the folder of a finished self_verify run on the same problems, whose first `candidates` programs are
    taken with their real results: only predictions are made, by `simulator`."""
    predictions: int = 5
    """self_verify, self_fix: predictions a public test (feedback.n follows it)."""
    feedback: FeedbackConfig = field(default_factory=FeedbackConfig)
    """self_fix: whose word the fix prompt carries; feedback=none is a single turn."""
    max_turns: int = 10
    """self_fix: most solution turns, the first one included."""
    trajectories: int = 1
    """self_fix: trajectories a problem."""
    combine: Combine = Combine.mean
    """How the predictions of one test combine; in self_verify it can be changed afterwards, in the report."""
    checker: Checker = Checker.tokens
    """output_prediction, input_prediction: how printed outputs are compared."""
    count_steps: bool = True
    """output_prediction, input_prediction: trace every program, for accuracy by trace length."""
    chat: bool = False
    """no_regression: ask through the model's chat template, in lm-eval's wording for instruct models."""
    execute: bool = False
    """lint: run the solutions that came with the problems, twice, in the sandbox."""
    resamples: int = 10_000
    """Bootstrap resamples of problems."""
    max_unscored: int = 3
    """Stop when more problems than this could not be judged; those few are left out and counted."""
    shard: str | None = None
    """i/n, counted from 1: only every n-th problem from the i-th on, in a folder of its own (shards.py)."""
    shards: int = 1
    """Do all shards here, in so many processes."""
    isolation: str = "nsjail"
    degraded: bool = False
    """Go on where the kernel denies a limit of the sandbox; marks every result."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("attempts", "candidates", "predictions", "max_turns", "trajectories", "resamples", "shards"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected 1 or more")
        if self.feedback.source is FeedbackSource.scheduled:
            raise ConfigError("feedback=scheduled is for training: expected executed, simulated or none")
        if self.task is TaskName.no_regression and self.sampling.temperature != 0:
            raise ConfigError(
                f"sampling.temperature is {self.sampling.temperature}, and lm-eval's tasks are greedy: expected 0 with "
                "task=no_regression; pass sampling=greedy"
            )
        if self.max_unscored < 0:
            raise ConfigError(f"max_unscored is {self.max_unscored}, expected 0 or more")
        if self.limit is not None:
            self.benchmark = replace(self.benchmark, limit=self.limit)
        if self.candidates_from is not None and self.task is not TaskName.self_verify:
            raise ConfigError(f"candidates_from is for task=self_verify, and task is {self.task}")
        self._check_parts()

    def _check_parts(self) -> None:
        if self.shard is not None:
            Shard.parse(self.shard)
            if self.shards > 1:
                raise ConfigError(f"shard={self.shard} is one of the processes that shards={self.shards} would start: "
                                  "pass one of the two")  # fmt: skip
        is_whole = self.task in (TaskName.lint, TaskName.no_regression)
        if is_whole and (self.shard is not None or self.shards > 1 or self.choose.temperatures):
            raise ConfigError(f"shard, shards and choose.temperatures are not for task={self.task}: leave them out")

    @property
    def part(self) -> str | None:
        """A shard works in a folder of its own, below the run's."""
        return Shard.parse(self.shard).folder_name if self.shard is not None else None


def _word(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


# `${word:${feedback.source}}` in a run_name: an enum by its value.
OmegaConf.register_new_resolver("word", _word, replace=True)
