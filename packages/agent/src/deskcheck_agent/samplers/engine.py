"""One engine, one thread, many callers: `sample()` calls share a batch that never stops for them.

A call's requests join the running batch, and its answer goes back when its own completions are there: nobody waits for
the slowest of a batch. The engine (vLLM's, or decode.py's Decoder) is touched by one thread alone, which takes in
newcomers and lets go of cancelled callers between two steps. It works in busy periods, from the first request until
nothing is left, so that an idle sampler holds no thread up and a model that is trained in between keeps its mode.

What is asked for within one moment of the event loop arrives together: prompts are then prefilled as one batch.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from deskcheck_agent.gather import own_copy, quiet
from deskcheck_agent.sampler import Completion, Message, SamplingParams, params_per_prompt


class Call:
    """One `sample()` call on its way through an engine."""

    def __init__(self, prompts: Sequence[list[Message]], params: list[SamplingParams]) -> None:
        self.prompts, self.params = list(prompts), params
        self.future: Future[list[list[Completion]]] = Future()
        self._rows: list[dict[int, Completion]] = [{} for _ in params]
        self._missing = sum(one.n for one in params)

    def put(self, place: int, index: int, completion: Completion) -> bool:
        """Keep one completion; True with the last one."""
        self._rows[place][index] = completion
        self._missing -= 1
        return not self._missing

    def deliver(self) -> None:
        rows = [[row[index] for index in one.indices] for row, one in zip(self._rows, self.params, strict=True)]
        _settle(self.future, rows)

    def fail(self, error: BaseException) -> None:
        _settle(self.future, own_copy(error))


class Answer(NamedTuple):
    """The completion of index `number` of the prompt at `place` of a call."""

    call: Call
    place: int
    number: int
    completion: Completion


class Engine(Protocol):
    """What the thread drives. Nothing here is called from anywhere else, or outside `awake`."""

    def awake(self) -> AbstractContextManager[None]:
        """A busy period: nothing is in flight when it begins, and nothing may be kept after it."""
        ...

    @property
    def busy(self) -> bool:
        """Whether a step would do something."""
        ...

    def add(self, call: Call) -> None:
        """Queue the completions of a call. An exception is this call's alone."""
        ...

    def drop(self, call: Call) -> None:
        """Forget what is left of a call: nobody waits for it any more."""
        ...

    def step(self) -> Iterable[Answer]:
        """Go on by one token; the completions that ended. An exception ends every call."""
        ...


class EngineThread:
    """The asynchronous front of an engine."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        # One thread for good: torch keeps a pool of workers for every thread that ever computed.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._is_serving = False
        self._inbox: list[Call] = []
        self._gone: deque[Call] = deque()
        self._calls: set[Call] = set()
        self._arriving: list[Call] = []
        self._hand_over: asyncio.Task[None] | None = None

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        """As Sampler.sample; a cancelled call leaves the engine at its next step."""
        if not prompts:
            return []
        call = Call(prompts, params_per_prompt(prompts, params))
        self._arriving.append(call)
        if self._hand_over is None or self._hand_over.done():
            self._hand_over = asyncio.create_task(self._arrive())
        return await asyncio.wrap_future(call.future)

    async def _arrive(self) -> None:
        await quiet(self._arriving)
        arrived = self._arriving[:]
        self._arriving.clear()
        with self._lock:
            self._inbox += arrived
            if not self._is_serving:
                self._is_serving = True
                self._thread.submit(self._serve)

    # on the thread

    def _serve(self) -> None:
        while True:
            last: list[Call] = []
            try:
                with self.engine.awake():
                    last = self._work()
            except BaseException as error:  # whoever waits must hear of it: this thread has no other listener
                self._fail_all(error)
            for call in last:
                call.deliver()
            with self._lock:
                if not self._inbox:
                    self._is_serving = False
                    return

    def _work(self) -> list[Call]:
        """Serve until nothing is left. The last calls' answers are returned: they go out when the engine rests."""
        while True:
            self._take_in()
            self._let_go()
            told = self.engine.step() if self.engine.busy else ()
            whole = [call for call, place, index, completion in told if call.put(place, index, completion)]
            self._calls.difference_update(whole)
            if not self.engine.busy and not self._inbox:
                return whole
            for call in whole:
                call.deliver()

    def _take_in(self) -> None:
        if not self._inbox:
            return
        with self._lock:
            arrived, self._inbox = self._inbox, []
        for call in arrived:
            if call.future.cancelled():
                continue
            try:
                self.engine.add(call)
            except Exception as error:
                self.engine.drop(call)
                call.fail(error)
                continue
            self._calls.add(call)
            call.future.add_done_callback(lambda future, call=call: future.cancelled() and self._gone.append(call))

    def _let_go(self) -> None:
        while self._gone:
            call = self._gone.popleft()
            if call in self._calls:
                self.engine.drop(call)
                self._calls.remove(call)

    def _fail_all(self, error: BaseException) -> None:
        with self._lock:
            waiting, self._inbox = self._inbox, []
        for call in [*self._calls, *waiting]:
            call.fail(error)
        self._calls.clear()


def _settle(future: "Future[list[list[Completion]]]", outcome: "list[list[Completion]] | BaseException") -> None:
    try:
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
    except InvalidStateError:
        pass  # cancelled in this very moment
