"""Rows on their way to a file: each is written once, in order, whatever else runs."""

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from deskcheck_tracer.stream import RowWriter


@contextmanager
def busy_threads() -> Iterator[None]:
    """Threads that take turns as often as possible."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@pytest.mark.parametrize("batch", [1, 7])
def test_threads_lose_no_row_and_write_none_twice(batch: int) -> None:
    receiver, sender = os.pipe()
    writer = RowWriter(sender, batch)

    def work(number: int) -> None:
        for count in range(300):
            writer.append(("line", number, count, {"x": "y" * (count % 200)}))

    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(os.fdopen(receiver)))
    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    with busy_threads():
        reader.start()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    writer.flush()
    os.close(sender)
    reader.join()
    rows = [json.loads(line) for line in lines]
    for number in range(4):
        assert [row[2] for row in rows if row[1] == number] == list(range(300))
