"""Shards appear whole or not at all, and are never silently mixed with another dataset's."""

import dataclasses
import hashlib

import pytest
from deskcheck_tracer.errors import InputError
from deskcheck_trainer.nlex import Reason, Rejected, Row, Task
from deskcheck_trainer.nlex.shards import ShardStore, write_whole


def outcomes(n: int) -> list[Row | Rejected]:
    message = [{"role": "user", "content": "q"}]
    rows = [
        Row(task=Task.explain, prompt=message, completion=[{"role": "assistant", "content": str(i)}], source="")
        for i in range(n)
    ]
    return [*rows, Rejected(reason=Reason.trivial, detail="", origin="o")]


def test_a_written_shard_is_found_again_with_its_counts_and_hashes(tmp_path) -> None:
    store = ShardStore(tmp_path)
    shard = store.write(7, "k", 4, outcomes(3))
    assert store.find(7, "k") == shard
    assert (shard.items, shard.tasks, shard.rejected) == (4, {"explain": 3}, {"trivial": 1})
    assert shard.rows_file == "data/train-00007.parquet"
    assert shard.rows_sha256 == hashlib.sha256((tmp_path / shard.rows_file).read_bytes()).hexdigest()
    assert store.find(8, "k") is None


def test_no_file_is_written_for_no_rows(tmp_path) -> None:
    shard = ShardStore(tmp_path).write(0, "k", 1, outcomes(0))
    assert shard.rows_file is None and not (tmp_path / "data").exists()


def test_a_changed_source_stops_the_run(tmp_path) -> None:
    store = ShardStore(tmp_path)
    store.write(0, "k", 4, outcomes(3))
    with pytest.raises(InputError, match=r"source has changed[\s\S]*run_name"):
        store.find(0, "other")


def test_a_lost_file_is_told(tmp_path) -> None:
    store = ShardStore(tmp_path)
    shard = store.write(0, "k", 4, outcomes(3))
    (tmp_path / (shard.rows_file or "")).unlink()
    with pytest.raises(InputError, match="missing"):
        store.find(0, "k")


def test_the_record_comes_last(tmp_path) -> None:
    """Files without a record (a kill between the two) count as nothing and are written over."""
    store = ShardStore(tmp_path)
    first = store.write(0, "k", 4, outcomes(3))
    (tmp_path / "shards/00000.json").unlink()
    assert store.find(0, "k") is None
    assert dataclasses.asdict(store.write(0, "k", 4, outcomes(3))) == dataclasses.asdict(first)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def fail(temporary) -> None:
        temporary.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_whole(path, fail)
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"] and path.read_text() == "old"
