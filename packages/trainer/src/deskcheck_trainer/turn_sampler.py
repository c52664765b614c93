"""Two samplers around the real one: all turns of a moment as one call, and a record of what was said.

`TurnSampler` knows how many rollouts are playing and holds their requests until every one of them waits: then one inner
call samples the turn of all. The agent's GatheringSampler would do, but not as well here: after executed feedback the
rollouts come back one by one, and the first would be sampled alone, as slowly as all together. It also makes the number
of inner calls the same on every rank, which TRL's collective vLLM generation needs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from deskcheck_agent.sampler import Completion, Message, Sampler, SamplingParams, params_per_prompt


@dataclass
class _Request:
    prompts: list[list[Message]]
    params: list[SamplingParams]
    answer: asyncio.Future[list[list[Completion]]]


class TurnSampler:
    """Joins the requests of `players` rollouts; each calls `leave` once, when it has ended."""

    def __init__(self, inner: Sampler, players: int) -> None:
        self.inner = inner
        self.model_id: str = inner.model_id
        self.seconds = 0.0
        """Time spent in inner calls."""
        self._players = players
        self._pending: list[_Request] = []
        self._sending: asyncio.Task[None] | None = None

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        future = asyncio.get_running_loop().create_future()
        self._pending.append(_Request(list(prompts), params_per_prompt(prompts, params), future))
        self._send_if_all_wait()
        return await future

    def leave(self) -> None:
        self._players -= 1
        self._send_if_all_wait()

    def _send_if_all_wait(self) -> None:
        if self._pending and len(self._pending) >= self._players:
            batch, self._pending = self._pending, []
            self._sending = asyncio.create_task(self._send(batch))

    async def _send(self, batch: list[_Request]) -> None:
        prompts = [prompt for request in batch for prompt in request.prompts]
        params = [each for request in batch for each in request.params]
        began = time.perf_counter()
        try:
            answers = await self.inner.sample(prompts, params)
        except BaseException as error:
            for request in batch:
                if not request.answer.done():
                    request.answer.set_exception(error)
            return
        self.seconds += time.perf_counter() - began
        start = 0
        for request in batch:
            stop = start + len(request.prompts)
            if not request.answer.done():  # its rollout may have been cancelled
                request.answer.set_result(answers[start:stop])
            start = stop


class RecordingSampler:
    """Passes calls on and keeps every (prompt, completion) pair, so that the agent's own loop can be trained on."""

    def __init__(self, inner: Sampler) -> None:
        self.inner = inner
        self.model_id: str = inner.model_id
        self.calls: list[tuple[list[Message], Completion]] = []

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        answers = await self.inner.sample(prompts, params)
        for prompt, completions in zip(prompts, answers, strict=True):
            self.calls.extend((prompt, completion) for completion in completions)
        return answers
