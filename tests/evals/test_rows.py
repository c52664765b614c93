"""Rows on disk: continued after a kill at every byte, refused for another configuration, clear about foreign files."""

import json

import pytest
from deskcheck_evals.errors import EvalError
from deskcheck_evals.rows import Rows, content_key, read_rows

HEADER = {"config": "abc", "settings": {"k": 1}}


def test_a_file_cut_at_any_byte_is_continued_to_the_same_file(tmp_path):
    path = tmp_path / "rows.jsonl"

    def write(rows: Rows) -> None:
        for i in range(3):
            if (key := content_key(i)) not in rows:
                rows.add(key, {"id": f"é{i}"})

    write(Rows(path, HEADER))
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        write(Rows(path, HEADER))
        assert path.read_bytes() == whole, cut


def test_another_configuration_is_refused_and_the_difference_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    Rows(path, HEADER).add("a", {"id": "p"})
    before = path.read_bytes()
    with pytest.raises(EvalError, match="k was 1, now 2"):
        Rows(path, {"config": "other", "settings": {"k": 2}})
    assert path.read_bytes() == before


def test_a_key_is_written_once(tmp_path):
    rows = Rows(tmp_path / "rows.jsonl", HEADER)
    rows.add("a", {"id": "p"})
    with pytest.raises(EvalError, match="listed twice"):
        rows.add("a", {"id": "p"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ":1: no header"),
        ('{"schema": 99, "config": "x"}\n', ":1: no header of schema 1"),
        (json.dumps({"schema": 1, "config": "x"}) + "\nnot json\n", ":2: not JSON"),
        (json.dumps({"schema": 1, "config": "x"}) + "\n[1]\n", ":2: got list"),
    ],
)
def test_foreign_files_are_named_by_line(tmp_path, text, words):
    path = tmp_path / "rows.jsonl"
    path.write_text(text)
    with pytest.raises(EvalError, match=words):
        read_rows(path)
