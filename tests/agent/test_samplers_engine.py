"""Many callers of one engine: answers leave as they end, newcomers join, the cancelled leave, errors reach their own."""

import asyncio
import contextlib
import random

import pytest
from deskcheck_agent.errors import ModelError, SamplerError
from deskcheck_agent.sampler import Completion, SamplingParams, StopReason
from deskcheck_agent.samplers.engine import Answer, EngineThread
from deskcheck_agent.samplers.transformers import TransformersSampler


def ask(text):
    return [{"role": "user", "content": text}]


class Counting:
    """An engine that gives every completion as many steps as its prompt says, and writes down what it is told."""

    def __init__(self):
        self.left, self.log = {}, []

    @contextlib.contextmanager
    def awake(self):
        self.log.append("awake")
        try:
            yield
        finally:
            self.left.clear()
            self.log.append("rest")

    @property
    def busy(self):
        return bool(self.left)

    def add(self, call):
        self.log.append(f"add {len(call.prompts)}")
        for place, prompt in enumerate(call.prompts):
            said = prompt[0]["content"]
            for index in call.params[place].indices:
                self.left[call, place, index] = 0 if said == "fatal" else int(said)

    def drop(self, call):
        self.log.append("drop")
        self.left = {key: steps for key, steps in self.left.items() if key[0] is not call}

    def step(self):
        if 0 in self.left.values():
            raise SamplerError("engine died")
        self.left = {key: steps - 1 for key, steps in self.left.items()}
        for key in [key for key, steps in self.left.items() if not steps]:
            del self.left[key]
            yield Answer(*key, Completion(f"{key[0].prompts[key[1]][0]['content']}/{key[2]}"))


async def until(holds):
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


async def test_short_requests_overtake_a_long_one():
    engine = Counting()
    thread, done = EngineThread(engine, "test"), []

    async def one(steps, n=1):
        answers = await thread.sample([ask(str(steps))], SamplingParams(n=n))
        done.append(steps)
        return [each.text for each in answers[0]]

    long = asyncio.create_task(one(10**9))
    await until(lambda: engine.left)
    assert await asyncio.gather(one(300, n=2), one(2, n=2)) == [["300/0", "300/1"], ["2/0", "2/1"]]
    assert done == [2, 300] and not long.done()
    long.cancel()
    await until(lambda: engine.log[-1] == "rest")
    assert engine.log == ["awake", *["add 1"] * 3, "drop", "rest"]
    await asyncio.gather(*(one(1) for _ in range(5)))
    assert engine.log[6:] == ["awake", *["add 1"] * 5, "rest"]  # one moment, one busy period


async def test_a_cancelled_call_leaves_the_engine_and_the_others_stay():
    engine = Counting()
    thread = EngineThread(engine, "test")
    leaving = asyncio.create_task(thread.sample([ask(str(10**9)), ask("1")], SamplingParams(n=3)))
    staying = asyncio.create_task(thread.sample([ask("200")], SamplingParams()))
    await until(lambda: engine.left)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert (await staying)[0][0].text == "200/0"
    await until(lambda: engine.log[-1] == "rest")
    assert "drop" in engine.log
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(thread.sample([ask(str(10**9))], SamplingParams()), 0.05)
    await until(lambda: engine.log[-1] == "rest")


async def test_an_engine_that_fails_tells_every_caller_and_serves_the_next():
    engine = Counting()
    thread = EngineThread(engine, "test")
    asked = [thread.sample([ask(text)], SamplingParams()) for text in ("100000", "fatal", "100000")]
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert [(type(each), str(each)) for each in results] == [(SamplerError, "engine died")] * 3
    assert (await thread.sample([ask("2")], SamplingParams()))[0][0].text == "2/0"
    assert await thread.sample([], SamplingParams()) == []


async def test_a_request_that_cannot_be_taken_fails_alone():
    thread = EngineThread(Counting(), "test")
    good, bad = await asyncio.gather(
        thread.sample([ask("5")], SamplingParams()),
        thread.sample([ask("5"), ask("five")], SamplingParams()),
        return_exceptions=True,
    )
    assert good[0][0].text == "5/0" and isinstance(bad, ValueError)


def test_it_works_in_one_event_loop_after_another():
    thread = EngineThread(Counting(), "test")
    for _ in range(2):
        assert asyncio.run(thread.sample([ask("1")], SamplingParams()))[0][0].text == "1/0"


# over the tiny model


@pytest.mark.parametrize("seed", range(4))
async def test_any_interleaving_gives_what_each_request_gives_alone(tiny_model, tiny_tokenizer, seed):
    chance = random.Random(seed)
    sampler = TransformersSampler(tiny_model, tiny_tokenizer, batch_size=chance.choice([1, 3, 8, 64]))
    asked = [
        (
            [ask("ab" * chance.randrange(1, 30)) for _ in range(chance.randrange(1, 4))],
            SamplingParams(
                chance.choice([0.0, 1.0]),
                max_tokens=chance.randrange(1, 40),
                n=chance.randrange(1, 4),
                seed=chance.randrange(3),
                first=chance.randrange(2),
            ),
        )
        for _ in range(12)
    ]
    delays = [chance.choice([0, 0, 0.005, 0.02, 0.05]) for _ in asked]
    unwanted = set(chance.sample(range(len(asked)), 3))

    async def one(number):
        await asyncio.sleep(delays[number])
        waiting = sampler.sample(*asked[number])
        if number not in unwanted:
            return await waiting
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(waiting, chance.choice([0.001, 0.01, 0.03]))
        return None

    together = await asyncio.gather(*(one(number) for number in range(len(asked))))
    for number, answers in enumerate(together):
        alone = sampler.sample_now(*asked[number]) if answers is not None else None
        assert _ids(answers) == _ids(alone)


def _ids(answers):
    return answers and [[(each.token_ids, each.text, each.stop) for each in row] for row in answers]


async def test_requests_of_one_moment_are_prefilled_together_each_prompt_once(tiny_model, tiny_tokenizer):
    shapes = []
    hook = tiny_model.register_forward_pre_hook(
        lambda module, args, kwargs: shapes.append(tuple(kwargs["input_ids"].shape)), with_kwargs=True
    )
    sampler = TransformersSampler(tiny_model, tiny_tokenizer)
    try:
        params = [SamplingParams(max_tokens=3, n=2, seed=seed) for seed in range(6)]
        await asyncio.gather(*(sampler.sample([ask("ab"[seed % 2])], own) for seed, own in enumerate(params)))
    finally:
        hook.remove()
    assert shapes == [(2, 3), (12, 1), (12, 1)]


async def test_the_model_trains_on_when_the_answer_is_there(tiny_model, tiny_tokenizer):
    sampler = TransformersSampler(tiny_model, tiny_tokenizer)
    tiny_model.train()
    try:
        for _ in range(20):
            await sampler.sample([ask("a")], SamplingParams(max_tokens=2))
            assert tiny_model.training
    finally:
        tiny_model.eval()


async def test_an_overflow_is_an_error_of_its_completion_and_a_missing_template_of_its_call(tiny_model, tiny_tokenizer):
    sampler = TransformersSampler(tiny_model, tiny_tokenizer)
    long, short = await sampler.sample([ask("x" * 200), ask("x")], SamplingParams(max_tokens=2, n=2))
    assert [(each.stop, each.text, each.tokens) for each in long] == [(StopReason.error, "", 0)] * 2
    assert all(each.stop is not StopReason.error for each in short)
    template, tiny_tokenizer.chat_template = tiny_tokenizer.chat_template, None
    try:
        with pytest.raises(ModelError, match="no chat template"):
            await sampler.sample([ask("x")], SamplingParams())
    finally:
        tiny_tokenizer.chat_template = template
    assert (await sampler.sample([ask("x")], SamplingParams(max_tokens=2, n=2)))[0] == short
