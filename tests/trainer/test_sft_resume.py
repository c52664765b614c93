"""Continued runs: the next batch and the losses are those of a run that was never stopped."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from deskcheck_conf.run import Run
from deskcheck_trainer.sft import build, train
from transformers import TrainerCallback


class Stop(TrainerCallback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args, state, control, **_):
        control.should_training_stop = state.global_step == self.step


def passes_of(trainer, resume=None) -> tuple[list[list[int]], list[float]]:
    """Train; the tokens of every pass that was made ready, and the losses of this stretch."""
    seen: list[list[int]] = []
    collate = trainer.data_collator

    def remember(examples):
        batch = collate(examples)
        seen.append(batch["input_ids"].flatten().tolist())
        return batch

    trainer.data_collator = remember
    before = 0 if resume is None else int(resume.name.split("-")[1])
    trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    return seen, [row["loss"] for row in trainer.state.log_history if row.get("step", 0) > before and "loss" in row]


@pytest.mark.parametrize("how", ["packed, Muon", "in passes of like length, AdamW"])
def test_the_next_batch_is_the_one_it_would_have_been(tune, tmp_path, how):
    overrides = (
        ("optimizer.kind=muon",)
        if "packed" in how
        else ("packing=false", "sequences_per_step=4", "sequences_per_pass=2")
    )
    config = tune("max_steps=7", *overrides)  # more than an epoch
    batches, losses = passes_of(build(config, tmp_path / "whole"))
    stopped = build(config, tmp_path / "stopped")
    stopped.add_callback(Stop(5))
    first = passes_of(stopped)
    resumed = passes_of(build(config, tmp_path / "stopped"), tmp_path / "stopped" / "trainer" / "checkpoint-4")
    assert first[1] + resumed[1][1:] == losses
    assert resumed[1] == losses[4:]
    a_step = config.sequences_per_step // config.sequences_per_pass
    assert resumed[0][: 3 * a_step] == batches[4 * a_step : 7 * a_step]
    assert len({tuple(batch) for batch in batches}) > 4, "batches differ"


def losses_by_step(folder: Path) -> dict[int, float]:
    """The last line of a step counts."""
    lines = (json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines())
    return {line["step"]: line["loss"] for line in lines if "loss" in line}


@pytest.mark.slow
@pytest.mark.timeout(1200)  # three starts of a process that imports TRL, beside other work
def test_killed_anywhere_and_started_again_the_curve_is_the_same(tune, tmp_path):
    """A process of its own, SIGKILL at two random steps, in whatever it is doing then (checkpoints are every step)."""
    config = tune("max_steps=24", "save_every=1", "model.path=micro-base", "run_name=killed")
    with Run.at(tmp_path / "whole", config) as run:
        train(config, run)
    parts = ",".join(f"{{path: '{part.path}', weight: {part.weight}}}" for part in config.datasets)
    command = [
        sys.executable, "-c", "from deskcheck_trainer.sft import main; main()", "scratch=null", "wandb=disabled",
        f"output_root={tmp_path}", "model.path=micro-base", "max_length=128", "sequences_per_step=2", "bf16=false",
        "sequences_per_pass=1", "max_steps=24", "log_every=1", "save_every=1", "optimizer.kind=adamw", "run_name=killed",
        f"datasets=[{parts}]",
    ]  # fmt: skip
    folder = tmp_path / "killed-s0"
    rng = random.Random(os.getpid())
    for step in sorted(rng.sample(range(2, 22), 2)):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (folder / "metrics.jsonl").exists() or max(losses_by_step(folder), default=0) < step:
            assert process.poll() is None, "it ended by itself"
            time.sleep(0.01)
        time.sleep(rng.random() / 4)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert losses_by_step(folder) == losses_by_step(tmp_path / "whole")
    starts = (folder / "starts.jsonl").read_text().splitlines()
    assert len(starts) == 3
