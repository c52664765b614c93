"""Feedback by running, by simulating, by a coin, and none; how predictions combine."""

import pytest
from deskcheck_agent.feedback import (
    Combine,
    ExecutedFeedback,
    FeedbackSource,
    NoFeedback,
    ScheduledFeedback,
    SimulatedFeedback,
    combined_score,
    make_feedback,
)
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import ScriptedSampler
from deskcheck_tracer import Checker, InputError, TestCase
from hypothesis import given
from hypothesis import strategies as st

PROBLEM = Problem("p", "double it", (TestCase("2\n", "4\n"), TestCase("5\n", "10\n")))
DOUBLE = "print(int(input()) * 2)\n"
FOUR = "print(4)\n"


def says(*outputs):
    """A simulator that predicts these outputs, prediction by prediction; None is prose."""
    return ScriptedSampler(
        lambda messages, params, index: (outputs[index] and f"<output>\n{outputs[index]}\n</output>") or "hm"
    )


def simulated(sampler, **options):
    return SimulatedFeedback(sampler, prompts=Prompts.load("micro"), **options)


async def test_executed_feedback_shows_what_really_happens():
    told = await ExecutedFeedback().observe([DOUBLE, FOUR, "boom(", DOUBLE], PROBLEM)
    assert [[test.passed for test in tests] for tests in told] == [
        [True, True],
        [True, False],
        [False, False],
        [True, True],
    ]
    assert [test.observed.strip() for test in told[1]] == ["4", "4"]
    assert {test.verdict for test in told[2]} == {"CE"} and told[2][0].observed == "(does not compile)"
    assert [test.score for test in told[1]] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("combine", "score", "passed"), [("mean", 0.4, False), ("majority", 0.0, False), ("any", 1.0, True)]
)
async def test_predictions_combine_as_configured(combine, score, passed):
    sampler = says("4", "4 ", "10", "10", None)
    told = (await simulated(sampler, combine=combine).observe([DOUBLE], PROBLEM))[0][0]
    assert (told.score, told.passed) == (score, passed)
    assert told.observed == ("4" if passed else "10")
    assert [each.status.value for each in told.predictions] == ["ok"] * 4 + ["missing"]


async def test_the_threshold_is_configurable_and_unknown_outputs_are_none():
    sampler = says("4", "4 ", "7", "10", None)
    told = (await simulated(sampler, threshold=0.4).observe([DOUBLE], PROBLEM))[0]
    assert told[0].passed and not told[1].passed
    told = (await simulated(says(None, None), n=2).observe([DOUBLE], PROBLEM))[0][0]
    assert (told.observed, told.passed, told.score) == (None, False, 0.0)


async def test_equal_programs_are_simulated_once_and_expected_outputs_are_never_shown():
    sampler = says("4")
    told = await simulated(sampler, n=1).observe([DOUBLE, FOUR, DOUBLE], PROBLEM)
    assert told[0] == told[2]
    assert len(sampler.prompts) == 4
    assert not any("10" in message["content"] for prompt in sampler.prompts for message in prompt)


async def test_call_problems_are_simulated_through_their_call():
    problem = Problem("p", "s", (TestCase("[1, 2]", "3"),), entry_point="f")
    sampler = says("3")
    told = await simulated(sampler, n=1).observe(["def f(a): return sum(a)"], problem)
    assert told[0][0].passed
    assert sampler.prompts[0][0]["content"].endswith("input\nf([1, 2])")


async def test_a_schedule_throws_the_same_coins_again_and_reads_p_each_time():
    share = [0.5]
    sources = [f"print({number})" for number in range(60)]
    problem = Problem("p", "s", (TestCase("", "1"),))

    class Marked(NoFeedback):
        def __init__(self, mark):
            self.mark = mark

        async def observe(self, sources, problem):
            return [[self.mark, source] for source in sources]

    scheduled = ScheduledFeedback(Marked("run"), Marked("told"), lambda: share[0], seed=3)
    first = await scheduled.observe(sources, problem)
    assert [row[1] for row in first] == sources
    assert 15 < sum(row[0] == "run" for row in first) < 45
    assert await scheduled.observe(sources, problem) == first
    share[0] = 1.0
    assert {row[0] for row in await scheduled.observe(sources, problem)} == {"run"}


async def test_the_source_names_the_feedback():
    assert await make_feedback(FeedbackSource.none).observe(["a", "b"], PROBLEM) == [[], []]
    for source in FeedbackSource:
        assert make_feedback(source, says("1")).source is source
    own = NoFeedback()
    assert make_feedback(own) is own
    with pytest.raises(ValueError, match="needs a simulator"):
        make_feedback(FeedbackSource.simulated)


@given(st.lists(st.booleans(), min_size=1, max_size=9))
def test_combined_scores_are_ordered(passes):
    mean, majority, any_ = (combined_score(passes, each) for each in (Combine.mean, Combine.majority, Combine.any))
    assert 0 <= mean <= any_ and majority <= any_
    assert (mean == 1) == all(passes) and (any_ == 0) == (not any(passes))
    assert majority == (mean > 0.5)


async def test_feedback_on_test_code_says_which_assertion_failed():
    tests = (TestCase("assert f(1) == 2", ""), TestCase("assert f(0) == 0", ""), TestCase("f('x')", ""))
    problem = Problem("p", "add one", tests, entry_point="f", checker="asserts")
    [told] = await ExecutedFeedback().observe(["def f(x): return x + 1\n"], problem)
    assert [test.passed for test in told] == [True, False, False]
    assert told[1].observed == "line 1: expected 'assert f(0) == 0', got 'f(0) returned 1' (AssertionError)"
    assert str(told[2].observed).startswith("f('x') raised TypeError")


async def test_what_would_have_to_run_is_not_simulated():
    asserts = Problem("p", "add one", (TestCase("assert f(1) == 2", ""),), entry_point="f", checker="asserts")
    with pytest.raises(InputError, match="no output to predict"):
        await simulated(says("4")).observe([DOUBLE], asserts)
    own = Problem("p", "double it", PROBLEM.public_tests, checker=Checker("def check(*texts): return True"))
    with pytest.raises(InputError, match="a checker of its own"):
        await simulated(says("4"), n=1).observe([DOUBLE], own)
