"""JSONL programs: any names of keys, every malformed line told with its number."""

import gzip
import json
from pathlib import Path

import pytest
from deskcheck_tracer.errors import InputError
from deskcheck_tracer.program import Program
from deskcheck_trainer.nlex import Rejected
from deskcheck_trainer.nlex.sources import Explain, Malformed, Source
from deskcheck_trainer.nlex.sources.jsonl import JsonlSource
from deskcheck_trainer.nlex.sources.lines import MAX_LINE_BYTES


def explained(source: Source) -> list[Explain]:
    items = list(source.items())
    assert all(isinstance(item, Explain) for item in items), items
    return [item for item in items if isinstance(item, Explain)]


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
    source = JsonlSource(path, licence="Apache-2.0")
    assert [(i.program, i.origin, i.licence) for i in explained(source)] == [
        (Program("print(1)", "x"), f"{name}#7", "MIT"),
        (Program("def f(): pass", call="f()"), "somewhere#3", "Apache-2.0"),
    ]
    assert source.count() == 3


def test_cruxeval_rows_are_read_through_the_fields_map(tmp_path) -> None:
    path = jsonl(
        tmp_path / "c.jsonl", {"code": "def f(a, b):\n    return a", "input": "1, 'x'", "output": "1", "id": "s0"}
    )
    (item,) = explained(JsonlSource(path, {"source": "code", "arguments": "input"}, "f"))
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
        list(JsonlSource(path).items())
    items = list(JsonlSource(path, malformed=Malformed.skip).items())
    assert [type(item) for item in items] == [Explain, Rejected, Explain]


def test_an_endless_line_is_passed_over(tmp_path) -> None:
    path = jsonl(tmp_path / "r.jsonl", "x" * (2 * MAX_LINE_BYTES + 5), {"source": "print(1)"})
    items = list(JsonlSource(path, malformed=Malformed.skip).items())
    assert [type(item) for item in items] == [Rejected, Explain]
    assert isinstance(items[1], Explain) and items[1].origin == "r.jsonl#2"
    with pytest.raises(InputError, match=r"r\.jsonl:1: line is over"):
        list(JsonlSource(path).items())


def test_paths_that_are_no_jsonl_file_are_told(tmp_path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        list(JsonlSource(tmp_path / "no.jsonl").items())
    with pytest.raises(InputError, match="source=folder"):
        list(JsonlSource(tmp_path).items())
    (tmp_path / "a.jsonl.gz").write_text("plain")
    with pytest.raises(InputError, match="not whole gzip"):
        list(JsonlSource(tmp_path / "a.jsonl.gz").items())


def test_wrong_field_maps_are_told(tmp_path) -> None:
    with pytest.raises(InputError, match=r"unknown names \['sauce'\]"):
        JsonlSource(tmp_path, {"sauce": "code"})
    with pytest.raises(InputError, match="entry_point"):
        JsonlSource(tmp_path, {"arguments": "input"})
