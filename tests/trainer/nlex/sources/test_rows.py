"""Rows as programs, from JSONL, Parquet and the hub: any names of keys, every malformed line told with its number."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deskcheck_evals.errors import EvalError
from deskcheck_evals.hub import is_hub_id, load_hub
from deskcheck_tracer.errors import InputError
from deskcheck_tracer.program import Program
from deskcheck_trainer.nlex import Rejected
from deskcheck_trainer.nlex.sources import Explain, Explore, Malformed, Source
from deskcheck_trainer.nlex.sources.lines import MAX_LINE_BYTES
from deskcheck_trainer.nlex.sources.row_files import RowFiles
from deskcheck_trainer.nlex.sources.rows import RowsSource


def explained(source: Source) -> list[Explain]:
    items = list(source.items())
    assert all(isinstance(item, Explain) for item in items), items
    return [item for item in items if isinstance(item, Explain)]


def files(path: Path, malformed: Malformed = Malformed.stop) -> RowFiles:
    return RowFiles(str(path), malformed)


def jsonl(path: Path, *rows: object) -> Path:
    text = "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_jsonl_rows_become_programs(tmp_path, name: str) -> None:
    path = jsonl(
        tmp_path / name,
        {"source": "print(1)", "stdin": "x", "id": 7, "licence": "MIT", "more": [1]},
        "",
        {"source": "def f(): pass", "call": "f()", "origin": "somewhere"},
    )
    source = RowsSource(files(path), licence="Apache-2.0")
    assert [(i.program, i.origin, i.licence) for i in explained(source)] == [
        (Program("print(1)", "x"), f"{name}#7", "MIT"),
        (Program("def f(): pass", call="f()"), "somewhere#3", "Apache-2.0"),
    ]
    assert source.count() == 3


def test_cruxeval_rows_are_read_through_the_fields_map(tmp_path) -> None:
    path = jsonl(
        tmp_path / "c.jsonl", {"code": "def f(a, b):\n    return a", "input": "1, 'x'", "output": "1", "id": "s0"}
    )
    (item,) = explained(RowsSource(files(path), {"source": "code", "arguments": "input"}, "f"))
    assert item.program.call == "f(1, 'x')" and item.origin == "c.jsonl#s0"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "a JSON list, expected an object"),
        ({"code": "x"}, r"has no 'source' \(keys: 'code'\).*source.fields.source"),
        ({"source": 3}, "'source' is 3, expected a string"),
        ({"source": "x", "stdin": ["a"]}, r"'stdin' is \[\"a\"\]"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_malformed_line_names_file_and_line(tmp_path, line: object, said: str) -> None:
    path = jsonl(tmp_path / "r.jsonl", {"source": "print(1)"}, line, {"source": "print(2)"})
    with pytest.raises(InputError, match=rf"r\.jsonl:2: .*{said}"):
        list(RowsSource(files(path)).items())
    items = list(RowsSource(files(path, Malformed.skip)).items())
    assert [type(item) for item in items] == [Explain, Rejected, Explain]


def test_an_endless_line_is_passed_over(tmp_path) -> None:
    path = jsonl(tmp_path / "r.jsonl", "x" * (2 * MAX_LINE_BYTES + 5), {"source": "print(1)"})
    items = list(RowsSource(files(path, Malformed.skip)).items())
    assert [type(item) for item in items] == [Rejected, Explain]
    assert isinstance(items[1], Explain) and items[1].origin == "r.jsonl#2"
    with pytest.raises(InputError, match=r"r\.jsonl:1: line is over"):
        list(RowsSource(files(path)).items())


def test_paths_that_are_no_jsonl_file_are_told(tmp_path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        list(RowsSource(files(tmp_path / "no.jsonl")).items())
    with pytest.raises(InputError, match="source=folder"):
        list(RowsSource(files(tmp_path)).items())
    (tmp_path / "a.jsonl.gz").write_text("plain")
    with pytest.raises(InputError, match="not whole gzip"):
        list(RowsSource(files(tmp_path / "a.jsonl.gz")).items())


def test_wrong_field_maps_are_told(tmp_path) -> None:
    with pytest.raises(InputError, match=r"unknown names \['sauce'\]"):
        RowsSource(files(tmp_path), {"sauce": "code"})
    with pytest.raises(InputError, match="entry_point"):
        RowsSource(files(tmp_path), {"arguments": "input"})


# ---- functions to explore ----

FUNCTION = "def f(a, b=2):\n    return a * b\n"


def test_a_function_without_an_input_is_explored_from_what_is_known(tmp_path) -> None:
    made = "def generate_inputs(rng):\n    return {'a': rng.randint(0, 9)}\n"
    path = jsonl(
        tmp_path / "r.jsonl",
        {"code": FUNCTION, "make": made},
        {"code": FUNCTION, "name": "g", "inputs": ["1, b=3", "[]"], "calls": ["g(7)"], "licence": "MIT"},
        {"code": FUNCTION, "stdin": "x"},
        {"code": FUNCTION, "call": "f(1)"},
    )
    fields = {"source": "code", "generator": "make", "entry_point": "name"}
    items = list(RowsSource(files(path), fields, entry_point="f", licence="ISC").items())
    assert items == [
        Explore(source=FUNCTION, entry_point="f", generator=made, origin="r.jsonl#1", licence="ISC"),
        Explore(
            source=FUNCTION, entry_point="g", calls=("g(7)", "g(1, b=3)", "g([])"), origin="r.jsonl#2", licence="MIT"
        ),
        Explain(program=Program(FUNCTION, stdin="x"), origin="r.jsonl#3", licence="ISC"),
        Explain(program=Program(FUNCTION, call="f(1)"), origin="r.jsonl#4", licence="ISC"),
    ]


def test_lists_that_are_none_are_told(tmp_path) -> None:
    path = jsonl(tmp_path / "r.jsonl", {"source": FUNCTION, "entry_point": "f", "calls": "f(1)"})
    with pytest.raises(InputError, match=r"r\.jsonl:1: 'calls' is \"f\(1\)\", expected a list of strings"):
        list(RowsSource(files(path)).items())


# ---- Parquet, folders, the hub ----


def parquet(path: Path, rows: list[dict]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=10)
    return path


def test_parquet_rows_are_what_jsonl_rows_are(tmp_path) -> None:
    rows = [{"code": FUNCTION, "id": i, "inputs": [f"{i}"], "other": b"\0"} for i in range(200)]
    fields = {"source": "code"}
    source = RowsSource(files(parquet(tmp_path / "r.parquet", rows)), fields, entry_point="f")
    lines = jsonl(tmp_path / "r.jsonl", *({k: v for k, v in row.items() if k != "other"} for row in rows))
    expected = list(RowsSource(files(lines), fields, entry_point="f").items())
    got = list(source.items())
    assert [item.origin for item in got] == [f"r.parquet#{i}" for i in range(200)] and source.count() == 200
    assert [i.calls for i in got if isinstance(i, Explore)] == [i.calls for i in expected if isinstance(i, Explore)]


def test_a_folder_of_files_is_read_in_order(tmp_path) -> None:
    parquet(tmp_path / "d/b/1.parquet", [{"source": "print(2)"}])
    jsonl(tmp_path / "d/a.jsonl.gz", {"source": "print(1)"})
    (tmp_path / "d/.hidden.jsonl").write_text("{")
    (tmp_path / "d/README.md").write_text("no rows")
    source = RowsSource(files(tmp_path / "d"))
    assert [(i.program.source, i.origin) for i in explained(source)] == [
        ("print(1)", "d/a.jsonl.gz#1"),
        ("print(2)", "d/b/1.parquet#1"),
    ]
    assert source.count() == 2


def test_a_parquet_file_that_is_cut_or_damaged_is_told_or_counted(tmp_path) -> None:
    whole = parquet(tmp_path / "d/b.parquet", [{"source": f"print({i} * '{'x' * i}')"} for i in range(100)])
    data = whole.read_bytes()
    (tmp_path / "d/a.parquet").write_bytes(data[: len(data) // 2])
    (tmp_path / "d/c.parquet").write_bytes(data[:4] + b"\xff" * 3000 + data[3004:])
    with pytest.raises(InputError, match=r"a\.parquet: not a whole Parquet file, stopped after 0 rows"):
        list(RowsSource(files(tmp_path / "d")).items())
    items = list(RowsSource(files(tmp_path / "d", Malformed.skip)).items())
    bad = [item.origin for item in items if isinstance(item, Rejected)]
    assert bad == ["d/a.parquet", "d/c.parquet"] and len(items) >= 102
    with pytest.raises(InputError, match="does not exist"):
        list(RowsSource(files(tmp_path / "none.parquet")).items())


@pytest.mark.slow
def test_a_dataset_that_the_hub_does_not_have_is_one_clear_error() -> None:
    code = (
        "from deskcheck_trainer.nlex.sources.row_files import RowFiles\n"
        "from deskcheck_evals.errors import EvalError\n"
        "try:\n    list(RowFiles('nobody-here/nothing').rows())\n"
        "except EvalError as e:\n    print(e)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True
    )
    assert done.stdout.startswith("source.path=nobody-here/nothing could not be loaded"), done.stderr


def test_rows_stream_from_what_datasets_reads(tmp_path) -> None:
    """The same call as for the hub, on a folder: this machine has no hub."""
    parquet(tmp_path / "d/train-0.parquet", [{"source": f"print({i})"} for i in range(5)])
    rows = load_hub(str(tmp_path / "d"), "train", streaming=True, key="source.path", extra="")
    assert [row["source"] for row in rows] == [f"print({i})" for i in range(5)]
    with pytest.raises(EvalError, match=r"source\.path=.* could not be loaded"):
        load_hub(str(tmp_path / "d"), "test", key="source.path", extra="")


@pytest.mark.parametrize(
    ("path", "is_hub"),
    [("owner/name", True), ("owner/na.me-1", True), ("rows/x.jsonl", False), ("a/b.parquet", False), ("a", False), ("a/b/c", False)],
)  # fmt: skip
def test_what_looks_like_a_hub_id(path: str, is_hub: bool) -> None:
    assert is_hub_id(path) is is_hub
