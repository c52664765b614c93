"""GatheringSampler: many small requests become few large batches, for engines that take one call at a time.

Each `sample()` call lands here and waits; once the event loop has nothing else to do, everything pending goes to the
inner sampler in one call. While that call runs, new requests collect for the next one, so everybody waits for the
slowest completion of a batch. The samplers of `make_sampler` do better by themselves: they take requests as they come
(samplers/engine.py). This is for a sampler of your own that cannot, and for collective calls. Requests keep their own
seeds and parameters (the protocol takes one SamplingParams a prompt).
"""

import asyncio
from collections.abc import Sequence, Sized
from dataclasses import dataclass

from deskcheck_agent.sampler import Completion, Message, Sampler, SamplingParams, params_per_prompt

QUIET_TURNS = 3
"""Turns of the event loop without a new request before a batch leaves: a few, as a request can be several awaits
away."""


@dataclass
class _Request:
    prompts: list[list[Message]]
    params: list[SamplingParams]
    answer: asyncio.Future[list[list[Completion]]]

    @property
    def rows(self) -> int:
        return sum(each.n for each in self.params)


class GatheringSampler:
    """Joins the pending `sample()` calls of one event loop into inner calls of at least one request and up to
    `batch_size` completions."""

    def __init__(self, inner: Sampler, batch_size: int | None = None) -> None:
        self.inner = inner
        self.model_id: str = inner.model_id
        self.batch_size = batch_size
        self._pending: list[_Request] = []
        self._sender: asyncio.Task[None] | None = None

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        if not prompts:
            return []
        request = _Request(
            list(prompts), params_per_prompt(prompts, params), asyncio.get_running_loop().create_future()
        )
        self._pending.append(request)
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())
        return await request.answer

    async def _send(self) -> None:
        while self._pending:
            await quiet(self._pending)
            batch = self._take()
            try:
                answers = await self.inner.sample(
                    [prompt for request in batch for prompt in request.prompts],
                    _one_if_equal([each for request in batch for each in request.params]),
                )
            except BaseException as error:
                for request in batch:
                    if not request.answer.done():
                        request.answer.set_exception(own_copy(error))
                if not isinstance(error, Exception):
                    raise
                continue
            start = 0
            for request in batch:
                stop = start + len(request.prompts)
                if not request.answer.done():  # its waiter may have been cancelled
                    request.answer.set_result(answers[start:stop])
                start = stop

    def _take(self) -> list[_Request]:
        rows = count = 0
        for request in self._pending:
            if count and self.batch_size is not None and rows + request.rows > self.batch_size:
                break
            rows, count = rows + request.rows, count + 1
        batch = self._pending[:count]
        del self._pending[:count]
        return batch


def _one_if_equal(params: list[SamplingParams]) -> SamplingParams | list[SamplingParams]:
    return params[0] if all(each == params[0] for each in params) else params


async def quiet(pending: Sized) -> None:
    """Wait until the event loop has turned a few times without a new request in `pending`."""
    turns, seen = 0, -1
    while turns < QUIET_TURNS:
        turns, seen = (turns + 1, seen) if len(pending) == seen else (0, len(pending))
        await asyncio.sleep(0)


def own_copy(error: BaseException) -> BaseException:
    """One exception raised in many tasks would grow one traceback for all of them."""
    try:
        copy = type(error)(*error.args)
    except Exception:
        return error
    copy.__cause__ = error
    return copy
