"""A run of `backend=trl_sync` killed at twenty random points ends as the one that nobody killed.

Every life is a process of its own that SIGKILL ends: during start-up, in a step, while a checkpoint or the best model
is written, in validation, whenever it comes. `python -m tools.proof resume` keeps what this prints.
"""

import json
import multiprocessing
import random
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from deskcheck_conf.entry import load_config
from deskcheck_conf.run import Run
from deskcheck_trainer.backends import trl_sync  # noqa: F401 - imported here, it need not be in every life
from deskcheck_trainer.rl import train
from deskcheck_trainer.rl_config import RLConfig

from tests.trainer.test_rl import rows_of, weights

KILLS, STEPS, SEED = 20, 18, 20
CONFIG = [
    "run_name=kills", "wandb=disabled", "env=output_prediction", "limit=6", "num_generations=8", "blocks_per_step=8",
    "micro_batch_rows=32", "sampling.max_tokens=24", "bf16=false", "prove_rewards=2", "selftest=false",
    f"max_steps={STEPS}", "save_every=2", "validation.every=3", "validation.limit=4", "max_grad_norm=1",
    "optimizer.learning_rate=0.001",
]  # fmt: skip
OF_ONE_START = ("time", "runtime", "per_s", "second", "train_loss")
"""In names of numbers that depend on the clock, or (the mean loss at the end) on which steps one process took."""
PROCESSES: Any = multiprocessing.get_context("fork")  # of a process that has imported all: 21 starts in a minute or two


def live(model: str, folder: str) -> None:
    """One life of the run: from its last checkpoint as far as it gets."""
    torch.set_num_threads(1)
    config = load_config("rl", RLConfig, [*CONFIG, f"model.path={model}"])
    with Run.at(folder, config) as run:
        train(config, run)


def started(model: Path, folder: Path) -> Any:
    life = PROCESSES.Process(target=live, args=(str(model), str(folder)))
    life.start()
    return life


def told(folder: Path) -> dict[int, dict[str, Any]]:
    """By step all that was logged and does not depend on the process; what was logged again counts."""
    steps: dict[int, dict[str, Any]] = {}
    for row in rows_of(folder):
        kept = {name: value for name, value in row.items() if not any(word in name for word in OF_ONE_START)}
        steps.setdefault(row["step"], {}).update(kept)
    return steps


def steps_logged(folder: Path) -> int:
    """Rows of steps so far, a torn last line apart."""
    try:
        return (folder / "metrics.jsonl").read_bytes().count(b'"grad_norm"')
    except FileNotFoundError:
        return 0


def wait(life: Any, folder: Path, rows: int, seconds: float = float("inf")) -> None:
    """Until so many rows are logged or so much time has passed."""
    ends = time.monotonic() + seconds
    while life.is_alive() and steps_logged(folder) < rows and time.monotonic() < ends:
        time.sleep(0.005)


def kill_somewhere(life: Any, folder: Path, rng: random.Random, start_s: float, step_s: float) -> str:
    """End a life in its start-up (one in four), or up to a step after it has logged none or one; returns when."""
    began, before = time.monotonic(), steps_logged(folder)
    if rng.random() < 0.25:
        wait(life, folder, before + 1, rng.uniform(0, start_s))
    else:
        logged = before + rng.randrange(2)
        wait(life, folder, logged, 10 * start_s)
        wait(life, folder, logged + 2, rng.uniform(0, start_s if logged == before else step_s))
    assert life.is_alive(), f"it ended by itself, exit code {life.exitcode}"
    life.kill()
    life.join()
    saved = sorted(int(path.name.split("-")[1]) for path in (folder / "trainer").glob("checkpoint-*"))
    now = time.monotonic() - began
    return f"{now:6.2f} s, {steps_logged(folder) - before} new steps logged, checkpoints {saved}"


@pytest.mark.slow
@pytest.mark.timeout(3600)  # minutes on a free core, beside other work many more
def test_twenty_kills_at_random_points_leave_the_same_curve_and_the_same_weights(guesser, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    began = time.monotonic()
    life = started(guesser, whole)
    wait(life, whole, 1)
    start_s = time.monotonic() - began
    life.join()
    assert life.exitcode == 0
    step_s = (time.monotonic() - began - start_s) / (STEPS - 1)
    print(f"\nnobody kills: {STEPS} steps, first logged after {start_s:.2f} s, {step_s:.2f} s a step")

    rng = random.Random(SEED)
    for number in range(1, KILLS + 1):
        print(f"kill {number:2}: {kill_somewhere(started(guesser, killed), killed, rng, start_s, step_s)}", flush=True)
    life = started(guesser, killed)
    life.join()
    assert life.exitcode == 0 and (killed / "done.json").exists()

    curve = told(whole)
    assert told(killed) == curve and sorted(curve) == list(range(STEPS + 1))
    moved = sum(row["grad_norm"] > 0 for row in curve.values() if "grad_norm" in row)
    assert moved > STEPS / 2, "steps that change nothing would prove nothing"
    assert torch.equal(weights(whole), weights(killed)), "the best model"
    last = f"trainer/checkpoint-{STEPS}/model.safetensors"
    assert (whole / last).read_bytes() == (killed / last).read_bytes(), "the last one"
    assert json.loads((whole / "best.json").read_text()) == json.loads((killed / "best.json").read_text())
    assert (whole / "done.json").read_text() == (killed / "done.json").read_text()
    numbers = sum(len(row) for row in curve.values())
    print(f"{KILLS} kills, {steps_logged(killed)} rows of {STEPS} steps logged: the same {numbers} numbers by step, the "
          f"same best.json, the same {weights(whole).numel()} weights, bit for bit; {moved} steps moved the weights")  # fmt: skip
