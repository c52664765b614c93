"""Candidate inputs: known ones first, then a generator's from the jail, then drawn ones; never more than asked for."""

import ast
import json

import pytest
from deskcheck_tracer import Limits, Sandbox
from deskcheck_tracer.errors import SandboxFailed
from deskcheck_tracer.sandbox import Outcome, RunResult
from deskcheck_trainer.nlex.inputs import InputPlan, candidates, generator_program
from deskcheck_trainer.nlex.own_process import OwnProcess
from deskcheck_trainer.nlex.recording import Recorded, Recording, RunFilter
from deskcheck_trainer.nlex.row import Reason
from deskcheck_trainer.nlex.sources import Explore

SOURCE = "def f(x: int, y: int = 0):\n    if x > y:\n        z = x - y\n    else:\n        z = y\n    return z\n"


def item(generator: str | None = None, calls: tuple[str, ...] = (), source: str = SOURCE) -> Explore:
    return Explore(source=source, entry_point="f", calls=calls, generator=generator, origin="here")


class Printed:
    """A runner whose every program prints the same; counts them."""

    def __init__(self, stdout: str, outcome: Outcome = Outcome.ok) -> None:
        self.result, self.programs = RunResult(outcome, stdout), []

    def run_many(self, programs, limits=None) -> list[RunResult]:
        self.programs += programs
        return [self.result for _ in programs]


def one(an_item: Explore, runner=None, **plan) -> list[str]:
    [calls] = candidates([an_item], InputPlan(**plan), runner or OwnProcess(), Limits())
    return calls


GENERATOR = "def generate_inputs(rng):\n    return {'x': rng.randint(0, 1000), 'y': random.randint(0, 1000)}\n"


def test_known_calls_come_first_and_are_not_repeated() -> None:
    calls = one(item(calls=("f(1)", "f(2)", "f(1)")), tries=6)
    assert calls[:2] == ["f(1)", "f(2)"] and len(calls) == len(set(calls)) == 6


def test_no_more_than_the_tries() -> None:
    known = tuple(f"f({i})" for i in range(30))
    assert one(item(calls=known), tries=7) == list(known[:7])
    assert len(one(item(GENERATOR), tries=7)) == 7 and len(one(item(), tries=7)) == 7


def test_a_generator_gives_the_same_again_and_others_for_another_seed() -> None:
    """Also one that draws from the module `random` beside the generator it is handed."""
    first = one(item(GENERATOR), tries=10)
    assert first == one(item(GENERATOR), tries=10) != one(item(GENERATOR), tries=10, seed=1)
    assert len(first) == 10 and all(call.startswith("f(x=") and ", y=" in call for call in first)


def test_items_get_their_own_inputs_in_order() -> None:
    items = [item(GENERATOR), item(calls=("f(7)",)), item("def generate_inputs(rng): return {'x': 5}")]
    found = candidates(items, InputPlan(tries=3), OwnProcess(), Limits())
    assert [len(calls) for calls in found] == [3, 3, 1] and found[1][0] == "f(7)" and found[2] == ["f(x=5)"]


BROKEN = {
    "no function": "x = 1",
    "syntax": "def generate_inputs(rng:",
    "raises": "def generate_inputs(rng): raise ValueError",
    "no dictionary": "def generate_inputs(rng): return 5",
    "no literal": "def generate_inputs(rng): return {'x': object(), 'y': float('nan')}",
    "no name": "def generate_inputs(rng): return {'x y': 1}",
    "a keyword": "def generate_inputs(rng): return {'if': 1}",
    "numbers for names": "def generate_inputs(rng): return {3: 1}",
    "endless repr": "def generate_inputs(rng):\n    x = []\n    x.append(x)\n    return {'x': x}",
    "a huge value": "def generate_inputs(rng): return {'x': 'a' * 30_000}",
}


@pytest.mark.parametrize("name", BROKEN)
def test_where_a_generator_gives_nothing_inputs_are_drawn(name: str) -> None:
    assert one(item(BROKEN[name]), tries=5) == one(item(), tries=5) != []


def test_a_generator_that_fails_now_and_then_gives_the_rest() -> None:
    generator = "def generate_inputs(rng):\n    x = rng.randint(0, 9)\n    return {'x': x} if x < 5 else 1 // 0\n"
    calls = one(item(generator), tries=20)
    assert 1 <= len(calls) <= 5 and all(call in {f"f(x={i})" for i in range(5)} for call in calls)


JUNK = [
    '"x=1, y=2"',
    "hello",
    "\"__import__('os').getcwd()\"",
    '"x=open(1)"',
    '"1, 2"',
    '"*[1, 2]"',
    '"**{}"',
    '"x=1) + (y=2"',
    '"x=1\\n) or g(2"',
    '"x=1), f(x=2"',
    "3",
    "[1]",
    '{"x": 1}',
    "[" * 5000,
    '"x=' + "9" * 5000 + '"',
    '"x=' + "(" * 300 + ")" * 300 + '"',
    json.dumps("x='" + "a" * 30_000 + "'"),
    "\x00",
    '"x=3"',
]


def test_of_what_is_printed_only_calls_with_literals_are_taken() -> None:
    calls = one(item("..."), Printed("\n".join(JUNK)), tries=20)
    assert calls == ["f(x=1, y=2)", "f(x=3)"]
    for call in calls:
        node = ast.parse(call, mode="eval").body
        assert isinstance(node, ast.Call) and all(keyword.arg for keyword in node.keywords)


@pytest.mark.parametrize("outcome", [Outcome.cpu, Outcome.wall, Outcome.memory, Outcome.output, Outcome.compile])
def test_what_was_printed_up_to_a_limit_is_not_used(outcome: Outcome) -> None:
    """How far a slow generator comes is a matter of the machine."""
    assert one(item("..."), Printed('"x=1"', outcome), tries=5) == one(item(), tries=5)


def test_a_failure_of_the_sandbox_is_no_lack_of_inputs() -> None:
    with pytest.raises(SandboxFailed, match="generator of here"):
        one(item("..."), Printed("", Outcome.sandbox))


def test_a_function_without_a_generator_starts_no_program() -> None:
    runner = Printed("")
    assert one(item(), runner, tries=3) and runner.programs == []


# ---- in the jail ----

HOSTILE = {
    "prints": "print('\"x=1\"', end='')\nprint('junk')\ndef generate_inputs(rng):\n    print('more', end='')\n    return {'x': 4}",
    "exits": "import sys\ndef generate_inputs(rng): sys.exit(3)",
    "kills itself": "import os\ndef generate_inputs(rng): os.kill(os.getpid(), 9)",
    "forks": "import os\ndef generate_inputs(rng):\n    os.fork()\n    return {'x': 4}",
    "never ends": "def generate_inputs(rng):\n    while True: pass",
    "shadows": "def print(*a): pass\njson = random = None\ndef generate_inputs(rng): return {'x': 4}",
    "lies about equality": "class L(int):\n    def __eq__(self, o): return True\n    def __repr__(self): return 'print(1)'\ndef generate_inputs(rng): return {'x': L()}",
    "writes": "open('/tmp/x', 'w').write('x')\ndef generate_inputs(rng): return {'x': 4}",
}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(workers=2) as made:
        yield made


def test_hostile_generators_cost_their_own_inputs_alone(sandbox: Sandbox) -> None:
    items = [item(GENERATOR), *(item(HOSTILE[name]) for name in HOSTILE), item(GENERATOR)]
    limits = Limits(cpu_s=0.5, wall_s=2.0)
    found = candidates(items, InputPlan(tries=4), sandbox, limits)
    assert found[0] == found[-1] and len(found[0]) == 4
    for calls in found:
        assert 1 <= len(calls) <= 4
        for call in calls:
            node = ast.parse(call, mode="eval").body
            assert isinstance(node, ast.Call)
            assert all(k.arg and ast.literal_eval(k.value) is not ... for k in node.keywords)
    got = dict(zip(HOSTILE, found[1:-1], strict=True))
    drawn = one(item(), tries=4)
    assert got["exits"] == got["kills itself"] == got["never ends"] == got["shadows"] == drawn
    assert "f(x=4)" in got["prints"]


MAZE = """
def f(a: int, word: str, flag: bool):
    if flag and a > 50:
        if word == 'door':
            return 'out'
        return 'hall'
    for c in word:
        if c == 'z':
            a += 1
        elif c == 'q':
            a -= 1
    if a < 0:
        a = -a
    return a
"""


def recording(runner, second=None, **plan) -> Recording:
    return Recording(runner, second, Limits(), RunFilter(min_lines=1), InputPlan(**plan))


def test_every_branch_of_a_function_gets_an_input() -> None:
    [outcomes] = recording(OwnProcess(), tries=60, keep=30)([item(source=MAZE)])
    kept = [one for one in outcomes if isinstance(one, Recorded)]
    lines = {event.line for one in kept for event in one.trace.events if event.kind == "line"}
    assert set(range(3, 15)) <= lines
    assert {one.reason for one in outcomes if not isinstance(one, Recorded)} <= {Reason.no_new_path}
    assert len(outcomes) <= 60 and 4 <= len(kept) <= 12


def test_functions_that_attack_give_no_row_and_harm_no_other(sandbox: Sandbox) -> None:
    attacks = [
        "import os\ndef f(x: int):\n    os._exit(x)\n",
        "def f(x: int):\n    while True:\n        x += 1\n",
        "def f(x: int):\n    return [0] * 10**10\n",
        "import os\ndef f(x: int):\n    os.kill(os.getppid(), 9)\n    raise ValueError\n",
        "raise SystemExit(1)\ndef f(x: int):\n    return x\n",
        "import random\ndef f(x: int):\n    y = random.random()\n    return y\n",
        "def f(x: int):\n    y = object()\n    return hash(str(x))\n",
    ]
    limits = Limits(cpu_s=0.3, wall_s=2.0, max_events=500)
    with Sandbox(workers=1, hash_seed=1) as second:
        run = Recording(sandbox, second, limits, RunFilter(min_lines=1), InputPlan(tries=3, keep=2))
        *bad, good = run([*(item(source=source) for source in attacks), item()])
    assert any(isinstance(one, Recorded) for one in good)
    for outcomes in bad:
        assert outcomes and not any(isinstance(one, Recorded) for one in outcomes)


def test_a_function_without_inputs_says_so() -> None:
    [[outcome]] = recording(OwnProcess())([item(source="def f(g):\n    return g(1)\n")])
    assert not isinstance(outcome, Recorded) and outcome.reason is Reason.no_inputs


def test_the_program_of_a_generator_depends_on_the_seed_alone() -> None:
    program = generator_program(item(GENERATOR), InputPlan())
    assert program == generator_program(item(GENERATOR), InputPlan())
    assert program != generator_program(item(GENERATOR), InputPlan(seed=1))
    assert program.call is None and GENERATOR in program.source
