"""What every process of a distributed run executes: `python -m deskcheck_trainer.launch.ranks RUN/resolved.yaml`.

The command that the user typed is the planner: it composes and checks the configuration once and writes it there,
resolved. The ranks read the file and nothing else, so they cannot disagree, and Hydra makes no folder for each. Only
the first writes the run's files, logs and W&B. How a rank failed is left in the run folder for the planner to tell.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from deskcheck_conf.errors import ConfigError
from deskcheck_conf.files import write_atomic
from deskcheck_conf.messages import exit_code_of, message_of
from deskcheck_conf.progress import quiet_libraries
from deskcheck_conf.run import Run
from deskcheck_conf.schema import RunConfig
from omegaconf import OmegaConf

from deskcheck_trainer import world

RESOLVED = "resolved.yaml"


@dataclass(frozen=True)
class Job:
    """One run, ready to be started by any number of processes."""

    command: str
    folder: Path
    config: RunConfig
    group: str | None = None

    def write(self) -> Path:
        """RUN/resolved.yaml; returns its path."""
        path = self.folder / RESOLVED
        parts = {"command": self.command, "folder": str(self.folder.absolute()), "group": self.group}
        whole = OmegaConf.create({**parts, "config": OmegaConf.structured(self.config)})
        write_atomic(path, OmegaConf.to_yaml(whole, resolve=True))
        return path

    @classmethod
    def read(cls, path: Path) -> Job:
        whole = cast(Any, OmegaConf.load(path))
        schema, _ = parts_of(whole.command)
        config = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(schema), whole.config))
        return cls(whole.command, Path(whole.folder), cast(RunConfig, config), whole.group)


def parts_of(command: str) -> tuple[type[RunConfig], Callable[[Any, Run], float | None]]:
    """The configuration's dataclass and the work of a training command."""
    if command == "sft":
        from deskcheck_trainer import sft
        from deskcheck_trainer.sft_config import SFTConfig

        return SFTConfig, sft.train
    if command == "rl":
        from deskcheck_trainer import rl
        from deskcheck_trainer.rl_config import RLConfig

        return RLConfig, rl.train
    raise ConfigError(f"resolved.yaml names the command {command!r}, expected sft or rl")


@dataclass(frozen=True)
class Failure:
    """How one rank ended, when it did not end well."""

    rank: int
    code: int
    message: str
    at: float
    """Seconds since the epoch: the earliest failure is the cause, the others are its consequences."""

    @classmethod
    def first(cls, folder: Path) -> Failure | None:
        """The failure that the others follow from, of all that ranks left in `folder`; they are removed."""
        files = list(folder.glob("failed-rank*.json"))
        found = [cls(**json.loads(file.read_text())) for file in files]
        for file in files:
            file.unlink()
        return min(found, key=lambda failure: failure.at, default=None)

    def leave(self, folder: Path) -> None:
        write_atomic(folder / f"failed-rank{self.rank}.json", json.dumps(self.__dict__) + "\n")


def main(argv: list[str] | None = None) -> int:
    """Run the job of the file named in `argv` as the rank that the environment says; returns the exit code."""
    (path,) = sys.argv[1:] if argv is None else argv
    quiet_libraries()
    job = Job.read(Path(path))
    try:
        check_world(job.config)
        _, train = parts_of(job.command)
        with Run.at(job.folder, job.config, command=job.command, group=job.group) as run:
            train(job.config, run)
    except Exception as error:
        return _tell(error, job)
    return 0


def check_world(config: Any) -> None:
    """ConfigError unless there are as many processes as planned; each alone would train a whole run of its own."""
    planned = config.launcher.world_size
    if world.size() != planned:
        raise ConfigError(
            f"WORLD_SIZE is {world.size()}, expected {planned} processes as launcher.nodes and launcher.processes say: "
            "check the accelerate configuration that launcher.strategy names"
        )


def _tell(error: Exception, job: Job) -> int:
    rank = int(os.environ.get("RANK", "0"))
    message = message_of(error, type(job.config), job.folder)
    if message is None:
        traceback.print_exception(error)
    else:
        print(f"deskcheck-{job.command}, rank {rank}: {message}", file=sys.stderr)
    code = exit_code_of(error)
    Failure(rank, code, message or f"{type(error).__name__}: {error}", time.time()).leave(job.folder)
    return code


def main_under_submitit(path: str) -> None:
    """The same, in a task that submitit started. Raises SystemExit with the rank's code where it failed."""
    from submitit.helpers import TorchDistributedEnvironment

    TorchDistributedEnvironment().export(set_cuda_visible_devices=False, overwrite=True)
    if code := main([path]):
        raise SystemExit(code)


if __name__ == "__main__":
    sys.exit(main())
