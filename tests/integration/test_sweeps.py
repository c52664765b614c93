"""`-m` of every command: a run folder a job, named by its overrides; a job that fails is told and spoils no other.

W&B is on, offline, as a user has it: every job is a run of its own there, and `wandb sync` takes it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.smoke import SMALL, main_of
from tests.wandb_server import WandbServer

RUNS = "runs/eval-smoke-output_prediction-s0"
MIXED = {
    "collect": ("prompts", "micro", "nowhere", "prompt set 'nowhere' is neither shipped"),
    "sft": ("schedule", "linear", "nonsense", "schedule is 'nonsense', expected one of linear"),
    "rl": ("model.path", "micro-base", "nowhere", "model 'nowhere' is neither a folder"),
    "solve": ("prompts", "micro", "nowhere", "prompt set 'nowhere' is neither shipped"),
    "eval": ("prompts", "micro", "nowhere", "prompt set 'nowhere' is neither shipped"),
    "report": ("runs", f"[{RUNS}]", "[nowhere]", "nowhere: no rows.jsonl in it"),
}
"""Of each command a key, a value to sweep over, one that is a mistake, and what is told about it."""


@pytest.mark.parametrize(
    "command", [pytest.param(each, marks=[pytest.mark.slow] if each in ("sft", "rl") else []) for each in MIXED]
)
def test_a_sweep(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    wandb_server: WandbServer,
    command: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    key, right, wrong, told = MIXED[command]
    words = SMALL[command]
    if command == "report":
        assert main_of("eval")(["wandb=disabled", "output_root=runs", *SMALL["eval"]]) == 0
        words = [*words, "allow_scripted=true"]
    capfd.readouterr()

    assert main_of(command)(["-m", "seed=0,1", f"{key}={right},{wrong}", *words]) == 2
    said = capfd.readouterr().err
    assert "Traceback" not in said
    assert said.count(f"deskcheck-{command}: {told}") == 2
    summary = said.partition("2 of 4 jobs did not end with exit code 0:\n")[2].splitlines()
    assert [line.split(" ")[:5] for line in summary] == [["", "", "[2]", f"seed={n}", f"{key}={wrong}"] for n in (0, 1)]

    folders = sorted(path.parent for path in Path("outputs").glob("*/*/config.yaml"))
    assert len(folders) == 2 and all((folder / "done.json").exists() for folder in folders), "the wrong ones left none"
    for number, folder in enumerate(folders):
        assert folder.parent.name.endswith(f"-s{number}")
        overrides = (folder / "overrides.txt").read_text().splitlines()
        assert {f"seed={number}", f"{key}={right}"} <= {*overrides}

    offline = [str(path) for folder in folders for path in folder.glob("wandb/offline-run-*")]
    assert len(offline) == 2
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    environment |= wandb_server.environment(str(tmp_path))
    sync = [str(Path(sys.executable).with_name("wandb")), "sync", *offline]
    done = subprocess.run(sync, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {*wandb_server.runs} == {(folder / "wandb_id.txt").read_text().strip() for folder in folders}
    assert len({run["groupName"] for run in wandb_server.runs.values()}) == 1, "shown together"
    assert next(iter(wandb_server.runs.values()))["groupName"].startswith("sweep ")
    assert {(run["jobType"], run["exit_code"]) for run in wandb_server.runs.values()} == {(command, 0)}
