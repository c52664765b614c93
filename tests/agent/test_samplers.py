"""The real samplers: Transformers on a tiny model, an OpenAI-compatible server of our own, loading errors, vLLM's
absence."""

import asyncio
import json
import threading
from collections import Counter
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from deskcheck_agent.errors import ModelError, SamplerError
from deskcheck_agent.gather import GatheringSampler
from deskcheck_agent.sampler import SamplingParams, StopReason
from deskcheck_agent.samplers import make_sampler, scripted
from deskcheck_conf.schema import ModelConfig, SamplerConfig, SamplerKind


def ask(text):
    return [{"role": "user", "content": text}]


# Transformers


async def test_a_completion_does_not_depend_on_its_batch(tiny_model, tiny_tokenizer):
    from deskcheck_agent.samplers.transformers import TransformersSampler

    sampler = TransformersSampler(tiny_model, tiny_tokenizer, batch_size=5)
    prompts = [ask("a" * length) for length in (3, 30, 1, 17)]
    params = [SamplingParams(max_tokens=20, n=3, seed=seed) for seed in range(4)]
    together = await sampler.sample(prompts, params)
    alone = [(await sampler.sample([prompt], one))[0] for prompt, one in zip(prompts, params, strict=True)]
    assert [[each.token_ids for each in row] for row in together] == [[each.token_ids for each in row] for row in alone]
    first = together[0][0]
    assert (await sampler.sample(prompts[:1], replace(params[0], n=1)))[0][0].token_ids == first.token_ids
    rest = (await sampler.sample(prompts[:1], replace(params[0], first=1, n=2)))[0]
    assert [each.token_ids for each in rest] == [each.token_ids for each in together[0][1:]]
    assert len(first.logprobs) == len(first.token_ids) and first.stop in (StopReason.stop, StopReason.length)
    # The chat template's role tokens are single ids: prompt text is encoded as the template writes it.
    assert first.prompt_ids == tuple(tiny_tokenizer("<|user|>aaa<|assistant|>", add_special_tokens=False)["input_ids"])


async def test_text_keeps_tags_that_are_special_tokens_and_drops_the_end(tiny_model, tiny_tokenizer):
    from deskcheck_agent.decode import Row
    from deskcheck_agent.samplers import transformers

    ids = tiny_tokenizer("hi <output>", add_special_tokens=False)["input_ids"]
    row = Row(
        0, 0, (1,), SamplingParams(), 9, [*ids, tiny_tokenizer.eos_token_id], [0.0] * (len(ids) + 1), StopReason.stop
    )
    decoder = transformers.Decoder(
        tiny_model, transformers.eos_ids(tiny_model, tiny_tokenizer), transformers._decode_with(tiny_tokenizer)
    )
    assert transformers._completion(row, decoder, 3).text == "hi <output>"


async def test_autocast_stays_close(tiny_model, tiny_tokenizer):
    from deskcheck_agent.samplers.transformers import generate

    params = SamplingParams(temperature=0, max_tokens=8)
    exact = generate(tiny_model, tiny_tokenizer, [[5, 6, 7]], params)[0][0]
    coarse = generate(tiny_model, tiny_tokenizer, [[5, 6, 7]], params, autocast=True)[0][0]
    assert coarse.logprobs[0] == pytest.approx(exact.logprobs[0], abs=0.1)


async def test_the_event_loop_runs_on_while_the_model_computes(tiny_model, tiny_tokenizer):
    from deskcheck_agent.samplers.transformers import TransformersSampler

    ticks = 0

    async def clock():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(clock())
    await TransformersSampler(tiny_model, tiny_tokenizer).sample([ask("x" * 40)], SamplingParams(max_tokens=60, n=4))
    ticking.cancel()
    assert ticks > 5


def test_load_model_reads_a_folder_and_its_fingerprint_follows_the_weights(tiny_model, tiny_tokenizer, tmp_path):
    from deskcheck_agent.samplers.transformers import fingerprint, load_model

    tiny_model.save_pretrained(tmp_path)
    tiny_tokenizer.save_pretrained(tmp_path)
    config = ModelConfig(path=str(tmp_path))
    model, tokenizer = load_model(config)
    assert torch.equal(model.lm_head.weight.cpu(), tiny_model.lm_head.weight)
    assert tokenizer.chat_template == tiny_tokenizer.chat_template
    before = fingerprint(config)
    with torch.no_grad():
        model.lm_head.weight.add_(1)
    model.save_pretrained(tmp_path)
    assert fingerprint(config) != before
    template = tmp_path / "own.jinja"
    template.write_text("own")
    assert load_model(replace(config, chat_template=str(template)))[1].chat_template == "own"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (ModelConfig(path="no-such-model"), "neither a folder nor an installed micro model"),
        (ModelConfig(path="./no/such/folder"), "neither a folder"),
        (ModelConfig(path="{tmp}"), "cannot load model"),
        (ModelConfig(path="{tmp}", gguf_file="none.gguf"), "cannot load model"),
    ],
)
def test_a_model_that_is_not_there_is_one_clear_error(config, message, tmp_path):
    from deskcheck_agent.samplers import load_model

    config = replace(config, path=config.path.replace("{tmp}", str(tmp_path)))
    with pytest.raises(ModelError, match=message):
        load_model(config)


def test_vllm_missing_names_the_way_to_install_it():
    with pytest.raises(ModelError, match=r"deskcheck-agent\[vllm\]"):
        make_sampler(SamplerConfig(kind=SamplerKind.vllm, model=ModelConfig(path="x")))


# Scripted, by configuration


async def test_make_sampler_gathers_and_caches(tmp_path):
    (tmp_path / "script.jsonl").write_text('"first"\n{"text": "second"}\n')
    config = SamplerConfig(
        kind=SamplerKind.scripted,
        script=str(tmp_path / "script.jsonl"),
        cache=str(tmp_path),
        model=ModelConfig(path=""),
    )
    sampler = make_sampler(config)
    assert isinstance(sampler, GatheringSampler)
    answers = await asyncio.gather(*(sampler.sample([ask(text)], SamplingParams()) for text in "ab"))
    assert [row[0][0].text for row in answers] == ["first", "second"]
    assert (await make_sampler(config).sample([ask("b")], SamplingParams()))[0][0].text == "second"


@pytest.mark.parametrize(
    ("text", "message"), [("", "is empty"), ("{}\n", ":1: expected"), ('"a"\nx\n', ":2: expected")]
)
def test_a_bad_script_is_one_clear_error(tmp_path, text, message):
    path = tmp_path / "script.jsonl"
    path.write_text(text)
    with pytest.raises(SamplerError, match=message):
        scripted(str(path))


# OpenAI-compatible


class _Server(ThreadingHTTPServer):
    """Answers chat completions; `plan` maps a prompt to special treatment."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies, self.tries, self.in_flight, self.most = [], Counter(), 0, 0
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
        if said == "busy" and tries < 3:
            return self._send(429, {"error": {"message": "slow down"}})
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
        if said == "think":
            message |= {"content": "answer", "reasoning_content": "because"}
        choice = {"index": 0, "message": message, "finish_reason": "length" if said == "cut" else "stop"}
        self._send(200, {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})

    def _send(self, status, body, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.send_header("retry-after-ms", "10")
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def server():
    server = _Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
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
