"""The configuration of `deskcheck-rl`: what is played, how advantages are made, how the policy moves.

Choices live in conf/deskcheck_conf/{rl.yaml,experiment/rl}; this file and those it takes its parts from say what they
mean, and refuse what cannot work: here, what does not go together. No torch in here.
"""

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import ClassVar

from deskcheck_conf.errors import ConfigError
from deskcheck_conf.schema import ModelConfig, SamplingConfig
from deskcheck_evals.benchmarks.config import BenchmarkConfig, BenchmarkName

from deskcheck_trainer.advantage import AdvantageRule
from deskcheck_trainer.algo_config import AlgoConfig, AsyncConfig, BackendName
from deskcheck_trainer.env_config import EnvsConfig
from deskcheck_trainer.launch.config import LauncherKind, TrainingConfig
from deskcheck_trainer.lora import LoRAConfig
from deskcheck_trainer.optimizer import OptimizerConfig
from deskcheck_trainer.vllm_config import VllmConfig, VllmMode


@dataclass(kw_only=True)
class ValidationConfig:
    """Choosing the best checkpoint, by pass@1 on tasks that are neither trained on nor tested on."""

    every: int = 20
    """Steps between two validations; 0 never validates, and the last checkpoint is the result."""
    limit: int = 64
    """Tasks an environment."""
    samples: int = 1
    """Rollouts a task, at the training temperature."""
    collapse: float = 0.5
    """Stop when `collapse_after` validations in a row are below this share of the best; 0 trains to the end."""
    collapse_after: int = 3
    select: str | None = None
    """The environment whose pass@1 counts; null takes the one with the largest share."""

    def __post_init__(self) -> None:
        if not 0 <= self.collapse < 1 or self.collapse_after < 1:
            raise ConfigError(
                f"validation.collapse is {self.collapse} and collapse_after {self.collapse_after}, expected a share in "
                "[0, 1) of the best score and at least 1 validation"
            )


class ExportFormat(Enum):
    verl = "verl"
    verifiers = "verifiers"


@dataclass(kw_only=True)
class RLConfig(TrainingConfig):
    free_keys: ClassVar[tuple[str, ...]] = (*TrainingConfig.free_keys, "export")

    model: ModelConfig = field(default_factory=ModelConfig)
    lora: LoRAConfig = field(default_factory=LoRAConfig)
    """Train low-rank adapters instead of all weights; what is kept has them merged: lora.r=16."""
    prompts: str = "default"
    """Prompt set of the agent: a name or a folder."""
    env: EnvsConfig = field(default_factory=EnvsConfig)
    algo: AlgoConfig = field(default_factory=AlgoConfig)
    backend: BackendName = BackendName.trl_sync
    async_: AsyncConfig = field(default_factory=AsyncConfig)
    vllm: VllmConfig = field(default_factory=VllmConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    sampling: SamplingConfig = field(default_factory=lambda: SamplingConfig(top_p=1.0))
    """Of rollouts. top_p below 1 samples from another distribution than the one whose gradient is taken."""
    validation: ValidationConfig = field(default_factory=ValidationConfig)

    export: ExportFormat | None = None
    """Train nothing: write the tasks for another trainer, verl or verifiers (prime-rl), into the run folder."""
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
        self._check_sync()
        self.lora.check(self.optimizer)
        self._check_shards()
        self._check_vllm()
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

    def _check_sync(self) -> None:
        """Validation asks the sampler, which must then have the weights that would be kept."""
        every, sync = self.validation.every, self.async_.weight_sync_steps
        if self.backend is BackendName.trl_async and every and (every % sync or self.max_steps % sync):
            raise ConfigError(
                f"validation.every is {every} and max_steps {self.max_steps}, expected multiples of "
                f"async_.weight_sync_steps={sync}: between two updates the sampler has older weights"
            )

    def _check_shards(self) -> None:
        """The synchronous sampler reads the process's own weights, TRL's asynchronous trainer knows FSDP2 alone, and
        adapters are merged into whole weights."""
        strategy = self.launcher.strategy
        if not self.launcher.shares_weights:
            return
        if self.backend is BackendName.trl_sync:
            raise ConfigError(
                f"backend is trl_sync and launcher.strategy {strategy}, where a process holds a part of the weights: "
                "rollouts and validation are sampled from whole ones; pass launcher.strategy=ddp (with lora.r=16 and "
                "model.dtype=bfloat16 where memory is short), or backend=trl_async with launcher.strategy=fsdp2"
            )
        if strategy == "zero3":
            raise ConfigError(
                "backend is trl_async and launcher.strategy zero3: TRL's asynchronous trainer cuts weights by FSDP2 "
                "alone; pass launcher.strategy=fsdp2, or ddp"
            )
        if self.lora.r is not None:
            raise ConfigError(
                f"lora.r is {self.lora.r} and launcher.strategy {strategy}: adapters are merged into whole weights; "
                "pass launcher.strategy=ddp"
            )

    def _check_vllm(self) -> None:
        mode, nodes = self.vllm.mode, self.launcher.slurm.vllm_nodes
        is_slurm = self.launcher.kind is LauncherKind.slurm
        if mode is VllmMode.none:
            if is_slurm and nodes:
                raise ConfigError(
                    f"launcher.slurm.vllm_nodes is {nodes}, but vllm.mode is none: nothing would ask them; pass "
                    "vllm.mode=server, or vllm_nodes=0"
                )
            return
        if self.backend is BackendName.trl_async:
            raise ConfigError(
                f"vllm.mode is {mode.value} and backend trl_async, which samples in the training process: pass "
                "backend=trl_sync, or leave vllm.mode out"
            )
        if is_slurm and mode is VllmMode.server and self.vllm.url is None and nodes != 1:
            raise ConfigError(
                f"vllm.mode is server and launcher.slurm.vllm_nodes {nodes}, expected 1: TRL sends weights to a single "
                "server; give it all GPUs of its node, or name another one by vllm.url"
            )
        if self.lora.r is not None and self.model.dtype != "float32":
            raise ConfigError(
                f"lora.r is {self.lora.r}, vllm.mode {mode.value} and model.dtype {self.model.dtype}: TRL adds "
                "adapters to the weights at every update and takes them away again, which wears down half precision; "
                "pass model.dtype=float32"
            )

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
