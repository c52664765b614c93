"""Inputs that a model proposes: what of an answer can be used, and how many are asked for."""

import pytest
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.propose import LONGEST, InputProposer, proposed_inputs
from deskcheck_agent.sampler import SamplingParams, ScriptedSampler
from deskcheck_tracer import TestCase

STDIO = Problem("p", "double it", (TestCase("2\n", "4\n"),))
CALLED = Problem("f", "double it", (TestCase("2", "4"),), entry_point="double")


def blocks(*inputs):
    return "Here you are.\n" + "\n".join(f"```\n{each}\n```" for each in inputs)


@pytest.mark.parametrize(
    ("problem", "text", "expected"),
    [
        (STDIO, blocks("5", "0", "-1"), ["5\n", "0\n", "-1\n"]),
        (STDIO, blocks("2", "5", "5", ""), ["5\n"]),  # the public one, one twice, an empty one
        (STDIO, blocks("1 2\n3"), ["1 2\n3\n"]),
        (STDIO, blocks("9" * (LONGEST + 1)), []),
        (STDIO, "5 and 7 would be good", []),
        (STDIO, "```\n5", []),
        (STDIO, "```text\r\n5\r\n```", ["5\n"]),
        (CALLED, blocks("5", "double(7)", "[1, 2]", "x=3"), ["5", "7", "[1, 2]", "x=3"]),
        (CALLED, blocks("n", "open('/etc/passwd')", "5)", "*[1]", "1; 2"), []),
        (CALLED, blocks("2"), []),
    ],
)
def test_the_usable_inputs_of_an_answer(problem, text, expected):
    assert proposed_inputs(text, problem) == expected


@pytest.mark.parametrize(("count", "asked", "got"), [(0, 0, 0), (1, 0, 0), (3, 1, 2), (9, 1, 3)])
async def test_only_what_is_missing_is_asked_for(count, asked, got):
    sampler = ScriptedSampler([blocks("5", "6", "7")])
    inputs = await InputProposer(sampler, count, Prompts.load(), SamplingParams(n=4))(STDIO)
    assert (len(sampler.prompts), len(inputs)) == (asked, got)
    if asked:
        assert f"write {count - 1} inputs" in sampler.prompts[0][0]["content"]
