"""The configuration of `deskcheck-eval` and `deskcheck-report`. Choices are in YAML, meanings here."""

from dataclasses import dataclass, field, fields, replace
from enum import Enum, StrEnum

from deskcheck_agent.config import FeedbackConfig
from deskcheck_agent.feedback import Combine, FeedbackSource
from deskcheck_conf import ConfigError, RunConfig, SamplerConfig, SamplingConfig
from omegaconf import OmegaConf

from deskcheck_evals.benchmarks.config import BenchmarkConfig
from deskcheck_evals.choices import Checker, SelectionConfig
from deskcheck_evals.rows import content_key
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


class Format(StrEnum):
    """What a report is written as."""

    html = "html"
    markdown = "markdown"
    latex = "latex"


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


@dataclass(kw_only=True)
class PaperConfig:
    """Labels of the runs that stand in a table of the paper, in place of those that it would hold by their settings.

    null leaves it to the settings, an empty list leaves the table out.
    """

    F3: list[str] | None = None
    """CRUXEval-O; by itself: output prediction on cruxeval_o."""
    F5: list[str] | None = None
    """Outputs of another model's programs; by itself: self-verify whose simulator is not the solver."""
    T1: list[str] | None = None
    """Output prediction after RL; by itself: output prediction on anything else (but T2)."""
    T2: list[str] | None = None
    """Output prediction on the model's own solutions; by itself: self-verify whose simulator is the solver, and output
    prediction whose benchmark is the model's own programs."""
    T3: list[str] | None = None
    """Solving; by itself: every run of self-verify and self-fix."""
    T4: list[str] | None = None
    """What the scaffold changes: "ours-label:single-turn-label", or one label, against its own first programs; by
    itself: simulated feedback, against the run with feedback=none that differs in nothing else."""
    T5: list[str] | None = None
    """First to submitted program; by itself: self-fix with feedback."""
    T6: list[str] | None = None
    """Public pass@1 and @10; by itself: self-verify."""
    T7: list[str] | None = None
    """Other tasks: "with-label:without-label"; by itself: the pairs of no-regression and input prediction runs."""
    T8: list[str] | None = None
    """What RL adds to output prediction: "with-label:without-label"; never by itself."""
    T9: list[str] | None = None
    """At most 3 turns; by itself: self-fix with feedback and max_turns=3."""


@dataclass(kw_only=True)
class ReportConfig(RunConfig, SelectionConfig):
    """What to show, and the choices that need no model."""

    runs: list[str] = field(default_factory=list)
    """Run folders of deskcheck-eval; none: the last run under output_root. A pattern such as `outputs/x-s*` stands for
    the seeds of one measurement, which are pooled: means over seeds, intervals over problems."""
    labels: list[str] = field(default_factory=list)
    """Names of the runs in tables, in the same order; none: the folders' names."""
    training: list[str] = field(default_factory=list)
    """Run folders of deskcheck-sft and deskcheck-rl whose curves are shown; a pattern stands for the seeds of one run.
    With no `runs` the report shows these alone."""
    training_labels: list[str] = field(default_factory=list)
    """Their names, in the same order; none: the folders' names."""
    pairs: list[str] = field(default_factory=list)
    """Comparisons "ours-label:theirs-label", paired by problem."""
    paper: PaperConfig | None = field(default_factory=PaperConfig)
    """The paper's tables and two of its figures, with our runs beside the published numbers; null: none of them."""
    temperature_chosen: str | None = None
    """How the sampling temperature was found, in words, where the runs do not say: printed with the protocol."""
    title: str = "deskcheck report"
    ks: list[int] = field(default_factory=lambda: list(range(1, 11)))
    combine: Combine = Combine.mean
    checker: Checker | None = None
    """Compare stored outputs anew in this way; null: as each run did."""
    resamples: int = 10_000
    formats: list[Format] = field(default_factory=lambda: list(Format))
    """What the report is written as: report.html, report.md, report.tex."""
    html: str | None = None
    """Where the page goes (the other formats beside it); null: report.html in this command's run folder."""
    samples: int = 1000
    """Most items of a run that its viewer shows, drawn by their names; 0: no viewer."""
    allow_scripted: bool | None = None
    """Show runs of scripted samplers, marked; null: only the last run of a bare command."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.ks or min(self.ks) < 1:
            raise ConfigError(f"ks is {self.ks}, expected numbers of candidates from 1 up, such as ks=[1,5,10]")
        if self.resamples < 1:
            raise ConfigError(f"resamples is {self.resamples}, expected 1 or more")
        if self.samples < 0:
            raise ConfigError(f"samples is {self.samples}, expected 0 (no viewer) or more")
        if not self.formats:
            raise ConfigError(f"formats is [], expected some of {', '.join(Format)}")
        if self.html is not None and not self.html.endswith(".html"):
            raise ConfigError(f"html is {self.html!r}, expected a file name that ends in .html")
        if self.labels and len(self.labels) != len(self.runs):
            raise ConfigError(f"{len(self.labels)} labels for {len(self.runs)} runs, expected one label a run, or none")
        if self.training_labels and len(self.training_labels) != len(self.training):
            raise ConfigError(
                f"{len(self.training_labels)} training_labels for {len(self.training)} training runs, expected one "
                "label a run, or none"
            )


def _digest(*parts: object) -> str:
    return content_key([OmegaConf.to_container(part) if OmegaConf.is_config(part) else part for part in parts])[:10]


def _word(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


# `${word:${feedback.source}}` in a run_name: an enum by its value.
OmegaConf.register_new_resolver("word", _word, replace=True)
# `${digest:...}` in report.yaml: a report's folder is a function of what it shows, so two reports never share one.
OmegaConf.register_new_resolver("digest", _digest, replace=True)
