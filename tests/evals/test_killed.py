"""deskcheck-eval, killed for good at random points and started again: nothing is lost, nothing is there twice, and the
rows and numbers are those of a run that was left alone."""

import json
import os
import random
import signal
import subprocess
import sys
import time

from deskcheck_evals.evaluate import main
from deskcheck_evals.rows import ROWS

COMMAND = "import sys; from deskcheck_evals.evaluate import main; sys.exit(main())"
WORDS = ["wandb=disabled", "resamples=50", "task=self_fix", "limit=12", "max_turns=3", "feedback=executed"]


def killed_after(words, folder, lines, patience=120.0):
    """Start the command and kill it as soon as its rows have so many lines; whether it was still at work."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < end:
        path = folder / ROWS
        if path.exists() and path.read_bytes().count(b"\n") >= lines:
            break
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def test_killed_at_random_points(tmp_path, capsys):
    rng = random.Random(time.time_ns())
    whole, broken = tmp_path / "whole-s0", tmp_path / "broken-s0"
    assert main([*WORDS, f"output_root={tmp_path}", "run_name=whole"]) == 0
    again = [*WORDS, f"output_root={tmp_path}", "run_name=broken"]
    lines = [rng.randint(2, 6), rng.randint(7, 11)]
    assert any([killed_after(again, broken, count) for count in lines]), f"it was over before {lines} rows"
    torn = (broken / ROWS).read_bytes()
    (broken / ROWS).write_bytes(torn + torn.splitlines()[-1][:20])  # in the middle of a line
    assert main(again) == 0
    rows = [sorted((folder / ROWS).read_text().splitlines()) for folder in (whole, broken)]
    assert rows[0] == rows[1] and len(rows[0]) == 13
    summaries = [json.loads((folder / "done.json").read_text())["summary"] for folder in (whole, broken)]
    assert summaries[0] == summaries[1]
    capsys.readouterr()
