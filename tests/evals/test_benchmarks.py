"""Loaders: what they give, and what they say about a file that is not what it should be."""

import json

import pytest
from deskcheck_agent import Problem
from deskcheck_conf import ConfigError
from deskcheck_evals.benchmarks import BenchmarkConfig, BenchmarkName, load_all_items, load_items, load_problems_of
from deskcheck_evals.errors import EvalError
from deskcheck_evals.truth import DIFFERS
from deskcheck_tracer import TestCase
from deskcheck_tracer.errors import InputError

CRUX = {"id": "s0", "code": "def f(a):\n    return a + [1]", "input": "[3]", "output": "[3, 1]"}


def write(path, *rows):
    path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows))
    return str(path)


def config(name, path=None, **more):
    return BenchmarkConfig(name=BenchmarkName(name), path=path, **more)


def test_micro_gives_problems_and_items_of_the_asked_number():
    problems = load_problems_of(config("micro", limit=3))
    items = load_items(config("micro", limit=5, inputs=2))
    assert len(problems) == 3 and all(problem.private_tests for problem in problems)
    assert len(items) == 5 and len({item.owner for item in items}) == 3
    first = problems[0].private_tests[0]
    assert (items[0].program.stdin, items[0].output) == (first.input, first.output)


def test_cruxeval_rows_become_calls(tmp_path):
    [item] = load_items(config("cruxeval_o", write(tmp_path / "c.jsonl", CRUX)))
    assert (item.id, item.program.call, item.output, item.owner) == ("s0", "f([3])", "[3, 1]", "s0")


def test_problems_are_read_as_the_agent_writes_them(tmp_path):
    problem = Problem("p", "Add.", (TestCase("1\n", "2\n"),), (TestCase("2\n", "3\n"),))
    assert load_problems_of(config("problems", write(tmp_path / "p.jsonl", problem.to_json()))) == [problem]


def test_a_problem_that_nothing_grades_is_refused(tmp_path):
    path = write(tmp_path / "p.jsonl", Problem("p", "Add.", (TestCase("1\n", "2\n"),)).to_json())
    with pytest.raises(EvalError, match="'p' has no private tests"):
        load_problems_of(config("problems", path))


@pytest.mark.parametrize(
    ("name", "rows", "words"),
    [
        ("cruxeval_o", [CRUX, "{]\n"], r"c.jsonl:2: not JSON"),
        ("cruxeval_o", [CRUX, "3\n"], r"c.jsonl:2: got int"),
        ("cruxeval_o", [{**CRUX, "output": 3}], r"c.jsonl:1: 'output' is 3, expected a str"),
        ("cruxeval_o", [{"id": "a"}], r"c.jsonl:1: no 'code' \(keys: id\)"),
        ("cruxeval_o", [CRUX, CRUX], r"1 ids occur more than once \(first: 's0'\)"),
        ("cruxeval_o", [], "nothing to measure"),
        ("programs", [{"source": "print(1)"}], "expected either 'stdin' or 'call'"),
        ("problems", ["{}\n"], "c.jsonl:1: problem key 'id'"),
    ],
)
def test_a_bad_file_is_named_by_line(tmp_path, name, rows, words):
    load = load_problems_of if name == "problems" else load_items
    with pytest.raises((EvalError, InputError), match=words):
        load(config(name, write(tmp_path / "c.jsonl", *rows)))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(EvalError, match=r"nowhere.jsonl: no such file"):
        load_items(config("cruxeval_o", str(tmp_path / "nowhere.jsonl")))


def test_what_a_benchmark_lacks_is_said(tmp_path):
    with pytest.raises(EvalError, match="no problems to solve: use task=output_prediction"):
        load_problems_of(config("cruxeval_o", write(tmp_path / "c.jsonl", CRUX)))
    with pytest.raises(ConfigError, match="needs a file"):
        config("programs")
    with pytest.raises(ConfigError, match="expected one of train, validation, test"):
        config("micro", split="dev")


def test_the_truth_of_programs_is_our_own_run(tmp_path):
    rows = [
        {"source": "print(int(input()) + 1)", "stdin": "4\n", "id": "a"},
        {"source": "def g(x):\n    return [x]", "call": "g('y')", "id": "b"},
        {"source": "print('given')", "stdin": "", "output": "given\n", "id": "c"},
    ]
    items = load_items(config("programs", write(tmp_path / "c.jsonl", *rows)))
    assert [item.output for item in items] == ["5\n", "['y']", "given\n"]


def test_a_program_without_one_true_output_is_left_out_by_name(tmp_path, caplog):
    faults = {
        "raise SystemExit(3)": "fails",
        "print(": "does not compile",
        "import time; print(time.time_ns())": DIFFERS,
        "print(set('abcdefgh'))": DIFFERS,
        "print(2)": None,
    }
    rows = [{"source": source, "stdin": "", "id": source} for source in faults]
    loaded = load_all_items(config("programs", write(tmp_path / "c.jsonl", *rows)))
    assert [item.id for item in loaded.wanted] == ["print(2)"]
    assert {one.id: one.reason for one in loaded.left} == {name: why for name, why in faults.items() if why}
    assert f"2 left out: {DIFFERS}" in caplog.text and "c.jsonl:3" in caplog.text
    with pytest.raises(EvalError, match="nothing to measure"):
        load_items(config("programs", write(tmp_path / "c.jsonl", rows[0])))
