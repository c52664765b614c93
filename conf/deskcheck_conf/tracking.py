"""Metrics to Weights & Biases, beside the run's own metrics.jsonl.

Offline by default: the run is written below its folder and `wandb sync` sends it later. The W&B id is kept in the run
folder, so a continued run stays one run there too. `with tracking(...)` closes it, or the jobs of a sweep, which share
a process, would be merged into one. The mode `disabled` does not import wandb, and it is the only off switch.

Trainers that report to W&B by themselves (Transformers' callback) find this run active and add to it. Steps travel as
the metric `step` and not as W&B's own counter, which drops every row that does not increase it, as after a resume.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from deskcheck_conf.errors import ConfigError
from deskcheck_conf.files import write_atomic
from deskcheck_conf.schema import RunConfig, WandbMode

Log = Callable[[Mapping[str, Any]], None]


@contextmanager
def tracking(config: RunConfig, *, folder: Path, job_type: str, group: str | None = None) -> Iterator[Log | None]:
    """Yield a function that sends one row of metrics, or None when W&B is disabled.

    Raises ConfigError when wandb is not installed or refuses to start (no account, no network).
    """
    settings = config.wandb
    if settings.mode is WandbMode.disabled:
        yield None
        return
    wandb = _import_wandb()
    root = Path(config.output_root)
    try:
        run = wandb.init(
            mode=settings.mode.value,
            dir=str(folder),
            id=run_id(folder),
            resume="allow",
            project=settings.project,
            entity=settings.entity,
            group=settings.group or group,
            job_type=job_type,
            name=str(folder.relative_to(root)) if folder.is_relative_to(root) else folder.name,
            tags=settings.tags,
            config=OmegaConf.to_container(OmegaConf.structured(config), resolve=True, enum_to_str=True),
            settings=wandb.Settings(console="off", silent=True),
        )
    except wandb.errors.Error as error:
        raise ConfigError(
            f"W&B does not start with wandb.mode={settings.mode.value}: {error}; "
            "run `wandb login`, or pass wandb=offline or wandb=disabled"
        ) from error
    run.define_metric("*", step_metric="step")
    with run:
        yield lambda row: run.log(dict(row))


def _import_wandb() -> Any:
    try:
        import wandb
    except ImportError:
        raise ConfigError(
            "wandb is not installed, but wandb.mode asks for it: pip install wandb, or wandb=disabled"
        ) from None
    return wandb


def run_id(folder: Path) -> str:
    """The W&B id of the run in `folder`, made on first use and kept in wandb_id.txt."""
    path = folder / "wandb_id.txt"
    if not path.exists():
        write_atomic(path, secrets.token_hex(5) + "\n")
    return path.read_text().strip()
