"""The ordered pool: input order whatever finishes first, bounded look-ahead, no orphans."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from deskcheck_trainer.nlex.pool import IN_FLIGHT, WorkerDied, ordered_map


def slow_first(part: int) -> tuple[int, int]:
    time.sleep(0.2 if part == 0 else 0)
    return part * part, os.getpid()


def die_on_three(part: int) -> int:
    if part == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return part


def make(work: Callable) -> Callable:
    return work


@pytest.mark.parametrize("workers", [0, 2])
def test_results_come_in_the_order_of_the_input(workers: int) -> None:
    results = list(ordered_map(partial(make, slow_first), range(20), workers))
    assert [(part, square) for part, (square, _) in results] == [(n, n * n) for n in range(20)]
    pids = {pid for _, (_, pid) in results}
    assert (pids == {os.getpid()}) == (workers == 0)


def test_the_source_is_not_read_far_ahead() -> None:
    read = 0

    def endless() -> Iterator[int]:
        nonlocal read
        while True:
            read += 1
            yield read

    results = ordered_map(partial(make, slow_first), endless(), 1)
    for _ in range(3):
        next(results)
    assert read <= 3 + IN_FLIGHT
    results.close()


def test_a_dead_worker_is_one_clear_error_and_what_came_before_stands() -> None:
    results = ordered_map(partial(make, die_on_three), range(10), 1)
    seen = []
    with pytest.raises(WorkerDied, match="run the command again"):
        for part, _ in results:
            seen.append(part)
    assert seen == list(range(len(seen))) and 3 not in seen


def test_a_worker_that_dies_while_the_parent_is_busy_is_the_same_error() -> None:
    with pytest.raises(WorkerDied, match="run the command again"):
        for _ in ordered_map(partial(make, die_on_three), range(50), 1):
            time.sleep(0.3)  # the death is noticed here, so the next submit is what fails


SCRIPT = """
import os, sys, time
from functools import partial
from deskcheck_trainer.nlex.pool import ordered_map
def work(part):
    print(os.getpid(), flush=True)
    time.sleep(60)
def make():
    return work
if __name__ == "__main__":
    list(ordered_map(make, range(8), 2))
"""


def test_workers_end_when_the_parent_is_killed(tmp_path) -> None:
    script = tmp_path / "main.py"
    script.write_text(SCRIPT)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(parent.stdout.readline()) for _ in range(2)]
        parent.kill()
        deadline = time.monotonic() + 10
        while any(map(alive, pids)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(alive, pids))


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
