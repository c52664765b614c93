"""Run folders made of synthetic rows, for everything that reads results and needs no model to be tested."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from deskcheck_evals.rows import Rows, content_key

START = {
    "command": "deskcheck-eval task=x",
    "packages": {"deskcheck-evals": "0.1.0", "torch": "2.13.0"},
    "commit": None,
}


class RunMaker:
    """Writes a run folder of one task with made-up rows."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, task: str, name: str = "", *, scripted: bool = False, skill: float = 0.5, seed: int = 0) -> Path:
        folder = self.root / (name or task)
        rng = random.Random(seed)
        rows = [_ROWS[task](i, skill, rng) for i in range(40)]
        header = {
            "config": content_key([name, skill]), "task": task, "benchmark": "micro test", "solver": "made-up",
            "simulator": "made-up", "seed": seed, "scripted": scripted,
            "settings": {"checker": "tokens", "seed": seed, "sampler": {"model": name}, "sampling": {"seed": seed}},
        }  # fmt: skip
        stored = Rows(folder / "rows.jsonl", header)
        for row in rows:
            stored.add(content_key(row), row)
        (folder / "starts.jsonl").write_text(json.dumps(START) + "\n")
        (folder / "done.json").write_text(json.dumps({"summary": {"unscored": 0}}))
        return folder


def prediction_row(i: int, skill: float, rng: random.Random) -> dict[str, Any]:
    right = [rng.random() < skill for _ in range(10)]
    return {
        "id": f"i{i}", "problem": f"p{i // 2}", "expected": str(i % 3), "input": "1", "is_call": False,
        "steps": rng.choice([None, 5, 15, 25, 400]), "right": right, "statuses": ["ok"] * 9 + ["no_output"],
    }  # fmt: skip


def input_row(i: int, skill: float, rng: random.Random) -> dict[str, Any]:
    ends = ["right" if rng.random() < skill else rng.choice(["wrong", "raised", "not_plain"]) for _ in range(10)]
    baselines = {"true input": "right", "copy output": "wrong", "majority input": "right" if i % 8 == 0 else "raised"}
    row = prediction_row(i, skill, rng)
    return {**row, "right": [end == "right" for end in ends], "ends": ends, "baselines": baselines}


def pool_row(i: int, skill: float, rng: random.Random) -> dict[str, Any]:
    candidates = []
    for _ in range(12):
        code = "print(1)" if rng.random() < 0.95 else None
        passed = code is not None and rng.random() < 0.4
        public = [passed or (code is not None and rng.random() < 0.3) for _ in range(3)]
        predicted = [[code is not None and bit ^ (rng.random() > skill) for _ in range(5)] for bit in public]
        candidates.append(
            {"code": code, "tokens": rng.randint(5, 80), "passed": passed, "public": public, "predicted": predicted}
        )
    return {"id": f"p{i}", "candidates": candidates}


def fix_row(i: int, skill: float, rng: random.Random) -> dict[str, Any]:
    first = rng.random() < 0.4
    last = rng.random() < (0.9 if first else skill)
    return {
        "id": f"p{i}/0", "problem": f"p{i}", "attempt": 0, "turns": rng.randint(1, 4),
        "status": rng.choice(["submitted", "out_of_turns"]),
        "first": {"passed": first, "public": [first, True]}, "submitted": {"passed": last, "public": [last, True]},
    }  # fmt: skip


_ROWS = {
    "output_prediction": prediction_row,
    "input_prediction": input_row,
    "self_verify": pool_row,
    "self_fix": fix_row,
}


@pytest.fixture
def make_run(tmp_path: Path) -> RunMaker:
    return RunMaker(tmp_path / "runs")
