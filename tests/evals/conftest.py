"""Run folders made of synthetic rows, for everything that reads results and needs no model to be tested."""

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from deskcheck_agent.feedback import TestFeedback
from deskcheck_agent.parse import ParseStatus, parse_solution
from deskcheck_agent.sampler import Completion
from deskcheck_agent.simulate import Prediction
from deskcheck_agent.trajectory import TrajectoryFile, Turn, TurnKind
from deskcheck_evals.rows import Rows, content_key

START = {
    "command": "deskcheck-eval task=x",
    "packages": {"deskcheck-evals": "0.1.0", "torch": "2.13.0"},
    "commit": None,
}
SAMPLING = {"temperature": 1.0, "top_p": 0.95, "max_tokens": 320, "seed": 0}
PROGRAM = "n = int(input())\nprint(n + 1)"


class RunMaker:
    """Writes a run folder of one task with made-up rows; `settings` and `header` replace what they name."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(
        self,
        task: str,
        name: str = "",
        *,
        scripted: bool = False,
        skill: float = 0.5,
        seed: int = 0,
        rows: int = 40,
        settings: Mapping[str, Any] | None = None,
        **header: Any,
    ) -> Path:
        folder = self.root / (name or task)
        rng = random.Random(seed)
        used = {
            "checker": "tokens", "seed": seed, "sampler": {"model": {"path": name}}, "sampling": SAMPLING | {"seed": seed},
            "simulating": SAMPLING, "prompts": "micro", "mode": "step_by_step", "candidates": 12, "predictions": 5,
            "attempts": 10, "trajectories": 1, "max_turns": 10, "benchmark": {"name": "micro"},
            "feedback": {"source": "simulated", "n": 5, "combine": "mean", "threshold": 0.5, "rich": False},
        } | dict(settings or {})  # fmt: skip
        whole = {
            "config": content_key([name, skill]), "task": task, "benchmark": "micro test", "solver": "made-up",
            "simulator": "made-up", "seed": seed, "scripted": scripted, "settings": used,
        } | header  # fmt: skip
        stored = Rows(folder / "rows.jsonl", whole)
        for i in range(rows):
            row = _ROWS[task](i, skill, rng)
            stored.add(content_key([task, row["id"]]), row)
        (folder / "starts.jsonl").write_text(json.dumps(START) + "\n")
        (folder / "done.json").write_text(json.dumps({"summary": {"unscored": 0}}))
        return folder


def prediction_row(i: int, skill: float, rng: random.Random) -> dict[str, Any]:
    right = [rng.random() < skill for _ in range(10)]
    return {
        "id": f"i{i}", "problem": f"p{i // 2}", "expected": str(i % 3), "input": "1", "is_call": False,
        "steps": rng.choice([None, 5, 15, 25, 400]), "right": right, "statuses": ["ok"] * 9 + ["missing"],
        "source": "for x in y:\n    pass" if i % 2 else PROGRAM,
        "outputs": [str(i % 3) if bit else "no" for bit in right], "tokens": [7] * 10,
        "narrations": [f"Item {i}, attempt {attempt}: n = 1." for attempt in range(10)],
    }  # fmt: skip


def input_row(i: int, skill: float, rng: random.Random) -> dict[str, Any]:
    ends = ["right" if rng.random() < skill else rng.choice(["wrong", "raised", "not_plain"]) for _ in range(10)]
    baselines = {"true input": "right", "copy output": "wrong", "majority input": "right" if i % 8 == 0 else "raised"}
    row = prediction_row(i, skill, rng)
    inputs = ["1" if end == "right" else "7" for end in ends]
    return {**row, "inputs": inputs, "right": [end == "right" for end in ends], "ends": ends, "baselines": baselines}


def answer_row(i: int, skill: float, rng: random.Random) -> dict[str, Any]:
    """A question of no_regression."""
    is_right = rng.random() < skill
    return {
        "id": f"q{i}", "problem": f"q{i}", "prompt": f"Question {i}", "completion": f"Answer {i}", "program": PROGRAM,
        "scores": {"pass@1": float(is_right)}, "verdict": "AC" if is_right else "WA", "detail": "",
    }  # fmt: skip


def pool_row(i: int, skill: float, rng: random.Random) -> dict[str, Any]:
    """A problem that asks for each of its inputs back; a prediction that does not pass says `no`."""
    tests = [{"input": f"{i}{n}\n", "output": f"{i}{n}\n"} for n in range(3)]
    candidates = []
    for number in range(12):
        code = f"print({number % 4})" if rng.random() < 0.95 else None
        passed = code is not None and rng.random() < 0.4
        public = [passed or (code is not None and rng.random() < 0.3) for _ in range(3)]
        predicted = [[code is not None and bit ^ (rng.random() > skill) for _ in range(5)] for bit in public]
        candidate = {
            "code": code, "tokens": rng.randint(5, 80), "passed": passed, "public": public, "predicted": predicted,
            "status": "ok" if code else "missing", "stop": "stop" if rng.random() < 0.8 else "length",
            "characters": rng.randint(20, 300), "verdict": None if code is None else "AC" if passed else "WA",
        }  # fmt: skip
        if code is not None:
            wanted = [test["output"] for test in tests]
            pairs = zip(wanted, predicted, strict=True)
            outputs = [[text.strip() if bit else "no" for bit in bits] for text, bits in pairs]
            printed = [text if bit else "no\n" for text, bit in zip(wanted, public, strict=True)]
            candidate |= {
                "outputs": outputs, "printed": printed, "public_verdicts": ["AC" if bit else "WA" for bit in public],
                "statuses": [["ok"] * 5] * 3,
            }  # fmt: skip
        candidates.append(candidate)
    how = {"statement": f"Print number {i}.", "entry_point": None, "checker": "tokens", "limits": {"cpu_s": 2.0}}
    return {"id": f"p{i}", "tests": tests, **how, "candidates": candidates}


def fix_row(i: int, skill: float, rng: random.Random) -> dict[str, Any]:
    first = rng.random() < 0.4
    last = rng.random() < (0.9 if first else skill)
    programs = [
        {"code": PROGRAM, "verdict": "AC" if passed else "WA", "passed": passed, "public": [passed, True]}
        for passed in (first, last)
    ]
    return {
        "id": f"p{i}/0", "problem": f"p{i}", "attempt": 0, "statement": f"Add one to {i}.", "checker": "tokens",
        "turns": rng.randint(1, 4), "status": rng.choice(["submitted", "out_of_turns"]),
        "first": programs[0], "submitted": programs[1],
    }  # fmt: skip


def add_trajectory(folder: Path, key: str, narration: str) -> None:
    """Two turns of one trajectory, as deskcheck-eval keeps them: a program, and a submission after one prediction."""
    told = TestFeedback("1", "2", "2", True, 1.0, predictions=(Prediction("2", ParseStatus.ok, narration, 5),))
    texts = {TurnKind.solve: f"```python\n{PROGRAM}\n```", TurnKind.submit_or_fix: "```\n#SUBMIT\n```"}
    for kind, text in texts.items():
        completion = Completion(text)
        feedback = (told,) if kind is TurnKind.submit_or_fix else ()
        turn = Turn(
            kind, [{"role": "user", "content": "Add one."}], completion, parse_solution(text), PROGRAM, feedback
        )
        TrajectoryFile(folder / "trajectories.jsonl").turn(key, turn)


_ROWS = {
    "output_prediction": prediction_row,
    "input_prediction": input_row,
    "no_regression": answer_row,
    "self_verify": pool_row,
    "self_fix": fix_row,
}


@pytest.fixture
def make_run(tmp_path: Path) -> RunMaker:
    return RunMaker(tmp_path / "runs")
