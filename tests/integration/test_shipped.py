"""The trained micro model that deskcheck-micro carries: it is small, it has a card, and it simulates programs it never saw."""

import json

import deskcheck_micro
import pytest
from deskcheck_agent import load_problems
from deskcheck_agent.solve import main as solve
from deskcheck_evals.evaluate import main as evaluate
from deskcheck_evals.micro import micro_problems

MOST_MB = 20
QUIET = ["wandb.mode=disabled"]


def test_models_are_small_and_have_cards():
    assert {"micro-base", "micro-self-rlef"} <= set(deskcheck_micro.names())
    for name in deskcheck_micro.names():
        folder = deskcheck_micro.folder(name)
        size = sum(file.stat().st_size for file in folder.iterdir())
        assert size < MOST_MB * 1e6, (name, size)
        card = (folder / "README.md").read_text()
        assert card.startswith(f"# {name}\n") and "deskcheck-sft experiment=" in card


def test_the_problems_of_solve_micro_are_unseen_ones():
    """They are drawn from the test split, whose shapes training never has."""
    shipped = load_problems("package:deskcheck_agent/problems/micro.jsonl")
    assert shipped == [drawn.problem for drawn in micro_problems("test", 8, 1)]


def test_it_predicts_outputs(tmp_path):
    told = ["experiment=eval/shipped", "task=output_prediction", "benchmark.limit=12", "attempts=1", "sampling=greedy"]
    assert evaluate([*told, "sampling.max_tokens=320", f"output_root={tmp_path}", *QUIET]) == 0
    rows = [json.loads(line) for line in (tmp_path / "shipped-output_prediction-s0" / "rows.jsonl").open()][1:]
    right = sum(row["right"][0] for row in rows)
    assert len(rows) == 12 and right >= 5, f"{right} of 12 outputs: of 60 it has two thirds"


@pytest.mark.parametrize("strategy", ["self_verify", "self_fix"])
def test_it_verifies_and_fixes_what_it_wrote(strategy, tmp_path, capsys):
    told = [
        "experiment=solve/micro",
        f"strategy={strategy}",
        "limit=3",
        "k=2",
        "max_turns=2",
        f"output_root={tmp_path}",
    ]
    assert solve([*told, *QUIET]) in (0, 1)
    [results] = tmp_path.glob("*/results.jsonl")
    rows = [json.loads(line) for line in results.open()]
    assert len(rows) == 3 and any(row["believed"] for row in rows), "a model that believes in nothing simulates nothing"
