"""The tasks as functions: verdict SE is never a score, one failure stops the rest, batches are full, judging is shared."""

import asyncio

import pytest
from deskcheck_agent import GatheringSampler, Problem, Prompts, SamplingParams, ScriptedSampler
from deskcheck_evals.errors import EvalError
from deskcheck_evals.micro import micro_problems
from deskcheck_evals.rows import Rows
from deskcheck_evals.tasks.gathering import Unscored, all_of
from deskcheck_evals.tasks.judging import Grade, Judge, grade_of
from deskcheck_evals.tasks.self_verify import Verifying, build_pools, key_of
from deskcheck_evals.twin import twin_sampler
from deskcheck_tracer import TestCase, Verdict

AC, WA, SE = Verdict.AC, Verdict.WA, Verdict.SE


class ScriptedJudge:
    """Everything passes, but the sandbox fails on the problems named."""

    def __init__(self, failing: set[str]) -> None:
        self.failing = failing

    async def grade(self, problem, sources):
        verdict = SE if problem.id in self.failing else AC
        return {source: Grade((True,) * len(problem.public_tests), verdict is AC, verdict) for source in sources}


def verifying(sampler, judge, **more):
    settings = {"candidates": 4, "predictions": 2, **more}
    params = SamplingParams()
    return Verifying(
        sampler, sampler, judge, prompts=Prompts.load("micro"), solving=params, simulating=params, **settings
    )


def problems(count=3):
    return [Problem(f"p{i}", f"Say {i}.", (TestCase("1\n", "1\n"),), (TestCase("2\n", "2\n"),)) for i in range(count)]


ECHO = ["```python\nprint(input())\n```", "<output>\n1\n</output>"]


def by_prompt(messages, params, index):
    return ECHO[1] if messages[-1]["content"].startswith("run") else ECHO[0]


async def test_a_sandbox_failure_leaves_the_problem_out_and_a_rerun_tries_it_again(tmp_path):
    rows = Rows(tmp_path / "rows.jsonl", {"config": "x"})
    unscored = Unscored(1)
    settings = verifying(ScriptedSampler(by_prompt), ScriptedJudge({"p1"}))
    await build_pools(problems(), rows, settings, unscored, lambda n=1: None)
    assert unscored.problems == ["p1"]
    assert [key_of(problem) in rows for problem in problems()] == [True, False, True]
    await build_pools(
        problems(), rows, verifying(ScriptedSampler(by_prompt), ScriptedJudge(set())), unscored, lambda n=1: None
    )
    assert all(key_of(problem) in rows for problem in problems())


async def test_too_many_sandbox_failures_stop_the_run(tmp_path):
    rows = Rows(tmp_path / "rows.jsonl", {"config": "x"})
    settings = verifying(ScriptedSampler(by_prompt), ScriptedJudge({"p0", "p1", "p2"}))
    with pytest.raises(EvalError, match=r"failed \(verdict SE\) on 2 problems .*max_unscored=1"):
        await build_pools(problems(), rows, settings, Unscored(1), lambda n=1: None)
    assert len(rows) == 0


async def test_all_problems_are_asked_in_one_batch(tmp_path):
    inner = ScriptedSampler(by_prompt)
    rows = Rows(tmp_path / "rows.jsonl", {"config": "x"})
    settings = verifying(GatheringSampler(inner), ScriptedJudge(set()))
    await build_pools(problems(20), rows, settings, Unscored(0), lambda n=1: None)
    assert inner.calls == 2, "all solves, then all simulations"


async def test_equal_programs_are_judged_once_and_right(tmp_path):
    judge = Judge()
    echo, wrong = "print(input())\n", "print(1)\n"
    grades = await asyncio.gather(*(judge.grade(problem, [echo, wrong, echo]) for problem in problems()))
    for grade in grades:
        assert grade[echo] == Grade((True,), True, AC)
        assert grade[wrong] == Grade((True,), False, WA)


@pytest.mark.parametrize(
    ("verdicts", "grade"),
    [
        ([AC, AC, AC], Grade((True,), True, AC)),
        ([WA, AC, AC], Grade((False,), True, AC)),
        ([AC, AC, WA], Grade((True,), False, WA)),
        ([AC, SE, AC], Grade((True,), False, SE)),
        ([SE, AC, AC], Grade((False,), False, SE)),
        ([AC], Grade((True,), False, SE)),  # nothing to grade by
    ],
)
def test_a_grade_from_verdicts(verdicts, grade):
    assert grade_of(verdicts, [TestCase("", "")]) == grade


async def test_one_failure_cancels_the_rest():
    finished = []

    async def slow():
        await asyncio.sleep(30)
        finished.append(1)

    async def failing():
        raise EvalError("no")

    with pytest.raises(EvalError, match="no"):
        await all_of([slow(), failing(), slow()])
    assert finished == []


async def test_the_twin_is_as_good_as_it_is_told_to_be(tmp_path):
    drawn = micro_problems("test", 3)
    prompts = Prompts.load("micro")
    rows = Rows(tmp_path / "rows.jsonl", {"config": "x"})
    sampler = twin_sampler(drawn, prompts, skill=1.0, sight=1.0)
    await build_pools([one.problem for one in drawn], rows, verifying(sampler, Judge()), Unscored(0), lambda n=1: None)
    candidates = [each for row in rows.rows.values() for each in row["candidates"]]
    assert len(candidates) == 12
    assert all(c["passed"] and all(c["public"]) and all(map(all, c["predicted"])) for c in candidates)
