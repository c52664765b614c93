"""The job script: what it asks for, and that no component outlives another, on a scripted cluster (cluster.py)."""

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest
from deskcheck_conf.entry import load_config
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.run import Run
from deskcheck_trainer.launch.ranks import Job
from deskcheck_trainer.launch.slurm import render, submit
from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.sft_config import SFTConfig

TRAINING = {
    "ends well": '#!/bin/bash\n[ "$1" = -c ] && exec python3 "$@"\nsleep 0.5\n',
    "fails": '#!/bin/bash\n[ "$1" = -c ] && exec python3 "$@"\nexit 7\n',
    "goes on": '#!/bin/bash\n[ "$1" = -c ] && exec python3 "$@"\nexec sleep 60\n',
}
"""Stand-ins for the nodes' Python, which else asks the servers whether they are up (-c) and trains."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def script(tmp_path: Path, *overrides: str, python: str = "python3") -> Path:
    words = [
        "wandb=disabled",
        f"output_root={tmp_path}",
        "launcher=slurm",
        "launcher.processes=2",
        "sequences_per_pass=1",
    ]
    config = load_config("sft", SFTConfig, [*words, *overrides])
    run = Run.at(tmp_path / "run", config, command="sft")
    run.close()
    path = run.folder / "job.sbatch"
    path.write_text(render(config, Job("sft", run.folder, config).write(), run, python=python))
    return path


def with_servers(tmp_path: Path, training: str) -> Path:
    python = tmp_path / "python"
    python.write_text(TRAINING[training])
    python.chmod(0o755)
    port = free_port()
    return script(
        tmp_path, "launcher.slurm.vllm_nodes=1", f"launcher.slurm.vllm_port={port}", "launcher.slurm.vllm_start_s=20",
        python=str(python),
    )  # fmt: skip


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"


def test_the_script_asks_for_what_is_configured_and_is_good_bash(tmp_path: Path) -> None:
    path = script(
        tmp_path, "launcher.nodes=2", "launcher.slurm.vllm_nodes=3", "launcher.slurm.partition=big", "launcher.slurm.time=1:00:00",
        "launcher.slurm.options=['--constraint=h100']", "launcher.slurm.setup=['source .venv/bin/activate']",
        "launcher.slurm.vllm_args=['--max-model-len','32768']",
    )  # fmt: skip
    text = path.read_text()
    asked = {line for line in text.splitlines() if line.startswith("#SBATCH")}
    assert {
        "#SBATCH --nodes=5", "#SBATCH --gpus-per-node=2", "#SBATCH --partition=big", "#SBATCH --time=1:00:00",
        "#SBATCH --constraint=h100",
    } <= asked  # fmt: skip
    assert not any("account" in line for line in asked)
    assert "source .venv/bin/activate\n" in text
    assert "--num_machines 2 --num_processes 4" in text
    assert "vllm serve micro-base --host 0.0.0.0 --port 8000" in text
    assert "--tensor-parallel-size 2 --max-model-len 32768" in text
    assert text.count("srun --kill-on-bad-exit=1") == 2
    subprocess.run(["bash", "-n", str(path)], check=True)


def test_a_server_that_rl_samples_from_is_ready_for_new_weights(tmp_path: Path) -> None:
    words = ["wandb=disabled", f"output_root={tmp_path}", "launcher=slurm", "launcher.strategy=ddp", "vllm.mode=server"]
    words += [
        "launcher.slurm.vllm_nodes=1",
        "launcher.processes=2",
        "micro_batch_rows=4",
        "model.chat_template=chat.jinja",
    ]
    config = load_config("rl", RLConfig, words)
    run = Run.at(tmp_path / "run", config, command="rl")
    run.close()
    text = render(config, Job("rl", run.folder, config).write(), run)
    served = next(line for line in text.splitlines() if "--tensor-parallel-size 2" in line)
    assert """--weight-transfer-config '{"backend": "nccl"}' --logprobs-mode processed_logprobs""" in served
    assert f"--generation-config vllm --chat-template {Path.cwd()}/chat.jinja" in served
    assert "env VLLM_SERVER_DEV_MODE=1 vllm serve" in text and "export DESKCHECK_VLLM_URLS" in text


def test_the_job_ends_with_its_training_and_takes_the_servers_along(tmp_path: Path, cluster: Path) -> None:
    code, job = submit(with_servers(tmp_path, "ends well"), wait=True)
    assert (code, job) == (0, "4711"), (cluster / "job.log").read_text()
    asked = (cluster / "asked.log").read_text()
    assert "--nodelist=127.0.0.1 env VLLM_SERVER_DEV_MODE=1 vllm serve micro-base" in asked
    assert "--nodelist=localhost bash -c" in asked
    assert not is_alive(int((cluster / "vllm.pid").read_text()))


def test_a_failed_training_ends_the_job_with_its_code(tmp_path: Path, cluster: Path) -> None:
    assert submit(with_servers(tmp_path, "fails"), wait=True)[0] == 7
    assert not is_alive(int((cluster / "vllm.pid").read_text()))


def test_a_server_that_dies_takes_the_training_along(
    tmp_path: Path, cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_LIVES", "3")
    began = time.monotonic()
    assert submit(with_servers(tmp_path, "goes on"), wait=True)[0] == 1
    assert time.monotonic() - began < 30, "the training would have slept for 60 s"
    assert "a vLLM server ended with exit code 9 while training went on" in (cluster / "job.log").read_text()


def test_a_server_that_does_not_start_ends_the_job_before_training(
    tmp_path: Path, cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_LIVES", "0")
    assert submit(with_servers(tmp_path, "goes on"), wait=True)[0] == 1
    assert "a vLLM server ended before it was ready" in (cluster / "job.log").read_text()
    assert "bash -c" not in (cluster / "asked.log").read_text()


def test_sbatch_that_refuses_or_is_not_there_is_told(
    tmp_path: Path, cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = script(tmp_path, "launcher.slurm.partition=closed")
    with pytest.raises(ConfigError, match=r"invalid partition specified: closed; correct launcher\.slurm"):
        submit(path, wait=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="sbatch is not on PATH, expected a SLURM cluster"):
        submit(path, wait=False)
