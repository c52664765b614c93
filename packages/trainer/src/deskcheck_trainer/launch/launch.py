"""The planner: takes a training command's checked configuration to where `launcher` says, and brings the result home.

local        nothing to do: the command's own process trains
accelerate   `accelerate launch` on this machine, waited for
slurm        a job script in the run folder, for sbatch (slurm.py)
submitit     submitit's executor, on SLURM or on this machine

All but the first write RUN/resolved.yaml, which is all that the training processes read (ranks.py). The run folder is
theirs meanwhile. A run that is finished when they end is told by the command as if it had been run here.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deskcheck_conf.entry import Launch, Launched
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.run import Run

from deskcheck_trainer.launch.config import LauncherConfig, LauncherKind, TrainingConfig
from deskcheck_trainer.launch.ranks import Failure, Job, main_under_submitit
from deskcheck_trainer.launch.slurm import render, submit


class LaunchError(Exception):
    """A run that failed in other processes; ends the command with the exit code that they had."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def launching(train: Callable[[Any, Run], float | None]) -> Launch:
    """The `launch` of a training command (deskcheck_conf.entry.command)."""

    def launch(config: TrainingConfig, open_run: Callable[[], Run]) -> Launched | None:
        if config.plan:
            from deskcheck_trainer.plan.report import report

            print(report(config))
            return Launched()
        if config.launcher.kind is LauncherKind.local:
            return None
        run = open_run()
        try:
            if not run.is_done():
                with run.lent():
                    start(config, run)
            return Launched(train(config, run) if run.is_done() else None)
        finally:
            run.close()

    return launch


def start(config: TrainingConfig, run: Run) -> None:
    """Start the processes of a run; returns when they have ended, or with a job that was not to be waited for."""
    Failure.first(run.folder)  # an earlier start's
    resolved = Job(run.command, run.folder, config, run.group).write()
    match config.launcher.kind:
        case LauncherKind.accelerate:
            _accelerate(config.launcher, resolved, run)
        case LauncherKind.slurm:
            _slurm(config, resolved, run)
        case LauncherKind.submitit:
            _submitit(config, resolved, run)
        case LauncherKind.local:
            raise ValueError("launcher.kind is local: the command's own process trains")


def accelerate_words(launcher: LauncherConfig, resolved: Path | str, *, python: str = sys.executable) -> list[str]:
    """The command line that starts the processes of one machine."""
    return [
        *(python, "-m", "accelerate.commands.launch", "--config_file", str(launcher.accelerate_file())),
        *("--num_machines", "1", "--num_processes", str(launcher.processes)),
        *("--main_process_port", "0"),  # any free one: several runs may share a machine
        *("-m", "deskcheck_trainer.launch.ranks", str(resolved)),
    ]


def _accelerate(launcher: LauncherConfig, resolved: Path, run: Run) -> None:
    words = accelerate_words(launcher, resolved)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as ranks:  # this process tells the results
        before = signal.signal(signal.SIGTERM, lambda *_: ranks.terminate())
        try:
            code = ranks.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
            ranks.terminate()
    _settle(run, code, "accelerate launch")


def _slurm(config: TrainingConfig, resolved: Path, run: Run) -> None:
    script = run.folder / "job.sbatch"
    script.write_text(render(config, resolved, run))
    if not config.launcher.submit:
        print(f"{script}  not submitted: `sbatch {script}`, or pass launcher.submit=true")
        return
    code, told = submit(script, wait=config.launcher.wait)
    print(f"{script}  {told}")
    if config.launcher.wait:
        _settle(run, code, f"job {told}")


def _submitit(config: TrainingConfig, resolved: Path, run: Run) -> None:
    try:
        import submitit
    except ImportError:
        raise ConfigError("launcher=submitit needs submitit: pip install 'deskcheck-trainer[submitit]'") from None

    launcher, slurm = config.launcher, config.launcher.slurm
    executor = submitit.AutoExecutor(folder=run.folder / "submitit", cluster=launcher.cluster)
    executor.update_parameters(
        name=run.folder.name, nodes=launcher.nodes, tasks_per_node=launcher.processes, timeout_min=minutes(slurm.time)
    )
    if launcher.cluster == "slurm":
        gpus = 0 if launcher.strategy == "cpu" else launcher.processes
        asked = {"partition": slurm.partition, "account": slurm.account, "qos": slurm.qos, "setup": slurm.setup or None}
        executor.update_parameters(
            gpus_per_node=gpus, **{f"slurm_{name}": value for name, value in asked.items() if value is not None}
        )
    job = executor.submit(main_under_submitit, str(resolved.absolute()))
    print(f"{run.folder}  job {job.job_id}, logs {job.paths.folder}")
    if launcher.wait:
        ended = [task.exception() for task in (job.task(number) for number in range(launcher.world_size))]
        _settle(run, int(any(each is not None for each in ended)), f"job {job.job_id}")


def minutes(time: str) -> int:
    """SLURM's time limit ([days-]hours:minutes:seconds, or minutes) in minutes. Raises ConfigError for other texts."""
    days, _, clock = time.rpartition("-")
    parts = clock.split(":")
    if not all(part.isdigit() for part in (days or "0", *parts)) or len(parts) > 3:
        raise ConfigError(f"launcher.slurm.time is {time!r}, expected hours:minutes:seconds as in 24:00:00")
    hours, mins = (parts[0], parts[1]) if len(parts) > 1 else ("0", parts[0])
    return int(days or 0) * 24 * 60 + int(hours) * 60 + int(mins)


def _settle(run: Run, code: int, what: str) -> None:
    """LaunchError unless the processes finished the run."""
    failure = Failure.first(run.folder)
    if code == 0 and (run.folder / "done.json").exists():
        return
    if failure is not None:
        raise LaunchError(f"rank {failure.rank}: {failure.message}", failure.code)
    raise LaunchError(
        f"{what} ended with exit code {code} and no rank said why, expected a finished run in {run.folder}: see the "
        "lines above (a process that the system killed, for memory say, leaves none); the same command continues",
        2,
    )
