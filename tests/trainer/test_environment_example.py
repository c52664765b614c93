"""The environment of examples/extending trains by the ordinary command: two steps of a tiny model."""

import json
from pathlib import Path

from tests.examples.test_extending import load

WORDS = [
    "run_name=own-env", "wandb=disabled", "limit=6", "num_generations=2", "blocks_per_step=2", "micro_batch_rows=4",
    "sampling.max_tokens=8", "bf16=false", "prove_rewards=2", "validation.limit=2",
    "max_steps=2", "validation.every=2",
]  # fmt: skip


def test_an_environment_of_ones_own_is_trained_and_validated(tiny_model: Path, tmp_path: Path) -> None:
    assert load("environment").main([*WORDS, f"model.path={tiny_model}", f"output_root={tmp_path}"]) == 0
    folder = tmp_path / "own-env-s0"
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "validation/output_prediction/pass" in row] == [0, 2]
    assert [row["step"] for row in rows if "output_prediction/reward" in row] == [1, 2]
    assert (folder / "checkpoint" / "model.safetensors").is_file()
