"""The same ordered map over a Ray cluster, or over a Ray of this machine where no cluster is named.

A part is a Ray task, so Ray schedules, scales and retries: a part whose process or node dies is done again elsewhere,
and since parts are pure functions of their items the dataset does not show it. What a process prepares (jails, prompts)
it keeps for its next task. Every node needs the same packages installed.
"""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Callable, Generator, Iterable
from functools import lru_cache
from typing import Any

from deskcheck_conf.errors import ConfigError

from deskcheck_trainer.nlex.pool import IN_FLIGHT, WorkerDied, in_order

RETRIES = 3
"""How often a part is tried again after its process or node died."""


def ray_map[W, T, R](
    make_work: Callable[[], Callable[[T], R]], parts: Iterable[T], workers: int | None, address: str | None
) -> Generator[tuple[T, R]]:
    """Yield `(part, work(part))` in the order of `parts`; meanings as in `pool.ordered_map`.

    `workers` bounds how many parts run at once (None: the cores of the cluster); `address` is a cluster's
    (`auto`, `ray://host:10001`), None starts a Ray on this machine and ends it afterwards.

    Raises:
        ConfigError: Ray is not installed, or no cluster answers at `address`.
        WorkerDied: a part was lost more often than `RETRIES` times.
    """
    ray = connect(workers, address)
    try:
        cores = workers or int(ray.cluster_resources()["CPU"])
        task: Any = ray.remote(num_cpus=1, max_retries=RETRIES)(_work)
        made = ray.put(ray.cloudpickle.dumps(make_work))  # which also takes what is defined in __main__
        result: Callable[[Any], R] = ray.get
        yield from in_order(parts, lambda part: task.remote(made, part), result, cores * IN_FLIGHT)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None  # what the work itself raised, without Ray's report around it
    except ray.exceptions.RayError as error:
        raise WorkerDied(
            f"Ray lost a part of the work {RETRIES + 1} times ({type(error).__name__}). What is finished is kept; look"
            " at the nodes (`ray status`), then run the command again to go on."
        ) from None
    finally:
        ray.shutdown()


def connect(workers: int | None, address: str | None) -> Any:
    """Ray, connected."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    try:
        import ray
    except ImportError:
        raise ConfigError("pool is ray, which is not installed: pip install 'deskcheck-trainer[ray]'") from None
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    if address is None:
        ray.init("local", num_cpus=workers, include_dashboard=False, **quiet)
        return ray
    try:
        if ":" in address:  # Ray itself would wait five minutes for a server that is not there
            host, _, port = address.removeprefix("ray://").rpartition(":")
            socket.create_connection((host, int(port)), timeout=10).close()
        ray.init(address=address, **quiet)
    except (OSError, ValueError) as error:
        raise ConfigError(f"ray_address is {address}, where no cluster answers ({error}): `ray start --head`") from None
    return ray


def _work(made: bytes, part: object) -> object:
    return _prepared(made)(part)


@lru_cache(maxsize=1)
def _prepared(made: bytes) -> Callable[[object], object]:
    return pickle.loads(made)()
