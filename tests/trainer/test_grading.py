"""Memory before the sandbox: one question a program, and none remembered that our own fault answered."""

import asyncio

import pytest
from deskcheck_agent.feedback import FeedbackSource, TestFeedback
from deskcheck_agent.problem import Problem
from deskcheck_tracer import TestCase, Verdict
from deskcheck_trainer.envs.grading import Grader, Memory, RememberedFeedback, reward_of

PROBLEM = Problem("double", "", (TestCase("1", "2"),), (TestCase("3", "6"),))


async def test_rollouts_that_ask_together_or_again_share_one_answer():
    asked = []

    async def ask() -> int:
        asked.append(1)
        await asyncio.sleep(0.01)
        return 7

    memory: Memory[int] = Memory(lambda answer: True)
    assert await asyncio.gather(*(memory.get("key", ask) for _ in range(5))) == [7] * 5
    assert await memory.get("key", ask) == 7
    assert len(asked) == 1
    await memory.get("another", ask)
    assert len(asked) == 2


async def test_an_answer_not_to_keep_is_asked_for_again_and_an_error_reaches_everyone():
    answers = iter([None, 5])

    async def ask():
        return next(answers)

    memory = Memory(lambda answer: answer is not None)
    assert [await memory.get("key", ask) for _ in range(3)] == [None, 5, 5]

    async def fail():
        await asyncio.sleep(0.01)
        raise OSError("the sandbox is gone")

    results = await asyncio.gather(*(memory.get("bad", fail) for _ in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["the sandbox is gone"] * 3


class Told:
    """Feedback whose sandbox fails the first time."""

    source = FeedbackSource.executed

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def observe(self, sources, problem):
        self.asked += sources
        passed = None if len(self.asked) == 1 else True
        return [[TestFeedback("1", "2", "2", passed, 1.0)] for _ in sources]


async def test_feedback_is_remembered_by_program_but_never_a_sandbox_fault():
    inner = Told()
    feedback = RememberedFeedback(inner)
    passed = [(await feedback.observe([source], PROBLEM))[0][0].passed for source in ("a", "a", "a", "b")]
    assert passed == [None, True, True, True]
    assert inner.asked == ["a", "a", "b"]


async def test_grades_are_of_private_tests():
    grader = Grader()
    right, wrong = "print(int(input()) * 2)", "print(2)"
    assert (await grader.grade(PROBLEM, right)).passed
    grade = await grader.grade(PROBLEM, wrong)
    assert grade.public == (True,) and not grade.passed


@pytest.mark.parametrize("verdict", list(Verdict))
def test_only_accepted_is_rewarded_and_our_fault_is_no_reward(verdict):
    assert reward_of(verdict) == {Verdict.AC: 1.0, Verdict.SE: None}.get(verdict, -1.0)
