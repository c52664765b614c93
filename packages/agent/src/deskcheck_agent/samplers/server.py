"""One OpenAI-compatible server: a request with its retries, what its answer says, and what its errors mean.

429s (after as long as they ask for), timeouts, 5xx and answers cut off in the middle are retried with back-off by the
client. Prompts that overflow the context are StopReason.error; a server from which nothing more is to be expected is
ServerLost, so that others may be asked in its place; any other refusal is a SamplerError that says so.

Token ids, log-probabilities and special tokens in the text are asked for as vLLM's server knows them. Most others
ignore what they do not know; one that refuses it is asked the plain way from then on, and tokens are counted by its
`usage`.
"""

import logging
import time
from typing import Any

from openai import (
    APIConnectionError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    BadRequestError,
    UnprocessableEntityError,
    omit,
)

from deskcheck_agent.errors import SamplerError
from deskcheck_agent.sampler import Completion, Message, SamplingParams, StopReason, seed_of, split_reasoning

LOG = logging.getLogger(__name__)
EXTRAS = {"return_token_ids": True, "logprobs": True, "skip_special_tokens": False}
"""What not every server knows. A micro model's tags are special tokens: skipped, its answers could not be read."""
GREETING_S = 10.0
"""Longest wait for a first sign of the server; a busy one may take longer and is then simply asked."""


class ServerLost(SamplerError):
    """The server does not answer, breaks off, or fails by itself, however often it is asked."""


class Server:
    """One address, asked by one event loop at a time: `open` it there first."""

    def __init__(self, model_id: str, url: str, *, key: str, timeout_s: float, max_retries: int) -> None:
        self.model_id, self.url, self.timeout_s, self.max_retries = model_id, url, timeout_s, max_retries
        self.in_flight = 0
        self.lost_at: float | None = None
        """When it was lost (time.monotonic); None while it answers."""
        self.moved = 0
        """Requests that went to others because it was lost."""
        self._key = key
        self._extras: dict[str, Any] = EXTRAS

    def open(self) -> None:
        """Make a client for the running event loop."""
        self.in_flight, self.lost_at = 0, None
        self._client = AsyncOpenAI(
            base_url=self.url, api_key=self._key, timeout=self.timeout_s, max_retries=self.max_retries
        )

    async def greet(self) -> None:
        """One request without retries: a wrong address is told now, not after the back-off meant for outages."""
        try:
            await self._client.with_options(max_retries=0, timeout=GREETING_S).models.list()
        except (APIStatusError, APITimeoutError):
            pass  # it answers, or it is busy: the real requests will tell
        except APIConnectionError as error:
            raise self._nobody(error) from error

    async def answer(self, prompt: list[Message], params: SamplingParams, index: int) -> Completion:
        """One completion. Raises ServerLost, or SamplerError for what asking elsewhere would not mend."""
        try:
            answer = await self._ask(prompt, params, index)
        except (BadRequestError, UnprocessableEntityError) as error:
            if _overflows(error):  # even without max_tokens: the prompt alone is too long
                return Completion("", stop=StopReason.error)
            raise SamplerError(f"{self.url} refused a request: {error.message}") from error
        except APITimeoutError as error:
            raise ServerLost(
                f"{self.url} does not answer within {self.timeout_s:g} s ({self.max_retries + 1} tries): see "
                "what it is doing, or raise sampler.timeout_s"
            ) from error
        except APIConnectionError as error:
            raise self._nobody(error) from error
        except APIStatusError as error:
            kind = ServerLost if error.status_code >= 500 else SamplerError
            raise kind(
                f"{self.url} answered {error.status_code} for model {self.model_id!r}: {error.message}"
            ) from error
        except (APIResponseValidationError, ValueError) as error:  # its JSON cannot be read
            raise self._garbled(error) from error
        try:
            return _completion(answer)
        except (AttributeError, TypeError, IndexError) as error:  # what came is no chat completion
            raise self._garbled(answer) from error

    def lose(self) -> None:
        """Remember that it was lost, and when."""
        self.lost_at = time.monotonic()

    def _nobody(self, error: APIConnectionError) -> ServerLost:
        cause = error.__cause__ or error
        if type(cause).__name__ not in ("ConnectError", "APIConnectionError"):  # the HTTP library is openai's choice
            return ServerLost(
                f"{self.url} broke off its answer {self.max_retries + 1} times ({cause}): look at the server's "
                "log, or at what stands between"
            )
        return ServerLost(
            f"nothing answers at {self.url} ({cause}); start the server "
            f"(e.g. vllm serve {self.model_id}) or set sampler.base_url"
        )

    async def _ask(self, prompt: list[Message], params: SamplingParams, index: int) -> Any:
        extras = self._extras
        try:
            return await self._create(prompt, params, index, extras)
        except (BadRequestError, UnprocessableEntityError) as refusal:
            if _overflows(refusal):  # prompt and max_tokens together may: then what is left of the context is the limit
                return await self._create(prompt, params, index, extras, is_limited=False)
            if not extras:
                raise
            answer = await self._create(prompt, params, index, {})
            if self._extras:
                self._extras = {}
                LOG.warning(
                    "%s refuses %s (%s): no token ids or log-probabilities from here on, tokens counted by its usage",
                    self.url,
                    ", ".join(extras),
                    refusal.message,
                )
            return answer

    async def _create(
        self,
        prompt: list[Message],
        params: SamplingParams,
        index: int,
        extras: dict[str, Any],
        *,
        is_limited: bool = True,
    ) -> Any:
        messages: Any = [{"role": message["role"], "content": message["content"]} for message in prompt]
        said = "\n".join(message["content"] for message in prompt)
        return await self._client.chat.completions.create(
            model=self.model_id,
            messages=messages,
            temperature=params.temperature,
            top_p=params.top_p,
            max_tokens=params.max_tokens if is_limited else omit,
            stop=list(params.stop) or None,
            seed=seed_of(params.seed, said, index) >> 32,  # 31 bits: what every server takes
            extra_body=extras,
        )

    def _garbled(self, answer: object) -> SamplerError:
        return SamplerError(
            f"{self.url} answered with something that is no chat completion ({str(answer)[:80]!r}), expected an "
            "OpenAI-compatible server: look at what serves this address, or set sampler.base_url (it ends in /v1)"
        )


def _overflows(error: APIStatusError) -> bool:
    said = str(error).lower()
    return "context" in said or "too long" in said


def _completion(answer: Any) -> Completion:
    """One choice as a Completion; servers differ in where they put reasoning, token ids and log-probabilities."""
    if not answer.choices:
        return Completion("", stop=StopReason.error)
    choice = answer.choices[0]
    text = _readable(choice.message.content or "")
    reasoning = getattr(choice.message, "reasoning_content", None) or getattr(choice.message, "reasoning", None)
    if reasoning is None:
        reasoning, text = split_reasoning(text)
    else:
        reasoning = _readable(reasoning)
    token_ids = tuple(getattr(choice, "token_ids", None) or ())
    logprobs = None
    if choice.logprobs is not None and choice.logprobs.content:
        logprobs = tuple(token.logprob for token in choice.logprobs.content)
    if token_ids and logprobs is not None and len(logprobs) != len(token_ids):
        logprobs = None  # whose they are cannot be told
    counted = answer.usage.completion_tokens if answer.usage is not None and not token_ids else None
    stop = StopReason.length if choice.finish_reason == "length" else StopReason.stop
    prompt_ids = tuple(getattr(answer, "prompt_token_ids", None) or ())
    return Completion(text, reasoning, prompt_ids, token_ids, logprobs, stop=stop, counted=counted)


def _readable(text: str) -> str:
    """Without half characters (lone surrogates), which JSON can spell and no file or prompt can hold."""
    return text.encode("utf-8", "replace").decode()
