"""The sampler for OpenAI-compatible servers, against a real one of our own that misbehaves in every way we know."""

import asyncio
import json
import logging
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from deskcheck_agent.cache import CachedSampler
from deskcheck_agent.errors import SamplerError
from deskcheck_agent.sampler import SamplingParams, StopReason
from deskcheck_agent.samplers import make_sampler
from deskcheck_conf import ConfigError
from deskcheck_conf.schema import ModelConfig, SamplerConfig, SamplerKind


def ask(text):
    return [{"role": "user", "content": text}]


class _Server(ThreadingHTTPServer):
    """Answers chat completions; what the last message says decides how. `knows`: the body's keys it puts up with."""

    request_queue_size = 64  # a connection that finds no place waits a second

    def __init__(self, knows=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies, self.tries, self.in_flight, self.most, self.knows = [], Counter(), 0, 0, knows
        self.dies_after = None
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        said = body["messages"][-1]["content"]
        with self.server.lock:
            self.server.bodies.append(body)
            self.server.tries[said] += 1
            tries = self.server.tries[said]
            self.server.in_flight += 1
            self.server.most = max(self.server.most, self.server.in_flight)
        threading.Event().wait(0.02)
        with self.server.lock:
            self.server.in_flight -= 1
        if self.server.dies_after is not None and len(self.server.bodies) > self.server.dies_after:
            return self.connection.close()
        unknown = [key for key in body if self.server.knows and key not in self.server.knows]
        if unknown:
            return self._send(400, {"error": {"message": f"Unrecognized request arguments: {unknown}"}})
        if said == "busy" and tries < 3:
            return self._send(429, {"error": {"message": "slow down"}})
        if said == "later" and tries < 2:
            return self._send(429, {"error": {"message": "later"}}, headers={"retry-after": "1"})
        if said == "ill" and tries < 3:
            return self._send(500 + tries, {"error": {"message": "not well"}}, headers={"retry-after-ms": "10"})
        if (said == "cut off" and tries < 3) or said == "always cut off":
            return self._send(200, b'{"id": "1", "choices": [{"ind', headers={"content-length": "400"})
        if said == "hang up" and tries < 3:
            return self.connection.close()
        if said == "dying" and tries > 3:
            threading.Thread(target=self.server.shutdown).start()
            return self.connection.close()
        if said == "long":
            return self._send(400, {"error": {"message": "maximum context length is 10 tokens"}})
        if said == "wrong":
            return self._send(404, {"error": {"message": "no such model"}})
        if said == "page":
            return self._send(200, b"<html>It works!</html>", "text/html")
        if said == "torn":
            return self._send(200, b'{"id": "1", "choices": [{"ind')
        if said == "other":
            return self._send(200, {"choices": [{"finish_reason": "stop"}]})
        if said == "stall":
            threading.Event().wait(0.5)  # the client has left by then
            return None
        message = {"role": "assistant", "content": f"{said}:{body['seed']}"}
        usage = {"prompt_tokens": 2, "completion_tokens": 7, "total_tokens": 9}
        if said == "think":
            message |= {"content": "answer", "reasoning_content": "because"}
        if said == "think newer":
            message |= {"content": None, "reasoning": "because"}
        if said == "silent":
            message |= {"content": ""}
        choice = {"index": 0, "message": message, "finish_reason": "length" if said == "cut" else "stop"}
        answer = {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
        if said == "vllm":
            assert body["return_token_ids"] and body["logprobs"] and body["skip_special_tokens"] is False
            logprobs = [{"token": "x", "logprob": -0.5, "top_logprobs": []} for _ in range(3)]
            choice |= {"token_ids": [5, 6, 7], "logprobs": {"content": logprobs}}
            answer |= {"prompt_token_ids": [1, 2]}
        self._send(200, answer | {"usage": usage})

    def _send(self, status, body, kind="application/json", headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": kind, "content-length": str(len(data)), "retry-after-ms": "10"} | (headers or {})
        if "retry-after" in headers:
            del headers["retry-after-ms"]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def serving(**options):
    server = _Server(**options)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server


@pytest.fixture
def server():
    server = serving()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def strict_server():
    known = {"model", "messages", "temperature", "top_p", "max_tokens", "stop", "seed"}
    server = serving(knows=known)
    yield server
    server.shutdown()
    server.server_close()


def openai(server_url, **options):
    from deskcheck_agent.samplers.openai import OpenAISampler

    return OpenAISampler("m", server_url, **options)


async def test_each_completion_is_a_request_with_its_own_seed(server):
    sampler = openai(server.url, concurrency=3)
    prompts = [ask(text) for text in ("a", "b", "a")]
    answers = await sampler.sample(prompts, [SamplingParams(n=4), SamplingParams(seed=1), SamplingParams(seed=2)])
    assert [len(row) for row in answers] == [4, 1, 1]
    seeds = [body["seed"] for body in server.bodies]
    assert len(set(seeds)) == 6 and all(0 <= seed < 2**31 for seed in seeds)
    assert server.most <= 3
    assert (await sampler.sample(prompts[:1], SamplingParams(n=4)))[0] == answers[0]


async def test_answers_keep_their_reasoning_and_stop_reasons(server):
    answers = await openai(server.url).sample(
        [ask(text) for text in ("think", "cut", "long", "busy")], SamplingParams()
    )
    think, cut, long, busy = (row[0] for row in answers)
    assert (think.text, think.reasoning) == ("answer", "because")
    assert cut.stop is StopReason.length
    assert (long.stop, long.text) == (StopReason.error, "")
    assert busy.text.startswith("busy:") and server.tries["busy"] == 3


async def test_ids_and_logprobs_are_taken_and_else_tokens_are_counted(server):
    answers = await openai(server.url).sample(
        [ask(text) for text in ("vllm", "a", "think", "think newer", "silent")], SamplingParams()
    )
    vllm, plain, think, newer, silent = (row[0] for row in answers)
    assert (vllm.token_ids, vllm.logprobs, vllm.prompt_ids, vllm.tokens) == ((5, 6, 7), (-0.5,) * 3, (1, 2), 3)
    assert (plain.token_ids, plain.logprobs, plain.counted, plain.tokens) == ((), None, 7, 7)
    assert (think.text, think.tokens) == ("answer", 7)
    assert (newer.text, newer.reasoning, newer.tokens) == ("", "because", 7)
    assert (silent.text, silent.stop) == ("", StopReason.stop)


async def test_a_server_that_refuses_unknown_keys_is_asked_without_them_and_that_is_said_once(strict_server, caplog):
    sampler = openai(strict_server.url, concurrency=4)
    with caplog.at_level(logging.WARNING):
        answers = await sampler.sample([ask("a"), ask("b")], SamplingParams(n=4))
        refused = len(strict_server.bodies) - 8
        assert (await sampler.sample([ask("a")], SamplingParams(n=4)))[0] == answers[0]
    assert 1 <= refused <= 4 and len(strict_server.bodies) == 8 + refused + 4  # learnt: the second call cost no refusal
    assert [record.message for record in caplog.records if "refuses return_token_ids" in record.message] == [
        caplog.records[0].message
    ]
    assert answers[0][0].tokens == 7


@pytest.mark.parametrize("said", ["busy", "ill", "cut off", "hang up"])
async def test_what_fails_twice_is_asked_a_third_time(server, said):
    [[answer]] = await openai(server.url).sample([ask(said)], SamplingParams())
    assert answer.text.startswith(f"{said}:") and server.tries[said] == 3


async def test_a_retry_waits_as_long_as_the_server_says(server):
    began = time.monotonic()
    await openai(server.url).sample([ask("later")], SamplingParams())
    assert time.monotonic() - began >= 1 and server.tries["later"] == 2


async def test_answers_that_always_break_off_are_a_clear_error(server):
    with pytest.raises(SamplerError, match=r"broke off its answer 2 times .*log"):
        await openai(server.url, max_retries=1).sample([ask("always cut off")], SamplingParams())


async def test_requests_join_at_any_time_and_answers_leave_as_they_come(server):
    sampler = openai(server.url)
    slow = asyncio.create_task(sampler.sample([ask("later")], SamplingParams()))
    await asyncio.sleep(0.1)
    await asyncio.wait_for(sampler.sample([ask("a")], SamplingParams(n=8)), 0.8)
    assert not slow.done()
    slow.cancel()


async def test_a_server_that_dies_costs_only_what_it_had_not_answered(tmp_path):
    server = serving()
    sampler = CachedSampler(openai(server.url, concurrency=1, max_retries=0), tmp_path, "r")
    with pytest.raises(SamplerError, match=r"broke off|nothing answers"):
        await sampler.sample([ask("dying")], SamplingParams(n=5))
    server.server_close()
    again = serving()
    rows = await CachedSampler(openai(again.url), tmp_path, "r").sample([ask("dying")], SamplingParams(n=5))
    assert len(rows[0]) == 5 and len(again.bodies) == 2
    assert len({body["seed"] for body in server.bodies[:3] + again.bodies}) == 5
    again.shutdown()
    again.server_close()


@pytest.fixture
def two_servers():
    pair = [serving(), serving()]
    yield pair
    for server in pair:
        server.shutdown()
        server.server_close()


async def test_requests_go_to_the_server_that_has_the_fewest(two_servers):
    sampler = openai([server.url for server in two_servers], concurrency=3)
    [alone] = await openai(two_servers[0].url, concurrency=3).sample([ask("a")], SamplingParams(n=40))
    two_servers[0].bodies.clear()
    [row] = await sampler.sample([ask("a")], SamplingParams(n=40))
    assert row == alone, "which server answers is not part of what is sampled"
    shares = [len(server.bodies) for server in two_servers]
    assert sum(shares) == 40 and min(shares) >= 10, shares
    assert all(server.most <= 3 for server in two_servers) and sampler.moved == {}


async def test_what_a_lost_server_had_goes_to_the_others_and_is_counted(two_servers, caplog):
    lost, left = two_servers
    lost.dies_after = 5
    sampler = openai([lost.url, left.url], concurrency=2, max_retries=0)
    with caplog.at_level(logging.WARNING):
        answers = await sampler.sample([ask("a"), ask("b")], SamplingParams(n=12))
    assert [len(row) for row in answers] == [12, 12] and len({each.text for row in answers for each in row}) == 24
    assert sampler.moved.keys() == {lost.url} and 1 <= sampler.moved[lost.url] <= 2
    assert 24 - 5 <= len(left.bodies) <= 24 - 3
    assert sum("lost a server" in record.message for record in caplog.records) == 1


async def test_a_server_that_is_not_there_is_told_and_the_others_do_the_work(two_servers, caplog):
    sampler = openai(["http://127.0.0.1:9/v1", two_servers[0].url])
    with caplog.at_level(logging.WARNING):
        [row] = await sampler.sample([ask("a")], SamplingParams(n=5))
    assert len(row) == 5 and len(two_servers[0].bodies) == 5
    assert "nothing answers at http://127.0.0.1:9/v1" in caplog.text
    with pytest.raises(SamplerError, match=r"nothing answers at http://127\.0\.0\.1:[79]/v1"):
        await openai(["http://127.0.0.1:9/v1", "http://127.0.0.1:7/v1"]).sample([ask("a")], SamplingParams())


async def test_a_lost_server_that_is_back_is_asked_again(two_servers):
    first, second = two_servers
    sampler = openai([first.url, second.url], max_retries=0, revisit_s=0.0)
    await sampler.sample([ask("a")], SamplingParams())
    sampler.servers[0].lose()
    await sampler.sample([ask("b")], SamplingParams())
    await asyncio.sleep(0.3)
    first.bodies.clear()
    await sampler.sample([ask("c")], SamplingParams(n=20))
    assert len(first.bodies) == 10


def test_addresses_are_a_list_or_have_commas_between_them():
    def addresses(given):
        return SamplerConfig(kind=SamplerKind.openai, model=ModelConfig(path="m"), base_url=given).base_urls

    assert addresses(["http://a/v1", "http://b/v1"]) == addresses("http://a/v1, http://b/v1") == [
        "http://a/v1", "http://b/v1"
    ]  # fmt: skip
    for wrong in (["http://a/v1", ""], 3, ["http://a/v1", "http://a/v1"]):
        with pytest.raises(ConfigError, match="base_url"):
            addresses(wrong)


async def test_a_named_revision_keeps_the_cache_when_the_server_moves(server, tmp_path):
    async def asked(path, url, revision):
        model = ModelConfig(path="m", revision=revision)
        config = SamplerConfig(kind=SamplerKind.openai, model=model, base_url=url, cache=str(tmp_path / path))
        before = len(server.bodies)
        await make_sampler(config).sample([ask("a")], SamplingParams())
        return len(server.bodies) - before

    moved = server.url.replace("127.0.0.1", "localhost")
    assert [await asked("named", url, "r1") for url in (server.url, moved)] == [1, 0]
    assert await asked("named", moved, "r2") == 1
    assert [await asked("unnamed", url, None) for url in (server.url, moved)] == [1, 1]


async def test_a_refusal_is_a_clear_error(server):
    with pytest.raises(SamplerError, match=r"answered 404 for model 'm': .*no such model"):
        await openai(server.url).sample([ask("wrong"), ask("a")], SamplingParams())


@pytest.mark.parametrize("said", ["page", "torn", "other"])
async def test_garbage_is_a_clear_error(server, said):
    with pytest.raises(SamplerError, match=r"is no chat completion .*sampler\.base_url"):
        await openai(server.url).sample([ask(said)], SamplingParams())


async def test_a_server_that_stalls_is_a_clear_error(server):
    with pytest.raises(SamplerError, match=r"does not answer within 0\.1 s .*sampler\.timeout_s"):
        await openai(server.url, timeout_s=0.1, max_retries=1).sample([ask("stall")], SamplingParams())
    assert server.tries["stall"] == 2


async def test_a_server_that_is_down_is_a_clear_error():
    with pytest.raises(
        SamplerError, match=r"nothing answers at http://127\.0\.0\.1:9/v1 .*vllm serve m.*sampler\.base_url"
    ):
        await openai("http://127.0.0.1:9/v1").sample([ask("a")], SamplingParams())
