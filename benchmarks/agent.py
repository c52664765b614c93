"""Tokens a second of the agent's full loop, of the same prompts as one offline batch, and of a naive loop, in one run.

    python benchmarks/agent.py MODEL [--engine vllm|transformers] [--problems 256] [--in-flight 64] [--rounds 3]
    [--naive 4] [--k 2] [--n 1] [--max-turns 3]

The loop is self-fix with simulated feedback and then self-verify on every micro problem, at most `--in-flight`
problems at once; MODEL is a micro checkpoint. "raw" gives the prompts that the loop asked for, recorded and already
tokenised, to the engine in one call (`LLM.generate`, or `generate` for transformers): it knows all of them from the
start, which no loop can. "naive" is the loop on the first `--naive` problems, one problem after the other and one
completion at a time. "one wave" is as many problems as are in flight: there the last ones' turns find the engine nearly
empty, which more problems make up for. CPU is this process's, agent and engine together: unlike speed it hardly
depends on what else runs.

First every completion of the naive loop and of the offline batch is compared with the loop's own of the same prompt,
seed and index; it stops where fewer than 95 % are the same (float noise moves a token now and then). Rounds alternate,
the prefix cache is emptied before each; a figure is the median over rounds with its range.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from deskcheck_agent import Problem, Prompts, SamplingParams, self_fix, self_verify
from deskcheck_agent.sampler import Completion, Message, Sampler, params_per_prompt
from deskcheck_agent.samplers import make_sampler
from deskcheck_conf.schema import ModelConfig, SamplerConfig, SamplerKind
from deskcheck_evals.micro import micro_problems

SAME = 0.95
"""Least share of equal texts for a comparison of speeds to mean anything."""
Key = tuple[str, int, int]


class Recording:
    """The sampler, and every completion that went through it by (prompt, seed, index)."""

    def __init__(self, inner: Sampler, *, one_by_one: bool = False) -> None:
        self.inner, self.model_id, self.one_by_one = inner, inner.model_id, one_by_one
        self.asked: list[tuple[list[Message], SamplingParams]] = []
        self.texts: dict[Key, tuple[int, ...]] = {}
        self.tokens = 0

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        each = params_per_prompt(prompts, params)
        if self.one_by_one:
            rows = [
                [await self._one(prompt, one, index) for index in one.indices]
                for prompt, one in zip(prompts, each, strict=True)
            ]
        else:
            rows = await self.inner.sample(prompts, params)
        self.asked += zip(prompts, each, strict=True)
        for prompt, one, row in zip(prompts, each, rows, strict=True):
            self.keep(prompt, one, row)
        return rows

    async def _one(self, prompt: list[Message], params: SamplingParams, index: int) -> Completion:
        return (await self.inner.sample([prompt], replace(params, first=index, n=1)))[0][0]

    def keep(self, prompt: list[Message], params: SamplingParams, row: Sequence[Completion]) -> None:
        for index, completion in zip(params.indices, row, strict=True):
            self.texts[json.dumps(prompt), params.seed, index] = completion.token_ids
            self.tokens += len(completion.token_ids)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--engine", choices=("vllm", "transformers"), default="vllm")
    defaults = {"problems": 256, "in_flight": 64, "rounds": 3, "naive": 4, "k": 2, "n": 1, "max_turns": 3, "batch": 256}
    for name, value in defaults.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value)
    parser.add_argument("--without-wave", action="store_true")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    model = ModelConfig(path=asked.model)
    sampler = make_sampler(SamplerConfig(kind=SamplerKind(asked.engine), model=model, batch_size=asked.batch))
    problems = [each.problem for each in micro_problems("test", asked.problems, 0)]
    system = f"Linux {platform.release()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    print(f"{system}, load {os.getloadavg()[0]:.1f}, {vars(asked)}", flush=True)

    said, _ = loop(
        asked, sampler, problems[: asked.in_flight // 4], asked.in_flight
    )  # warm: vLLM compiles as shapes come
    offline(asked, sampler, said)
    ways = {"loop": asked.problems} if asked.without_wave else {"one wave": asked.in_flight, "loop": asked.problems}
    rounds: dict[str, list[Speed]] = {f"{raw}{way}": [] for way in ways for raw in ("", "raw of ")}
    for _ in range(asked.rounds):
        for way, count in ways.items():
            said, speed = loop(asked, sampler, problems[:count], asked.in_flight)
            print(f"{way}: {speed.rate:.0f} tokens/s, {said.tokens} tokens", flush=True)
            raw, raw_speed = offline(asked, sampler, said)
            print(f"raw of {way}: {raw_speed.rate:.0f} tokens/s", flush=True)
            gate("raw", raw, said)
            rounds[way].append(speed)
            rounds[f"raw of {way}"].append(raw_speed)
    naive, naive_speed = loop(asked, sampler, problems[: asked.naive], 1, one_by_one=True)
    gate("naive", naive, said)
    for name, speeds in {**rounds, "naive": [naive_speed]}.items():
        print(
            f"{name:16s} {spread([each.rate for each in speeds], '.0f')} tokens/s, "
            f"{spread([each.per_cpu_s for each in speeds], '.0f')} tokens a CPU second"
        )
    for way in ways:
        pairs = list(zip(rounds[way], rounds[f"raw of {way}"], strict=True))
        print(
            f"{way} / raw: {spread([a.rate / b.rate for a, b in pairs], '.2f')}, "
            f"by CPU {spread([a.per_cpu_s / b.per_cpu_s for a, b in pairs], '.2f')}"
        )
    print(f"loop / naive: {statistics.median(each.rate for each in rounds['loop']) / naive_speed.rate:.1f}")


class Speed(NamedTuple):
    """Tokens a second, and a second of CPU time."""

    rate: float
    per_cpu_s: float


class Watch:
    """Started when made."""

    def __init__(self) -> None:
        self.began, self.cpu = time.perf_counter(), time.process_time()

    def speed(self, tokens: int) -> Speed:
        return Speed(tokens / (time.perf_counter() - self.began), tokens / (time.process_time() - self.cpu))


def spread(values: list[float], form: str) -> str:
    """The median with its range."""
    return f"{statistics.median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


def loop(
    asked: argparse.Namespace, sampler: Any, problems: Sequence[Problem], in_flight: int, *, one_by_one: bool = False
) -> tuple[Recording, Speed]:
    """The agent on all problems; what it asked for, and its speed."""
    forget(sampler)
    recording, prompts = Recording(sampler, one_by_one=one_by_one), Prompts.load("micro")
    params = SamplingParams(max_tokens=320)

    async def one(problem: Problem, gate: asyncio.Semaphore) -> None:
        async with gate:
            await self_fix(problem, recording, max_turns=asked.max_turns, n=asked.n, params=params, prompts=prompts)
            await self_verify(problem, recording, k=asked.k, n=asked.n, params=params, prompts=prompts)

    async def everything() -> None:
        gate = asyncio.Semaphore(in_flight)
        await asyncio.gather(*(one(problem, gate) for problem in problems))

    watch = Watch()
    asyncio.run(everything())
    return recording, watch.speed(recording.tokens)


def offline(asked: argparse.Namespace, sampler: Any, said: Recording) -> tuple[Recording, Speed]:
    """The loop's prompts in one call of the bare engine; its completions, and its speed."""
    from deskcheck_agent.samplers.transformers import encode, generate

    forget(sampler)
    ids = encode(sampler.tokenizer, [prompt for prompt, _ in said.asked])
    params = [one for _, one in said.asked]
    if asked.engine == "transformers":
        watch = Watch()
        rows = generate(sampler.model, sampler.tokenizer, ids, params, batch_size=asked.batch)
        speed = watch.speed(sum(len(each.token_ids) for row in rows for each in row))
    else:
        from deskcheck_agent.samplers.vllm import completion_of, vllm_params

        context = sampler.llm.llm_engine.model_config.max_model_len
        each = [(one, index, own) for one, own in zip(ids, params, strict=True) for index in own.indices]
        requests = [vllm_params(own, one, index, context) for one, index, own in each]
        watch = Watch()
        answers = sampler.llm.generate([{"prompt_token_ids": one} for one, _, _ in each], requests, use_tqdm=False)
        speed = watch.speed(sum(len(answer.outputs[0].token_ids) for answer in answers))
        flat = map(completion_of, answers)
        rows = [[next(flat) for _ in own.indices] for own in params]
    raw = Recording(sampler)
    for (prompt, own), row in zip(said.asked, rows, strict=True):
        raw.keep(prompt, own, row)
    return raw, speed


def forget(sampler: Any) -> None:
    """Empty vLLM's prefix cache: whoever came second would find every prompt in it."""
    if hasattr(sampler, "llm"):
        sampler.llm.reset_prefix_cache()


def gate(name: str, found: Recording, said: Recording) -> None:
    """Stop unless the texts are the loop's own."""
    common = found.texts.keys() & said.texts.keys()
    same = sum(found.texts[key] == said.texts[key] for key in common)
    print(f"{name}: {same} of {len(common)} completions equal the loop's ({len(found.texts)} sampled)", flush=True)
    if not common or same < SAME * len(common):
        raise SystemExit(f"{name} says something else than the loop: speeds of different texts mean nothing")


if __name__ == "__main__":
    main()
