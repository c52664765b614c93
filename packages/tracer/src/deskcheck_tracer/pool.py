"""The workers of a sandbox: at most so many, started when needed, lent one by one, or to one who must be alone.

Thread-safe. A fork of the owner holds no worker: it forgets them all, and lets go of their sockets.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from .errors import InputError
from .worker import JailWorker, Worker


class Pool:
    """At most `count` workers, started when needed; knows nothing of programs and holds no reference to its Sandbox."""

    def __init__(self, make: Callable[[], Worker], count: int) -> None:
        self._make, self._count = make, count
        self._free, self._gate, self._lock = threading.Semaphore(count), threading.Lock(), threading.Lock()
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._threads: dict[bool, ThreadPoolExecutor] = {}
        self._closed, self._owner = False, os.getpid()
        _pools.add(self)

    def take(self) -> Worker:
        """A worker, when one is free: to be given back or dropped."""
        with self._gate:
            self._free.acquire()
        return self._next()

    @contextlib.contextmanager
    def alone(self) -> Iterator[Callable[[], Worker]]:
        """Wait until no other program runs here, and keep it so: the caller gets what to call instead of `take`."""
        with self._gate:
            held = 0
            try:
                while held < self._count:
                    self._free.acquire()
                    held += 1
                self._free.release()  # one is left, and nobody else comes through the gate
                held -= 1
                yield self._take_last
            finally:
                for _ in range(held):
                    self._free.release()

    def _take_last(self) -> Worker:
        self._free.acquire()
        return self._next()

    def _next(self) -> Worker:
        try:
            with self._lock:
                if self._closed:
                    raise InputError("this sandbox is closed: make a new one")
                if self._idle:
                    return self._idle.pop()
            worker = self._make()
            with self._lock:
                self._all.add(worker)
            return worker
        except BaseException:
            self._free.release()
            raise

    def give(self, worker: Worker) -> None:
        """The worker is ready for the next program."""
        with self._lock:
            keep = not self._closed
            if keep:
                self._idle.append(worker)
        if not keep:
            worker.close()
        self._free.release()

    def drop(self, worker: Worker) -> None:
        """The worker is sick: the next one who needs it starts a fresh one."""
        with self._lock:
            self._all.discard(worker)
        with contextlib.suppress(OSError):
            worker.close()
        self._free.release()

    def threads(self, *, holding: bool = False) -> ThreadPoolExecutor:
        """As many threads as there may be workers. `holding`: others, for work that has its worker already, so that it
        never queues behind work that waits for one.
        """
        with self._lock:
            if self._closed:
                raise InputError("this sandbox is closed: make a new one")
            if holding not in self._threads:
                self._threads[holding] = ThreadPoolExecutor(self._count, thread_name_prefix="deskcheck-sandbox")
            return self._threads[holding]

    def close(self) -> None:
        """End the workers, those at work as soon as they are given back."""
        if os.getpid() != self._owner:
            return  # a fork of the owner: the workers are not ours
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()
        for threads in self._threads.values():
            threads.shutdown(wait=False)

    def forget(self) -> None:
        """In a forked child: let go of the sockets, or the workers would outlive their owner as long as we live."""
        for worker in self._all:
            if isinstance(worker, JailWorker):
                worker.let_go()
        self._idle, self._all, self._threads, self._closed = [], set(), {}, True
        self._free, self._gate, self._lock = threading.Semaphore(self._count), threading.Lock(), threading.Lock()


_pools: weakref.WeakSet[Pool] = weakref.WeakSet()


def _after_fork() -> None:
    for pool in _pools:
        pool.forget()


os.register_at_fork(after_in_child=_after_fork)
