"""evalplus rows: expected outputs are the canonical solution's, compared as evalplus compares."""

import json

import pytest
from deskcheck_evals.benchmarks import BenchmarkConfig, BenchmarkName, load_problems_of
from deskcheck_evals.benchmarks.evalplus import argument_text, shown_calls
from deskcheck_evals.benchmarks.mbpp_inputs import SHAPES, TURNS, with_types
from deskcheck_evals.errors import EvalError
from deskcheck_tracer import TestCase, Verdict, judge

PROMPT = 'def half(x, among=()):\n    """Half of x.\n    >>> half(3)\n    1.5\n    >>> half(y)\n    """\n'
ROW = {
    "task_id": "Own/0", "prompt": PROMPT, "entry_point": "half", "canonical_solution": "    return x / 2\n",
    "base_input": [[4], [1, [2]]], "plus_input": [[float("inf")]], "contract": "", "atol": 0,
}  # fmt: skip


def load(tmp_path, *rows, **more):
    path = tmp_path / "e.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_problems_of(BenchmarkConfig(name=BenchmarkName.evalplus, path=str(path), **more))


def verdict(problem, source):
    tests = problem.private_tests
    return judge(source, tests, checker=problem.checker, entry_point=problem.entry_point).verdict


def test_inputs_get_the_canonical_answer_and_shown_calls_are_public(tmp_path):
    [problem] = load(tmp_path, ROW)
    assert problem.public_tests == (TestCase("3", "1.5"),)
    assert problem.private_tests == (TestCase("4", "2.0"), TestCase("1, [2]", "0.5"), TestCase("float('inf')", "inf"))
    assert PROMPT.strip() in problem.statement and problem.entry_point == "half"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("x / 2", Verdict.AC),
        ("x / 2 + 1e-9", Verdict.AC),
        ("x / 2 if x != 4 else 2", Verdict.AC),
        ("x / 2 + 1e-3", Verdict.WA),
        ("x / 2 if x != 4 else '2.0'", Verdict.WA),
    ],
)
def test_floats_are_near_and_numbers_are_numbers(tmp_path, body, wanted):
    [problem] = load(tmp_path, ROW)
    assert verdict(problem, f"def half(x, among=()):\n    return {body}\n") is wanted


def test_only_values_without_numbers_are_compared_without_a_checker(tmp_path):
    plain = {**ROW, "canonical_solution": "    return bool(x)\n", "plus_input": []}
    [problem] = load(tmp_path, plain)
    assert problem.checker == "exact"
    assert verdict(problem, "def half(x, among=()):\n    return x > 0\n") is Verdict.AC
    assert verdict(problem, "def half(x, among=()):\n    return 1\n") is Verdict.WA


def test_find_zero_takes_any_root(tmp_path):
    row = {
        **ROW, "entry_point": "find_zero", "prompt": "def find_zero(xs):\n", "canonical_solution": "    return 1.0\n",
        "base_input": [[[-1, 0, 1]]], "plus_input": [], "atol": 1e-4,
    }  # fmt: skip
    [problem] = load(tmp_path, row)
    verdicts = [
        verdict(problem, f"def find_zero(xs):\n    return {root}") for root in ("-1.0", "0.99999", "0.9", "'1'")
    ]
    assert verdicts == [Verdict.AC, Verdict.AC, Verdict.WA, Verdict.WA]


def test_arguments_are_fresh_for_every_call(tmp_path):
    row = {**ROW, "canonical_solution": "    among.append(x)\n    return among\n", "base_input": [[1, [2]], [1, [2]]]}
    [problem] = load(tmp_path, {**row, "plus_input": [], "prompt": "def half(x, among):\n"})
    assert {test.output for test in problem.private_tests} == {"[2, 1]"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {**ROW, "canonical_solution": "    return 1 / 0\n"},
            "e.jsonl:1: the canonical solution ends with error .*Zero",
        ),
        ({**ROW, "canonical_solution": "    return object()\n"}, "returns <object object at 0x"),
        ({**ROW, "base_input": [4]}, "'base_input' is .4., expected a list of argument lists"),
        ({**ROW, "base_input": [], "plus_input": []}, "'Own/0' has no private tests"),
        ({"task_id": "Own/0"}, "no 'entry_point'"),
    ],
)
def test_a_broken_row_is_named(tmp_path, row, words):
    with pytest.raises(EvalError, match=words):
        load(tmp_path, row)


def test_shown_calls_are_literal_calls_of_the_function():
    prompt = (
        '"""\n>>> f(1, [2])\n3\n>>> print(f("a"))\na\n>>> f(x)\n>>> g(1)\nassert f((1, 2)) == 3\nassert f(k=1)\n"""'
    )
    assert list(shown_calls(prompt, "f")) == ["1, [2]", "'a'", "(1, 2)"]
    assert list(shown_calls(">>>no doctest", "f")) == []


def test_arguments_are_written_so_that_python_reads_them():
    text = argument_text([float("nan"), [float("-inf"), "nan", "inf"], 1e300])
    values = eval(f"[{text}]", {"float": float, "__builtins__": {}})
    assert repr(values) == "[nan, [-inf, 'nan', 'inf'], 1e+300]"


def test_mbpp_inputs_get_the_types_their_tasks_take():
    assert with_types("Mbpp/2", [[1, 2], [3]]) == [(1, 2), (3,)]
    assert with_types("Mbpp/75", [[[1, 2]], 3]) == [[(1, 2)], 3]
    assert with_types("Mbpp/106", [[1], [2]]) == [[1], (2,)]
    assert with_types("Mbpp/307", [[1], [2], [3]]) == [(1,), [2], [3]]
    assert with_types("Mbpp/580", [[1, [2, [3]]]]) == [(1, (2, (3,)))]
    assert with_types("Mbpp/124", ["0", "1j"]) == [0.0, 1j]
    assert with_types("Mbpp/3", [[1]]) == [[1]] and with_types("HumanEval/2", [[1]]) == [[1]]


def test_every_task_has_one_shape_of_known_turns():
    tasks = [task for numbers in SHAPES.values() for task in numbers]
    assert len(tasks) == len(set(tasks))
    assert {turn for shape in SHAPES for turn in shape} <= TURNS.keys()
