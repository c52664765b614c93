"""Where a training run takes place: in this process, in several on this machine, or on a cluster.

Choices live in conf/deskcheck_conf/{launcher,machine}; all of it may change between two starts of one run, for it says
where and how fast, not what is computed. No torch in here.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

import deskcheck_conf
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.schema import RunConfig
from omegaconf import OmegaConf

SHIPPED = Path(deskcheck_conf.__file__).parent / "accelerate"


class LauncherKind(StrEnum):
    local = "local"
    accelerate = "accelerate"
    slurm = "slurm"
    submitit = "submitit"


@dataclass(kw_only=True)
class SlurmConfig:
    """What the job asks the cluster for; the names are sbatch's."""

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    time: str = "24:00:00"
    cpus_per_task: int = 16
    """CPU cores a node."""
    mem: str = "0"
    """Memory a node; 0 is all of it."""
    options: list[str] = field(default_factory=list)
    """Further lines after #SBATCH, as in `--constraint=h100`."""
    setup: list[str] = field(default_factory=list)
    """Shell lines at the start of the job, as in `source .venv/bin/activate`."""
    vllm_nodes: int = 0
    """Nodes that serve the model with vLLM beside those that train; each holds one server on all its GPUs."""
    vllm_args: list[str] = field(default_factory=list)
    """Further words of `vllm serve`, as in `--max-model-len 32768`."""
    vllm_port: int = 8000
    """Port of the servers; the training processes find their addresses in DESKCHECK_VLLM_URLS, comma-separated."""
    vllm_start_s: int = 1800
    """Longest wait for the servers to be ready, in seconds."""


@dataclass(kw_only=True)
class LauncherConfig:
    kind: LauncherKind = LauncherKind.local
    strategy: str = "ddp"
    """An accelerate configuration: cpu, ddp, fsdp2 or zero3, or a file of your own."""
    processes: int = 1
    """Training processes a node, one for each GPU."""
    nodes: int = 1
    """Training nodes."""
    submit: bool = False
    """slurm: hand the rendered script to sbatch; else it is only written and its path printed."""
    wait: bool = False
    """slurm, submitit: stay until the job has ended (a sweep that optimises something needs that)."""
    cluster: str = "slurm"
    """submitit: slurm, or local for processes on this machine."""
    slurm: SlurmConfig = field(default_factory=SlurmConfig)

    def __post_init__(self) -> None:
        for name in ("processes", "nodes"):
            if getattr(self, name) < 1:
                raise ConfigError(f"launcher.{name} is {getattr(self, name)}, expected 1 or more")
        if self.kind in (LauncherKind.local, LauncherKind.accelerate) and self.nodes > 1:
            raise ConfigError(
                f"launcher.nodes is {self.nodes}, but launcher={self.kind} works on one machine: pass launcher=slurm"
            )
        if self.kind is LauncherKind.submitit and self.strategy not in ("cpu", "ddp"):
            raise ConfigError(
                f"launcher.strategy is {self.strategy}, but launcher=submitit starts the processes without accelerate: "
                "pass launcher=slurm, or launcher.strategy=ddp"
            )
        self.accelerate_file()

    @property
    def world_size(self) -> int:
        """Training processes in all."""
        return 1 if self.kind is LauncherKind.local else self.nodes * self.processes

    @property
    def shares_weights(self) -> bool:
        """Does each process hold a part of the weights or of the optimizer (FSDP, DeepSpeed)?"""
        if self.kind is LauncherKind.local:
            return False
        held = OmegaConf.to_container(OmegaConf.load(self.accelerate_file()))
        return isinstance(held, dict) and held.get("distributed_type") in ("FSDP", "DEEPSPEED")

    def accelerate_file(self) -> Path:
        """The file that `strategy` names. Raises ConfigError where there is none."""
        shipped = {file.stem: file for file in SHIPPED.glob("*.yaml")}
        file = shipped.get(self.strategy, Path(self.strategy))
        if not file.is_file():
            raise ConfigError(
                f"launcher.strategy is {self.strategy!r}, expected one of {', '.join(sorted(shipped))}, or a file that "
                "`accelerate config` wrote"
            )
        return file


@dataclass(kw_only=True)
class MachineConfig:
    """What `plan=true` reckons with: one device of the machine, and how well it is used."""

    name: str = "this CPU"
    device: str = "cpu"
    """cpu or cuda."""
    memory_gib: float | None = None
    """Memory of one device; null where nothing is to be compared with it."""
    tflops: float = 0.1
    """Dense matrix products in the training precision at best, in 10^12 operations a second and device."""
    mfu: float = 0.4
    """Share of `tflops` that training reaches (model FLOPs utilisation). An assumption: measure yours."""
    bandwidth_gb_s: float = 20.0
    """Memory bandwidth in 10^9 bytes a second: decoding reads all weights for every token of a batch."""

    def __post_init__(self) -> None:
        if not 0 < self.mfu <= 1:
            raise ConfigError(f"machine.mfu is {self.mfu}, expected a share above 0 and up to 1")


@dataclass(kw_only=True)
class TrainingConfig(RunConfig):
    """What every training command's configuration starts from."""

    free_keys: ClassVar[tuple[str, ...]] = (
        *RunConfig.free_keys,
        "launcher",
        "machine",
        "plan",
        "plan_model",
        "plan_prompt_tokens",
    )

    launcher: LauncherConfig = field(default_factory=LauncherConfig)
    machine: MachineConfig = field(default_factory=MachineConfig)
    plan: bool = False
    """Start nothing: print the memory and time that the run would take, with the arithmetic."""
    plan_model: str | None = None
    """plan=true: a model of the same sizes, where model.path has no configuration at hand or is not made yet."""
    plan_prompt_tokens: int = 1024
    """deskcheck-rl with plan=true: tokens of a prompt, which only the tasks would tell."""
