"""Agreement on proposed inputs: the plurality is the expected output, and a wrong program is found without a test."""

import re
from collections import Counter

import pytest
from deskcheck_agent.feedback import AgreementFeedback, ExecutedFeedback, FeedbackSource, SimulatedFeedback
from deskcheck_agent.feedback.agreement import plurality
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Completion, ScriptedSampler, StopReason
from deskcheck_agent.verify import self_verify
from deskcheck_tracer import Checker, InputError, TestCase
from hypothesis import given
from hypothesis import strategies as st

MICRO = Prompts.load("micro")
BARE = Problem("p", "double it")
PROGRAMS = ["print(int(input()) * 2)\n", "n = int(input())\nprint(n + n)\n", "print(int(input()) ** 2)\n"]


def perfect(messages, params, index):
    """Simulates the three programs, solves by one of them, proposes 2 (where all agree) and 3."""
    content = messages[-1]["content"]
    if content.startswith("run"):
        n = int(content.rsplit("input\n", 1)[1])
        return f"<output>\n{n * n if '**' in content else 2 * n}\n</output>"
    if content.startswith("solve"):
        return f"```python\n{PROGRAMS[(index + 2) % 3]}```"
    assert "Do not solve it" in content
    return "```\n2\n```\n```\n3\n```\n"


async def proposed(problem):
    return ["2\n", "3\n"]


@pytest.mark.parametrize("executed", [False, True])
async def test_candidates_judge_each_other(executed):
    inner = ExecutedFeedback() if executed else SimulatedFeedback(ScriptedSampler(perfect), n=3, prompts=MICRO)
    told = await AgreementFeedback(inner, proposed).observe(PROGRAMS, BARE)
    assert [[(test.expected.strip(), test.passed) for test in row] for row in told] == [
        [("4", True), ("6", True)],
        [("4", True), ("6", True)],
        [("4", True), ("6", False)],
    ]
    assert all(test.generated for row in told for test in row)


async def test_public_tests_come_first_and_keep_their_own_expected_output():
    problem = Problem("p", "double it", (TestCase("5\n", "10\n"),))
    told = await AgreementFeedback(ExecutedFeedback(), proposed).observe(PROGRAMS, problem)
    assert [[test.generated for test in row] for row in told] == [[False, True, True]] * 3
    assert [row[0].passed for row in told] == [True, True, False]


async def test_one_program_has_nobody_to_agree_with():
    told = await AgreementFeedback(ExecutedFeedback(), proposed).observe([PROGRAMS[2]] * 2, BARE)
    assert told == [[], []]


async def test_where_nobody_says_anything_nobody_passes():
    silent = SimulatedFeedback(ScriptedSampler(["I cannot say."]), n=2, prompts=MICRO)
    told = await AgreementFeedback(silent, proposed).observe(PROGRAMS, BARE)
    assert {test.passed for row in told for test in row} == {False}


async def test_a_checker_that_is_code_says_nothing_of_two_outputs():
    checked = Problem("p", "any", checker=Checker("def check(input, output, answer): return True"))
    with pytest.raises(InputError, match="generated_tests=0"):
        await AgreementFeedback(ExecutedFeedback(), proposed).observe(PROGRAMS, checked)


@pytest.mark.parametrize("feedback", [FeedbackSource.simulated, FeedbackSource.executed])
async def test_self_verify_without_public_tests_finds_the_majority(feedback):
    options = {"k": 6, "n": 2, "prompts": MICRO, "feedback": feedback}
    ranking = await self_verify(BARE, ScriptedSampler(perfect), generated_tests=2, **options)
    assert "**" not in (ranking.best.code or "") and ranking.tied == 4
    assert ranking.believed and not ranking.candidates[0].sure
    blind = await self_verify(BARE, ScriptedSampler(perfect), **options)
    assert blind.tied == 6


async def test_no_expected_output_is_in_a_prompt_about_generated_tests():
    sampler = ScriptedSampler(perfect)
    problem = Problem("p", "double it", (TestCase("5\n", "SENTINEL\n"),))
    await self_verify(problem, sampler, k=3, n=1, prompts=MICRO, generated_tests=3)
    runs = [prompt[-1]["content"] for prompt in sampler.prompts if prompt[-1]["content"].startswith("run")]
    assert len(runs) == 9 and not any(re.search("SENTINEL", each) for each in runs)


@given(st.lists(st.sampled_from(["1", "2", "3", "1 ", " 2"]), min_size=1), st.integers(0, 5))
def test_the_plurality_is_what_counting_says(outputs, seed):
    counts = Counter(output.strip() for output in outputs)
    assert counts[plurality(outputs, "tokens", seed).strip()] == max(counts.values())
    assert plurality(outputs, "tokens", seed) == plurality(outputs, "tokens", seed)


async def test_who_was_never_asked_is_neither_right_nor_wrong():
    def script(messages, params, index):
        answer = perfect(messages, params, index)
        unsampled = messages[-1]["content"].startswith("run") and "**" in messages[-1]["content"]
        return Completion("", stop=StopReason.budget) if unsampled else answer

    inner = SimulatedFeedback(ScriptedSampler(script), n=2, prompts=MICRO)
    told = await AgreementFeedback(inner, proposed).observe(PROGRAMS, BARE)
    assert [[test.passed for test in row] for row in told] == [[True, True], [True, True], [None, None]]
