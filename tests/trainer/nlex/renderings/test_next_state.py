"""State questions: what they state is what an independent run of the program shows."""

import random
import re

import pytest
from deskcheck_agent.prompts import Prompts
from deskcheck_evals.micro import micro_problems
from deskcheck_tracer import Program
from deskcheck_trainer.nlex import Reason, Rejected, Row
from deskcheck_trainer.nlex.renderings import Context, RenderPlan
from deskcheck_trainer.nlex.renderings.next_state import next_state, read_state
from deskcheck_trainer.nlex.sources.micro import near_misses

from tests.trainer.nlex.renderings.again import around, looks, subject

PROMPTS = Prompts.load("micro")  # its question: the program, `line 5 2`, then a variable a line


def asked(source: str, stdin: str = "", call: str | None = None, seed: int = 0) -> Row | Rejected | None:
    return next_state(subject(source, stdin, call), Context(PROMPTS, plan=RenderPlan(seed=seed)))


def check(row: Row) -> None:
    question = row.prompt[0]["content"]
    [(line, time, variables)] = re.findall(r"\nline (\d+) (\d+)\n((?:.|\n)*)\Z", question)
    found, left = around(looks(Program(row.source, row.stdin, row.call)), int(line), int(time))
    before = dict(text.split(" = ", 1) for text in variables.split("\n") if text)
    assert before == found.state
    assert read_state(row.completion[0]["content"]) == left.state != before


def test_every_stated_state_of_micro_programs_equals_that_of_an_independent_run() -> None:
    lines = set()
    for number, micro in enumerate(micro_problems("train", 40, 11)):
        rng = random.Random(number)
        for source in [micro.reference, *near_misses(micro.reference, 1, rng)]:
            row = asked(source, rng.choice(micro.problem.private_tests).input, seed=number)
            if isinstance(row, Row):  # a near miss may raise before it changes anything
                check(row)
                lines.add(re.findall(r"line \d+ \d+", row.prompt[0]["content"])[0])
    assert len(lines) > 20


CALLS = """\
KINDS = {'a': 1}
class Box:
    pass
def deep(n, seen):
    seen.append(n)
    if n:
        rest = deep(n - 1, seen)
        return rest + [len(seen)]
    return []
def swap(pair):
    left, right = pair
    try:
        left = left / 0
    except ZeroDivisionError:
        left, right = right, left
    del pair
    return left, right
def main(n):
    box, out = Box(), []
    out += deep(n, [])
    for i, c in enumerate('ab'):
        out.append((i, c))
    box.out = out
    out = swap((1, 'x'))
    return out
"""


@pytest.mark.parametrize("seed", range(12))
def test_so_do_those_of_functions(seed: int) -> None:
    row = asked(CALLS, call="main(3)", seed=seed)
    assert isinstance(row, Row)
    check(row)


def test_lines_are_drawn_alike_however_often_they_run() -> None:
    source = "s = 0\nfor i in range(20):\n    s += i\nt = s * 2\nu = t + 1\nprint(u)"
    drawn = [str(asked(source, seed=seed).prompt) for seed in range(40)]  # type: ignore[union-attr]
    late = sum("line 4 1" in text or "line 5 1" in text for text in drawn)
    assert 10 < late < 30
    assert drawn[0] == str(asked(source, seed=0).prompt)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "source",
    [
        "print(1)\nprint(2)",
        "x = 0\ny = [1, -2]\nprint(y)",
        "class A:\n    pass\na = A()\nprint(3)",
        "xs = [i * i for i in range(3)]\nprint(4)",
        "xs = [0] * 300\nprint(5)",
        "if 1 > 0: x = 1\nprint(6)",
    ],
    ids=["no change", "constants", "an object", "a comprehension", "a cut value", "two statements on a line"],
)
def test_what_has_no_plain_answer_is_not_asked(source: str) -> None:
    assert asked(source) is None


def test_an_answer_that_states_something_else_is_blocked() -> None:
    about = subject("x = abs(-1)\nprint(x)")
    [step, _] = about.steps
    step.locals["x"] = "2"  # as if the two readings of the events disagreed
    outcome = next_state(about, Context(PROMPTS))
    assert isinstance(outcome, Rejected) and outcome.reason is Reason.claim_false and "line 1" in outcome.detail
