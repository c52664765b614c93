"""Budgets: nothing is asked beyond them, nothing that was paid for is lost, and what was cut is counted."""

import asyncio

import pytest
from deskcheck_agent.budget import Budget, BudgetedSampler, Meter
from deskcheck_agent.feedback import FeedbackSource
from deskcheck_agent.fix import self_fix
from deskcheck_agent.parse import ParseStatus
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import SamplingParams, ScriptedSampler, StopReason
from deskcheck_agent.trajectory import TrajectoryStatus
from deskcheck_agent.verify import self_verify
from deskcheck_tracer import TestCase
from hypothesis import given
from hypothesis import strategies as st

ASK = [{"role": "user", "content": "q"}]
MICRO = Prompts.load("micro")
PROBLEM = Problem("p", "print 3", (TestCase("", "3\n"),))


def budgeted(script, role="solver", **limits):
    meter = Meter(Budget(**limits))
    inner = ScriptedSampler(script)
    return BudgetedSampler(inner, meter, role), inner, meter


async def test_without_limits_it_only_counts():
    sampler, _, meter = budgeted(["four"])
    answers = await sampler.sample([ASK, ASK], SamplingParams(n=3))
    assert [each.text for row in answers for each in row] == ["four"] * 6
    assert (meter.tokens, meter.calls, dict(meter.cut)) == (24, 6, {})


@given(
    counts=st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=4), min_size=1, max_size=5),
    most=st.integers(1, 30),
)
def test_never_more_calls_than_the_budget_and_every_row_is_whole(counts, most):
    asked = []
    sampler, _, meter = budgeted(lambda messages, params, index: asked.append(index) or "x", calls=most)

    async def all_calls():
        for call in counts:
            rows = await sampler.sample([ASK] * len(call), [SamplingParams(n=n) for n in call])
            assert [len(row) for row in rows] == call

    asyncio.run(all_calls())
    total = sum(map(sum, counts))
    assert len(asked) == meter.calls == min(most, total)
    assert meter.cut["solver"] == total - len(asked)


async def test_tokens_bound_the_next_completion_and_then_everything():
    longest = []
    sampler, inner, meter = budgeted(
        lambda messages, params, index: longest.append(params.max_tokens) or "x" * params.max_tokens, tokens=10
    )
    for _ in range(4):
        await sampler.sample([ASK], SamplingParams(max_tokens=6))
    assert longest == [6, 4] and meter.tokens == 10
    assert inner.calls == 2 and meter.cut == {"solver": 2}


class Slow(ScriptedSampler):
    """A server that takes its time."""

    async def sample(self, prompts, params):
        await asyncio.sleep(5)
        return await super().sample(prompts, params)


async def test_when_the_time_is_up_nothing_is_waited_for():
    meter = Meter(Budget(wall_s=0.05))
    sampler = BudgetedSampler(Slow(["x"]), meter, "solver")
    async with asyncio.timeout(3):
        for _ in range(2):
            assert (await sampler.sample([ASK], SamplingParams(n=2)))[0][1].stop is StopReason.budget
    assert meter.cut == {"solver": 4}


def counting(messages, params, index):
    """Solves by print(0), repairs to print(n + 1), simulates perfectly, submits what it believes."""
    content = messages[0]["content"]
    if content.startswith("run"):
        return f"<output>\n{content.split('print(')[1].split(')')[0]}\n</output>"
    if content.startswith("solve"):
        return "```python\nprint(0)\n```"
    if content.endswith("ok"):
        return "```python\n#SUBMIT\n```"
    return f"```python\nprint({int(content.split('print(')[1].split(')')[0]) + 1})\n```"


@pytest.mark.parametrize(
    ("calls", "turns", "status"),
    [
        (100, 5, TrajectoryStatus.submitted),
        (3, 2, TrajectoryStatus.out_of_budget),  # solve, simulate, fix; no second simulation
        (2, 1, TrajectoryStatus.out_of_budget),
    ],
)
async def test_a_trajectory_keeps_what_it_has_when_the_budget_ends(calls, turns, status):
    meter = Meter(Budget(calls=calls))
    model = ScriptedSampler(counting)
    solver, simulator = (BudgetedSampler(model, meter, role) for role in ("solver", "simulator"))
    trajectory = await self_fix(PROBLEM, solver, simulator, n=1, prompts=MICRO)
    assert (len(trajectory.turns), trajectory.status) == (turns, status)
    assert trajectory.code == f"print({min(turns - 1, 3)})\n"
    assert bool(meter.cut) == (status is TrajectoryStatus.out_of_budget)


async def test_a_budget_that_ends_before_the_first_answer_is_a_trajectory_without_turns():
    meter = Meter(Budget(tokens=1), tokens=1)
    trajectory = await self_fix(PROBLEM, BudgetedSampler(ScriptedSampler(counting), meter, "solver"), prompts=MICRO)
    assert trajectory.turns == [] and trajectory.code is None
    assert trajectory.status is TrajectoryStatus.out_of_budget


async def test_a_ranking_says_which_candidates_and_predictions_were_cut():
    meter = Meter(Budget(calls=7))
    sampler = BudgetedSampler(ScriptedSampler(counting), meter, "both")
    script = lambda messages, params, index: (  # noqa: E731
        f"```python\nprint({index})\n```"
        if messages[0]["content"].startswith("solve")
        else counting(messages, params, 0)
    )
    sampler = BudgetedSampler(ScriptedSampler(script), meter, "both")
    ranking = await self_verify(PROBLEM, sampler, k=5, n=2, prompts=MICRO)
    known = [candidate.feedback[0].passed for candidate in ranking.candidates]
    assert known == [False, None, None, None, None]  # seven calls: five candidates, two predictions of the first
    assert meter.cut == {"both": 8} and not ranking.believed
    few = await self_verify(
        PROBLEM,
        BudgetedSampler(ScriptedSampler(script), Meter(Budget(calls=2)), "solver"),
        k=5,
        prompts=MICRO,
        feedback=FeedbackSource.executed,
    )
    assert [each.status for each in few.candidates] == [ParseStatus.ok] * 2 + [ParseStatus.budget] * 3
    assert set(few.order[2:]) == {2, 3, 4}


class Straggling(ScriptedSampler):
    """The first completion of a prompt takes its time, the others are there at once."""

    async def sample(self, prompts, params):
        if params.first == 0:
            await asyncio.sleep(5)
        return await super().sample(prompts, params)


async def test_what_came_in_time_is_kept_and_counted():
    meter = Meter(Budget(wall_s=0.3))
    [row] = await BudgetedSampler(Straggling(["abc"]), meter, "solver").sample([ASK], SamplingParams(n=4))
    assert [each.stop for each in row] == [StopReason.budget] + [StopReason.stop] * 3
    assert (meter.tokens, dict(meter.cut)) == (9, {"solver": 1})


@pytest.mark.parametrize("limits", [{}, {"wall_s": 60}])
async def test_a_sampler_that_fails_is_not_a_budget_that_is_spent(limits):
    class Failing(ScriptedSampler):
        async def sample(self, prompts, params):
            raise TimeoutError("the server is slow")

    with pytest.raises(TimeoutError, match="the server is slow"):
        await BudgetedSampler(Failing(["x"]), Meter(Budget(**limits)), "solver").sample([ASK], SamplingParams())
