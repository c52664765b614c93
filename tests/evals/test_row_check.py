"""Rows that no number may be computed from: refused with their place; a half-written last one is left out and said."""

import json

import pytest
from deskcheck_evals.report import main

QUIET = ["wandb.mode=disabled", "resamples=50", "formats=[markdown]", "samples=0"]


def damage(folder, change):
    """Change the third row of a run."""
    path = folder / "rows.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    row = json.loads(lines[3])
    change(row)
    lines[3] = json.dumps(row) + "\n"
    path.write_text("".join(lines))


def refusal(folder, tmp_path, capsys, *extra):
    assert main([f"runs=[{folder}]", f"output_root={tmp_path / 'out'}", *extra, *QUIET]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said and not list((tmp_path / "out").rglob("report.md"))
    return said


@pytest.mark.parametrize(
    ("task", "change", "words"),
    [
        ("output_prediction", lambda r: r.update(right=[float("nan")]), "'right' is [nan], expected a list of true"),
        ("output_prediction", lambda r: r.update(right=[]), "'right' is [], expected"),
        ("output_prediction", lambda r: r.pop("expected"), "'expected' is absent, expected a text"),
        ("input_prediction", lambda r: r.update(ends=[None]), "'ends' is [None], expected a list of texts"),
        ("no_regression", lambda r: r["scores"].update({"pass@1": float("nan")}), "'scores' is {'pass@1': nan}"),
        ("self_verify", lambda r: r.update(candidates=[]), "'candidates' is [], expected candidates, each with"),
        ("self_verify", lambda r: r["candidates"][0].update(passed=float("nan")), "'candidates' is [{"),
        ("self_verify", lambda r: r["candidates"][0]["predicted"].pop(), "as many lists in predicted as in public"),
        ("self_fix", lambda r: r["first"].update(passed=None), "'first.passed' is None, expected true or false"),
        ("self_fix", lambda r: r.update(turns=float("nan")), "'turns' is nan, expected a whole number"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_by_name(make_run, tmp_path, capsys, task, change, words):
    folder = make_run(task, rows=5)
    damage(folder, change)
    said = refusal(folder, tmp_path, capsys)
    assert words in said and "rows.jsonl: row '" in said and "run deskcheck-eval again" in said


def test_rows_of_no_task_are_refused(make_run, tmp_path, capsys):
    folder = make_run("self_fix", rows=3)
    path = folder / "rows.jsonl"
    path.write_text(path.read_text().replace('"task": "self_fix"', '"task": "knitting"'))
    assert "task is 'knitting', expected one of output_prediction" in refusal(folder, tmp_path, capsys)


def test_a_k_that_no_problem_has_candidates_for(make_run, tmp_path, capsys):
    folder = make_run("self_verify", rows=5)
    assert "ks is [13], but a problem has only 12 candidates" in refusal(folder, tmp_path, capsys, "ks=[13]")


def test_a_k_that_is_left_out_is_said(make_run, tmp_path, capsys):
    folder = make_run("self_verify", rows=5)
    assert main([f"runs=[{folder}]", f"output_root={tmp_path / 'out'}", "ks=[1,12,20]", *QUIET]) == 0
    [page] = (tmp_path / "out").rglob("report.md")
    assert "k = 20 left out, as there are 12 candidates a problem" in page.read_text()


def test_a_run_without_a_finished_problem(make_run, tmp_path, capsys):
    folder = make_run("self_fix", rows=1)
    path = folder / "rows.jsonl"
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    assert "no finished problem yet" in refusal(folder, tmp_path, capsys)


def test_a_half_written_last_row_is_left_out_and_said(make_run, tmp_path, capsys):
    folder = make_run("self_fix", rows=5)
    path = folder / "rows.jsonl"
    path.write_text(path.read_text()[:-20])
    assert main([f"runs=[{folder}]", f"output_root={tmp_path / 'out'}", *QUIET]) == 0
    out = capsys.readouterr().out
    assert "the last row of self_fix is half written and left out" in out.replace("\n", " ")
    assert "(self_fix: 4)" in next((tmp_path / "out").rglob("report.md")).read_text().replace("\\", "")


def test_a_broken_row_in_the_middle_is_refused(make_run, tmp_path, capsys):
    folder = make_run("self_fix", rows=5)
    path = folder / "rows.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:2], lines[2][:30] + "\n", *lines[3:]]))
    assert "rows.jsonl:3: not JSON" in refusal(folder, tmp_path, capsys)
