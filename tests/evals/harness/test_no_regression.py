"""`deskcheck-eval task=no_regression` through lm-evaluation-harness: with a script, with the micro base, on real rows."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from deskcheck_evals.evaluate import main
from deskcheck_evals.report import main as report
from deskcheck_evals.results import answers, read_result

from tests.evals.harness.conftest import HUMANEVAL, MBPP, WRONG, write_rows

RIGHT = [row["canonical_solution"] for row in HUMANEVAL]


def run(tmp_path, *more, script=RIGHT):
    path = tmp_path / "script.jsonl"
    path.write_text("".join(json.dumps(text) + "\n" for text in script))
    arguments = [
        "experiment=eval/no-regression", "wandb.mode=disabled", f"output_root={tmp_path}", "resamples=200",
        "sampling.max_tokens=64", "sampler.kind=scripted", f"sampler.script={path}", *more,
    ]  # fmt: skip
    return main(arguments)


def rows_of(folder):
    return {row["id"]: row for row in read_result(folder).rows}


def test_rows_scores_and_lm_evals_own_results(tmp_path, humaneval, capsys):
    script = [RIGHT[0], WRONG[1], "    return n * (n + 1) / 2\n\nprint('stop here')"]
    assert run(tmp_path, f"benchmark.path={humaneval}", script=script) == 0
    captured = capsys.readouterr()
    assert "no_regression: humaneval" in captured.out and "66.7" in captured.out
    folder = tmp_path / "no-regression-humaneval-s0"
    rows = rows_of(folder)
    assert [row["verdict"] for row in rows.values()] == ["AC", "WA", "AC"], "6.0 == 6, as the benchmark compares"
    assert rows["own/double"]["program"] == HUMANEVAL[0]["prompt"] + RIGHT[0]
    assert (
        rows["own/largest"]["scores"] == {"pass@1": 0.0} and "got 'largest([1, 3, 2])" in rows["own/largest"]["detail"]
    )
    assert rows["own/double"]["prompt"] == HUMANEVAL[0]["prompt"]
    theirs = json.loads((folder / "lm_eval.json").read_text())
    assert theirs["results"]["humaneval"]["pass@1,create_test"] == pytest.approx(2 / 3)
    assert theirs["lm_eval_version"] and theirs["configs"]["humaneval"]["generation_kwargs"]["max_gen_toks"] == 64
    assert read_result(folder).header["simulator"] is None


def test_a_killed_run_asks_only_for_what_is_not_in_the_cache(tmp_path, humaneval):
    assert run(tmp_path, f"benchmark.path={humaneval}") == 0
    folder = tmp_path / "no-regression-humaneval-s0"
    whole = (folder / "rows.jsonl").read_bytes()
    (folder / "rows.jsonl").write_bytes(whole[: len(whole) // 2])
    assert run(tmp_path, f"benchmark.path={humaneval}", script=["nothing more is asked"]) == 0
    assert (folder / "rows.jsonl").read_bytes() == whole
    before = (folder / "lm_eval.json").stat().st_mtime_ns
    assert run(tmp_path, f"benchmark.path={humaneval}", script=["no model"]) == 0
    assert (folder / "lm_eval.json").stat().st_mtime_ns == before, "nothing is left to do, so nothing is asked"


def test_mbpp_in_its_own_columns_and_through_a_chat_template(tmp_path):
    path = write_rows(tmp_path / "mbpp.jsonl", MBPP)
    assert run(tmp_path, "benchmark=mbpp", f"benchmark.path={path}", script=[MBPP[0]["code"]]) == 0
    [row] = rows_of(tmp_path / "no-regression-mbpp-s0").values()
    assert row["id"] == "7" and row["verdict"] == "AC" and "reverse a list" in row["prompt"]
    assert row["prompt"].count("[DONE]") == 3, "three worked examples, which are lm-eval's"
    answer = f"{MBPP[0]['code']}\n```\nThat is all."
    chat = ["benchmark=mbpp", f"benchmark.path={path}", "chat=true", "run_name=chat"]
    assert run(tmp_path, *chat, script=[answer]) == 0
    [row] = rows_of(tmp_path / "chat-s0").values()
    assert row["verdict"] == "AC" and row["prompt"].startswith("<user>") and row["program"] == MBPP[0]["code"] + "\n"


def test_answers_that_are_no_programs(tmp_path):
    data = tmp_path / "gsm"
    data.mkdir()
    rows = [{"question": f"What is {n} and {n}?", "answer": f"Together\n#### {2 * n}"} for n in range(1, 9)]
    write_rows(data / "train.jsonl", rows)
    write_rows(data / "test.jsonl", rows[:2])
    assert run(tmp_path, "benchmark=gsm8k", f"benchmark.path={data}", script=["#### 2", "It is 4"]) == 0
    scores = [row["scores"] for row in rows_of(tmp_path / "no-regression-gsm8k-s0").values()]
    assert [score["exact_match (strict-match)"] for score in scores] == [1.0, 0.0]
    assert [score["exact_match (flexible-extract)"] for score in scores] == [1.0, 1.0]
    math = write_rows(tmp_path / "m.jsonl", [{"problem": "1 + 1", "solution": "it is $\\boxed{2}$", "answer": "2"}])
    assert run(tmp_path, "benchmark=math500", f"benchmark.path={math}", script=[" $2$"]) == 0
    [row] = rows_of(tmp_path / "no-regression-math500-s0").values()
    assert row["scores"] == {"exact_match": 1.0}


def test_two_models_are_compared_question_by_question(tmp_path, humaneval, capsys):
    assert run(tmp_path, f"benchmark.path={humaneval}", "run_name=before") == 0
    assert run(tmp_path, f"benchmark.path={humaneval}", "run_name=after", script=[RIGHT[0], *WRONG[1:]]) == 0
    capsys.readouterr()
    folders = f"runs=[{tmp_path}/before-s0,{tmp_path}/after-s0]"
    more = [f"output_root={tmp_path}", "wandb.mode=disabled", "allow_scripted=true", "resamples=200"]
    assert report([folders, "labels=[before,after]", "pairs=['after:before']", *more]) == 0
    out = capsys.readouterr().out
    assert "No regression" in out and "after - before" in out and "-66.7" in out


def test_the_micro_base_is_asked_by_lm_evals_own_backend(tmp_path, humaneval):
    model = Path(__file__).parents[3] / "models" / "micro-base"
    more = ["sampler.kind=transformers", f"sampler.model.path={model}", "benchmark.limit=2"]
    assert run(tmp_path, f"benchmark.path={humaneval}", *more) == 0
    folder = tmp_path / "no-regression-humaneval-s0"
    rows = rows_of(folder)
    assert len(rows) == 2 and all("\ndef" not in row["completion"] for row in rows.values())
    assert json.loads((folder / "lm_eval.json").read_text())["config"]["model_num_parameters"] == 1819840


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["benchmark=micro"], "benchmark.name=micro is no task of lm-eval here: use one of humaneval,"),
        (["sampling.temperature=0.5"], "lm-eval's tasks are greedy: expected 0"),
        (["sampler.script=null"], "pass sampler=transformers, or sampler.script=FILE.jsonl"),
        (["benchmark.exclude_ids=[x]"], "exclude_ids"),
        (["benchmark=gsm8k", "benchmark.path=nowhere.jsonl"], "benchmark.path=nowhere.jsonl: no such file or folder"),
        (["benchmark=gsm8k", "benchmark.path=FILE"], "could not be loaded, so it was not run"),
        (["benchmark=problems", "benchmark.path=x.jsonl"], "is no task of lm-eval here"),
        (["task=self_verify"], "benchmark.name=humaneval has no problems to solve"),
    ],
)
def test_what_is_wrong_is_said_in_one_message_and_nothing_is_left(tmp_path, humaneval, capsys, extra, words):
    extra = [each.replace("FILE", str(humaneval)) for each in extra]
    assert run(tmp_path, f"benchmark.path={humaneval}", *extra) == 2
    error = capsys.readouterr().err
    assert words in error and "Traceback" not in error
    assert not list(tmp_path.glob("no-regression*"))


@pytest.mark.skipif("DESKCHECK_DATA" not in os.environ, reason="DESKCHECK_DATA names no folder")
@pytest.mark.parametrize("name", ["humaneval/HumanEval.jsonl", "mbpp/mbpp_sanitized_codet.jsonl"])
def test_real_rows(tmp_path, name):
    path = Path(os.environ["DESKCHECK_DATA"]) / name
    rows = [json.loads(line) for line in path.read_text().splitlines()[:5]]
    script = [row["canonical_solution"] for row in rows]
    benchmark = name.partition("/")[0]
    arguments = [f"benchmark={benchmark}", f"benchmark.path={path}", "benchmark.limit=5"]
    assert run(tmp_path, *arguments, script=script) == 0
    result = read_result(tmp_path / f"no-regression-{benchmark}-s0")
    assert [row.problem for row in answers(result)] == [row["task_id"] for row in rows]
    if benchmark == "humaneval":
        assert all(row.scores["pass@1"] == 1.0 for row in answers(result))


class Completions(BaseHTTPRequestHandler):
    """A completions server that knows one body, and keeps what it was asked."""

    asked: list[dict]

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(request | {"path": self.path, "key": self.headers["Authorization"]})
        body = json.dumps({"choices": [{"index": 0, "text": "    return 2 * x\n"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_a_server_is_asked_for_completions(tmp_path, humaneval, monkeypatch):
    monkeypatch.setenv("MY_KEY", "secret")
    Completions.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Completions) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        more = [
            "sampler.kind=openai", f"sampler.base_url=http://127.0.0.1:{server.server_port}/v1",
            "sampler.api_key_env=MY_KEY", "sampler.model.path=served", "sampler.batch_size=2",
        ]  # fmt: skip
        assert run(tmp_path, f"benchmark.path={humaneval}", *more) == 0
        server.shutdown()
    asked = {request["prompt"]: request for request in Completions.asked}
    assert set(asked) == {row["prompt"] for row in HUMANEVAL}
    request = asked[HUMANEVAL[0]["prompt"]]
    assert request["path"] == "/v1/completions" and request["key"] == "Bearer secret" and request["model"] == "served"
    assert request["max_tokens"] == 64 and request["temperature"] == 0 and "\ndef" in request["stop"]
    rows = rows_of(tmp_path / "no-regression-humaneval-s0")
    assert [row["verdict"] for row in rows.values()] == ["AC", "RE", "RE"]
