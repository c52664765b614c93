"""Recording: what is kept is true of a fresh process, whatever the program leaves behind for its next input."""

from collections.abc import Iterator

import pytest
from deskcheck_tracer import Limits, Program, Sandbox
from deskcheck_trainer.nlex import Reason, Rejected
from deskcheck_trainer.nlex.inputs import InputPlan
from deskcheck_trainer.nlex.recording import Recorded, Recording, RunFilter
from deskcheck_trainer.nlex.sources import Explain, Explore

LEAKY = """\
import sys

def f(n):
    first = not hasattr(sys, "left")
    sys.left = n
    if first:
        return n
    return -n
"""
BRANCHES = """\
def f(n):
    if n < 0:
        return "below"
    if n == 0:
        return "zero"
    while n > 9:
        n //= 10
    return n
"""


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[tuple[Sandbox, Sandbox]]:
    with Sandbox(workers=1) as first, Sandbox(workers=1, hash_seed=1) as second:
        yield first, second


def recording(sandboxes: tuple[Sandbox, Sandbox], plan: InputPlan) -> Recording:
    return Recording(*sandboxes, Limits(max_events=2000), RunFilter(min_lines=1), plan)


def calls(source: str, *texts: str) -> list[Explain]:
    return [Explain(program=Program(source, call=text), origin=text) for text in texts]


def explore(source: str, *texts: str) -> Explore:
    return Explore(source=source, entry_point="f", calls=texts, origin="o")


def kept(outcomes: list[Recorded | Rejected]) -> list[str | None]:
    return [one.item.program.call for one in outcomes if isinstance(one, Recorded)]


def test_a_run_that_its_predecessor_changed_is_recorded_alone(sandboxes) -> None:
    items = calls(LEAKY, "f(1)", "f(2)", "f(3)")
    outcomes = recording(sandboxes, InputPlan())(items)
    assert [one.trace.returned for [one] in outcomes if isinstance(one, Recorded)] == ["1", "2", "3"]


def test_inputs_of_one_program_give_what_they_give_alone(sandboxes) -> None:
    items = calls(BRANCHES, "f(-1)", "f(0)", "f(1234)", "f('x')")
    together = [one for [one] in recording(sandboxes, InputPlan())(items)]
    alone = [recording(sandboxes, InputPlan())([item])[0][0] for item in items]
    assert together == alone
    assert isinstance(together[-1], Rejected) and together[-1].reason is Reason.raised


class Counting:
    """A sandbox that counts what is recorded in a process of its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.alone = 0
        self.run_many, self.series, self.trace = sandbox.run_many, sandbox.series, sandbox.trace_many

    def trace_many(self, programs, limits):
        self.alone += len(programs)
        return self.trace(programs, limits)


@pytest.mark.parametrize(
    ("source", "alone"),
    [(BRANCHES, 0), (LEAKY, 4), ("import random\ndef f(n):\n    x = random.random()\n    return x\n", 1)],
)
def test_only_what_needs_it_is_recorded_alone(sandboxes, source: str, alone: int) -> None:
    first, second = map(Counting, sandboxes)
    recording((first, second), InputPlan())(calls(source, "f(-1)", "f(0)", "f(1)"))
    assert (first.alone, second.alone) == (alone, alone)


def test_inputs_are_kept_for_new_paths(sandboxes) -> None:
    texts = ["f(-5)", "f(-4)", "f(0)", "f(7)", "f(8)", "f(70)", "f(71)", "f(-1)"]
    [outcomes] = recording(sandboxes, InputPlan(keep=4, tries=len(texts)))([explore(BRANCHES, *texts)])
    assert len(outcomes) == len(texts) and kept(outcomes) == ["f(-5)", "f(0)", "f(7)", "f(70)"]
    assert {one.reason for one in outcomes if isinstance(one, Rejected)} == {Reason.no_new_path}


def test_without_novelty_the_first_that_run_are_kept(sandboxes) -> None:
    plan = InputPlan(keep=2, novel=False)
    [outcomes] = recording(sandboxes, plan)([explore(BRANCHES, "f('x')", "f(-5)", "f(-4)", "f(0)")])
    assert kept(outcomes) == ["f(-5)", "f(-4)"]


LOOPS = "def f(n):\n    while n > 2:\n        pass\n    return n\n"
DIES = "def f(n):\n    return [0] * 10 ** 9 if n > 2 else n\n"


@pytest.mark.parametrize(("source", "reason"), [(LOOPS, Reason.events), (DIES, Reason.memory)])
def test_a_function_whose_first_inputs_end_at_a_limit_is_given_up(sandboxes, source: str, reason: Reason) -> None:
    item = explore(source, "f(8)", "f(9)", "f(1)", "f(7)")
    [patient] = recording(sandboxes, InputPlan(tries=4, patience=3))([item])
    assert [getattr(one, "reason", None) for one in patient] == [reason, reason, None, reason]
    [impatient] = recording(sandboxes, InputPlan(tries=4, patience=2))([item])
    assert [getattr(one, "reason", None) for one in impatient] == [reason, reason, *[Reason.given_up] * 2]
    given = recording(sandboxes, InputPlan(patience=2))(calls(source, "f(8)", "f(9)", "f(1)"))
    assert [getattr(one, "reason", None) for [one] in given] == [reason, reason, None]


def test_outcomes_stay_with_their_items(sandboxes) -> None:
    items = [*calls(BRANCHES, "f(1)", "f(2)"), explore(BRANCHES, "f(-1)", "f(0)"), *calls(LEAKY, "f(1)")]
    items += [explore("x = 1\n"), *calls(BRANCHES, "f(1)")]
    outcomes = recording(sandboxes, InputPlan(keep=2, tries=2))(items)
    assert [kept(each) for each in outcomes] == [["f(1)"], ["f(2)"], ["f(-1)", "f(0)"], ["f(1)"], [], ["f(1)"]]
    assert isinstance(outcomes[4][0], Rejected) and outcomes[4][0].reason is Reason.no_inputs


def test_chance_is_no_input_to_explain(sandboxes) -> None:
    source = "import random\ndef f(n):\n    x = random.random()\n    return x < n\n"
    for [outcome] in recording(sandboxes, InputPlan())(calls(source, "f(0.5)", "f(0.4)", "f(2)")):
        assert isinstance(outcome, Rejected) and outcome.reason is Reason.nondeterministic


def test_a_generator_runs_in_the_jail_and_gives_literal_arguments(sandboxes) -> None:
    generator = """\
import os
def generate_inputs(rng):
    n = rng.randint(0, 3)
    if n == 0:
        raise ValueError
    if n == 1:
        return {"n": object()}
    print("junk")
    print('"n=__import__(\\'os\\')"')
    return {"n": rng.randint(-9, 99)}
"""
    item = Explore(source=BRANCHES, entry_point="f", generator=generator, origin="o")
    plan = InputPlan(keep=20, novel=False)
    [outcomes], [again] = recording(sandboxes, plan)([item]), recording(sandboxes, plan)([item])
    assert outcomes == again and 3 <= len(kept(outcomes)) <= 20
    for call in kept(outcomes):
        assert call is not None and call.startswith("f(n=")


@pytest.mark.parametrize(
    "generator",
    ["def generate_inputs(rng):\n    while True: pass\n", "x = 1/0", "def generate_inputs(", "import os; os._exit(1)"],
)
def test_where_a_generator_gives_nothing_inputs_are_drawn(sandboxes, generator: str) -> None:
    item = Explore(source=BRANCHES, entry_point="f", generator=generator, origin="o")
    assert recording(sandboxes, InputPlan())([item]) == recording(sandboxes, InputPlan())([explore(BRANCHES)])


def test_a_function_that_nothing_can_be_given_to_is_told(sandboxes) -> None:
    [[outcome]] = recording(sandboxes, InputPlan())([explore("def f(g):\n    return g(1)\n")])
    assert isinstance(outcome, Rejected) and outcome.reason is Reason.no_inputs
