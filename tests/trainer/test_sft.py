"""SFT end to end on a tiny model: loss falls, runs resume, rows are what they should be."""

import json
from pathlib import Path

import pytest
from deskcheck_conf.entry import load_config
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.run import Run
from deskcheck_tracer.errors import InputError
from deskcheck_trainer.sft import CHECKPOINT, build, train
from deskcheck_trainer.sft_config import DatasetConfig, SFTConfig
from deskcheck_trainer.sft_data import bare, files_of, mixture

NARRATION = "s = 1\nprint 1\n<output>\n1\n</output>"


def row(task: str, completion: str) -> dict:
    return {
        "task": task,
        "prompt": [{"role": "user", "content": "run\ns = 1\nprint(s)\ninput\n"}],
        "completion": [{"role": "assistant", "content": completion}],
    }


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "rows.jsonl"
    lines = [row("explain", NARRATION)] * 30 + [row("solve", "```python\nprint(1)\n```")] * 10
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def smoke(tmp_path: Path, *overrides: str) -> SFTConfig:
    quick = ("wandb=disabled", "scratch.documents=120", "scratch.tokenizer_documents=60", f"output_root={tmp_path}")
    return load_config("sft", SFTConfig, [*quick, *overrides])


def test_pretraining_lowers_the_loss_and_saves_a_checkpoint(tmp_path: Path):
    config = smoke(tmp_path, "max_steps=12", "log_every=2")
    with Run.at(tmp_path / "run", config) as run:
        loss = train(config, run)
    logs = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    first, last = logs[0], logs[-1]
    assert run.summary is not None and run.summary["seconds"] == last["train_runtime"] > first["train_runtime"]
    assert loss is not None and loss < float(first["loss"]) - 0.3
    assert {"model.safetensors", "tokenizer.json", "config.json"} <= {
        p.name for p in (tmp_path / "run" / CHECKPOINT).iterdir()
    }


def test_a_step_is_a_random_sample_and_its_passes_hold_rows_of_like_length(tmp_path: Path):
    lines = [row("explain", NARRATION * (1 + 3 * (number % 2))) for number in range(64)]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    config = smoke(
        tmp_path, "scratch=null", "packing=false", "max_length=512", f"datasets=[{{path: '{file}'}}]", "model.path=micro-base",
        "sequences_per_step=8", "sequences_per_pass=4", "max_steps=8", "bf16=false",
    )  # fmt: skip
    passes = [
        batch["attention_mask"].sum(1).tolist() for batch in build(config, tmp_path / "run").get_train_dataloader()
    ]
    steps = list(zip(passes[::2], passes[1::2], strict=True))
    assert len(steps) == 8 and all(len(one) + len(other) == 8 for one, other in steps)
    assert sum(len(set(one + other)) == 2 for one, other in steps) >= 6, "short and long rows in one step"
    assert sum(len(set(each)) for each in passes) < 1.5 * len(passes), "mostly one length in a pass"


def test_a_finished_run_is_not_run_again(tmp_path: Path):
    config = smoke(tmp_path, "max_steps=2")  # fewer than log_every: nothing was logged on the way
    with Run.at(tmp_path / "run", config) as run:
        loss = train(config, run)
    assert loss is not None and 1 < loss < 10
    model = tmp_path / "run" / CHECKPOINT / "model.safetensors"
    before = model.stat().st_mtime_ns
    with Run.at(tmp_path / "run", config) as run:
        train(config, run)
    assert model.stat().st_mtime_ns == before


def test_a_stopped_run_continues_to_the_weights_of_an_unbroken_one(tmp_path: Path, capsys):
    import torch
    from safetensors.torch import load_file

    config = smoke(tmp_path, "max_steps=4", "log_every=1", "save_every=2", "bf16=false")

    def weights(folder: str) -> dict:
        return load_file(str(tmp_path / folder / CHECKPOINT / "model.safetensors"))

    def tokens(folder: str) -> list[int]:
        lines = [json.loads(line) for line in (tmp_path / folder / "metrics.jsonl").read_text().splitlines()]
        return [line["num_tokens"] for line in lines if "num_tokens" in line]

    with Run.at(tmp_path / "whole", config) as run:
        train(config, run)
        summary = run.summary
    trainer = build(config, tmp_path / "broken")
    from transformers import TrainerCallback

    class Stop(TrainerCallback):
        def on_step_end(self, args, state, control, **_):
            control.should_training_stop = state.global_step == 3

    trainer.add_callback(Stop())
    trainer.train()
    capsys.readouterr()
    with Run.at(tmp_path / "broken", config) as run:
        train(config, run)
        assert run.summary is not None and summary is not None and run.summary["tokens"] == summary["tokens"]
    assert tokens("broken") == tokens("whole")[2:], "tokens are counted on, not from zero"
    assert "pretrain: 2/4" in capsys.readouterr().err, "its progress starts where the run goes on"
    whole, broken = weights("whole"), weights("broken")
    assert all(torch.equal(whole[name], broken[name]) for name in whole)


def test_bare_rows_keep_the_prompt_and_only_the_output_block():
    short = bare(row("explain", NARRATION))
    assert short["prompt"] == row("explain", NARRATION)["prompt"]
    assert short["completion"][0]["content"] == "<output>\n1\n</output>"
    solution = row("solve", "```python\nprint(1)\n```")
    assert bare(solution) == solution


def test_a_mixture_takes_tasks_rows_and_weights(rows: Path):
    path = str(rows)
    parts = [
        DatasetConfig(path=path, tasks=["explain"], rows=20, weight=1.5),
        DatasetConfig(path=path, tasks=["solve"]),
    ]
    mixed = mixture(parts, narrations=True, seed=0)
    texts = [r["completion"][0]["content"] for r in mixed]
    assert texts.count(NARRATION) == 30
    assert len(texts) == 40
    assert mixed.column_names == ["prompt", "completion"]


def test_the_bare_arm_has_the_same_prompts(rows: Path):
    part = [DatasetConfig(path=str(rows), tasks=["explain"])]
    told, short = (mixture(part, narrations=n, seed=0) for n in (True, False))
    assert told["prompt"] == short["prompt"]
    assert set(c[0]["content"] for c in short["completion"]) == {"<output>\n1\n</output>"}


def test_missing_and_empty_datasets_say_what_to_do(tmp_path: Path, rows: Path):
    with pytest.raises(InputError, match="does not exist: run deskcheck-collect first"):
        files_of(str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="no row of the tasks"):
        mixture([DatasetConfig(path=str(rows), tasks=["fix"])], narrations=True, seed=0)


def test_bad_configurations_name_the_key(tmp_path: Path):
    with pytest.raises(ConfigError, match="sequences_per_step is 8, expected a multiple of 3 = sequences_per_pass 3"):
        smoke(tmp_path, "sequences_per_pass=3")
    with pytest.raises(ConfigError, match="datasets is empty"):
        smoke(tmp_path, "scratch=null")
    with pytest.raises(ConfigError, match="no SFTConfig argument max_lenght"):
        build(smoke(tmp_path, "+trl.max_lenght=3"), tmp_path)


# ---- public reasoning sets ----

MATH = {
    "problem": "1+1?",
    "generated_solution": "<think>one and one</think>2",
    "problem_type": "x",
    "expected_answer": "2",
}
CODE = {
    "input": "Print 1.",
    "output": "<think>easy</think>print(1)",
    "solution": "print(1)",
    "license": "mit",
    "id": "a",
}


@pytest.mark.parametrize("layout", ["parquet", "jsonl"])
def test_the_reasoning_presets_read_local_copies_beside_our_rows(tmp_path: Path, rows: Path, layout: str):
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name, one in (
        ("data/cot-0", MATH),
        ("data/tir-0", {**MATH, "problem": "not of this split"}),
        ("split_0/t", CODE),
    ):
        file = tmp_path / "copy" / f"{name}.{layout}"
        file.parent.mkdir(parents=True, exist_ok=True)
        if layout == "parquet":
            pq.write_table(pa.Table.from_pylist([one] * 5), file)
        else:
            file.write_text(json.dumps(one) + "\n" + (json.dumps(one) + "\n") * 4)
    config = smoke(
        tmp_path, "scratch=null", "model.path=micro-base", f"datasets=[{{path: '{rows}'}}]", "reasoning=both",
        f"reasoning.openmathreasoning.path='{tmp_path}/copy/data/cot-*.{layout}'", "reasoning.openmathreasoning.rows=3",
        f"reasoning.opencodereasoning.path={tmp_path}/copy/split_0", "reasoning.opencodereasoning.weight=0.4",
    )  # fmt: skip
    mixed = mixture(config.parts(), narrations=True, seed=0)
    told = [(r["prompt"][0], r["completion"][0]) for r in mixed]
    math, code = (
        ({"role": "user", "content": p}, {"role": "assistant", "content": c})
        for p, c in ((MATH["problem"], MATH["generated_solution"]), (CODE["input"], CODE["output"]))
    )
    assert (told.count(math), told.count(code), len(told)) == (3, 2, 45)


def test_presets_name_the_hub_and_its_columns(tmp_path: Path):
    config = smoke(tmp_path, "scratch=null", "model.path=micro-base", "reasoning=both")
    parts = {(part.path, part.subset, part.split): part.columns for part in config.parts()}
    assert parts == {
        ("nvidia/OpenMathReasoning", None, "cot"): {"prompt": "problem", "completion": "generated_solution"},
        ("nvidia/OpenCodeReasoning", "split_0", "split_0"): {"prompt": "input", "completion": "output"},
    }


def test_wrong_columns_are_told(rows: Path):
    with pytest.raises(InputError, match=r"has no column answer \(it has task, prompt, completion\)"):
        mixture(
            [DatasetConfig(path=str(rows), columns={"prompt": "prompt", "completion": "answer"})],
            narrations=True,
            seed=0,
        )
    with pytest.raises(ConfigError, match="expected prompt and completion"):
        DatasetConfig(path=str(rows), columns={"prompt": "prompt"})
