"""Rich feedback: the statements around the first difference, predicted or real."""

import pytest
from deskcheck_agent.feedback import FeedbackSource, make_feedback
from deskcheck_agent.feedback.rich import AFTER, BEFORE, LONGEST, around_difference
from deskcheck_agent.fix import self_fix
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import ScriptedSampler
from deskcheck_tracer import Program, TestCase, narrate, record
from hypothesis import given
from hypothesis import strategies as st

COUNT = "t = 0\nfor i in range(6):\n    t += i\n    print(t)\n"
PROBLEM = Problem("p", "print the sums", (TestCase("", "0\n1\n3\n7\n10\n15\n"), TestCase("x", "0\n1\n3\n6\n10\n15\n")))
MICRO = Prompts.load("micro")


@pytest.mark.parametrize("style", ["step", "compact"])
def test_the_statement_that_prints_the_first_differing_line_is_in_the_middle(style):
    trace = record(Program(COUNT), isolation="process")
    shown = around_difference(narrate(trace, style=style), "0\n1\n3\n7\n10\n15\n", trace.stdout).splitlines()
    assert shown[0] == shown[-1] == "..."
    statements = shown[1:-1]
    assert len(statements) == BEFORE + 1 + AFTER
    assert "print" in statements[BEFORE] and "6" in statements[BEFORE]


def test_where_the_output_is_only_too_short_the_end_is_shown():
    text = "\n".join(f"step {number}" for number in range(30))
    shown = around_difference(text, "a\nb", "a").splitlines()
    assert shown[0] == "..." and shown[-1] == "step 29"


def test_nothing_but_an_output_is_nothing_to_show():
    assert around_difference("<output>\n3\n</output>", "4", "3") == ""


@given(st.text(), st.text(), st.text())
def test_any_text_gives_a_bounded_excerpt(narration, expected, observed):
    shown = around_difference(narration, expected, observed)
    assert len(shown) <= (BEFORE + AFTER + 3) * (LONGEST + 5)


async def test_executed_feedback_tells_the_real_run_of_what_fails():
    [tests] = await make_feedback(FeedbackSource.executed, rich=True).observe([COUNT], PROBLEM)
    assert [test.passed for test in tests] == [False, True]
    assert tests[1].narration is None
    assert "prints 6" in (tests[0].narration or "")


async def test_simulated_feedback_tells_the_prediction_that_says_what_was_observed():
    told = ["t = 6\nprint 6\n<output>\n9\n</output>", "t = 7\nprint 7\n<output>\n8\n</output>"]
    simulator = ScriptedSampler(lambda messages, params, index: told[min(index, 1)])
    feedback = make_feedback(FeedbackSource.simulated, simulator, n=3, rich=True, prompts=MICRO)
    [tests] = await feedback.observe([COUNT], PROBLEM)
    assert tests[0].observed == "8" and tests[0].narration == "t = 7\nprint 7"


@pytest.mark.parametrize("prompts", ["micro", "default"])
async def test_the_fix_prompt_shows_it_and_is_the_same_without(prompts):
    def script(messages, params, index):
        content = messages[-1]["content"]
        return (
            "```python\n#SUBMIT\n```" if "#SUBMIT" in content or content.startswith("fix") else f"```python\n{COUNT}```"
        )

    asked = {}
    for rich in (False, True):
        solver = ScriptedSampler(script)
        chosen = Prompts.load(prompts)
        await self_fix(PROBLEM, solver, feedback=FeedbackSource.executed, rich=rich, prompts=chosen)
        asked[rich] = solver.prompts[-1][-1]["content"]
    assert "prints 6" in asked[True] and "prints 6" not in asked[False]
    [excerpt] = [
        test.narration
        for test in (await make_feedback(FeedbackSource.executed, rich=True).observe([COUNT], PROBLEM))[0]
        if test.narration
    ]
    told = (
        f"What happened around the first difference:\n```\n{excerpt}\n```\n" if prompts == "default" else f"\n{excerpt}"
    )
    assert asked[True].replace(told, "") == asked[False]
