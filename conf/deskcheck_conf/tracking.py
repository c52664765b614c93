"""Metrics to Weights & Biases, beside the run's own metrics.jsonl.

Offline by default: the run is written below its folder and `wandb sync` sends it later. The W&B id is kept in the run
folder, so a continued run stays one run there too. `with tracking(...)` closes it, or the jobs of a sweep, which share
a process, would be merged into one. The mode `disabled` does not import wandb, and it is the only off switch.

Trainers that report to W&B by themselves (Transformers' callback) find this run active and add to it. Steps travel as
the metric `step` and not as W&B's own counter, which drops every row that does not increase it, as after a resume.
"""

import re
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from deskcheck_conf.errors import AnswerIsNo, ConfigError
from deskcheck_conf.files import write_atomic
from deskcheck_conf.messages import exit_code_of
from deskcheck_conf.schema import RunConfig, WandbMode

FINISH_S = 120
"""Longest wait at the end of a run for a server that has stopped answering; what it did not take stays on disk."""
NEXT_STEP = "run `wandb login` (or set WANDB_API_KEY), or pass wandb=offline and `wandb sync` later, or wandb=disabled"


class Track:
    """What goes to one run of W&B."""

    def __init__(self, run: Any) -> None:
        self._run = run

    def log(self, row: Mapping[str, Any]) -> None:
        """One row of metrics."""
        self._run.log(dict(row))

    def artifact(self, name: str, kind: str, files: Mapping[str, Path]) -> None:
        """Files under one name, by their path in it. They stay where they are: rows are large, and W&B would copy them
        into its own folder first."""
        artifact = _import_wandb().Artifact(re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:MOST_IN_NAME], type=kind)
        for path, file in files.items():
            artifact.add_file(str(file.absolute()), name=path, policy="immutable", skip_cache=True)
        self._run.log_artifact(artifact)


MOST_IN_NAME = 120
"""Characters of an artifact's name; W&B takes 128."""


@contextmanager
def tracking(config: RunConfig, *, folder: Path, job_type: str, group: str | None = None) -> Iterator[Track | None]:
    """Yield what sends to W&B, or None when it is disabled.

    Raises ConfigError when wandb is not installed or refuses to start (no account, no server, no network).
    """
    settings = config.wandb
    if settings.mode is WandbMode.disabled:
        yield None
        return
    wandb = _import_wandb()
    root = Path(config.output_root)
    try:
        if settings.mode is WandbMode.online:
            _log_in(wandb)
        run = wandb.init(
            mode=settings.mode.value,
            dir=str(folder.absolute()),  # W&B's own process keeps the working directory that it was started in
            id=run_id(folder),
            resume="allow",
            project=settings.project,
            entity=settings.entity,
            group=settings.group or group,
            job_type=job_type,
            name=str(folder.relative_to(root)) if folder.is_relative_to(root) else folder.name,
            tags=settings.tags,
            config=OmegaConf.to_container(OmegaConf.structured(config), resolve=True, enum_to_str=True),
            settings=wandb.Settings(console="off", silent=True, finish_timeout=FINISH_S, finish_timeout_raises=True),
        )
    except wandb.errors.Error as error:
        raise ConfigError(f"W&B does not start with wandb.mode={settings.mode.value}: {error}; {NEXT_STEP}") from error
    run.define_metric("*", step_metric="step")
    # Not `with run:`, which prints the traceback of every error that passes through it.
    code = 0
    try:
        yield Track(run)
    except AnswerIsNo:  # the work is done
        raise
    except BaseException as error:
        code = exit_code_of(error)
        raise
    finally:
        _finish(run, code)


def as_table(rows: Sequence[Mapping[str, Any]]) -> Any:
    """A wandb.Table of objects that are alike in keys; what is no number or truth value is shown as text."""
    columns = list(rows[0])
    plain = lambda value: value if isinstance(value, bool | int | float | None) else str(value)  # noqa: E731
    return _import_wandb().Table(columns=columns, data=[[plain(row[name]) for name in columns] for row in rows])


def _log_in(wandb: Any) -> None:
    """Make sure of the account. ConfigError without one, or where the server does not know it or does not answer.

    `wandb.init` alone would ask a question on a terminal, and wait 90 seconds for a server that is not there.
    """
    try:
        known = wandb.login(prompt=False, verify=True)
    except wandb.errors.AuthenticationError as error:
        raise ConfigError(
            f"wandb.mode=online: the server did not take the API key, or did not answer ({error}); "
            f"check the network and WANDB_BASE_URL, {NEXT_STEP}"
        ) from error
    if not known:
        raise ConfigError(f"wandb.mode=online needs an account, and no API key is configured; {NEXT_STEP}")


def _finish(run: Any, code: int) -> None:
    """Close the run. Its rows are in metrics.jsonl and in W&B's file, so a server that is gone is no error now."""
    place = Path(run.dir).parent
    try:
        run.finish(exit_code=code)
    except TimeoutError:
        print(f"W&B did not take everything within {FINISH_S} s; later: wandb sync {place}", file=sys.stderr)


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
