"""Problems as people write them: Markdown from many kinds of pages, JSON, front matter, and what is wrong with a file."""

import contextlib
import json

import pytest
from deskcheck_agent.problem import Problem
from deskcheck_agent.problem_file import from_markdown, located, read_problem
from deskcheck_tracer import InputError
from hypothesis import given
from hypothesis import strategies as st

HEADINGS = "# Sum\n\nAdd.\n\n## Sample Input 1\n```\n1 2\n```\n## Sample Output 1\n```\n3\n```\n"
CODEFORCES = (
    "Add.\n\nInput\n\nTwo numbers.\n\nOutput\n\nTheir sum.\n\nExample\n\nInput\n```\n1 2\n```\nOutput\n```\n3\n```\n"
)
BOLD = (
    "Add.\n\n**Example 1:**\n\n**Input:** 1 2\n**Output:** 3\n\n**Example 2:**\n\n**Input:** `4 5`\n**Output:** `9`\n"
)
LABELLED = "Add.\n\nInput:\n```\n1 2\n```\n\nOutput:\n```\n3\n```\nNote: easy.\n"
INDENTED = "Add.\n\nExample input:\n\n    1 2\n\nExample output:\n\n    3\n"
SEVERAL_LINES = "### Sample Input\n```text\n2\n1\n2\n```\n### Sample Output\n```text\n3\n```\nIt is 1 + 2.\n"


@pytest.mark.parametrize(
    ("text", "tests"),
    [
        (HEADINGS, [("1 2\n", "3\n")]),
        (CODEFORCES, [("1 2\n", "3\n")]),
        (BOLD, [("1 2\n", "3\n"), ("4 5\n", "9\n")]),
        (LABELLED, [("1 2\n", "3\n")]),
        (INDENTED, [("1 2\n", "3\n")]),
        (SEVERAL_LINES, [("2\n1\n2\n", "3\n")]),
        (HEADINGS.replace("\n", "\r\n"), [("1 2\n", "3\n")]),
        ("Add two numbers.\n\n```python\nprint(1)\n```\n", []),
        ("The input is large and the output is small.\n", []),
    ],
)
def test_examples_become_public_tests(text, tests):
    problem = from_markdown(text)
    assert [(test.input, test.output) for test in problem.public_tests] == tests
    assert problem.entry_point is None and not problem.private_tests


@pytest.mark.parametrize("fence", ["```python\n", ""])
def test_doctests_are_tests_of_the_function_they_call(fence):
    text = f"Double it.\n\n{fence}>>> double(2)\n4\n>>> x = 3\n>>> double([1,\n...   2])\n[2, 4]\n>>> other(1)\n1\n"
    problem = from_markdown(text + ("```\n" if fence else ""))
    assert problem.entry_point == "double"
    assert [(test.input, test.output) for test in problem.public_tests] == [("2", "4"), ("[1,\n  2]", "[2, 4]")]


def test_front_matter_names_what_a_text_cannot_say():
    text = "---\nid: two-sum\nentry_point: two_sum\nlimits: {cpu_s: 1}\n---\nFind two.\n\nInput: nums = [2, 7], target = 9\nOutput: [0, 1]\n"
    problem = from_markdown(text)
    assert (problem.id, problem.entry_point, problem.limits.cpu_s) == ("two-sum", "two_sum", 1)
    assert problem.statement.startswith("Find two.")
    assert problem.program("", problem.public_tests[0]).call == "two_sum(nums = [2, 7], target = 9)"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("p.md", "  \n", r"p\.md: no statement"),
        ("p.md", "---\nentry: f\n---\nx", r"p\.md: front matter holds entry; expected some of id, entry_point"),
        ("p.md", "---\n[1\n---\nx", r"p\.md: front matter: "),
        (
            "p.md",
            "x\n\nInput: 1\nInput: 2\nOutput: 3\n",
            r"p\.md: an example's input '1\\n' is followed by another input",
        ),
        ("p.md", "x\n\nInput: 1\nOutput: 3\n\nInput: 2\n", r"p\.md: the example with the input '2\\n' has no output"),
        ("p.json", "{", r"p\.json: not JSON"),
        ("p.json", "[1]", r"p\.json: "),
        ("p.json", '{"id": "a"}', r"p\.json: .*statement"),
        ("p.py", "x", r"p\.py is no problem file"),
    ],
)
def test_what_is_wrong_is_told_with_the_file(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        read_problem(tmp_path / name)


def test_a_file_that_is_not_there():
    with pytest.raises(InputError, match=r"cannot read the problem nowhere\.md"):
        read_problem("nowhere.md")
    with pytest.raises(InputError, match="package 'no_such_package' is not installed"):
        located("package:no_such_package/x.md")


def test_json_is_a_problem_as_in_a_file_of_many(tmp_path):
    row = {"statement": "Add.", "public_tests": [{"input": "1 2\n", "output": "3\n"}]}
    (tmp_path / "sum.json").write_text(json.dumps(row))
    assert read_problem(tmp_path / "sum.json") == Problem.from_json({"id": "sum", **row})


def test_the_shipped_problem_has_two_examples():
    problem = read_problem("package:deskcheck_agent/problems/echo.md")
    assert problem.id == "echo" and len(problem.public_tests) == 2


@given(st.text())
def test_any_text_is_a_problem_or_an_input_error(text):
    with contextlib.suppress(InputError):
        assert from_markdown(text).statement == text.replace("\r\n", "\n").strip() or text.startswith("---\n")


@pytest.mark.parametrize(
    ("text", "tests", "entry_point"),
    [
        ("x\n\nInput: 5\n1 2 3\nOutput: 6\n", [("5\n1 2 3\n", "6\n")], None),
        ("Input: a and b.\n\nOutput: a sum.\n\n" + HEADINGS, [("1 2\n", "3\n")], None),
        ("Sum.\n>>> print(f(2))\n4\n", [], None),
        ("---\n---\n" + HEADINGS, [("1 2\n", "3\n")], None),
    ],
)
def test_what_looks_like_an_example_and_is_none(text, tests, entry_point):
    problem = from_markdown(text)
    assert [(test.input, test.output) for test in problem.public_tests] == tests
    assert problem.entry_point == entry_point


@pytest.mark.parametrize(
    "front",
    ["1: a\nfoo: b", "id: 2024-99-99", "entry_point: 5", "entry_point: a b", "limits: {wall_s: abc}", "limits: 3"],
)
def test_impossible_front_matter_is_told(front):
    with pytest.raises(InputError):
        from_markdown(f"---\n{front}\n---\nSum.\n")


def test_a_byte_order_mark_is_no_text(tmp_path):
    (tmp_path / "p.md").write_text("---\nid: sum\n---\nAdd.\n", encoding="utf-8-sig")
    assert read_problem(tmp_path / "p.md").id == "sum"
