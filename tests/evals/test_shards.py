"""Shards: parts of one run in files of their own, read as one; what is not of one run, or overlaps, is refused."""

import json

import pytest
from deskcheck_conf import ConfigError, load_config, run_folder
from deskcheck_evals.config import EvalConfig
from deskcheck_evals.errors import EvalError
from deskcheck_evals.evaluate import main
from deskcheck_evals.local_shards import start_shards
from deskcheck_evals.results import last_run, read_result, read_runs
from deskcheck_evals.rows import ROWS, Rows
from deskcheck_evals.shards import Shard, read_parts, refuse_other_divisions
from hypothesis import given
from hypothesis import strategies as st

QUIET = ["wandb=disabled", "resamples=50", "attempts=2", "task=output_prediction", "count_steps=false", "limit=5"]


def part(folder, shard, keys, config="c", done=True):
    home = folder / Shard.parse(shard).folder_name
    rows = Rows(home / ROWS, {"config": config, "shard": shard, "task": "self_fix", "benchmark": "b", "settings": {}})
    for key in keys:
        rows.add(key, {"id": key})
    if done:
        (home / "done.json").write_text(
            json.dumps({"summary": {"rows": len(keys), "unscored_problems": {f"u{shard}": "x"}}})
        )
    return folder


@given(st.integers(1, 9), st.integers(0, 40))
def test_shards_divide_the_work(count, size):
    parts = [Shard(count, number).part(range(size)) for number in range(1, count + 1)]
    assert sorted(each for part in parts for each in part) == [*range(size)]
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "a/b", "-1/4", "1/4/2"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(ConfigError, match="shard=1/4 is the first of four"):
        Shard.parse(text)


def test_parts_are_read_as_one(tmp_path):
    home = tmp_path / "outputs" / "x-s0"
    part(home, "2/2", ["b"])
    part(home, "1/2", ["a", "c"])
    result = read_result(home)
    assert [row["id"] for row in result.rows] == ["a", "b", "c"] and result.done and "shard" not in result.header
    assert result.unscored == 2 and result.summary["unscored_problems"] == {"u1/2": "x", "u2/2": "x"}
    assert read_runs(f"{tmp_path}/outputs/x-s*", "all").runs[0].folder == home
    assert last_run(tmp_path / "outputs") == home


def test_what_is_missing_is_said(tmp_path):
    part(tmp_path, "1/3", ["a"]), part(tmp_path, "3/3", ["c"], done=False)
    result = read_result(tmp_path)
    assert not result.done and result.lacking == "shard-3-of-3 is unfinished, shard 2/3 is missing"
    path = tmp_path / "shard-1-of-3" / ROWS
    path.write_text(path.read_text().splitlines()[0] + "\n")
    part(tmp_path, "2/3", ["b"])
    (tmp_path / "shard-3-of-3" / "done.json").write_text('{"summary": {"rows": 1}}')
    assert read_result(tmp_path).lacking == "2 of 3 rows are there"


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([("2/2", ["a"], {})], "'a' is also in another shard"),
        ([("2/2", ["b"], {"config": "other"})], "is of another configuration than 1/2"),
        ([("2/3", ["b"], {})], r"holds shard 2/3, expected no other division than n=2"),
    ],
)
def test_what_is_not_of_one_run_is_refused(tmp_path, others, words):
    part(tmp_path, "1/2", ["a"])
    for shard, keys, more in others:
        part(tmp_path, shard, keys, **more)
    with pytest.raises(EvalError, match=words):
        read_result(tmp_path)


def test_a_part_in_anothers_folder_is_refused(tmp_path):
    part(tmp_path, "1/2", ["a"])
    (tmp_path / "shard-1-of-2").rename(tmp_path / "shard-2-of-2")
    with pytest.raises(EvalError, match="is of shard 1/2, expected 2/2"):
        read_parts(tmp_path)


def test_one_piece_and_parts_do_not_mix(tmp_path):
    part(tmp_path, "1/2", ["a"])
    with pytest.raises(EvalError, match=r"holds shard 1/2, .*one piece"):
        refuse_other_divisions(tmp_path, None)
    Rows(tmp_path / ROWS, {"config": "c"}).add("z", {"id": "z"})
    with pytest.raises(EvalError, match="of the run in one piece"):
        read_result(tmp_path)
    with pytest.raises(EvalError, match="of the run in one piece"):
        refuse_other_divisions(tmp_path, Shard(2, 2))


def test_a_shard_has_a_folder_below_the_runs():
    config = load_config("eval", EvalConfig, ["shard=2/3", "run_name=x"])
    assert str(run_folder(config)) == "outputs/x-s0/shard-2-of-3"
    assert str(run_folder(config, ["shard=2/3", "candidates=5"])) == "outputs/x-s0/candidates-5/shard-2-of-3"
    with pytest.raises(ConfigError, match="pass one of the two"):
        load_config("eval", EvalConfig, ["shard=2/3", "shards=3"])
    with pytest.raises(ConfigError, match="task=lint"):
        load_config("eval", EvalConfig, ["task=lint", "shard=2/3"])


def test_parts_one_by_one_make_the_run_in_one_piece(tmp_path, capsys):
    def run(name, *words):
        return main([*QUIET, f"output_root={tmp_path}", f"run_name={name}", *words])

    assert run("one") == 0 and run("two", "shard=2/2") == 0
    capsys.readouterr()
    assert run("two") == 2
    assert "shard 1/2 is missing; the same command with shard=i/2" in capsys.readouterr().err
    assert run("two", "shard=1/3") == 2 and "expected no other division" in capsys.readouterr().err
    assert not (tmp_path / "two-s0" / "shard-1-of-3").exists()
    assert run("two", "shard=1/2") == 0 and run("two") == 0
    assert "pass@1" in capsys.readouterr().out
    one, two = (read_result(tmp_path / f"{name}-s0") for name in ("one", "two"))
    assert sorted(map(json.dumps, one.rows)) == sorted(map(json.dumps, two.rows))
    assert one.header["config"] == two.header["config"] and two.done
    summaries = [json.loads((tmp_path / f"{name}-s0" / "done.json").read_text())["summary"] for name in ("one", "two")]
    assert summaries[0] == summaries[1]
    assert run("two", "attempts=3") == 2 and "another configuration" in capsys.readouterr().err


def test_all_shards_at_once_in_processes(tmp_path, capfd):
    words = [*QUIET, f"output_root={tmp_path}", "run_name=all", "attempts=3"]
    assert main([*words, "shards=2"]) == 0
    told = capfd.readouterr()
    assert "pass@1" in told.out and told.out.count("pass@1") == 1, "parts say nothing by themselves"
    assert read_result(tmp_path / "all-s0").done and len(read_result(tmp_path / "all-s0").rows) == 5


def test_a_shard_that_fails_is_named_and_each_has_its_device(monkeypatch, capfd):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7")
    code = "import os, sys; print(os.environ['CUDA_VISIBLE_DEVICES'], sys.argv[1:]); sys.exit('shard=2/3' in sys.argv)"
    with pytest.raises(EvalError, match=r"^shard 2/3 \(exit code 1\) did not end well"):
        start_shards(3, ["limit=5"], code)
    told = capfd.readouterr()
    devices = {line.split("shard=")[1][:3]: line[0] for line in told.err.splitlines()}
    assert devices == {"1/3": "5", "2/3": "7", "3/3": "5"} and told.out == ""
