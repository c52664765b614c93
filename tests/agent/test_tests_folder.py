"""Tests that a person keeps in a folder or a file."""

import json

import pytest
from deskcheck_agent.tests_folder import read_tests
from deskcheck_tracer import InputError, TestCase


def folder_with(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / name.replace("__", ".")).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("names", "count"),
    [
        ({"1__in": "a", "1__out": "b", "2__in": "c", "2__ans": "d"}, 2),
        ({"input1": "a", "output1": "b"}, 1),
        ({"in01__txt": "a", "out01__txt": "b"}, 1),
        ({"sample__in": "a", "sample__expected": "b", "README": "x"}, 1),
    ],
)
def test_names_that_contests_use(tmp_path, names, count):
    tests = read_tests(folder_with(tmp_path, **names))
    assert len(tests) == count and tests[0] == TestCase("a", "b")


def test_two_comes_before_ten(tmp_path):
    files = {f"{number}__{kind}": f"{number}" for number in (10, 2, 1) for kind in ("in", "out")}
    assert [test.input for test in read_tests(folder_with(tmp_path, **files))] == ["1", "2", "10"]


@pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
def test_files_of_objects(tmp_path, name):
    rows = [{"input": "1", "output": "2"}, {"input": "3", "output": "4"}]
    text = json.dumps(rows) if name == "t.json" else "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / name).write_text(text)
    assert read_tests(tmp_path / name) == (TestCase("1", "2"), TestCase("3", "4"))


@pytest.mark.parametrize(
    ("files", "path", "message"),
    [
        ({}, ".", "holds no test; expected pairs such as 1.in and 1.out"),
        ({"1__in": "a"}, ".", r"1\.in has no output beside it \(1\.out or 1\.ans or 1\.expected\)"),
        ({}, "nowhere", "cannot read tests from .*nowhere"),
        ({"t__json": "[1]"}, "t.json", r"t\.json: test 1 is 1, expected an object with strings input and output"),
        ({"t__json": "{}"}, "t.json", "holds no test"),
        ({"t__jsonl": "{"}, "t.jsonl", "not JSON"),
    ],
)
def test_what_is_wrong_is_told(tmp_path, files, path, message):
    folder_with(tmp_path, **files)
    with pytest.raises(InputError, match=message):
        read_tests(tmp_path / path)


def test_a_note_is_no_input(tmp_path):
    assert (
        len(read_tests(folder_with(tmp_path, **{"1__in": "a", "1__out": "b", "info__txt": "x", "index__txt": "y"})))
        == 1
    )
