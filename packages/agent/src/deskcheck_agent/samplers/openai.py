"""Sampling from OpenAI-compatible servers (vLLM serve, llama.cpp, hosted ones): one, or several of the same model.

One request a completion (n = 1), each with a seed of its own, at most `concurrency` in flight at each server: servers
batch them, `n` and its seeds are not the same everywhere, and one failure costs one completion. A request goes to the
server that has the fewest. One that is lost (server.py) is said so once, its requests go to the others, and it is
greeted again every minute; when none is left, that is the error. Which server answers is not part of what is sampled:
they must serve the same weights.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence

from deskcheck_agent.errors import SamplerError
from deskcheck_agent.sampler import Completion, Message, SamplingParams, params_per_prompt
from deskcheck_agent.samplers.server import Server, ServerLost

LOG = logging.getLogger(__name__)
MAX_RETRIES = 6
REVISIT_S = 60.0
"""A lost server is greeted again after so long."""


class OpenAISampler:
    """Chat completions over HTTP. Token ids are kept where the server returns them (vLLM's `return_token_ids`)."""

    def __init__(
        self,
        model_id: str,
        base_url: str | Sequence[str],
        *,
        api_key_env: str = "OPENAI_API_KEY",
        concurrency: int = 64,
        timeout_s: float = 600.0,
        max_retries: int = MAX_RETRIES,
        revisit_s: float = REVISIT_S,
    ) -> None:
        self.model_id = model_id
        urls = [base_url] if isinstance(base_url, str) else list(base_url)
        # Local servers want no key, but the client wants one.
        key = os.environ.get(api_key_env) or "none"
        self.servers = [Server(model_id, url, key=key, timeout_s=timeout_s, max_retries=max_retries) for url in urls]
        self._concurrency, self._revisit_s = concurrency, revisit_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._visits: set[asyncio.Task[None]] = set()

    @property
    def moved(self) -> dict[str, int]:
        """How many requests went to other servers because theirs was lost, by its address."""
        return {server.url: server.moved for server in self.servers if server.moved}

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        return await self.sample_each(prompts, params, lambda place, index, completion: None)

    async def sample_each(
        self,
        prompts: Sequence[list[Message]],
        params: SamplingParams | Sequence[SamplingParams],
        on_answer: Callable[[int, int, Completion], None],
    ) -> list[list[Completion]]:
        """As sample; `on_answer(place, index, completion)` is told of each completion as it comes: what was answered
        before a failure is not lost."""
        if self._open():
            await self._greet()

        async def one(place: int, params: SamplingParams, index: int) -> Completion:
            async with self._gate:
                completion = await self._one(prompts[place], params, index)
            on_answer(place, index, completion)
            return completion

        each = params_per_prompt(prompts, params)
        tasks = [
            [asyncio.ensure_future(one(place, own, index)) for index in own.indices] for place, own in enumerate(each)
        ]
        flat = [task for row in tasks for task in row]
        try:
            await asyncio.gather(*flat)
        except BaseException:
            for task in flat:
                task.cancel()
            raise
        return [[task.result() for task in row] for row in tasks]

    def _open(self) -> bool:
        """A client belongs to one event loop: make new ones where `asyncio.run` has made a new loop. True if so."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return False
        self._loop = loop
        self._gate = asyncio.Semaphore(self._concurrency * len(self.servers))
        for server in self.servers:
            server.open()
        return True

    async def _greet(self) -> None:
        """See who is there. Raises SamplerError if nobody is."""
        found = await asyncio.gather(*(server.greet() for server in self.servers), return_exceptions=True)
        for server, error in zip(self.servers, found, strict=True):
            if isinstance(error, ServerLost):
                self._lose(server, error)
            elif error is not None:
                raise error

    async def _one(self, prompt: list[Message], params: SamplingParams, index: int) -> Completion:
        while True:
            server = min(self._there(), key=lambda each: each.in_flight)
            server.in_flight += 1
            try:
                return await server.answer(prompt, params, index)
            except ServerLost as error:
                self._lose(server, error)
                server.moved += 1
            finally:
                server.in_flight -= 1

    def _there(self) -> list[Server]:
        """The servers that are not lost; those that were long ago are looked for again meanwhile."""
        for server in self.servers:
            if server.lost_at is not None and time.monotonic() - server.lost_at > self._revisit_s:
                server.lose()  # the next look is as far off again
                visit = asyncio.ensure_future(self._revisit(server))
                self._visits.add(visit)
                visit.add_done_callback(self._visits.discard)
        there = [server for server in self.servers if server.lost_at is None]
        if not there:
            raise SamplerError(f"none of {', '.join(server.url for server in self.servers)} answers any more")
        return there

    def _lose(self, server: Server, error: ServerLost) -> None:
        """Go on without it; raises `error` where it was the last one."""
        others = [each.url for each in self.servers if each is not server and each.lost_at is None]
        if not others:
            raise error
        if server.lost_at is None:
            LOG.warning("lost a server: %s. Its requests go to %s", error, ", ".join(others))
            server.lose()

    async def _revisit(self, server: Server) -> None:
        try:
            await server.greet()
        except ServerLost:
            return
        server.lost_at = None
        LOG.warning("%s is back", server.url)
