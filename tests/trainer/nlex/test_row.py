"""The row on disk: ids are content hashes, a round trip through Parquet changes nothing, half a dataset is refused."""

import json

import pyarrow.parquet as pq
import pytest
from deskcheck_tracer.errors import InputError
from deskcheck_trainer.nlex.row import (
    MANIFEST,
    ROW_SCHEMA,
    SCHEMA_VERSION,
    Reason,
    Rejected,
    Row,
    Task,
    read_rows,
    read_table,
    rejected_table,
    shard_paths,
    to_table,
    words_and_symbols,
)


def row(completion: str = "x = 1", **changes: object) -> Row:
    values: dict = {
        "task": Task.explain,
        "prompt": [{"role": "user", "content": "run\nx = 1"}],
        "completion": [{"role": "assistant", "content": completion}],
        "source": "x = 1",
        **changes,
    }
    return Row(**values)


def test_the_id_depends_on_what_the_row_teaches_and_on_nothing_else() -> None:
    assert row().id == row(origin="elsewhere", events=9, licence="MIT").id
    assert row().id != row("x = 2").id
    assert row().id != row(task=Task.fix).id


def test_tokens_count_words_and_symbols_of_both_sides() -> None:
    assert words_and_symbols("s = (0 + 31) % 10\n<output>") == 12
    assert row().tokens == words_and_symbols("run x = 1") + words_and_symbols("x = 1")


def test_rows_survive_parquet(tmp_path) -> None:
    rows = [
        row(),
        row("é\u2028\n", call="f(1)", stdin="1\n", licence="MIT", style="step", events=3, lines=2, output="2"),
    ]
    (tmp_path / "data").mkdir()
    pq.write_table(to_table(rows), tmp_path / "data/a.parquet")
    manifest = {"schema": SCHEMA_VERSION, "shards": [{"rows_file": "data/a.parquet"}, {"rows_file": None}]}
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    assert list(read_rows(tmp_path)) == rows
    assert read_table(tmp_path, ["id", "tokens"]).to_pylist()[1] == {"id": rows[1].id, "tokens": rows[1].tokens}
    assert pq.read_schema(tmp_path / "data/a.parquet").metadata[b"deskcheck.nlex"] == b"1"


def test_an_empty_dataset_reads_as_no_rows(tmp_path) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({"schema": SCHEMA_VERSION, "shards": []}))
    assert list(read_rows(tmp_path)) == []
    assert read_table(tmp_path).schema == ROW_SCHEMA


@pytest.mark.parametrize(
    ("manifest", "said"),
    [(None, "manifest.json is missing"), ('{"schema": 99, "shards": []}', "schema 99"), ("[", "not a manifest")],
)
def test_what_is_not_a_finished_dataset_is_refused(tmp_path, manifest: str | None, said: str) -> None:
    if manifest is not None:
        (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(InputError, match=said):
        shard_paths(tmp_path)


def test_rejected_items_keep_everything_a_person_needs() -> None:
    kept = Rejected(reason=Reason.claim_false, detail="s is 3", origin="a.py", source="s = 2", narration="s = 3")
    assert rejected_table([kept]).to_pylist() == [
        {
            "reason": "claim_false",
            "detail": "s is 3",
            "origin": "a.py",
            "source": "s = 2",
            "stdin": "",
            "call": None,
            "narration": "s = 3",
        }
    ]
