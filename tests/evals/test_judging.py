"""Grades of many problems at once: equal programs once, calls of one problem in one process, ways kept apart."""

import asyncio
from collections.abc import Iterator

import pytest
from deskcheck_agent.problem import Problem
from deskcheck_evals.benchmarks.evalplus import limits_for
from deskcheck_evals.benchmarks.values import value_checker
from deskcheck_evals.lint import run_references
from deskcheck_evals.tasks.judging import Judge, judge_alike
from deskcheck_tracer import Limits, Sandbox, TestCase, Verdict

COUNTED = "calls = []\ndef f(x):\n    calls.append(x)\n    return len(calls)"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=2) as sandbox:
        yield sandbox


def problem(name: str, public: list, private: list, *, together: bool = True, **settings) -> Problem:
    tests = (tuple(TestCase(str(given), str(output)) for given, output in pairs) for pairs in (public, private))
    settings = {"limits": Limits(cpu_s=0.3), "checker": "exact"} | settings
    return Problem(name, "", *tests, entry_point="f", together=together, **settings)


def grades(sandbox: Sandbox, *work: tuple[Problem, list[str]]) -> list:
    judge = Judge(sandbox)

    async def everything() -> list:
        return await asyncio.gather(*(judge.grade(problem, sources) for problem, sources in work))

    return asyncio.run(everything())


def test_calls_of_a_program_share_a_process_where_the_problem_says_so(sandbox):
    tests = [("'a'", 1)], [("'b'", 2), ("'c'", 3)]
    shared, apart = problem("shared", *tests), problem("apart", *tests, together=False)
    one, other = grades(sandbox, (shared, [COUNTED]), (apart, [COUNTED]))
    assert one[COUNTED].passed and one[COUNTED].public == (True,)
    assert not other[COUNTED].passed and other[COUNTED].public == (True,)


def test_problems_and_checkers_in_one_batch_are_kept_apart(sandbox):
    double = problem("double", [(1, 2)], [(2, 4)])
    half = problem("half", [(1, 0.5)], [(3, 1.5)], checker=value_checker(1e-6))
    sources = ["def f(x): return 2 * x", "def f(x): return x / 2 + 1e-9", "def f(x): return x / 2 + 1e-3"]
    one, other = grades(sandbox, (double, sources), (half, sources[::-1]))
    assert [one[source].passed for source in sources] == [True, False, False]
    assert [other[source].passed for source in sources] == [False, True, False]
    assert one[sources[1]].verdict is Verdict.WA


def test_public_results_are_all_there_and_private_ones_end_at_the_first_wrong(sandbox):
    loops = "def f(x):\n    while x == 9: pass\n    return x"
    asked = problem("p", [(1, 1), (2, 0)], [(3, 0), (9, 9)])
    [[judgement]] = [judge_alike([(asked, loops)], sandbox)]
    assert [result.verdict for result in judgement.results] == ["AC", "WA", "WA"]
    [found] = grades(sandbox, (asked, [loops]))
    assert found[loops].public == (True, False) and found[loops].verdict is Verdict.WA
    in_public = problem("q", [(9, 9), (2, 2)], [(3, 0)])
    [found] = grades(sandbox, (in_public, [loops]))
    assert found[loops].public == (False, False) and found[loops].verdict is Verdict.TLE


def test_the_lint_grades_references_like_candidates(sandbox):
    asked = problem("p", [("'a'", 1)], [("'b'", 2)])
    assert list(run_references(asked, [COUNTED], sandbox)) == []
    [finding] = run_references(asked, [COUNTED.replace("len(calls)", "0")], sandbox)
    assert finding.rule == "reference_fails" and "private" in finding.detail


def test_together_is_read_and_written():
    row = problem("p", [], [(1, 1)], checker=value_checker(1e-6)).to_json()
    assert row["together"] is True and row["checker"]["pure"] is True
    assert Problem.from_json(row).to_json() == row
    assert "together" not in problem("p", [], [(1, 1)], together=False).to_json()
    with pytest.raises(ValueError, match=r"together.*true with an entry_point"):
        Problem.from_json({"id": "p", "statement": "", "together": True})


def test_limits_follow_from_the_number_of_tests_alone():
    assert limits_for(10).cpu_s == pytest.approx(2.2) and limits_for(1000).cpu_s == pytest.approx(22.0)
    assert limits_for(1000).wall_s > limits_for(1000).cpu_s
