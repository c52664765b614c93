"""LiveCodeBench rows: both forms of private tests, both types of problems, and pickles that are more than a text."""

import base64
import json
import pickle
import pickletools
import zlib

import pytest
from deskcheck_conf import ConfigError, load_config
from deskcheck_evals.benchmarks import BenchmarkConfig, BenchmarkName, load_problems_of
from deskcheck_evals.benchmarks.config import TestType
from deskcheck_evals.config import EvalConfig
from deskcheck_evals.errors import EvalError
from deskcheck_tracer import TestCase, Verdict, judge


def packed(value, protocol=4):
    return base64.b64encode(zlib.compress(pickle.dumps(value, protocol=protocol))).decode()


def cases(*pairs, kind="stdin"):
    return json.dumps([{"input": given, "output": output, "testtype": kind} for given, output in pairs])


def stdio(name="abc1_a", day="2024-09-07T00:00:00", **more):
    row = {
        "question_id": name, "question_content": f"Double a number ({name}).", "contest_date": day, "starter_code": "",
        "public_test_cases": cases(("2\n", "4\n")), "private_test_cases": packed(cases(("3\r\n", "6\n"))),
        "metadata": "{}", "platform": "atcoder", "difficulty": "easy",
    }  # fmt: skip
    return row | more


def method(**more):
    row = {
        "question_content": "Return both.", "metadata": json.dumps({"func_name": "pair"}),
        "starter_code": "class Solution:\n    def pair(self, a: int, b: List[int]) -> List[int]:\n        ",
        "public_test_cases": cases(("1\n[2]", "[1, 2]"), kind="functional"),
        "private_test_cases": packed(cases(("3\n[true]", "[3, true]"), kind="functional")),
    }  # fmt: skip
    return stdio("1234", **row | more)


def load(tmp_path, *rows, **more):
    path = tmp_path / "test.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_problems_of(BenchmarkConfig(name=BenchmarkName.livecodebench, path=str(path), **more))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_private_tests_are_decoded_from_any_pickle_of_a_text(tmp_path, protocol):
    [problem] = load(tmp_path, stdio(private_test_cases=packed(cases(("3\r\n", "6é\n")), protocol)))
    assert problem.public_tests == (TestCase("2\n", "4\n"),)
    assert problem.private_tests == (TestCase("3\n", "6é\n"),), "line ends are those of Linux"


def test_private_tests_may_be_plain_json(tmp_path):
    [problem] = load(tmp_path, stdio(private_test_cases=cases(("3\n", "6\n"))))
    assert problem.private_tests == (TestCase("3\n", "6\n"),)


class Hostile:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code of the data ran')",))


def text_and_code():
    """A text first, and code behind it: the value of an honest reader would be fine."""
    code = pickle.dumps(Hostile(), protocol=2)
    return pickle.dumps("[]", protocol=2)[:-1] + b"0" + code[2:]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (pickle.dumps(Hostile()), "a pickle with .*: do not load it"),
        (text_and_code(), "a pickle with .*: do not load it"),
        (pickle.dumps(["[]"]), "a pickle with EMPTY_LIST"),
        (pickle.dumps(b"[]"), "a pickle with SHORT_BINBYTES"),
        (pickle.dumps("[]")[:-4], "cannot be decoded"),
        (pickle.dumps("no json"), "cannot be decoded"),
    ],
)
def test_a_pickle_of_anything_else_is_refused_unloaded(tmp_path, data, words):
    row = stdio(private_test_cases=base64.b64encode(zlib.compress(data)).decode())
    with pytest.raises(EvalError, match=rf"test.jsonl:1: private_test_cases.*{words}.*exclude_ids=\['abc1_a'\]"):
        load(tmp_path, row)


def test_the_opcodes_of_a_text_are_known_to_pickletools():
    from deskcheck_evals.benchmarks.livecodebench import _HARMLESS

    assert set(_HARMLESS) <= {opcode.name for opcode in pickletools.opcodes}
    assert not set(_HARMLESS) & {"GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"}


def test_a_method_becomes_a_call_that_is_compared_as_json(tmp_path):
    [problem] = load(tmp_path, method())
    assert problem.entry_point == "Solution.pair"
    assert [test.input for test in problem.private_tests] == ["Solution(), 3, [True]"]
    assert "class Solution" in problem.statement
    right = "class Solution:\n    def pair(self, a, b):\n        return (a, *b)"
    wrong = "class Solution:\n    def pair(self, a, b):\n        return [a, 1]"
    verdicts = [
        judge(code, problem.private_tests, checker=problem.checker, entry_point=problem.entry_point).verdict
        for code in (right, wrong)
    ]
    assert verdicts == [Verdict.AC, Verdict.WA], "a tuple is a list, 1 is not true"


def test_lcb_io_is_the_window_and_stdio(tmp_path):
    config = load_config("eval", EvalConfig, ["benchmark=lcb_io", "benchmark.path=x.jsonl"]).benchmark
    days = {"a": "2024-07-31", "b": "2024-08-01", "c": "2025-04-30", "d": "2025-05-01"}
    rows = [stdio(name, f"{day}T00:00:00") for name, day in days.items()]
    window = {"from_date": config.from_date, "to_date": config.to_date, "testtype": config.testtype}
    assert [problem.id for problem in load(tmp_path, *rows, method(), **window)] == ["b", "c"]
    assert [problem.id for problem in load(tmp_path, *rows, method(), testtype=TestType.functional)] == ["1234"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (stdio(private_test_cases="???"), "private_test_cases cannot be decoded"),
        (stdio(private_test_cases="[]"), "'abc1_a' has no private tests"),
        (stdio(public_test_cases="[3]"), r"public_test_cases\[0\] is '3', expected an object with texts input and"),
        (stdio(public_test_cases="{]"), "'public_test_cases' is not JSON"),
        (method(metadata="{}"), r"metadata: no 'func_name'"),
        (method(metadata="[]"), r"metadata: no 'func_name'"),
        (stdio(public_test_cases=cases(("1", "1"), kind="functional")), "expected all stdin or all functional"),
        ({"question_content": "x"}, "test.jsonl:1: no 'question_id'"),
    ],
)
def test_a_broken_row_is_named(tmp_path, row, words):
    with pytest.raises(EvalError, match=words):
        load(tmp_path, row)


def test_a_day_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(EvalError, match="'contest_date' is 'May', expected such as"):
        load(tmp_path, stdio(day="May"), from_date="2024-08-01")
    assert len(load(tmp_path, stdio(day="May"))) == 1, "without a window no day is needed"


def test_a_window_is_made_of_days():
    with pytest.raises(ConfigError, match=r"benchmark.from_date is 'August', expected a day"):
        BenchmarkConfig(name=BenchmarkName.livecodebench, path="x", from_date="August")
