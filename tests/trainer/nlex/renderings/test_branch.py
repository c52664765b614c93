"""Branch questions: outcome and next line are those of an independent run of the program."""

import random
import re

import pytest
from deskcheck_agent.prompts import Prompts
from deskcheck_evals.micro import micro_problems
from deskcheck_tracer import Program
from deskcheck_tracer.trace import EventKind
from deskcheck_trainer.nlex import Reason, Rejected, Row
from deskcheck_trainer.nlex.renderings import Context, RenderPlan
from deskcheck_trainer.nlex.renderings.branch import branch

from tests.trainer.nlex.renderings.again import around, looks, subject

PROMPTS = Prompts.load("micro")


def asked(source: str, stdin: str = "", call: str | None = None, seed: int = 0) -> Row | Rejected | None:
    return branch(subject(source, stdin, call), Context(PROMPTS, plan=RenderPlan(seed=seed)))


def answer(row: object) -> str:
    assert isinstance(row, Row)
    [inside] = re.findall(r"\A<branch>\n(.*)\n</branch>\Z", row.completion[0]["content"])
    return inside


def check(row: Row) -> str:
    """The answer, once its line is where the run went, and its outcome what the condition comes to."""
    [(line, time)] = re.findall(r"\nline (\d+) (\d+)\Z", row.prompt[0]["content"])
    found, then = around(looks(Program(row.source, row.stdin, row.call)), int(line), int(time))
    [condition] = re.findall(r"(?:if|elif|while) (.*):", row.source.split("\n")[int(line) - 1])
    held = eval(condition, {**found.frame.f_globals, **{name: eval(text) for name, text in found.state.items()}})
    where = f"line {then.line}" if then.kind == "line" else "end"
    assert answer(row) == f"{'yes' if held else 'no'}, {where}"
    return answer(row)


def test_every_stated_branch_of_micro_programs_equals_that_of_an_independent_run() -> None:
    answers = []
    for number, micro in enumerate(micro_problems("train", 40, 12)):
        stdin = random.Random(number).choice(micro.problem.private_tests).input
        row = asked(micro.reference, stdin, seed=number)
        if isinstance(row, Row):
            answers.append(check(row).partition(",")[0])
    assert 10 < answers.count("yes") < len(answers) - 10


WAYS = """\
def sign(n):
    if n < 0:
        return 'minus'
    elif n == 0:
        return 'zero'
    while n > 3:
        n -= 3
    if n == 2:
        n += 1
"""


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [-1, 0, 7, 8])
def test_so_do_those_of_functions(n: int, seed: int) -> None:
    row = asked(WAYS, call=f"sign({n})", seed=seed)
    assert isinstance(row, Row)
    check(row)


def test_a_function_that_ends_after_its_condition_has_no_next_line() -> None:
    assert answer(asked("def f(n):\n    if n:\n        n = 2\n", call="f(0)")) == "no, end"


def test_conditions_that_go_both_ways_come_first() -> None:
    source = "x = 5\nif x > 1:\n    x = 4\nwhile x > 0:\n    x -= 1\nprint(x)"
    assert all("line 4 " in str(asked(source, seed=seed).prompt) for seed in range(10))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\nprint(x)",
        "x = 1\nwhile True:\n    break",
        "xs = []\nif any(x for x in xs):\n    print(1)",
        "x = 0\ntry:\n    if 1 / x:\n        print(1)\nexcept ZeroDivisionError:\n    print(2)",
    ],
    ids=["no condition", "constant", "runs lines inside", "raises"],
)
def test_what_has_no_plain_answer_is_not_asked(source: str) -> None:
    assert asked(source) is None


def test_an_answer_that_states_something_else_is_blocked() -> None:
    about = subject("x = 1\nif x:\n    y = 2\nprint(x)")
    assert [visit.then for visit in about.visits][:2] == [2, 3]
    [event] = [event for event in about.trace.events if event.kind is EventKind.line and event.line == 3]
    event.line = 4  # as if the two readings of the events disagreed
    outcome = branch(about, Context(PROMPTS))
    assert isinstance(outcome, Rejected) and outcome.reason is Reason.claim_false and "no, line 4" in outcome.detail
