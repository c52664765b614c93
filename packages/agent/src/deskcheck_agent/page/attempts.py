"""Trajectories as the page shows them: step by step, each program with what was found out about it.

On disk a turn holds what its prompt told of the program *before*; here that feedback stands with the program it is
about. What changed from one program to the next is a difference; a program that came back unchanged is said to have.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from deskcheck_agent.page.code import Row, difference, listing
from deskcheck_agent.page.real import Runs
from deskcheck_agent.page.tests import TestView, views
from deskcheck_agent.page.texts import cut
from deskcheck_agent.page.words import ANSWERS, STATUSES, STOPS
from deskcheck_agent.problem import Problem
from deskcheck_agent.sampler import Completion, Message
from deskcheck_agent.trajectory import Trajectory, Turn


@dataclass(frozen=True)
class Answer:
    """What a model was asked and wrote, cut where it is very long."""

    prompt: list[Message]
    reasoning: str
    text: str
    tokens: int
    stop: str
    """Empty where the model came to its own end."""


@dataclass(frozen=True)
class Step:
    """One turn: `does` in words; `changes` to the program before, or the whole `program` where it is the first."""

    number: int
    does: str
    kind: str
    """Of the words: writes, rewrites, same, submits or fault."""
    program: list[Row]
    changes: list[Row]
    tests: list[TestView]
    answer: Answer


@dataclass(frozen=True)
class AttemptView:
    """One trajectory."""

    number: int
    status: str
    is_submitted: bool
    detail: str
    tokens: int
    steps: list[Step]


def attempt_view(number: int, trajectory: Trajectory, problem: Problem, runs: Runs) -> AttemptView:
    """One trajectory as it is shown; unfinished ones as far as they went."""
    turns = trajectory.turns
    steps = [_step(place, turns, problem, runs) for place in range(len(turns))]
    return AttemptView(
        number,
        STATUSES.get(trajectory.status.value, trajectory.status.value),
        trajectory.status.value == "submitted",
        cut(trajectory.detail),
        trajectory.tokens,
        steps,
    )


def _step(place: int, turns: Sequence[Turn], problem: Problem, runs: Runs) -> Step:
    turn = turns[place]
    before = turns[place - 1].code if place else None
    does, kind = _does(turn, before)
    code = turn.reply.code
    program = listing(code) if code is not None else []
    changes = difference(before, code) if code is not None and before is not None else []
    told = turns[place + 1].feedback if place + 1 < len(turns) else ()
    tests = views(told, code, problem, runs) if code is not None else []
    return Step(place + 1, does, kind, program, changes, tests, answer_of(turn.completion, turn.prompt))


def _does(turn: Turn, before: str | None) -> tuple[str, str]:
    """What the model does in this turn, and its kind."""
    if turn.completion.stop.value in ("error", "budget"):
        return STOPS[turn.completion.stop.value], "fault"
    if turn.reply.submit:
        return "submits the program", "submits"
    if turn.reply.code is None:
        return f"gives no program: {ANSWERS.get(turn.reply.status.value, turn.reply.status.value)}", "fault"
    if before is None:
        return "writes a program", "writes"
    if turn.reply.code.strip() == before.strip():
        return "gives the same program again", "same"
    return "changes the program", "rewrites"


def answer_of(completion: Completion, prompt: Sequence[Message] = ()) -> Answer:
    """A completion and its prompt for the page."""
    asked = [Message(role=message["role"], content=cut(message["content"])) for message in prompt]
    stop = STOPS.get(completion.stop.value, "")
    return Answer(asked, cut(completion.reasoning or ""), cut(completion.text), completion.tokens, stop)
