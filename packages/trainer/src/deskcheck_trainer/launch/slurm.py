"""A SLURM job script for a training run: nodes that train, and nodes that serve vLLM to them.

The script is one allocation. Servers start first, on the last nodes; when all answer, `accelerate launch` starts on
every training node. When any component ends the others are stopped and the job with them. The text is the template
job.sbatch.j2; values are quoted for the shell here.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from deskcheck_conf.errors import ConfigError
from deskcheck_conf.run import Run

from deskcheck_trainer.launch.config import TrainingConfig
from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.vllm_config import SERVE, SERVE_PLAIN, VllmMode

TEMPLATE = Path(__file__).with_name("job.sbatch.j2")


def render(config: TrainingConfig, resolved: Path, run: Run, *, python: str = sys.executable) -> str:
    """The job script of a run whose resolved configuration lies in `resolved`; `python` is the nodes' interpreter."""
    from jinja2 import Environment, StrictUndefined

    launcher, slurm = config.launcher, config.launcher.slurm
    quote = lambda value: shlex.quote(str(value))  # noqa: E731
    values: dict[str, Any] = {
        "run_name": run.folder.name,
        "command": run.command,
        "nodes": launcher.nodes,
        "processes": launcher.processes,
        "vllm_nodes": slurm.vllm_nodes,
        "gpus": 0 if launcher.strategy == "cpu" else launcher.processes,
        "slurm": slurm,
        "cwd": Path.cwd(),
        "folder": run.folder.absolute(),
        "resolved": quote(resolved.absolute()),
        "python": quote(python),
        "accelerate_file": quote(launcher.accelerate_file()),
    }
    if slurm.vllm_nodes:
        values |= {"model": quote(_model(config)), "vllm_words": shlex.join(_vllm_words(config))}
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, comment_start_string="{%#"
    )  # bash's own ${#array[@]} would open a comment
    return environment.from_string(TEMPLATE.read_text()).render(values)


def submit(script: Path, *, wait: bool) -> tuple[int, str]:
    """Hand a script to sbatch: (exit code of the job if waited for, else 0; the job's id). ConfigError if refused."""
    words = ["sbatch", "--parsable", *(["--wait"] if wait else []), str(script)]
    try:
        done = subprocess.run(words, capture_output=True, text=True)
    except FileNotFoundError:
        raise ConfigError(
            f"sbatch is not on PATH, expected a SLURM cluster: submit {script} where there is one, or pass "
            "launcher=accelerate"
        ) from None
    job = done.stdout.strip().split(";")[0]
    if not job:
        raise ConfigError(f"sbatch refused {script}: {done.stderr.strip()}; correct launcher.slurm")
    return done.returncode, job


def _model(config: Any) -> str:
    return config.model.path


def _vllm_words(config: TrainingConfig) -> list[str]:
    """Servers spread the model over their node's GPUs unless told otherwise; one that RL samples from is ready for new
    weights."""
    launcher = config.launcher
    parallel = "--tensor-parallel-size"
    given = launcher.slurm.vllm_args
    words = [] if parallel in given else [parallel, str(launcher.processes)]
    if isinstance(config, RLConfig) and config.vllm.mode is VllmMode.server:
        template = config.model.chat_template
        words += [*SERVE, *SERVE_PLAIN, *(["--chat-template", str(Path(template).absolute())] if template else [])]
    return [*words, *given]
