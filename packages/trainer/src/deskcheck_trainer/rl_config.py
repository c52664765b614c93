"""The configuration of `deskcheck-rl`: what is played, how advantages are made, how the policy moves.

Choices live in conf/deskcheck_conf/{rl.yaml,env,algo,experiment/rl}; this file says what they mean and refuses what
cannot work. TRL's arguments that we do not name ourselves pass through `algo.trl` and are checked against GRPOConfig's
own fields when the backend starts (backends/trl_args.py). No torch in here.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any

from deskcheck_agent.feedback import FeedbackSource
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.schema import ModelConfig, SamplingConfig
from deskcheck_evals.benchmarks.config import BenchmarkConfig, BenchmarkName

from deskcheck_trainer.advantage import AdvantageRule, Credit
from deskcheck_trainer.launch.config import TrainingConfig
from deskcheck_trainer.optimizer import OptimizerConfig


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


@dataclass(kw_only=True)
class GibberishConfig:
    """Drop rollouts with a rare token that the policy found very unlikely (CWM's rule; see filters.py)."""

    min_token_id: int = 100_000
    vocab_size: int = 128_256
    margin: float = 2.0


@dataclass(kw_only=True)
class AlgoConfig:
    """From rewards to a loss."""

    advantage: AdvantageRule = AdvantageRule.length_weighted
    credit: Credit = Credit.shared
    discount: float = 1.0
    """credit=discounted: factor a turn, counted from the last trained turn backwards."""
    gibberish: GibberishConfig | None = None
    drop_overlong: bool = False
    """Leave out rollouts with a turn cut at max_tokens, instead of scoring them."""
    lean: bool = True
    """Skip rows without gradient and padding where the gradient stays the same (backends/micro_batch.py)."""
    trl: dict[str, Any] = field(default_factory=dict)
    """Further GRPOConfig arguments: loss_type, epsilon, epsilon_high, ..."""

    def __post_init__(self) -> None:
        if not 0 <= self.discount <= 1:
            raise ConfigError(f"algo.discount is {self.discount}, expected a factor in [0, 1]")


@dataclass(kw_only=True)
class ValidationConfig:
    """Choosing the best checkpoint, by pass@1 on tasks that are neither trained on nor tested on."""

    every: int = 20
    """Steps between two validations; 0 never validates, and the last checkpoint is the result."""
    limit: int = 64
    """Tasks an environment."""
    samples: int = 1
    """Rollouts a task, at the training temperature."""
    select: str | None = None
    """The environment whose pass@1 counts; null takes the one with the largest share."""


@dataclass(kw_only=True)
class RLConfig(TrainingConfig):
    model: ModelConfig = field(default_factory=ModelConfig)
    prompts: str = "default"
    """Prompt set of the agent: a name or a folder."""
    env: EnvsConfig = field(default_factory=EnvsConfig)
    algo: AlgoConfig = field(default_factory=AlgoConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    sampling: SamplingConfig = field(default_factory=lambda: SamplingConfig(top_p=1.0))
    """Of rollouts. top_p below 1 samples from another distribution than the one whose gradient is taken."""
    validation: ValidationConfig = field(default_factory=ValidationConfig)

    limit: int | None = None
    """Training tasks of every environment whose benchmark names no limit of its own."""
    max_steps: int = 100
    num_generations: int = 8
    """Rollouts a task (G)."""
    blocks_per_step: int = 16
    """Tasks a step; with a multi-turn environment, single-turn tasks count 1 / turns."""
    micro_batch_rows: int = 32
    """Rows of one forward and backward pass (on average, with algo.lean)."""
    sampler_rows: int = 256
    """Completions decoded at once."""
    warmup_steps: int = 0
    lr_scheduler_type: str = "constant_with_warmup"
    max_grad_norm: float = 0.1
    bf16: bool = True
    """bfloat16 autocast in sampling and training; weights stay float32."""
    save_every: int = 20
    """Steps between two checkpoints that a killed run continues from."""
    degraded: bool = False
    """Judge programs without the limits that this kernel denies; their reward can then be wrong."""
    selftest: bool = True
    """Before training, see that the sandbox holds every hostile program; one that it does not hold stops the run."""
    max_sandbox_faults: float = 0.05
    """Share of the last 1,000 rollouts that the sandbox may leave without a verdict (SE); above it the run stops."""
    prove_rewards: int = 16
    """Tasks an environment whose gold answer must score 1 before training starts."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_counts()
        self._check_weights()
        if self.sampling.temperature == 0:
            raise ConfigError("sampling.temperature is 0, expected more: greedy rollouts of a group are all the same")
        for name, env in self.env.used().items():
            if env.benchmark.split != "train":
                raise ConfigError(
                    f"env.{name}.benchmark.split is {env.benchmark.split!r}, expected train: RL trains on it"
                )
            if env.validation is not None and env.validation.split == "test":
                raise ConfigError(
                    f"env.{name}.validation.split is test, expected validation: test problems choose nothing"
                )
        if self.validation.select is not None and self.validation.select not in self.env.used():
            raise ConfigError(
                f"validation.select is {self.validation.select!r}, expected one of the environments in use: "
                f"{', '.join(self.env.used())}"
            )

    def _check_counts(self) -> None:
        least = {"max_steps": 1, "blocks_per_step": 1, "micro_batch_rows": 1, "sampler_rows": 1, "save_every": 1}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected at least {low}")
        if not 0 <= self.max_sandbox_faults <= 1:
            raise ConfigError(f"max_sandbox_faults is {self.max_sandbox_faults}, expected a share in [0, 1]")
        if self.num_generations < 2:
            raise ConfigError(f"num_generations is {self.num_generations}, expected 2 or more: it needs a baseline")
        if not self.env.used():
            raise ConfigError("no environment is in use: pass env=solve, env=output_prediction, env=self_rlef, ...")

    def _check_weights(self) -> None:
        """A task weight cancels out in (r - mean) / std, so the two together are refused."""
        weighted = {name: env.reward_weight for name, env in self.env.used().items() if env.reward_weight != 1}
        if self.algo.advantage is AdvantageRule.std and weighted:
            raise ConfigError(
                f"algo.advantage is std and reward_weight is {weighted}: dividing by the group's deviation cancels the "
                "weight; pass algo.advantage=mean (or length_weighted), or set the weight to 1"
            )


def training_benchmark(config: RLConfig, name: str) -> BenchmarkConfig:
    """The tasks that environment `name` is trained on."""
    benchmark = config.env.used()[name].benchmark
    return replace(benchmark, limit=benchmark.limit or config.limit)


def validation_benchmark(config: RLConfig, name: str) -> BenchmarkConfig:
    """The tasks that environment `name` is validated on. Raises ConfigError where there are none to take."""
    env = config.env.used()[name]
    if env.validation is not None:
        return replace(env.validation, limit=env.validation.limit or config.validation.limit)
    if env.benchmark.name is not BenchmarkName.micro:
        raise ConfigError(
            f"env.{name}.benchmark has no validation split of its own: pass env.{name}.validation.path=FILE.jsonl, "
            "or validation.every=0"
        )
    return replace(env.benchmark, split="validation", limit=config.validation.limit)
