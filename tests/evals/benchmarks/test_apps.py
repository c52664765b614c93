"""APPS rows: stdio and calls, wrapped results, public tests by number."""

import json

import pytest
from deskcheck_evals.benchmarks import SHAPES, BenchmarkConfig, BenchmarkName, load_problems_of
from deskcheck_evals.benchmarks.collection import collect
from deskcheck_evals.errors import EvalError
from deskcheck_tracer import TestCase, Verdict, judge


def row(tested, **more):
    base = {"problem_id": 7, "question": "Do it.", "starter_code": "", "input_output": json.dumps(tested)}
    return base | more


STDIO = {"inputs": ["1\r\n2\n", ["3", "4"]], "outputs": ["3\n", ["7"]]}
CALL = {"fn_name": "both", "inputs": [[1, "a"], [2, "b"]], "outputs": [[[1, "a"]], [2, "b"]]}


def config(tmp_path, *rows, **more):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return BenchmarkConfig(name=BenchmarkName.apps, path=str(path), **more)


def test_texts_and_lists_of_lines_become_stdin_and_stdout(tmp_path):
    [problem] = load_problems_of(config(tmp_path, row(STDIO), public_tests=1))
    assert (problem.id, problem.entry_point) == ("7", None)
    assert problem.public_tests == (TestCase("1\n2\n", "3\n"),)
    assert problem.private_tests == (TestCase("3\n4\n", "7\n"),)


@pytest.mark.parametrize("starter", ["", "class Solution:\n    def both(self, a, b):\n"])
def test_calls_accept_the_result_and_what_a_list_of_one_wraps(tmp_path, starter):
    [problem] = load_problems_of(config(tmp_path, row(CALL, starter_code=starter)))
    verdicts = []
    for value in ("[a, b]", "(a, b)", "[[a, b]]", "a"):
        source = f"def both(a, b):\n    return {value}\n"
        if starter:
            source = f"class Solution:\n    def both(self, a, b):\n        return {value}\n"
        judged = judge(source, problem.private_tests, checker=problem.checker, entry_point=problem.entry_point)
        verdicts.append([result.verdict for result in judged.results])
    right, wrong = Verdict.AC, Verdict.WA
    assert verdicts == [[right, right], [right, right], [right, wrong], [wrong, wrong]]


def test_solutions_come_with_the_problem(tmp_path):
    found = collect(SHAPES[BenchmarkName.apps], config(tmp_path, row(STDIO, solutions=json.dumps(["print(3)"]))))
    assert found.entries[0].references == ("print(3)",)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (row({"inputs": ["1"], "outputs": []}), "expected two lists, inputs and outputs, equally long"),
        (row(STDIO, input_output=""), "'input_output' is 'None'"),
        (row(STDIO, input_output="{"), "'input_output' is not JSON"),
        (row({"inputs": [3], "outputs": ["3"]}), "a test holds '3', expected a text or a list of lines"),
        (row({"inputs": [], "outputs": []}), "'7' has no private tests"),
        ({"question": "x"}, "no 'problem_id' and no 'id'"),
    ],
)
def test_a_broken_row_is_named(tmp_path, broken, words):
    with pytest.raises(EvalError, match=f"a.jsonl:1: .*{words}"):
        load_problems_of(config(tmp_path, broken))
