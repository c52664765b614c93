"""Curves of training runs in the report: seeds pooled, bands from the lowest to the highest, nothing made up."""

import json
import re

import pytest
from deskcheck_evals.errors import EvalError
from deskcheck_evals.report import main
from deskcheck_evals.training import read_training, validation_table

QUIET = ["wandb.mode=disabled", "resamples=200"]
SCORES = {0: {0: 0.5, 10: 0.6, 20: 0.55}, 1: {0: 0.4, 10: 0.45, 20: 0.65}}
"""Seed -> step -> validation score."""


@pytest.fixture
def rl_runs(tmp_path):
    """Two seeds of one RL run, and what a resume leaves: a step that was logged twice."""
    for seed, scores in SCORES.items():
        folder = tmp_path / f"rl-x-s{seed}"
        folder.mkdir()
        config = f"run_name: rl-x\nseed: {seed}\nmodel: {{path: 'out/sft-s{seed}/checkpoint'}}\nmax_steps: 20\n"
        (folder / "config.yaml").write_text(config)
        rows = [{"step": step, "validation/solve/pass": score, "time": 1.0} for step, score in scores.items()]
        rows += [{"step": step, "solve/reward": step / 20 + seed, "time": 2.0} for step in range(1, 21)]
        rows.insert(1, {"step": 10, "validation/solve/pass": 0.0, "time": 1.0})
        (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / "starts.jsonl").write_text(json.dumps({"command": f"deskcheck-rl seed={seed}"}) + "\n")
        (folder / "done.json").write_text("{}")
    return f"{tmp_path}/rl-x-s*"


def test_seeds_are_one_curve_in_a_band(rl_runs):
    run = read_training(rl_runs, "RL")
    points = run.points("validation/solve/pass")
    assert points[10] == (pytest.approx(0.525), 0.45, 0.6), "mean, lowest, highest; after a resume the last line counts"
    assert set(points) == {0, 10, 20}
    smooth = run.points("solve/reward", smooth=5)
    assert min(smooth) == 5, "the first whole window"
    assert smooth[5] == pytest.approx((3 / 20 + 0.5, 3 / 20, 3 / 20 + 1)), "the mean of steps 1 to 5 and both seeds"
    [row] = validation_table([run]).rows
    assert [cell.text for cell in row] == [
        "RL", "solve", "2", "45.0 (50.0, 40.0)", "62.5 (60.0, 65.0)", "10, 20", "60.0 (55.0, 65.0)",
    ]  # fmt: skip


def test_a_report_of_training_alone_and_beside_evaluations(rl_runs, make_run, tmp_path, capsys):
    alone = tmp_path / "alone" / "page.html"
    told = [f"training=[{rl_runs}]", "training_labels=[RL]", f"output_root={tmp_path / 'out'}", *QUIET]
    assert main([f"html={alone}", *told]) == 0
    out = capsys.readouterr().out
    assert "45.0 (50.0, 40.0)" in out and "Protocol" not in out and "bootstrap" not in out
    html = alone.read_text()
    assert html.count("<figure") == 2 and "deskcheck-rl seed=1" in html and "passed, %" in html
    assert "RL" in alone.with_suffix(".md").read_text() and "62.5" in alone.with_suffix(".tex").read_text()
    both = tmp_path / "both" / "page.html"
    assert main([f"html={both}", f"runs=[{make_run('self_fix')}]", *told]) == 0
    assert re.search(r"Self-fixing.*Training.*Protocol", both.read_text(), re.DOTALL)


def test_what_is_no_curve_is_refused(rl_runs, tmp_path):
    first, second = tmp_path / "rl-x-s0", tmp_path / "rl-x-s1"
    with pytest.raises(EvalError, match=r"no training run there .* run `deskcheck-sft experiment=sft/micro .*` first"):
        read_training(str(tmp_path / "none" / "sft-micro-s0"))
    written = (second / "config.yaml").read_text()
    (second / "config.yaml").write_text(written.replace("max_steps: 20", "max_steps: 30"))
    with pytest.raises(EvalError, match=r"rl-x-s1 cannot be pooled with .*rl-x-s0: their max_steps differs"):
        read_training(rl_runs)
    (second / "config.yaml").write_text(written.replace("seed: 1", "seed: 0"))
    with pytest.raises(EvalError, match=r"seeds \[0, 0\], expected each seed once"):
        read_training(rl_runs)
    (second / "config.yaml").write_text(written)
    lines = (first / "metrics.jsonl").read_text().splitlines(keepends=True)
    (first / "metrics.jsonl").write_text("".join(lines[:3]) + lines[3][:9])
    assert len(read_training(str(first)).seeds[0].curves) == 1, "a line that is being written is not there yet"
    (first / "metrics.jsonl").write_text("{]\n")
    with pytest.raises(EvalError, match=r"metrics\.jsonl:1: not JSON"):
        read_training(str(first))
    (first / "metrics.jsonl").write_text('{"note": "x"}\n')
    with pytest.raises(EvalError, match="nothing was logged at a step yet"):
        read_training(str(first))
