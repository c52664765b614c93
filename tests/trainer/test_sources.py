"""Sources: every input that lies beside a program is found, in a fixed order; what cannot be read is told or counted."""

import gzip
import json
from pathlib import Path

import pytest
from deskcheck_tracer.errors import InputError
from deskcheck_tracer.program import Program
from deskcheck_trainer import sources
from deskcheck_trainer.micro_source import MicroSource, near_misses
from deskcheck_trainer.nlex import Reason, Rejected
from deskcheck_trainer.sources import Explain, Fix, FolderSource, JsonlSource, Malformed, Solve, doctest_calls

EXAMPLES = Path(__file__).parents[2] / "examples/programs"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def explained(source: sources.Source) -> list[Explain]:
    items = list(source.items())
    assert all(isinstance(item, Explain) for item in items), items
    return [item for item in items if isinstance(item, Explain)]


def test_every_kind_of_input_beside_a_file_is_found(tmp_path) -> None:
    source = 'def f(x):\n    """\n    >>> f(1)\n    2\n    """\n    return x + 1\n'
    write(tmp_path, **{"a.py": source, "a.in": "0\n", "a.10.in": "10\n", "a.2.in": "2\n", "b.in": "not of a\n"})
    write(tmp_path, **{"a.inputs.jsonl": '{"stdin": "x\\n"}\n\n{"call": "f(7)"}\n'})
    assert [item.program for item in explained(FolderSource(tmp_path))] == [
        Program(source, stdin="0\n"),
        Program(source, stdin="2\n"),
        Program(source, stdin="10\n"),
        Program(source, stdin="x\n"),
        Program(source, call="f(7)"),
        Program(source, call="f(1)"),
    ]


def test_a_call_leaves_the_main_block_out_and_stdin_keeps_it(tmp_path) -> None:
    source = 'def f(x):\n    return x\n\n\nif __name__ == "__main__":\n    print(f(input()))\n'
    write(tmp_path, **{"a.py": source, "a.in": "1\n", "a.inputs.jsonl": '{"call": "f(2)"}'})
    run, called = explained(FolderSource(tmp_path))
    assert run.program.source == source
    assert called.program == Program("def f(x):\n    return x\n", call="f(2)")


def test_a_file_without_inputs_runs_once_on_empty_stdin(tmp_path) -> None:
    write(tmp_path, **{"sub__a.py": "print(1)\n", ".hidden__b.py": "print(2)\n"})
    (item,) = explained(FolderSource(tmp_path))
    assert item.program == Program("print(1)\n") and item.origin == f"{tmp_path.name}/sub/a.py"


def test_origin_and_licence_are_kept(tmp_path) -> None:
    write(tmp_path, **{"a.py": "# SPDX-License-Identifier: MIT\nprint(1)\n", "a.in": "", "b.py": "print(2)\n"})
    first, second = explained(FolderSource(tmp_path, licence="Apache-2.0"))
    assert (first.origin, first.licence) == (f"{tmp_path.name}/a.py#a.in", "MIT")
    assert second.licence == "Apache-2.0"


def test_an_encoding_line_is_honoured(tmp_path) -> None:
    (tmp_path / "a.py").write_bytes("# coding: latin-1\nprint('é')\n".encode("latin-1"))
    assert "é" in explained(FolderSource(tmp_path))[0].program.source


def test_only_doctests_that_stand_on_their_own_are_calls() -> None:
    source = '''
import math
LIMIT = 3
def f(x, y=0):
    """
    >>> f(LIMIT, math.pi)
    3
    >>> z = 4
    >>> f(z)
    4
    >>> f([w for w in range(2)])
    [0, 1]
    >>> f(1) + 1
    2
    >>> f("a" * -1 / 2)
    Traceback (most recent call last):
    TypeError: no
    >>> print(f(2))
    2
    >>> f(LIMIT, math.pi)
    3
    >>> f(key=lambda k: k)
    """
    return x
'''
    assert doctest_calls(source) == ["f(LIMIT, math.pi)", "f([w for w in range(2)])", "f(key=lambda k: k)"]
    assert doctest_calls("def f(:") == [] and doctest_calls('def f():\n    """>>>bad"""') == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.py", b"\xff\xfe\x00binary", "a.py: not Python text"),
        ("a.in", b"\xff", "a.in: not UTF-8 text"),
        ("a.inputs.jsonl", b'{"stdin": "1"}\n{"stdin": 1}\n', r"a.inputs.jsonl:2: expected .*got \{\"stdin\": 1\}"),
        ("a.inputs.jsonl", b'{"stdin": "1", "call": "f()"}\n', r"a.inputs.jsonl:1: expected"),
        ("a.inputs.jsonl", b"{", "a.inputs.jsonl:1: not JSON"),
    ],
)
def test_an_unreadable_entry_is_one_clear_error_or_a_counted_skip(
    tmp_path, name: str, content: bytes, said: str
) -> None:
    write(tmp_path, **{"a.py": "print(1)\n"})
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{said}.*source.malformed=skip"):
        list(FolderSource(tmp_path).items())
    skipped = [i for i in FolderSource(tmp_path, malformed=Malformed.skip).items() if isinstance(i, Rejected)]
    assert [item.reason for item in skipped] == [Reason.unreadable]


def test_a_huge_file_is_no_program(tmp_path) -> None:
    write(tmp_path, **{"a.py": "#" * (sources.MAX_SOURCE_BYTES + 1)})
    (item,) = FolderSource(tmp_path).items()
    assert isinstance(item, Rejected) and item.reason is Reason.oversize


@pytest.mark.parametrize("made", [True, False])
def test_a_folder_with_nothing_to_read_is_told(tmp_path, made: bool) -> None:
    folder = tmp_path if made else tmp_path / "missing"
    with pytest.raises(InputError, match=r"source\.path"):
        list(FolderSource(folder).items())


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
    path = jsonl(tmp_path / "r.jsonl", "x" * (2 * sources.MAX_LINE_BYTES + 5), {"source": "print(1)"})
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


def test_micro_problems_give_explain_solve_and_fix_items() -> None:
    source = MicroSource(problems=5, seed=3, explain=2, near_misses=2)
    items = list(source.items())
    assert items == list(source.items())
    assert len(items) <= (source.count() or 0)
    first = items[: next(i for i, item in enumerate(items) if isinstance(item, Fix))]
    assert [type(item) for item in first] == [Explain] * (len(first) - 1) + [Solve]
    fixes = [item for item in items if isinstance(item, Fix)]
    assert {item.reference for item in fixes} >= {item.candidate for item in fixes if item.origin.endswith("fix-0")}
    assert all(item.problem.id.startswith("micro-train-") for item in fixes)


def test_near_misses_differ_from_the_reference() -> None:
    import random

    reference = "a = list(map(int, input().split()))\ns = 0\nfor x in a:\n    s += x\nprint(s)"
    misses = near_misses(reference, 20, random.Random(0))
    assert len(misses) == len(set(misses)) > 1 and reference not in misses


def test_our_examples_are_read_whole() -> None:
    items = explained(FolderSource(EXAMPLES))
    names = {item.origin.split("/")[1].split("#")[0] for item in items}
    assert names == {path.name for path in EXAMPLES.glob("*.py")} and all(
        item.licence == "Apache-2.0" for item in items
    )
    assert {"first_mistake('(]')", "encode('')"} <= {item.program.call for item in items}
