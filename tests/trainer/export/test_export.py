"""Exported tasks: the columns that the other trainers document, our own prompts, and a reward that is ours."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deskcheck_conf.entry import load_config
from deskcheck_conf.errors import ConfigError
from deskcheck_trainer import rl
from deskcheck_trainer.export.reward import compute_score, verifiers_reward
from deskcheck_trainer.export.write import export, rows_of
from deskcheck_trainer.rl_config import RLConfig, training_benchmark
from deskcheck_trainer.tasks import load_tasks

WORDS = ["env=solve_and_prediction", "limit=20", "max_steps=4", "blocks_per_step=10", "validation.limit=3"]


def config_of(*more: str) -> RLConfig:
    return load_config("rl", RLConfig, [*WORDS, *more])


def test_verl_gets_its_columns_and_our_shares(tmp_path: Path) -> None:
    train, validation = export(config_of("export=verl"), tmp_path)
    rows = pq.read_table(train).to_pylist()
    assert len(rows) == 40 and pq.read_table(validation).num_rows == 6
    for number, row in enumerate(rows):
        assert row.keys() == {"data_source", "prompt", "ability", "reward_model", "extra_info"}
        assert [message.keys() for message in row["prompt"]] == [{"role", "content"}] * len(row["prompt"])
        assert row["reward_model"]["style"] == "rule" and isinstance(row["reward_model"]["ground_truth"], str)
        assert (row["extra_info"]["split"], row["extra_info"]["index"]) == ("train", number)
    predicted = sum(row["data_source"] == "deskcheck/output_prediction" for row in rows)
    assert 1 <= predicted <= 14, "15 % of 40"


def test_verifiers_gets_its_columns(tmp_path: Path) -> None:
    train, _ = export(config_of("export=verifiers"), tmp_path)
    rows = [json.loads(line) for line in train.read_text().splitlines()]
    assert len(rows) == 40
    assert all(row.keys() == {"prompt", "answer", "task", "info"} for row in rows)
    assert {row["task"] for row in rows} == {"solve", "output_prediction"}
    assert all(json.loads(row["info"])["id"].startswith(row["task"]) for row in rows)


async def test_the_reward_of_gold_answers_is_their_weight_and_of_wrong_ones_its_negative() -> None:
    config = config_of()
    for name, right, wrong in (
        ("solve", "```python\n{}\n```", "```python\nprint('nothing')\n```"),
        ("output_prediction", "so it is\n<output>\n{}\n</output>", "<output>\nnothing\n</output>"),
    ):
        tasks = load_tasks(name, training_benchmark(config, name))[:3]
        weight = {"solve": 1.0, "output_prediction": 0.8}[name]
        for task, row in zip(tasks, rows_of(config, tasks), strict=True):
            answer = right.format((task.gold or "").removesuffix("\n"))
            assert await verifiers_reward([{"role": "assistant", "content": answer}], row["truth"]) == weight
            assert await verifiers_reward(wrong, row["truth"]) == -weight
            assert await verifiers_reward("I do not know", row["truth"]) == -weight


def test_verls_function_takes_what_verl_passes() -> None:
    config = config_of()
    [task] = load_tasks("output_prediction", training_benchmark(config, "output_prediction"))[:1]
    [row] = rows_of(config, [task])
    answer = f"<think>hm</think><output>\n{task.item.output}</output>"
    assert compute_score("deskcheck/output_prediction", answer, row["truth"], extra_info={"index": 0}) == 0.8


def test_rollouts_of_a_run_become_a_line_a_turn(tmp_path: Path) -> None:
    turns = [{"role": "solve", "prompt": "P", "answer": "A"}, {"role": "submit_or_fix", "prompt": "Q", "answer": "B"}]
    rollout = {"step": 3, "env": "self_rlef", "task": "self_rlef/x", "reward": -1.0, "drop": None, "turns": turns}
    (tmp_path / "samples.jsonl").write_text(json.dumps(rollout) + "\n")
    paths = export(config_of("export=verifiers"), tmp_path)
    lines = [json.loads(line) for line in paths[-1].read_text().splitlines()]
    assert [line["completion"][0]["content"] for line in lines] == ["A", "B"]
    assert {line["reward"] for line in lines} == {-1.0}


def test_the_command_exports_and_trains_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rl.main([*WORDS, "export=verl", "wandb=disabled", f"output_root={tmp_path}"]) == 0
    folder = tmp_path / "rl-smoke-s0"
    assert capsys.readouterr().out.splitlines()[0] == str(folder / "export/verl/train.parquet")
    assert not (folder / "done.json").exists() and not (folder / "checkpoint").exists()


def test_a_reward_that_looks_at_the_steps_cannot_be_exported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the exported reward looks at the output alone"):
        export(config_of("export=verl", "env.output_prediction.step_reward=0.5"), tmp_path)
