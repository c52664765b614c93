"""The one interface between our loops and any language model: prompts in, completions out.

A sampler takes a batch of chat prompts and returns n completions for each. Everything above it (simulate,
self-verify, self-fix, RL environments) is written against the Protocol, so a scripted model, a local checkpoint and a
server are interchangeable. `ScriptedSampler` is the shipped twin for tests and smoke runs: it records every prompt it
was shown.

Seeds: completion `index` of a prompt is a function of (seed, prompt, index) alone, never of what else is in the
batch. Two rollouts of one prompt therefore need different seeds: derive them with `seed_of`.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypedDict, runtime_checkable


class Message(TypedDict):
    """One chat message; `role` is "system", "user" or "assistant"."""

    role: str
    content: str


class StopReason(StrEnum):
    """Why a completion ended."""

    stop = "stop"
    """The model ended it: end-of-sequence token or a stop string."""
    length = "length"
    """Cut at max_tokens or at the end of the model's context."""
    error = "error"
    """Nothing could be sampled: the prompt alone overflows the context, or the server refused it."""
    budget = "budget"
    """Never asked for, or given up on: the problem's budget was spent (budget.py)."""


@dataclass(frozen=True)
class SamplingParams:
    """How to sample: `temperature` 0 is greedy; `max_tokens` counts new tokens; `n` completions a prompt, of which
    `first` is the first one's index (five more are what ten at once would have given); `stop` strings are cut off."""

    temperature: float = 1.0
    top_p: float = 0.95
    max_tokens: int = 1024
    n: int = 1
    seed: int = 0
    stop: tuple[str, ...] = ()
    first: int = 0

    def __post_init__(self) -> None:
        checks = {
            "temperature": (self.temperature >= 0, "a number >= 0 (0 is greedy)"),
            "top_p": (0 < self.top_p <= 1, "a number in (0, 1]"),
            "max_tokens": (self.max_tokens >= 1, "at least 1"),
            "n": (self.n >= 1, "at least 1"),
            "first": (self.first >= 0, "an index, 0 or more"),
        }
        for name, (holds, expected) in checks.items():
            if not holds:
                raise ValueError(f"sampling {name} is {getattr(self, name)}, expected {expected}")

    @property
    def indices(self) -> range:
        """The indices of the completions asked for."""
        return range(self.first, self.first + self.n)


@dataclass(frozen=True)
class Completion:
    """What a model answered.

    `token_ids` includes the end-of-sequence token where one was sampled; `logprobs` (same length, nats) are of the
    sampling distribution at the request's temperature *before* top-p cut it (of temperature 1 for greedy), or None
    where the engine has none. `version` counts weight updates in training. `reasoning` is a thinking model's hidden
    part, kept apart from `text`. `counted` is the number of tokens as a server counts them that gives no ids.
    """

    text: str
    reasoning: str | None = None
    prompt_ids: tuple[int, ...] = ()
    token_ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] | None = None
    version: int = 0
    stop: StopReason = StopReason.stop
    counted: int | None = None

    @property
    def tokens(self) -> int:
        """Tokens written, reasoning included (what short1@k and budgets count); 0 where the engine does not say."""
        return len(self.token_ids) if self.token_ids else self.counted or 0


@runtime_checkable
class Sampler(Protocol):
    """Anything that turns prompts into completions.

    `params` is one SamplingParams for all prompts, or one per prompt: so that requests with different seeds share a
    batch.
    """

    model_id: str

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        """Return, prompt by prompt, `n` completions; raise SamplerError where the engine itself fails."""
        ...


def completion_from_json(row: dict[str, Any]) -> Completion:
    """The Completion that `dataclasses.asdict` and JSON made a plain object of."""
    logprobs = row["logprobs"]
    return Completion(
        text=row["text"],
        reasoning=row["reasoning"],
        prompt_ids=tuple(row["prompt_ids"]),
        token_ids=tuple(row["token_ids"]),
        logprobs=None if logprobs is None else tuple(logprobs),
        version=row["version"],
        stop=StopReason(row["stop"]),
        counted=row.get("counted"),
    )


def params_per_prompt(
    prompts: Sequence[object], params: SamplingParams | Sequence[SamplingParams]
) -> list[SamplingParams]:
    """Spread one SamplingParams over all prompts, or check that there is one for each."""
    if isinstance(params, SamplingParams):
        return [params] * len(prompts)
    if len(params) != len(prompts):
        raise ValueError(f"got {len(params)} sampling params for {len(prompts)} prompts, expected one each")
    return list(params)


def seed_of(*parts: object) -> int:
    """A stable 63-bit seed from any printable parts: `seed_of(seed, "fix", turn)`. The same on every machine and
    run."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode(errors="surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def split_reasoning(text: str) -> tuple[str | None, str]:
    """Cut a thinking model's `<think>...</think>` from its answer; an unclosed opening tag is all reasoning and no
    answer."""
    if "</think>" in text:
        reasoning, answer = text.split("</think>", 1)
        return reasoning.removeprefix("<think>").strip(), answer.lstrip()
    if text.lstrip().startswith("<think>"):
        return text.lstrip().removeprefix("<think>").strip(), ""
    return None, text


Script = Callable[[list[Message], SamplingParams, int], "str | Completion"]


class ScriptedSampler:
    """A sampler that answers from a script and remembers every prompt: the twin of the real ones.

    The script is a function (messages, params, index) -> text, or a list of texts given out in order and then
    repeated. Token ids are the text's UTF-8 bytes and every log-probability is -1, so code that needs tokens runs
    without a tokenizer.
    """

    def __init__(self, script: Script | Sequence[str], model_id: str = "scripted") -> None:
        self.model_id = model_id
        self.prompts: list[list[Message]] = []
        self.calls = 0
        self._script = script
        self._given = 0

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        self.calls += 1
        self.prompts.extend(prompts)
        pairs = zip(prompts, params_per_prompt(prompts, params), strict=True)
        return [[self._answer(messages, each, index) for index in each.indices] for messages, each in pairs]

    def _answer(self, messages: list[Message], params: SamplingParams, index: int) -> Completion:
        if callable(self._script):
            answer = self._script(messages, params, index)
        else:
            answer = self._script[self._given % len(self._script)]
            self._given += 1
        if isinstance(answer, Completion):
            return answer
        token_ids = tuple(answer.encode(errors="surrogatepass"))
        prompt_ids = tuple("\n".join(message["content"] for message in messages).encode(errors="surrogatepass"))
        reasoning, text = split_reasoning(answer)
        return Completion(text, reasoning, prompt_ids, token_ids, (-1.0,) * len(token_ids))
