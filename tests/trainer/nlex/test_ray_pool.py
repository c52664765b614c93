"""The Ray pool: input order, parts done again after a death, errors that are the work's own, one clear message else."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from deskcheck_conf.errors import ConfigError
from deskcheck_trainer.nlex.pool import IN_FLIGHT, WorkerDied
from deskcheck_trainer.nlex.ray_pool import ray_map


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster of one node; starting one takes seconds, connecting to it much less."""
    os.environ["RAY_AUTH_MODE"] = "disabled"  # else it depends on a token that earlier runs may have left at home
    ray = str(Path(sys.executable).with_name("ray"))
    port = free_port()
    options = [
        "--head",
        f"--port={port}",
        "--num-cpus=1",
        "--include-dashboard=false",
        "--disable-usage-stats",
        "--block",
    ]
    process = subprocess.Popen([ray, "start", *options], stdout=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.2)
    yield f"127.0.0.1:{port}"
    process.terminate()
    process.wait(60)


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def square(part: int) -> int:
    return part * part


def die(folder: Path, times: int, part: int) -> int:
    """Die on part 3, `times` times in all."""
    if part == 3 and len(list(folder.iterdir())) < times:
        (folder / str(os.getpid())).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return part


def fail(part: int) -> int:
    raise ConfigError(f"no {part}")


def make(work: Callable) -> Callable:
    return work


@pytest.mark.slow
def test_results_come_in_order_and_the_source_is_not_read_far_ahead(cluster) -> None:
    read = 0

    def endless() -> Iterator[int]:
        nonlocal read
        while True:
            read += 1
            yield read

    results = ray_map(partial(make, square), endless(), 2, cluster)
    assert [next(results) for _ in range(20)] == [(n, n * n) for n in range(1, 21)]
    assert read <= 20 + 2 * IN_FLIGHT
    results.close()


@pytest.mark.slow
def test_a_part_whose_process_died_is_done_again(tmp_path, cluster) -> None:
    results = ray_map(partial(make, partial(die, tmp_path, 1)), range(6), 1, cluster)
    assert list(results) == [(n, n) for n in range(6)]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.slow
def test_a_part_that_kills_every_process_is_one_clear_error(tmp_path, cluster) -> None:
    results = ray_map(partial(make, partial(die, tmp_path, 99)), range(6), 1, cluster)
    with pytest.raises(WorkerDied, match="Ray lost a part"):
        list(results)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.slow
def test_an_error_of_the_work_is_raised_as_itself(cluster) -> None:
    with pytest.raises(ConfigError, match="no 7"):
        list(ray_map(partial(make, fail), [7], 1, cluster))


def test_an_address_where_no_cluster_answers_is_told() -> None:
    with pytest.raises(ConfigError, match=r"ray_address is 127\.0\.0\.1:1, where no cluster answers"):
        list(ray_map(partial(make, square), [1], 1, "127.0.0.1:1"))


def test_a_dataset_built_by_ray_is_the_same_bytes(tmp_path) -> None:
    folders = []
    for pool in ("serial", "ray"):
        small = ["source.problems=6", "items_per_shard=12", "items_per_part=5", "wandb=disabled", "workers=2"]
        command = [sys.executable, "-m", "deskcheck_trainer.collect", f"pool={pool}", *small]
        subprocess.run([*command, f"output_root={tmp_path / pool}"], check=True, capture_output=True)
        folder = tmp_path / pool / "collect-smoke-s0"
        paths = [folder / "manifest.json", *folder.rglob("*.parquet")]
        folders.append({path.relative_to(folder): path.read_bytes() for path in paths})
    assert folders[0] == folders[1] and len(folders[0]) > 3
