"""An ordered map over worker processes: results come in the order of the input, whatever finishes first.

The order is what makes a dataset the same bytes with one worker or eight. A bounded number of parts is in flight, so a
source of millions of programs is never read ahead into memory. Workers are spawned, ignore Ctrl-C (the parent decides)
and end themselves when the parent dies, also by SIGKILL.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import cast

from deskcheck_tracer.errors import DeskcheckError

IN_FLIGHT = 4
"""Parts in flight for each worker: enough to hide the parent's writing, few enough to bound memory."""


class WorkerDied(DeskcheckError, RuntimeError):
    """A worker process ended without a result, most often killed for memory."""


def ordered_map[W, T, R](
    make_work: Callable[[], Callable[[T], R]], parts: Iterable[T], workers: int
) -> Generator[tuple[T, R]]:
    """Yield `(part, work(part))` in the order of `parts`.

    `make_work` (picklable) is called once in each process and makes the function that does the work there;
    `workers=0` works in this process.

    Raises:
        WorkerDied: a worker process died; what was yielded before stands.
    """
    if workers == 0:
        work = make_work()
        yield from ((part, work(part)) for part in parts)
        return
    # Spawned, not forked: the parent runs a progress thread, and a forked copy of a held lock never opens again.
    work_there = cast("Callable[[T], R]", _work)  # what runs there is the process's own
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_start, initargs=(make_work,))
    try:
        yield from in_order(parts, lambda part: pool.submit(work_there, part), Future.result, workers * IN_FLIGHT)
    except BrokenProcessPool:  # from a result or, when the parent is slower than the death, from the next submit
        raise WorkerDied(
            "a worker process died (often: out of memory). What is finished is kept; run the command again to go on,"
            " with a smaller `workers` if it happens again."
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def in_order[T, F, R](
    parts: Iterable[T], submit: Callable[[T], F], result: Callable[[F], R], in_flight: int
) -> Generator[tuple[T, R]]:
    """Yield `(part, result)` in the order of `parts`; at most `in_flight` are submitted and not yet yielded."""
    waiting: deque[tuple[T, F]] = deque()
    for part in parts:
        waiting.append((part, submit(part)))
        if len(waiting) >= in_flight:
            first, future = waiting.popleft()
            yield first, result(future)
    for part, future in waiting:
        yield part, result(future)


def available_workers() -> int:
    """CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_worker: Callable[..., object] | None = None


def _start(make_work: Callable[[], Callable[..., object]]) -> None:
    """Prepare this worker process."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _worker = make_work()


def _work(part: object) -> object:
    assert _worker is not None
    return _worker(part)


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
