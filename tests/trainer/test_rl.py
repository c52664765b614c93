"""deskcheck-rl end to end on a tiny model: the result, what is logged, and a killed run that continues."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from deskcheck_conf.entry import load_config
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.run import Run
from deskcheck_trainer.rl import CHECKPOINT, build, main, train
from deskcheck_trainer.rl_config import RLConfig
from transformers import AutoModelForCausalLM, AutoTokenizer

SMALL = [
    "run_name=rl-test", "wandb=disabled", "limit=6", "num_generations=2", "blocks_per_step=2", "micro_batch_rows=4",
    "sampling.max_tokens=8", "bf16=false", "prove_rewards=2", "validation.limit=2",
    "selftest=false",
]  # fmt: skip


def config_of(tiny_model: Path, *overrides: str) -> RLConfig:
    return load_config("rl", RLConfig, [*SMALL, f"model.path={tiny_model}", *overrides])


def weights(folder: Path) -> torch.Tensor:
    model = AutoModelForCausalLM.from_pretrained(folder / CHECKPOINT)
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def rows_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_the_command_trains_validates_and_leaves_a_checkpoint(tiny_model, tmp_path, capsys):
    overrides = ["env=self_rlef_and_prediction", f"model.path={tiny_model}", f"output_root={tmp_path}"]
    assert main([*SMALL, *overrides, "max_steps=2", "validation.every=1"]) == 0
    folder = tmp_path / "rl-test-s0"
    assert capsys.readouterr().out.startswith(f"{folder / CHECKPOINT}  steps 2")

    AutoTokenizer.from_pretrained(folder / CHECKPOINT)
    summary = json.loads((folder / "done.json").read_text())["summary"]
    assert summary["step"] == 0 and summary["validation"] == summary["validation_before"] == 0.0  # bytes at random
    assert [path.name for path in folder.glob("best-*")] == ["best-0"]

    rows = rows_of(folder)
    assert [row["step"] for row in rows if "validation/self_rlef/pass" in row] == [0, 1, 2]
    steps = [row for row in rows if "grad_norm" in row]
    assert [row["step"] for row in steps] == [1, 2]
    logged = set().union(*steps)
    assert {"zero_advantage_share", "time/rollouts_s", "sampled_tokens_per_s", "entropy", "reward"} <= logged
    assert {"self_rlef/reward", "self_rlef/parse_fail", "self_rlef/turns", "self_rlef/tokens/solve"} <= logged
    samples = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
    assert {sample["reward"] for sample in samples} == {-1.0}
    assert samples[0]["turns"][0]["prompt"].startswith(("solve\n", "run\n"))

    assert main([*SMALL, *overrides, "max_steps=2", "validation.every=1"]) == 0  # done: shows the result again
    assert len(rows_of(folder)) == len(rows)


class Killed(BaseException):
    """What a kill looks like from inside: nothing handles it."""


class MortalRun(Run):
    """Dies while it logs its third step."""

    def log(self, metrics, step=None):
        if step == 3 and "grad_norm" in metrics:
            raise Killed
        super().log(metrics, step)


def test_a_killed_run_ends_as_an_uninterrupted_one(guesser, tmp_path):
    overrides = ["env=output_prediction", "max_steps=4", "save_every=2", "validation.every=2", "num_generations=8"]
    overrides += ["sampling.max_tokens=24", "blocks_per_step=8", "micro_batch_rows=32"]
    overrides += [
        "optimizer.kind=muon",
        "optimizer.muon_learning_rate=0.001",
        "optimizer.learning_rate=0.001",
        "limit=4",
    ]
    config = config_of(guesser, *overrides)
    with Run.at(tmp_path / "whole", config) as run:
        train(config, run)
    with pytest.raises(Killed), MortalRun.at(tmp_path / "killed", config) as run:
        train(config, run)
    assert not (tmp_path / "killed" / CHECKPOINT).exists()
    (tmp_path / "killed" / "trainer" / "checkpoint-3").mkdir()  # as if cut off while writing
    with Run.at(tmp_path / "killed", config) as run:
        train(config, run)

    assert torch.equal(weights(tmp_path / "whole"), weights(tmp_path / "killed"))
    whole, killed = curve(tmp_path / "whole"), curve(tmp_path / "killed")
    assert whole == killed
    assert len(whole) == 4
    assert any(whole[step]["grad_norm"] > 0 for step in (1, 2)) and any(whole[step]["grad_norm"] > 0 for step in (3, 4))
    assert (tmp_path / "whole" / "best.json").read_text() == (tmp_path / "killed" / "best.json").read_text()


def curve(folder: Path) -> dict[int, dict[str, float]]:
    """By step, what must not depend on the clock; of a step logged twice the later row counts."""
    timed = ("time", "runtime", "per_s", "second")
    rows = [row for row in rows_of(folder) if "grad_norm" in row]
    return {row["step"]: {k: v for k, v in row.items() if not any(word in k for word in timed)} for row in rows}


def test_it_learns_what_is_rewarded_through_the_whole_stack(guesser, tmp_path):
    """From guessing digits to the right ones of four programs: the mean reward of output prediction rises."""
    overrides = ["max_steps=16", "validation.every=0", "num_generations=8", "sampling.max_tokens=24", "limit=4"]
    overrides += ["blocks_per_step=8", "micro_batch_rows=32", "max_grad_norm=1", "optimizer.learning_rate=0.001"]
    config = config_of(guesser, *overrides)
    with Run.at(tmp_path / "run", config) as run:
        train(config, run)
    rewards = [row["output_prediction/reward"] for row in curve(tmp_path / "run").values()]
    assert sum(rewards[-8:]) / 8 > sum(rewards[:4]) / 4 + 0.1


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["micro_batch_rows=3"], "expected a multiple of 3 = micro_batch_rows 3"),
        (["+algo.trl.los_type=grpo"], "did you mean loss_type?"),
        (["+algo.trl.scale_rewards=group"], "advantages are ours, pass algo.advantage=std"),
        (["+algo.trl.use_vllm=true"], "algo.trl.use_vllm"),
        (["model.path=nowhere"], "nowhere"),
        (["prompts=nowhere"], "nowhere"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(tiny_model, tmp_path, capsys, overrides, message):
    # model.path first: the last override wins
    given = [*SMALL, f"model.path={tiny_model}", f"output_root={tmp_path}", "max_steps=1", *overrides]
    assert main(given) == 2
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error


def test_a_tokenizer_without_a_chat_template_is_told_before_anything_is_played(tiny_model, tmp_path):
    shutil.copytree(tiny_model, tmp_path / "bare")
    (tmp_path / "bare" / "chat_template.jinja").unlink()
    with pytest.raises(ConfigError, match=r"has no chat template, .* set model.chat_template to a Jinja file"):
        build(config_of(tmp_path / "bare"), tmp_path / "run")
