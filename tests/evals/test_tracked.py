"""What W&B gets of an evaluation and of a report, offline, read back from its file."""

import json

from deskcheck_evals.evaluate import main as evaluate
from deskcheck_evals.report import main as report

from tests.wandb_file import read_offline


def test_an_evaluation_and_its_report(tmp_path):
    root = f"output_root={tmp_path}"
    smoke = ["task=output_prediction", "benchmark.limit=2", "attempts=2", "resamples=20"]
    assert evaluate([root, "run_name=smoke", *smoke]) == 0
    folder = tmp_path / "smoke-s0"
    run = read_offline(folder)
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()[1:]]
    measures = {row[0]: row[1] for row in run.tables["measures"]["data"]}
    assert measures["pass@1"] == sum(sum(row["right"]) for row in rows) / 4
    columns, samples = run.tables["samples"]["columns"], run.tables["samples"]["data"]
    assert [dict(zip(columns, sample, strict=True))["narration"] for sample in samples] == [
        r["narrations"][0] for r in rows
    ]
    artifact = run.artifacts["eval-smoke-s0"]
    assert artifact["type"] == "evaluation" and set(artifact["files"]) == {"rows.jsonl", "config.yaml"}
    assert artifact["files"]["rows.jsonl"] == folder / "rows.jsonl", "rows stay where they are"
    assert evaluate([root, "run_name=smoke", *smoke]) == 0, "a second start logs what is there"

    assert (
        report([root, f"runs=[{folder}]", "allow_scripted=true", "run_name=told", "resamples=20", "formats=[html]"])
        == 0
    )
    told = read_offline(tmp_path / "told-s0")
    assert "output-prediction/predicted-right" in told.tables and "protocol/protocol" in told.tables
    files = told.artifacts["report-told-s0"]["files"]
    assert set(files) == {"report.html", "report_files/1-smoke-s0.html", "config.yaml"}
    assert all(path.is_file() for path in files.values())
