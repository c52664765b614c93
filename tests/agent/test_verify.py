"""Self-verify: the order follows the scores, ties are random but repeatable, a random simulator gains nothing."""

import asyncio
import random
import re

from deskcheck_agent.feedback import FeedbackSource
from deskcheck_agent.gather import GatheringSampler
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import SamplingParams, ScriptedSampler, seed_of
from deskcheck_agent.verify import NO_CODE, ranked, self_verify
from deskcheck_tracer import TestCase

PROBLEM = Problem("p", "print 7", (TestCase("", "7\n"), TestCase("x", "7\n")))
MICRO = Prompts.load("micro")


def fenced(code):
    return f"```python\n{code}\n```"


def model(messages, params, index):
    """Solves with print(index), and simulates perfectly: the printed number is in the source."""
    content = messages[0]["content"]
    if content.startswith("run"):
        return f"<output>\n{re.search(r'print.(.*?).\n', content)[1]}\n</output>"
    return "no code" if index == 5 else fenced(f"print({index})")


async def test_the_best_candidate_is_the_one_predicted_to_pass():
    ranking = await self_verify(PROBLEM, ScriptedSampler(model), k=10, n=2, prompts=MICRO)
    assert ranking.best.code == "print(7)\n" and ranking.order[0] == 7
    assert ranking.best.score == 2.0 and ranking.tied == 1 and ranking.believed
    assert ranking.order[-1] == 5 and ranking.candidates[5].score == NO_CODE
    assert sorted(ranking.order) == list(range(10))


async def test_execution_by_one_switch_agrees_with_a_perfect_simulator():
    solver = ScriptedSampler(model)
    ranking = await self_verify(PROBLEM, solver, k=9, prompts=MICRO, feedback=FeedbackSource.executed)
    assert ranking.order == (await self_verify(PROBLEM, solver, k=9, n=1, prompts=MICRO)).order
    assert {test.verdict for test in ranking.best.feedback} == {"AC"}
    assert not any(prompt[0]["content"].startswith("run") for prompt in solver.prompts[:1])


async def test_ties_are_random_by_seed_and_the_same_again():
    problem = Problem("none", "no tests")
    firsts = set()
    for seed in range(12):
        params = SamplingParams(seed=seed)
        ranking = await self_verify(problem, ScriptedSampler(model), k=5, prompts=MICRO, params=params)
        assert ranking.tied == 5 and not ranking.believed
        assert ranking == await self_verify(problem, ScriptedSampler(model), k=5, prompts=MICRO, params=params)
        firsts.add(ranking.order[0])
    assert len(firsts) > 2


async def test_without_feedback_the_first_candidate_counts():
    ranking = await self_verify(PROBLEM, ScriptedSampler(model), k=4, prompts=MICRO, feedback=FeedbackSource.none)
    assert ranking.order == (0, 1, 2, 3) and not ranking.believed


async def test_a_random_simulator_equals_pass_at_1():
    """Candidates are right with probability 0.3; a simulator that ignores the program must not select better than
    that."""

    def blind(messages, params, index):
        content = messages[0]["content"]
        own = random.Random(seed_of(params.seed, content, index))
        if content.startswith("run"):
            return f"<output>\n{7 if own.random() < 0.5 else 1}\n</output>"
        return fenced(f"print({7 if own.random() < 0.3 else index + 10})  # {index} {content[:20]!r}")

    sampler = GatheringSampler(ScriptedSampler(blind))
    problems = [Problem(f"p{number}", f"{number} print 7", PROBLEM.public_tests) for number in range(400)]
    rankings = await asyncio.gather(*(self_verify(each, sampler, k=6, n=3, prompts=MICRO) for each in problems))
    right = [[candidate.code.startswith("print(7)") for candidate in ranking.candidates] for ranking in rankings]
    chosen = sum(row[ranking.order[0]] for row, ranking in zip(right, rankings, strict=True)) / len(rankings)
    everyone = sum(map(sum, right)) / (6 * len(rankings))
    assert abs(chosen - everyone) < 4 * (0.3 * 0.7 / 400) ** 0.5


def test_ranked_shuffles_ties_alone():
    assert ranked([1.0, 3.0, 2.0], 0) == (1, 2, 0)
    assert ranked([1.0, 1.0, 1.0], None) == (0, 1, 2)
    assert {ranked([1.0, 2.0, 1.0], seed) for seed in range(20)} == {(1, 0, 2), (1, 2, 0)}


async def test_an_early_exit_stops_at_the_first_that_is_sure():
    sampler = ScriptedSampler(model)
    whole = await self_verify(PROBLEM, sampler, k=20, n=2, prompts=MICRO)
    early = await self_verify(PROBLEM, sampler, k=20, n=2, prompts=MICRO, early_exit=4)
    assert early.candidates == whole.candidates[:8]  # 7 is right: found in the second wave of four
    assert (early.skipped, whole.skipped) == (12, 0) and early.best == whole.best
    never = await self_verify(PROBLEM, sampler, k=5, n=2, prompts=MICRO, early_exit=2)
    assert len(never.candidates) == 5 and never.skipped == 0


async def test_without_a_test_nobody_is_ever_sure():
    early = await self_verify(Problem("p", "none"), ScriptedSampler(model), k=6, prompts=MICRO, early_exit=2)
    assert len(early.candidates) == 6


async def test_equal_sums_are_ties_whatever_their_order():
    """Three tests by one prediction of five each, and one test by three of five, are both 0.6."""
    tests = tuple(TestCase(f"{n}\n", "1\n") for n in range(4))

    def script(messages, params, index):
        content = messages[-1]["content"]
        if content.startswith("solve"):
            return fenced(f"print({index})")
        place, first = int(content.rsplit("input\n", 1)[1]), "print(0)" in content
        passes = index < 1 and place < 3 if first else index < 3 and place == 3
        return f"<output>\n{1 if passes else 0}\n</output>"

    firsts = set()
    for seed in range(12):
        params = SamplingParams(seed=seed)
        ranking = await self_verify(
            Problem("p", "x", tests), ScriptedSampler(script), k=2, prompts=MICRO, params=params
        )
        assert ranking.tied == 2
        firsts.add(ranking.order[0])
    assert firsts == {0, 1}


async def test_one_prediction_of_five_makes_nobody_sure():
    def script(messages, params, index):
        content = messages[-1]["content"]
        return fenced("print(7)") if content.startswith("solve") else f"<output>\n{7 if index == 0 else 8}\n</output>"

    ranking = await self_verify(PROBLEM, ScriptedSampler(script), k=6, prompts=MICRO, combine="any", early_exit=2)
    assert ranking.believed and len(ranking.candidates) == 6
