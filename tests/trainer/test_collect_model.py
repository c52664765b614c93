"""deskcheck-collect with a language model, end to end: narrations, proposed inputs, pools of solutions, dead servers."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deskcheck_agent.problem import Problem
from deskcheck_conf.entry import load_config
from deskcheck_conf.run import Run
from deskcheck_evals.benchmarks import BenchmarkConfig, load_items
from deskcheck_evals.benchmarks.config import BenchmarkName
from deskcheck_tracer import Limits, TestCase, narrate
from deskcheck_tracer.engine import record_here
from deskcheck_trainer.collect import build_shards, main
from deskcheck_trainer.collect_config import CollectConfig
from deskcheck_trainer.nlex import MANIFEST, Rejected, read_rows
from deskcheck_trainer.nlex.sources import Explore, Item
from deskcheck_trainer.tasks import load_tasks

SOURCE = "n = int(input())\ns = 0\nfor i in range(n):\n    s += i\nprint(s)\n"


def run(output_root: Path, *overrides: str) -> int:
    return main(["wandb=disabled", f"output_root={output_root}", "pool=serial", *overrides])


def files(folder: Path) -> dict[str, bytes]:
    paths = [folder / MANIFEST, *(p for part in ("data", "rejected", "shards") for p in (folder / part).rglob("*"))]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def truth(stdin: str) -> str:
    return narrate(record_here(SOURCE, stdin, None, Limits()), "step")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    file = tmp_path / "programs.jsonl"
    rows = [{"source": SOURCE, "stdin": f"{n}\n", "id": str(n)} for n in range(2, 10)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def told(programs: Path, *overrides: str) -> list[str]:
    return ["experiment=collect/llm", "source=jsonl", f"source.path={programs}", "sampler.model.path=m", *overrides]


class Server(ThreadingHTTPServer):
    """A model that tells runs truly, but for odd inputs, and is out of order after `most` answers."""

    def __init__(self, most: int = 10**9) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.most, self.answered, self.lock = most, 0, threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"sampler.base_url=http://127.0.0.1:{self.server_port}/v1"

    def server_close(self) -> None:
        self.shutdown()
        super().server_close()


class Handler(BaseHTTPRequestHandler):
    @property
    def told(self) -> Server:
        assert isinstance(self.server, Server)
        return self.server

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._send(404, {})

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["content-length"])))["messages"][-1]["content"]
        with self.told.lock:
            self.told.answered += 1
            if self.told.answered > self.told.most:
                return self._send(404, {"error": {"message": "gone"}})
        stdin = said.partition("Standard input:\n```\n")[2].partition("\n```")[0] + "\n"
        text = truth(stdin) if int(stdin) % 2 == 0 else truth(stdin).replace("i is 1", "i is 8")
        message = {"role": "assistant", "content": text}
        self._send(200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    def _send(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def test_a_dead_server_costs_a_message_and_the_run_goes_on_from_its_answers(tmp_path, programs, capsys) -> None:
    small = ["items_per_shard=6", "sampler.batch_size=1", "translation.attempts=1"]  # batches of 4, 2 and 2
    with Server() as whole:
        assert run(tmp_path / "whole", *told(programs, whole.url, *small)) == 0
    with Server(most=5) as server:
        assert run(tmp_path / "dead", *told(programs, server.url, *small)) == 2
        error = capsys.readouterr().err
        assert "answered 404" in error and "the same command goes on" in error and "Traceback" not in error
        server.most, server.answered = 10**9, 0
        assert run(tmp_path / "dead", *told(programs, server.url, *small)) == 0
        assert whole.answered == 8 and server.answered == 8 - 5  # each of the five was kept as it came
    assert files(tmp_path / "dead/collect-llm-s0") == files(tmp_path / "whole/collect-llm-s0")
    folder = tmp_path / "dead/collect-llm-s0"
    manifest = json.loads((folder / MANIFEST).read_text())
    assert manifest["counts"]["translate"] == {"runs": 8, "attempts": 8, "accepted": 4, "claim_false": 4}
    assert manifest["model"] == "openai m bfloat16" and manifest["rejected"] == {"claim_false": 4}
    assert [row.stdin for row in read_rows(folder)] == ["2\n", "4\n", "6\n", "8\n"]


def test_a_finished_dataset_asks_no_model_and_another_model_is_another_dataset(tmp_path, programs, capsys) -> None:
    with Server() as server:
        assert run(tmp_path, *told(programs, server.url)) == 0
        asked = server.answered
    shown = capsys.readouterr().out
    assert "translate: " in shown and "accepted 4" in shown
    nowhere = "sampler.base_url=http://127.0.0.1:9/v1"
    assert run(tmp_path, *told(programs, nowhere)) == 0 and asked == 8 + 4  # attempts=2: four are asked again
    (tmp_path / "collect-llm-s0/done.json").unlink()
    assert run(tmp_path, *told(programs, nowhere, "sampler.model.path=other")) == 2
    assert "by another version" in capsys.readouterr().err


def test_a_refused_connection_is_one_message(tmp_path, programs, capsys) -> None:
    assert run(tmp_path, *told(programs, "sampler.base_url=http://127.0.0.1:9/v1")) == 2
    error = capsys.readouterr().err
    assert "nothing answers at http://127.0.0.1:9/v1" in error and "Traceback" not in error


# ---- proposed inputs ----


class Functions:
    """A source of one function that nothing but a model has inputs for."""

    def items(self) -> Iterator[Item | Rejected]:
        source = "def sign(n):\n    if n < 0:\n        return 'minus'\n    text = 'plus'\n    return text\n"
        yield Explore(source=source, entry_point="sign", origin="o")

    def count(self) -> int | None:
        return 1


def test_proposed_inputs_are_recorded_and_kept_for_new_paths(tmp_path) -> None:
    answer = "```python\nsign(5)\nsign(6)\nsign(-1)\nsign(open('x'))\nsign('a')\n```"
    overrides = ["wandb=disabled", "inputs={proposals: 4, keep: 4, tries: 4}", "pool=serial", "filters.min_lines=1"]
    config = load_config("collect", CollectConfig, [*overrides, script(tmp_path, answer)])
    with Run.at(tmp_path / "run", config) as run:
        (shard,) = build_shards(config, Functions(), run)
    assert shard.counts == {"propose": {"functions": 1, "kept": 2, "proposed": 5, "valid": 4}}
    assert shard.tasks == {"explain": 2} and shard.rejected == {"no_new_path": 1, "raised": 1}
    table = pq.read_table(tmp_path / "run" / str(shard.rows_file))
    assert table["call"].to_pylist() == ["sign(5)", "sign(-1)"]


# ---- pools of solutions ----


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    tests = [(TestCase("2\n", "4\n"), TestCase("5\n", "10\n")), (TestCase("7\n", "14\n"),)]
    rows = [Problem("a", "Print twice the number.", *tests), Problem("b", "Print the double.", *tests)]
    file = tmp_path / "problems.jsonl"
    file.write_text("".join(json.dumps(row.to_json()) + "\n" for row in rows))
    return file


def script(tmp_path: Path, *answers: str) -> str:
    file = tmp_path / "script.jsonl"
    file.write_text("".join(json.dumps(answer) + "\n" for answer in answers))
    return f"sampler.script={file}"


def test_solutions_become_items_that_training_and_measuring_read(tmp_path, problems, capsys) -> None:
    texts = ["print(int(input()) * 2)", "print(int(input()) + 2)", "print( int(input())*2 )"]
    answers = script(tmp_path, *(f"```python\n{text}\n```" for text in texts), "no idea")
    overrides = [
        "experiment=collect/solutions",
        "sampler=scripted",
        "sampler.model.path=m",
        answers,
        "prompts=default",
        "solutions.benchmark.name=problems",
        f"solutions.benchmark.path={problems}",
        "solutions.benchmark.limit=null",
        "solutions.candidates=4",
    ]
    assert run(tmp_path, *overrides) == 0
    shown = capsys.readouterr().out
    path = tmp_path / "collect-solutions-s0/items.jsonl"
    assert shown.startswith(f"4 items of 2 programs for 2 of 2 problems in {path}")
    benchmark = BenchmarkConfig(name=BenchmarkName.programs, path=str(path), split="train")
    items = load_items(benchmark)
    assert [(item.id, item.problem, item.program.stdin, item.output) for item in items] == [
        ("a/0/0", "a", "2\n", "4\n"),
        ("a/0/1", "a", "5\n", "10\n"),
        ("b/0/0", "b", "2\n", "4\n"),
        ("b/0/1", "b", "5\n", "10\n"),
    ]
    assert [task.gold for task in load_tasks("output_prediction", benchmark)] == ["4\n", "10\n", "4\n", "10\n"]
    summary = json.loads((path.parent / "done.json").read_text())["summary"]
    assert summary["outcomes"] == {"AC": 4, "WA": 2, "missing": 2}
    before = path.read_bytes()
    (path.parent / "done.json").unlink()
    path.unlink()
    (tmp_path / "script.jsonl").unlink()  # all rows are there: no model is made
    assert run(tmp_path, *overrides) == 0 and path.read_bytes() == before


def test_no_correct_program_is_a_no(tmp_path, problems, capsys) -> None:
    overrides = ["sampler=scripted", "sampler.model.path=m", script(tmp_path, "no"), "solutions.candidates=1"]
    benchmark = ["solutions.benchmark.name=problems", f"solutions.benchmark.path={problems}"]
    assert run(tmp_path, "experiment=collect/solutions", *overrides, *benchmark) == 1
    assert "none of 2 samples became an item: {'missing': 2}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["experiment=collect/solutions", "isolation=process"], "jail only"),
        (["experiment=collect/solutions", "solutions.keep=0"], "solutions.keep is 0"),
        (["narrator=llm", "translation.attempts=0"], "translation.attempts is 0"),
        (["narrator=llm", "translation.min_coverage=2"], "share in [0, 1]"),
        (["narrator=llm", "translation.min_told=-1"], "translation.min_told is -1"),
        (["inputs.proposals=-1"], "inputs.proposals is -1"),
    ],
)
def test_a_users_mistake_is_one_message(tmp_path, capsys, overrides: list[str], said: str) -> None:
    assert run(tmp_path, *overrides) == 2
    assert said in capsys.readouterr().err
