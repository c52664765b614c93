"""Self-fix: how each trajectory ends, fresh contexts, turn limits, resuming, and what a model may see."""

import asyncio
import random
import string
from dataclasses import replace

import pytest
from deskcheck_agent.feedback import FeedbackSource
from deskcheck_agent.fix import self_fix
from deskcheck_agent.gather import GatheringSampler
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Completion, SamplingParams, ScriptedSampler, StopReason
from deskcheck_agent.trajectory import TrajectoryFile, TrajectoryStatus, TurnKind, load_trajectories
from deskcheck_agent.verify import self_verify
from deskcheck_tracer import TestCase
from deskcheck_tracer.errors import InputError

PROBLEM = Problem("p", "print 3", (TestCase("", "3\n"),), (TestCase("", "3\n"),))
MICRO = Prompts.load("micro")
SUBMIT = "```python\n#SUBMIT\n```"


def fenced(code):
    return f"```python\n{code}\n```"


def counting(messages, params, index):
    """Prints one more at each repair, submits when it is told ok; simulates perfectly."""
    content = messages[0]["content"]
    if content.startswith("solve"):
        return fenced("print(0)")
    if content.startswith("run"):
        return f"<output>\n{content.split('print(')[1].split(')')[0]}\n</output>"
    if content.endswith(" ok"):
        return SUBMIT
    return fenced(f"print({int(content.split('print(')[1].split(')')[0]) + 1})")


@pytest.mark.parametrize("feedback", [FeedbackSource.simulated, FeedbackSource.executed])
async def test_it_repairs_until_it_believes_in_the_program(feedback):
    sampler = ScriptedSampler(counting)
    trajectory = await self_fix(PROBLEM, sampler, prompts=MICRO, feedback=feedback, n=3)
    assert trajectory.status is TrajectoryStatus.submitted
    assert trajectory.code == "print(3)\n"
    assert [turn.kind for turn in trajectory.turns] == [TurnKind.solve] + [TurnKind.submit_or_fix] * 4
    assert [turn.reply.submit for turn in trajectory.turns] == [False] * 4 + [True]
    asked_to_simulate = any(prompt[0]["content"].startswith("run") for prompt in sampler.prompts)
    assert asked_to_simulate == (feedback is FeedbackSource.simulated)


@pytest.mark.parametrize(("max_turns", "code"), [(1, "print(0)\n"), (2, "print(1)\n"), (3, "print(2)\n")])
async def test_out_of_turns_the_last_code_counts(max_turns, code):
    trajectory = await self_fix(PROBLEM, ScriptedSampler(counting), prompts=MICRO, max_turns=max_turns)
    assert (trajectory.status, trajectory.code) == (TrajectoryStatus.out_of_turns, code)
    assert len(trajectory.turns) == max_turns


async def test_every_turn_is_one_fresh_message_with_its_own_seed():
    seeds = []

    def noting(messages, params, index):
        seeds.append(params.seed)
        return fenced("print(0)") if len(seeds) < 4 else SUBMIT

    await self_fix(PROBLEM, ScriptedSampler(noting), prompts=MICRO, feedback=FeedbackSource.executed)
    assert len(seeds) == len(set(seeds)) == 4
    sampler = ScriptedSampler(counting)
    trajectory = await self_fix(PROBLEM, sampler, prompts=MICRO)
    for turn in trajectory.turns:
        assert [message["role"] for message in turn.prompt] == ["user"]
    assert (
        "print(0)" not in trajectory.turns[2].prompt[0]["content"]
    )  # it holds the program that stands, and no older one


@pytest.mark.parametrize(
    ("answers", "status", "code"),
    [
        (["prose"], TrajectoryStatus.no_code, None),
        ([SUBMIT], TrajectoryStatus.no_code, None),
        ([fenced("print(1)"), "prose"], TrajectoryStatus.unparsed, "print(1)\n"),
        ([fenced("print(1)"), Completion("", stop=StopReason.error)], TrajectoryStatus.sampler_error, "print(1)\n"),
    ],
)
async def test_every_ending_has_a_name_and_keeps_the_code(answers, status, code):
    trajectory = await self_fix(PROBLEM, ScriptedSampler(answers), prompts=MICRO, feedback=FeedbackSource.executed)
    assert (trajectory.status, trajectory.code) == (status, code)


async def test_no_feedback_is_a_single_turn():
    trajectory = await self_fix(PROBLEM, ScriptedSampler(counting), prompts=MICRO, feedback=FeedbackSource.none)
    assert (trajectory.status, trajectory.code) == (TrajectoryStatus.single_turn, "print(0)\n")


async def test_a_killed_trajectory_continues_where_it_was(tmp_path):
    whole = await self_fix(PROBLEM, ScriptedSampler(counting), prompts=MICRO, params=SamplingParams(seed=4))
    file = TrajectoryFile(tmp_path / "t.jsonl")
    for turn in whole.turns[:2]:
        file.turn("p 4", turn)
    with file.path.open("a") as torn:
        torn.write('{"kind": "tu')
    read = file.read()["p 4"]
    assert read.status is TrajectoryStatus.unfinished and read.turns == whole.turns[:2]
    sampler = ScriptedSampler(counting)
    again = await self_fix(
        PROBLEM,
        sampler,
        prompts=MICRO,
        params=SamplingParams(seed=4),
        turns_so_far=read.turns,
        on_turn=lambda turn: file.turn("p 4", turn),
    )
    file.end("p 4", again)
    assert again == whole
    assert not any(prompt[0]["content"].startswith("solve") for prompt in sampler.prompts)
    assert load_trajectories(file.path) == {"p 4": whole}


async def test_a_file_says_first_what_it_belongs_to(tmp_path):
    whole = await self_fix(PROBLEM, ScriptedSampler(counting), prompts=MICRO)
    path = tmp_path / "t.jsonl"
    for file in (TrajectoryFile(path, {"config": "a"}), TrajectoryFile(path, {"config": "a"})):
        file.turn("p 0", whole.turns[0])
    assert path.read_text().count('"header"') == 1 and path.read_text().startswith('{"kind": "header", "schema": 1, "c')
    assert TrajectoryFile(path, {"config": "a"}).read().keys() == load_trajectories(path).keys() == {"p 0"}
    with pytest.raises(InputError, match="of another configuration or other data"):
        TrajectoryFile(path, {"config": "b"}).read()
    path.write_text(path.read_text()[:20])  # killed in the first line
    assert TrajectoryFile(path, {"config": "b"}).read() == {}
    TrajectoryFile(path, {"config": "b"}).turn("p 0", whole.turns[0])
    assert TrajectoryFile(path, {"config": "b"}).read().keys() == {"p 0"}


async def test_two_hundred_problems_make_few_calls():
    inner = ScriptedSampler(counting)
    sampler = GatheringSampler(inner)
    problems = [replace(PROBLEM, id=str(number)) for number in range(200)]
    trajectories = await asyncio.gather(*(self_fix(each, sampler, prompts=MICRO) for each in problems))
    assert {each.status for each in trajectories} == {TrajectoryStatus.submitted}
    assert inner.calls == 9  # 5 solver turns, 4 times feedback


@pytest.mark.parametrize("prompts", ["micro", "default"])
@pytest.mark.parametrize("feedback", [FeedbackSource.simulated, FeedbackSource.executed, FeedbackSource.scheduled])
async def test_what_a_model_may_see(prompts, feedback):
    """Sentinels planted as outputs: private ones in no prompt, public ones in solve and fix prompts, never in a
    simulate prompt."""
    own = random.Random(prompts + feedback.value)
    sentinel = lambda: "".join(own.choices(string.ascii_letters, k=16))  # noqa: E731
    public = [sentinel() for _ in range(3)]
    private = [sentinel() for _ in range(3)]
    problem = Problem(
        "p",
        "echo the secret",
        tuple(TestCase(f"{place}\n", f"{text}\n") for place, text in enumerate(public)),
        tuple(TestCase(f"{place + 10}\n", f"{text}\n") for place, text in enumerate(private)),
    )
    seen = {"simulate": [], "solver": []}

    class Watching(ScriptedSampler):
        def __init__(self, role, script):
            super().__init__(script)
            self.role = role

        async def sample(self, asked, params):
            seen[self.role] += [message["content"] for prompt in asked for message in prompt]
            return await super().sample(asked, params)

    solver = Watching("solver", lambda messages, params, index: fenced(f"print(input(), {index}, {params.seed % 7})"))
    simulator = Watching("simulate", lambda *_: "<output>\nsomething\n</output>")
    shared = {"prompts": Prompts.load(prompts), "feedback": feedback}
    trajectory = await self_fix(problem, solver, simulator, max_turns=4, **shared)
    await self_verify(problem, solver, simulator, k=4, **shared)
    assert len(trajectory.turns) == 4 and seen["solver"]
    assert bool(seen["simulate"]) == (feedback is FeedbackSource.simulated)  # scheduled: p is 1 by default
    assert not any(text in content for text in private for contents in seen.values() for content in contents)
    assert not any(text in content for text in public for content in seen["simulate"])
    assert all(text in content for text in public for content in seen["solver"])


async def test_a_fault_of_our_sandbox_ends_the_trajectory_and_is_no_score():
    problem = Problem(
        "p", "print 3", (TestCase("\ud800", "3\n"),)
    )  # an input that cannot be encoded: the judge says SE
    trajectory = await self_fix(problem, ScriptedSampler(counting), prompts=MICRO, feedback=FeedbackSource.executed)
    assert (trajectory.status, trajectory.code) == (TrajectoryStatus.sandbox_error, "print(0)\n")
