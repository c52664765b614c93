"""The viewer's pages: what is packed into them is read back and compared with the rows; a model's text does no harm."""

import base64
import gzip
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from deskcheck_agent.feedback import Combine
from deskcheck_evals.results import read_result, read_runs
from deskcheck_evals.viewer import planned, write_viewers

from tests.evals.conftest import add_trajectory

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x00\ud800 & <output>"


def unpacked(path: Path) -> tuple[list[list[Any]], list[str]]:
    """The index of a page, and the HTML of its items."""
    page = path.read_text(encoding="utf-8")
    read = lambda text: json.loads(gzip.decompress(base64.b64decode(text)))  # noqa: E731
    [index] = re.findall(r'<script type="text/plain" id="index">([A-Za-z0-9+/=]+)</script>', page)
    packs = re.findall(r'<script type="text/plain" class="pack">([A-Za-z0-9+/=]+)</script>', page)
    return read(index)["items"], [item for pack in packs for item in read(pack)]


def shown(result, tmp_path, samples=1000, combine=Combine.mean):
    viewers = planned([result], tmp_path / "report.html", samples)
    [path] = write_viewers(viewers, combine)
    assert viewers[0].href == f"report_files/{path.name}" and path.parent == tmp_path / "report_files"
    return viewers[0], *unpacked(path)


def plain(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html))


def test_an_item_of_output_prediction(make_run, tmp_path):
    result = read_result(make_run("output_prediction"))
    viewer, index, items = shown(result, tmp_path)
    rows = {row["id"]: row for row in result.rows}
    assert [told[0] for told in index] == [f"i{n}" for n in range(40)], "i2 before i10"
    for (name, brief, share, kind, tags), html in zip(index, items, strict=True):
        row, text = rows[name], plain(html)
        assert share == sum(row["right"]) / 10 and brief == row["expected"] and tags == ["missing", "ok"]
        assert kind == ("right" if share == 1 else "wrong" if share == 0 else "mixed")
        assert all(narration in text for narration in row["narrations"]), "each prediction with its narration"
        assert "states no output" in text and f"{sum(row['right'])} of 10 predictions right" in text
        assert row["source"].split("(")[0].split()[0] in text and "True output" in text
    assert viewer.links["i3"] == f"{viewer.href}#i3"


def test_an_item_of_input_prediction(make_run, tmp_path):
    result = read_result(make_run("input_prediction"))
    _, index, items = shown(result, tmp_path)
    rows = {row["id"]: row for row in result.rows}
    for (name, _, share, _, tags), html in zip(index, items, strict=True):
        row, text = rows[name], plain(html)
        assert share == sum(row["right"]) / 10 and tags == sorted({*row["statuses"], *row["ends"]})
        assert "Its own input" in text and "Given output" in text
        assert ("not plain" in text) == ("not_plain" in row["ends"][:9])


def test_a_question_of_no_regression(make_run, tmp_path):
    result = read_result(make_run("no_regression", rows=12))
    _, index, items = shown(result, tmp_path)
    rows = {row["id"]: row for row in result.rows}
    for (name, _, share, kind, tags), html in zip(index, items, strict=True):
        row, text = rows[name], plain(html)
        assert share == row["scores"]["pass@1"] and kind == ("right" if share else "wrong")
        assert (
            tags == (["passes"] if share else ["wrong output"]) and row["prompt"] in text and row["completion"] in text
        )


def test_a_problem_of_self_verify(make_run, tmp_path):
    result = read_result(make_run("self_verify", skill=0.9))
    _, index, items = shown(result, tmp_path, combine=Combine.any)
    for (name, _, share, _, _), html, row in zip(
        index, items, sorted(result.rows, key=lambda r: int(r["id"][1:])), strict=True
    ):
        passing, text = sum(each["passed"] for each in row["candidates"]), plain(html)
        assert name == row["id"] and f"{passing} of 12 candidates pass the private tests" in text
        assert f"Print number {name[1:]}." in text and "3 public tests" in text and "combined by any" in text
        scores = [
            sum(any(bits) for bits in each["predicted"]) if each["code"] is not None else -1
            for each in row["candidates"]
        ]
        best = [each["passed"] for each, score in zip(row["candidates"], scores, strict=True) if score == max(scores)]
        assert share == pytest.approx(sum(best) / len(best), abs=1e-4)
        members = [
            int(n) for found in re.findall(r"candidates? ([\d, ]+)", text) for n in found.split(",") if n.strip()
        ]
        assert sorted(members) == list(range(1, 13)), "every candidate stands in one place"


def test_equal_programs_with_other_verdicts_do_not_share_a_place(make_run, tmp_path):
    result = read_result(make_run("self_verify", rows=1))
    row = result.rows[0]
    for candidate, passed in zip(row["candidates"], [True, False] * 6, strict=True):
        candidate |= {"code": "print(1)", "passed": passed, "verdict": "AC" if passed else "WA"}
    _, _, [html] = shown(result, tmp_path)
    assert plain(html).count("passes") >= 1 and plain(html).count("wrong output") >= 1


def test_a_problem_of_self_fix_with_its_turns(make_run, tmp_path):
    folder = make_run("self_fix", rows=3)
    result = read_result(folder)
    add_trajectory(folder, result.rows[0]["key"], HOSTILE)
    with open(folder / "trajectories.jsonl", "a", encoding="utf-8") as file:
        file.write('{"kind": "turn", "schema": 1, "key": "torn')
    _, index, items = shown(result, tmp_path)
    text = plain(items[0])
    assert "Add one to 0." in text and "writes a program" in text and "submits the program" in text
    assert "prediction 1" in text and "Attempt 1" in text
    assert index[0][4] == sorted({*index[0][4]}) and any(tag[:2] in ("FF", "FP", "PF", "PP") for tag in index[0][4])
    assert "0 of 1 attempt drawn here" in plain(items[1]), "what the file does not have is said"


def test_trajectories_of_shards_are_found_where_they_are(make_run, tmp_path):
    folder = make_run("self_fix", rows=2)
    shard = folder / "shard-1-of-1"
    shard.mkdir()
    for name in ("rows.jsonl", "done.json"):
        (folder / name).rename(shard / name)
    header, *rows = (shard / "rows.jsonl").read_text().splitlines()
    (shard / "rows.jsonl").write_text("\n".join([json.dumps(json.loads(header) | {"shard": "1/1"}), *rows]) + "\n")
    result = read_result(folder)
    add_trajectory(shard, result.rows[0]["key"], "n = 1")
    _, _, items = shown(result, tmp_path)
    assert "submits the program" in plain(items[0])


@pytest.mark.parametrize("task", ["output_prediction", "input_prediction", "self_verify", "self_fix", "no_regression"])
def test_a_models_text_cannot_leave_its_place(make_run, tmp_path, task):
    folder = make_run(task, rows=2)
    path = folder / "rows.jsonl"
    header, *rows = path.read_text().splitlines()
    rows = [json.loads(row) for row in rows]
    for number, row in enumerate(rows):
        name = f"{number} {HOSTILE}".replace("\ud800", "")  # a name has to have an encoding
        row |= {"id": name, "problem": name, "statement": HOSTILE}
        for key in ("source", "input", "expected", "prompt", "completion", "program", "detail"):
            row[key] = HOSTILE
        for key in ("narrations", "outputs", *(["inputs"] if task == "input_prediction" else [])):
            row[key] = [HOSTILE] * 10
        for each in row.get("candidates", [row.get("first", {}), row.get("submitted", {})]):
            each |= {"code": HOSTILE, "outputs": [[HOSTILE] * 5] * 3}
        add_trajectory(folder, row["key"], HOSTILE)
    path.write_text("\n".join([header, *map(json.dumps, rows)]) + "\n")
    viewer, _, items = shown(read_result(folder, f"label {HOSTILE}"), tmp_path)
    page = viewer.path.read_text(encoding="utf-8")
    assert page.count("<script") == 3 and "<img" not in page, "index, one pack, and our own script"
    for html in items:
        assert "<script" not in html and "<img" not in html and "\x00" not in html and "\u202e" not in html
        assert "&lt;script&gt;alert(1)" in html
    assert all(re.fullmatch(r"[\w/.%-]+#[\w%.-]+", link) for link in viewer.links.values())


def test_a_share_of_a_large_run_is_the_same_for_any_run_on_it(make_run, tmp_path):
    results = [
        read_result(make_run("output_prediction", name, skill=skill)) for name, skill in (("a", 0.2), ("b", 0.8))
    ]
    first, second = planned(results, tmp_path / "report.html", 15)
    assert list(first.rows) == list(second.rows) and len(first.rows) == 15 and first.total == 40
    [page, _] = write_viewers([first, second], Combine.mean)
    assert "15 of 40 items" in page.read_text() and len(unpacked(page)[1]) == 15
    assert planned(results, tmp_path / "report.html", 0) == []


def test_pooled_runs_have_a_page_each(make_run, tmp_path):
    for seed in (0, 1):
        make_run("self_fix", f"x-s{seed}", seed=seed, rows=3)
    pooled = read_runs(f"{tmp_path}/runs/x-s*", "all")
    viewers = planned([pooled], tmp_path / "report.html", 10)
    assert [viewer.label for viewer in viewers] == ["all, seed 0", "all, seed 1"]
    assert len({viewer.path for viewer in viewers}) == 2
