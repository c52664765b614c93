"""A folder: every input that lies beside a program is found, in a fixed order; what cannot be read is told or counted."""

from pathlib import Path

import pytest
from deskcheck_tracer.errors import InputError
from deskcheck_tracer.program import Program
from deskcheck_trainer.nlex import Reason, Rejected
from deskcheck_trainer.nlex.sources import Explain, Malformed, Source
from deskcheck_trainer.nlex.sources.folder import FolderSource
from deskcheck_trainer.nlex.sources.python_files import MAX_SOURCE_BYTES

EXAMPLES = Path(__file__).parents[4] / "examples/programs"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def explained(source: Source) -> list[Explain]:
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
    write(tmp_path, **{"a.py": "#" * (MAX_SOURCE_BYTES + 1)})
    (item,) = FolderSource(tmp_path).items()
    assert isinstance(item, Rejected) and item.reason is Reason.oversize


@pytest.mark.parametrize("made", [True, False])
def test_a_folder_with_nothing_to_read_is_told(tmp_path, made: bool) -> None:
    folder = tmp_path if made else tmp_path / "missing"
    with pytest.raises(InputError, match=r"source\.path"):
        list(FolderSource(folder).items())


def test_our_examples_are_read_whole() -> None:
    items = explained(FolderSource(EXAMPLES))
    names = {item.origin.split("/")[1].split("#")[0] for item in items}
    assert names == {path.name for path in EXAMPLES.glob("*.py")} and all(
        item.licence == "Apache-2.0" for item in items
    )
    assert {"first_mistake('(]')", "encode('')"} <= {item.program.call for item in items}
