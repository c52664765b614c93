"""deskcheck-solve, killed for good in the middle and started again: nothing answered is asked twice, and the results are
those of a run that was left alone."""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

PROBLEMS = [
    {"id": f"p{number}", "statement": f"print {number}", "public_tests": [{"input": "x\n", "output": f"{number}\n"}]}
    for number in range(3)
]
DELAY_S = 0.05


def answer(content, seed):
    """Writes print(0) or what the seed says, counts up where that fails, simulates perfectly, submits what passes."""
    if content.startswith("run"):
        return f"<output>\n{content.split('print(')[1].split(')')[0]}\n</output>"
    if content.startswith("solve"):
        return f"```python\nprint({seed % 4})\n```"
    if content.endswith("ok"):
        return "```python\n#SUBMIT\n```"
    return f"```python\nprint({(int(content.split('print(')[1].split(')')[0]) + 1) % 4})\n```"


class Handler(BaseHTTPRequestHandler):
    """A slow OpenAI-compatible server that counts what it has answered."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._send({"object": "list", "data": []})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(DELAY_S)
        content = body["messages"][-1]["content"]
        choice = {"index": 0, "finish_reason": "stop"}
        choice["message"] = {"role": "assistant", "content": answer(content, body["seed"])}
        self.server.answered[content, body["seed"]] += 1
        usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
        self._send(
            {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
        )

    def _send(self, row):
        told = json.dumps(row).encode()
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client was killed


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        served.answered = Counter()
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield served
        served.shutdown()


def start(server, tmp_path, name, strategy):
    problems = tmp_path / "problems.jsonl"
    problems.write_text("".join(json.dumps(row) + "\n" for row in PROBLEMS))
    words = ["experiment=solve/own", f"problems={problems}", "sampler=openai", "sampler.model.path=m", "prompts=micro"]
    words += [
        f"sampler.base_url=http://127.0.0.1:{server.server_port}/v1",
        f"output_root={tmp_path}",
        f"run_name={name}",
    ]
    words += [f"strategy={strategy}", "k=4", "sampler.batch_size=2", "wandb=disabled"]
    command = [sys.executable, "-c", "import sys; from deskcheck_agent.solve import main; sys.exit(main())", *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def results(tmp_path, name):
    rows = (tmp_path / f"{name}-s0" / "results.jsonl").read_text().splitlines()
    return sorted(rows)


@pytest.mark.parametrize("strategy", [pytest.param("self_verify", marks=pytest.mark.slow), "both"])
def test_a_killed_run_goes_on_and_asks_for_nothing_twice(server, tmp_path, strategy):
    assert start(server, tmp_path, "whole", strategy).wait(60) == 0
    asked = Counter(server.answered)
    assert set(asked.values()) == {1}
    server.answered.clear()
    kills = 0
    for most in (len(asked) // 4, len(asked) // 2):
        process = start(server, tmp_path, "killed", strategy)
        until = time.monotonic() + 60
        while sum(server.answered.values()) < most and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        kills += process.poll() is None
        process.kill()
        process.wait()
    assert kills == 2
    assert start(server, tmp_path, "killed", strategy).wait(60) == 0
    assert results(tmp_path, "killed") == results(tmp_path, "whole")
    assert server.answered.keys() == asked.keys()
    # What was on its way when it was killed (two requests at a time) was answered to nobody.
    assert sum(server.answered.values()) - len(asked) <= 2 * kills
