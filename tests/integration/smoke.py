"""The six Hydra commands at their smallest, for tests that go through all of them: the real ones, in this process."""

import importlib
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

SMALL = {
    "collect": ["source.problems=2"],
    "sft": ["max_steps=2", "log_every=1", "save_every=1", "scratch.documents=40", "scratch.tokenizer_documents=40"],
    "rl": [
        "max_steps=1", "blocks_per_step=1", "limit=4", "num_generations=2", "micro_batch_rows=2", "save_every=1",
        "sampling.max_tokens=8", "prove_rewards=1", "validation.every=0",
    ],
    "solve": ["strategy=self_fix", "run_name=solve-smoke"],
    "eval": ["task=output_prediction", "benchmark.limit=3", "attempts=2", "resamples=20"],
    "report": ["resamples=20", "ks=[1,2]"],
}  # fmt: skip
"""Overrides of the smoke run; report shows what eval left under the same output_root."""


def main_of(command: str) -> Callable[[list[str]], int]:
    """What the console script calls."""
    (script,) = entry_points(group="console_scripts", name=f"deskcheck-{command}")
    return getattr(importlib.import_module(script.module), script.attr)


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}
