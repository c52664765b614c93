"""Problems on disk: a round trip, and errors with file, line and key."""

import json

import pytest
from deskcheck_agent.problem import Problem, load_problems
from deskcheck_tracer import Checker, Limits, TestCase
from deskcheck_tracer.errors import InputError

PROBLEM = Problem(
    "a", "say", (TestCase("1", "2"),), (TestCase("3", "4", Limits(cpu_s=9.0)),), "f", Limits(memory_mb=None), "exact"
)


def test_round_trip(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps(PROBLEM.to_json()) + "\n\n" + json.dumps({"id": "b", "statement": "x"}) + "\n")
    assert load_problems(path) == [PROBLEM, Problem("b", "x")]


@pytest.mark.parametrize("checker", [Checker("def check(*texts): return True", Limits(cpu_s=1.0)), "asserts", "lines"])
def test_checkers_round_trip(checker):
    problem = Problem("a", "say", entry_point="f", checker=checker)
    assert Problem.from_json(json.loads(json.dumps(problem.to_json()))) == problem


def test_the_program_of_a_test_holds_no_expected_output():
    program = PROBLEM.program("def f(x): ...", PROBLEM.public_tests[0])
    assert program.call == "f(1)" and program.stdin == ""
    assert Problem("b", "x").program("s", TestCase("in", "out")).stdin == "in"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", ":2: not JSON"),
        ("[]", ":2: a problem is list"),
        ('{"id": "b"}', ":2: .*'statement' is None"),
        ('{"id": "b", "statement": "x", "test": []}', ":2: unknown key 'test'"),
        ('{"id": "b", "statement": "x", "public_tests": [{"input": 1}]}', r"public_tests\[0\]"),
        ('{"id": "b", "statement": "x", "limits": {"cpu": 1}}', "limits is .* expected .*cpu_s"),
        ('{"id": "b", "statement": "x", "checker": "same"}', "'checker' is 'same', expected one of exact.*asserts"),
        ('{"id": "b", "statement": "x", "checker": {"code": "x"}}', "'checker' is .* the source of a function check"),
        ('{"id": "a", "statement": "x"}', "id 'a' is taken"),
    ],
)
def test_a_bad_line_is_one_clear_error(tmp_path, line, message):
    path = tmp_path / "p.jsonl"
    path.write_text('{"id": "a", "statement": "x"}\n' + line + "\n")
    with pytest.raises(InputError, match=message):
        load_problems(path)


def test_a_missing_file_is_one_clear_error(tmp_path):
    with pytest.raises(InputError, match=r"cannot read problems from .*none\.jsonl"):
        load_problems(tmp_path / "none.jsonl")
