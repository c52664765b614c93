"""Contest rows with their tests: whose private tests grade, and what is left out."""

import json

import pytest
from deskcheck_conf import ConfigError
from deskcheck_evals.benchmarks import SHAPES, BenchmarkConfig, BenchmarkName
from deskcheck_evals.benchmarks.collection import collect
from deskcheck_evals.errors import EvalError
from deskcheck_tracer import TestCase

TEST = {"input": "1\r\n", "output": "Case #1: 1\n"}


def row(name, **more):
    private = [{"name": "subtask1/1", **TEST}]
    base = {"id": name, "statement": f"Count {name}.", "public_tests": [TEST], "private_tests": private}
    return base | {"checker": {"type": "tokens", "float_tolerance": 1e-6}, "all_private_included": True} | more


def load(tmp_path, *rows, **more):
    path = tmp_path / "c.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return collect(SHAPES[BenchmarkName.codejam], BenchmarkConfig(name=BenchmarkName.codejam, path=str(path), **more))


def test_rows_with_all_their_private_tests_become_problems(tmp_path):
    rows = [row("a"), row("b", all_private_included=False), row("c", checker={"type": "custom"})]
    found = load(tmp_path, *rows)
    [problem] = found.problems
    assert (problem.id, problem.checker) == ("a", "tokens_ci")
    assert problem.private_tests == (TestCase("1\n", "Case #1: 1\n"),)
    assert [(left.id, left.kind) for left in found.left] == [("b", "unused"), ("c", "unused")]
    assert [left.reason for left in found.left] == [
        "not all private tests are there",
        "checker 'custom', which is not here",
    ]


def test_rows_without_private_tests_are_graded_by_public_ones_only_on_request(tmp_path):
    only_public = row("a", checker=None)
    del only_public["private_tests"], only_public["all_private_included"]
    with pytest.raises(EvalError, match=r"c.jsonl:1: no 'private_tests'"):
        load(tmp_path, only_public)
    [problem] = load(tmp_path, only_public, public_only=True).problems
    assert problem.private_tests == problem.public_tests and problem.checker == "tokens"
    with pytest.raises(ConfigError, match=r"benchmark.public_only is for codejam"):
        BenchmarkConfig(name=BenchmarkName.apps, path="x", public_only=True)


def test_a_broken_test_is_named(tmp_path):
    with pytest.raises(EvalError, match=r"c.jsonl:1: private_tests\[0\] is .*, expected an object with texts"):
        load(tmp_path, row("a", private_tests=[{"input": 1, "output": "1"}]))
