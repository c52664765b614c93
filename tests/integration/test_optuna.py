"""Sweeps that something steers: hydra-optuna-sweeper over deskcheck-sft, and the command lines that W&B's agent makes."""

import re
from pathlib import Path

import pytest
import yaml
from deskcheck_conf import load_config
from deskcheck_trainer import sft
from deskcheck_trainer.sft_config import SFTConfig
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

from tests.integration.smoke import SMALL

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "examples" / "wandb_sweep.yaml"


@pytest.mark.slow
def test_optuna_goes_on_after_a_failed_trial_and_keeps_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four real trials; those with the schedule that there is not fail, and are told."""
    monkeypatch.chdir(tmp_path)
    words = ["-m", "experiment=sft/sweep-optuna", "wandb=disabled", *SMALL["sft"], "schedule=choice(constant,nonsense)"]
    assert sft.main(words) == 2
    told = capsys.readouterr()
    table = re.findall(r"^([\d.]+) +(.*schedule=constant.*)$", told.err, re.M)
    failed = re.findall(r"\[2\] .*schedule=nonsense.*: schedule is 'nonsense'", told.err)
    assert len(table) + len(failed) == 4 and table and failed
    best = yaml.safe_load((tmp_path / "outputs/sweeps/sft-sweep-optuna/optimization_results.yaml").read_text())
    assert best["best_value"] == pytest.approx(min(float(value) for value, _ in table), rel=1e-4)
    folders = {path.parent for path in tmp_path.glob("outputs/*/*/done.json")}
    assert len(folders) == len({overrides for _, overrides in table}), "a folder each; a trial drawn twice is one run"


def test_wandbs_agent_makes_a_command_that_composes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example's command line, made by W&B's own functions for one draw of its parameters."""
    sweep = yaml.safe_load(EXAMPLE.read_text())
    draw = {"optimizer.learning_rate": 0.002, "optimizer.kind": "adamw", "seed": 2}
    assert draw.keys() == sweep["parameters"].keys()
    macros = create_sweep_command_args({"args": {name: {"value": value} for name, value in draw.items()}})
    words: list[str] = []
    for word in create_sweep_command(sweep["command"]):
        macro = re.fullmatch(r"\$\{(\w+)\}", word)
        words += [sweep["program"]] if word == "${program}" else macros[macro[1]] if macro else [word]
    assert words[0] == "deskcheck-sft"
    monkeypatch.setenv("WANDB_RUN_ID", "a1b2c3")  # the agent sets it for each trial
    config = load_config("sft", SFTConfig, words[1:])
    assert config.run_name == "sft-wandb-a1b2c3"
    assert (config.optimizer.learning_rate, config.optimizer.kind.value, config.seed) == (0.002, "adamw", 2)
    assert sweep["metric"]["name"] == "loss", "what sft logs"
