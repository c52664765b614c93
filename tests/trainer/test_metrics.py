"""The list of metrics is what runs log: read back from W&B's offline file, equal to metrics.jsonl, and as README says."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from deskcheck_conf.entry import load_config
from deskcheck_conf.run import Run
from deskcheck_trainer import rl, sft
from deskcheck_trainer.metrics import RL, SFT, Metric, table
from deskcheck_trainer.monitor import Monitor
from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.rollout import Rollout, RolloutGroup, Seconds, Task, Turn

from tests.wandb_file import read_offline

README = Path(__file__).parents[2] / "packages" / "trainer" / "README.md"
USED = ("self_rlef", "output_prediction")


def rows_of(folder: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name != "time"} for row in rows]


def sent(folder: Path) -> list[dict[str, Any]]:
    """W&B's rows of numbers, without its own clock."""
    rows = read_offline(folder).rows
    rows = [{name: value for name, value in row.items() if not name.startswith("_")} for row in rows]
    return [row for row in rows if "samples" not in row]


def names(metric: Metric, envs: tuple[str, ...]) -> list[str]:
    return [metric.name.replace("ENV", env) for env in envs] if "ENV" in metric.name else [metric.name]


def is_listed(name: str) -> bool:
    patterns = (re.escape(m.name).replace("ENV", "(?:" + "|".join(USED) + ")") for m in RL)
    known = (pattern.replace("TURN", r"\w+").replace("REASON", r"\w+") for pattern in patterns)
    return any(re.fullmatch(pattern, name) for pattern in known) or "/dropped_" in name


def test_readme_shows_the_list():
    text = README.read_text()
    assert table(SFT) in text and table(RL) in text
    assert len({m.name for m in SFT}) == len(SFT) and len({m.name for m in RL}) == len(RL)


def test_an_rl_run_sends_all_of_it_as_it_is_in_metrics_jsonl(tiny_model, tmp_path):
    words = [
        "run_name=told", f"output_root={tmp_path}", f"model.path={tiny_model}", "env=self_rlef_and_prediction",
        "limit=6", "num_generations=2", "blocks_per_step=4", "micro_batch_rows=4", "sampling.max_tokens=8",
        "bf16=false", "prove_rewards=0", "selftest=false", "max_steps=2", "save_every=2", "validation.every=2",
        "validation.limit=2",
    ]  # fmt: skip
    assert rl.main(words) == 0
    folder = tmp_path / "told-s0"
    written = rows_of(folder)
    assert sent(folder) == written
    logged = set().union(*written)
    of_two = [m for m in RL if m.where == "always" or m.where.startswith("solve, self_rlef") or m.where == "self_rlef"]
    for metric in of_two:
        envs = USED if metric.where == "always" else ("self_rlef",)
        wanted = [name.replace("/TURN", "/solve" if "self" in name else "/predict") for name in names(metric, envs)]
        assert set(wanted) <= logged, metric
    assert {f"validation/{env}/pass" for env in USED} <= logged
    ours = [name for name in logged if name.removeprefix("validation/").startswith(USED)]
    assert not [name for name in ours if not is_listed(name.removeprefix("validation/"))], "listed in metrics.py"
    assert "self_rlef/fix_rate" in logged and "self_rlef/break_rate" not in logged, "no first program was right"

    shown = read_offline(folder).tables["samples"]
    kept = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
    turns = [(row["step"], row["env"], turn["answer"]) for row in kept for turn in row["turns"]]
    columns = [shown["columns"].index(name) for name in ("step", "env", "answer")]
    assert [tuple(line[place] for place in columns) for line in shown["data"]] == turns


def test_rates_of_parts_arrive_as_they_are(tmp_path):
    """Of four rollouts two were right at first and one of those was broken; one of the wrong was fixed."""
    config = load_config("rl", RLConfig, ["run_name=rates", f"output_root={tmp_path}"])
    turn = Turn("solve", [{"role": "user", "content": "ask"}], (1,), (2, 3), text="answer")
    rates: list[dict[str, float]] = [{"break_rate": 1.0}, {"break_rate": 0.0}, {"fix_rate": 1.0}, {"fix_rate": 0.0}]
    rewards = (-1.0, 1.0, 1.0, -1.0)
    plays = [Rollout("t", "self_rlef", (turn,), r, m) for r, m in zip(rewards, rates, strict=True)]
    alike = [Rollout("t", "self_rlef", (turn,), 1.0, {"timeout": 0.0})] * 2
    groups = [RolloutGroup(Task("self_rlef", SimpleNamespace(id="t")), tuple(each)) for each in (plays, alike)]
    with Run.at(tmp_path / "rates-s0", config, command="rl") as run:
        monitor = Monitor(run.folder, 0.05)
        monitor.watch(groups, Seconds(3.0, 2.0))
        run.log(monitor.take(), step=1)
        run.table("samples", monitor.samples())
    [row] = sent(run.folder)
    assert [row] == rows_of(run.folder)
    expected = {"break_rate": 0.5, "fix_rate": 0.5, "reward": pytest.approx(1 / 3), "timeout": 0.0, "unscorable": 0.0}
    assert {name: row[f"self_rlef/{name}"] for name in expected} == expected
    assert (row["zero_advantage_share"], row["sampled_tokens"], row["sampled_tokens_per_s"]) == (0.5, 12, 6.0)


def test_a_fine_tuning_sends_all_of_it_with_what_its_rows_lose(tune, tmp_path):
    config = tune("max_length=40", "wandb=offline", "max_steps=2")
    with Run.at(tmp_path / "told", config, command="sft") as run:
        sft.train(config, run)
    written = rows_of(run.folder)
    assert sent(run.folder) == written
    assert {m.name for m in SFT} - {"samples"} <= set().union(*written)
    assert "<|user|>" in read_offline(run.folder).tables["samples"]["data"][0][1]
