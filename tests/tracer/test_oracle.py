"""The recorder against the oracle of tools/oracle: a slow `sys.settrace` recorder that copies every frame's whole state.

Here: the golden and checklist programs, generated programs, a sample of the real ones where DESKCHECK_DATA names them.
`make proof PROOF=oracle` compares all of them.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from deskcheck_tracer import Limits, Program, Sandbox, Trace
from deskcheck_tracer.engine import record_here
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tools.oracle.__main__ import careless, examine, prove
from tools.oracle.compare import Difference, compare
from tools.oracle.programs import programs
from tools.oracle.settrace import observe

GOLDEN = Path(__file__).parent.parent / "golden"
DISTURBED = {
    "locals_seen": "the oracle changes locals()",
    "curious": "the oracle changes locals()",
    "frameless_calls": "the oracle puts finalisers off",
}
PROGRAMS = [
    path
    for folder in ("programs", "checklist")
    for path in sorted((GOLDEN / folder).glob("*.py"))
    if path.stem not in DISTURBED
]
FREE = Limits(max_events=None, max_bytes=None)


def seen_by_oracle(source: str, stdin: str = "") -> dict[str, Any]:
    told: list[dict[str, Any]] = []
    observe(source, stdin, None, 5_000, told.append)
    return told[0]


def stdin_of(program: Path) -> str:
    given = program.with_suffix(".in")
    return given.read_text() if given.exists() else ""


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
@pytest.mark.filterwarnings("ignore:assigning None to unbound local")
def test_states_equal_the_oracles(program: Path) -> None:
    source, stdin = program.read_text(), stdin_of(program)
    trace, seen = record_here(source, stdin), seen_by_oracle(source, stdin)
    assert trace.stdout == seen["stdout"]
    compared = compare(trace, seen)
    assert compared.steps >= 4 and compared.values >= 3 and compared.exits >= 1


RENAMED = [
    "from functools import update_wrapper\ndef deco(d):\n    def _d(fn):\n        return update_wrapper(d(fn), fn)\n"
    "    update_wrapper(_d, d)\n    return _d\n@deco\ndef memo(f):\n    def _f(*args):\n        return f(*args)\n"
    "    return _f\n@memo\ndef twice(x):\n    return 2 * x\nprint(twice(4))\n",
    "def f(): pass\ndef g(n=1): pass\nhs = [f, g]\nf.__name__ = 'other'\nsetattr(g, '__name__', 'third')\nx = 1\nk = f\n",
    "class C: pass\nd = {'c': C}\nC.__name__ = 'D'\nx = 1\nm = C\n",
]


@pytest.mark.parametrize("source", RENAMED)
def test_functions_and_classes_that_get_another_name(source: str) -> None:
    compare(record_here(source), seen_by_oracle(source))


DERIVED = [
    "class C(frozenset): pass\nclass F(frozenset): pass\nclass L(int): pass\nc = C([L(1), L(2)])\nf = F([c])\nxs = [f]\nd = {'k': f}\n",
    "class A(list): pass\nclass B(list): pass\nb = B([A([1]), [A([2])]])\nb[0].append(2)\nb[1][0].append(3)\nc = b[0]\nb.append(0)\n",
    "class D(dict): pass\nd = D(a=D(b=1), c=[D()])\nd['a']['b'] = 2\nd.x = D(y=1)\ne = d['a']\n",
    "b = bytearray(b\"it's\")\nbs = [b, bytearray(b'\"'), bytearray(b'\"\\'')]\n",
]


@pytest.mark.parametrize("source", DERIVED)
def test_objects_of_classes_derived_from_containers(source: str) -> None:
    compare(record_here(source), seen_by_oracle(source))


NESTED = [
    "def f(xs):\n    return [max(x for x in xs) for i in [1, 2]]\nf([1, 2])\n",
    "xs = [1, 2]\nys = [max(x for x in xs) for i in [1, 2]]\n",
    "f = lambda xs: [sum(y for y in range(x)) for x in xs]\nprint(f([1, 2]), [g(2) for g in [lambda n: [n for n in range(n)]]])\n",
    "print(list([y for y in range(x)] for x in (1, 2)), {k: [v for v in 'ab'] for k in 'cd'})\n",
]


@pytest.mark.parametrize("source", NESTED)
def test_loops_of_one_line_inside_another(source: str) -> None:
    compare(record_here(source), seen_by_oracle(source))


# ---- generated programs ----

NAMES = ["a", "b", "xs", "d"]


@st.composite
def statements(draw: st.DrawFn, depth: int = 2, indent: str = "    ") -> str:
    """Lines that mix rebinding, in-place changes, aliases, loops, comprehensions, exceptions and calls."""
    simple = st.sampled_from([
        "a = b + 1", "b = a", "a, b = b, a", "xs = [a, b]", "xs.append(a)", "ys = xs", "ys.append(b); xs.append(a)",
        "d[a % 3] = xs", "d = dict(d)", "del xs[-1:]", "a = [b for b in xs]  ;  a = len(a)", "b = f(a % 2)",
        "xs = sorted(xs)", "p.n = a", "p.me = p", "print(a, end=' ')", "a = sum(n for n in xs)", "p = P(); p.n = xs",
        "xs[len(xs) - 1:] = [1,\n  2]", "a = (a\n  + 1) % 50", "d.setdefault(0, []).append(1)", "b = {a, 'x'}; b = 3",
        "for a in xs: b = a", "for c in 'xy': d[c] = c", "b = d.get(0) is xs", "a = next(it, 0)", "a %= 9",
    ])  # fmt: skip
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.integers(0, 9)) if depth else 9
        inner = draw(statements(depth - 1, indent + "    ")) if kind < 5 else ""
        match kind:
            case 0:
                lines.append(f"{indent}for i in range({draw(st.integers(0, 3))}):\n{inner}")
            case 1:
                lines.append(f"{indent}if a % 2:\n{inner}{indent}else:\n{indent}    b = 0\n")
            case 2:
                lines.append(
                    f"{indent}try:\n{inner}{indent}    1 / (a % 2)\n{indent}except ZeroDivisionError as e:\n{indent}    b = 1\n"
                )
            case 3:
                lines.append(f"{indent}with suppress(KeyError):\n{inner}{indent}    d['missing']\n")
            case 4:
                lines.append(f"{indent}k = 0\n{indent}while k < 2:\n{indent}    k += 1\n{inner}")
            case _:
                lines.append(indent + draw(simple).replace("\n", "\n" + indent) + "\n")
    return "".join(lines)


HEAD = """\
from contextlib import suppress
class P:
    n = 0
def f(n):
    kept = [n]
    if n:
        kept.append(f(n - 1))
    return len(kept)
def g(seed):
    while seed < 6:
        got = yield seed
        seed += 1
def main(a, b, xs, d):
    p, it, ys = P(), g(1), []
"""


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(statements())
@example("    k = 0\n    while k < 2:\n        k += 1\n        xs = [a, b]\n        d[a % 3] = xs\n    xs.append(a)\n")
@pytest.mark.filterwarnings("ignore:assigning None to unbound local")
def test_generated_programs(body: str) -> None:
    source = f"{HEAD}{body}    return a\nmain(1, 2, [3], {{}})\n"
    compare(record_here(source, limits=FREE), seen_by_oracle(source))


# ---- a recorder that overlooks something is found out ----


def test_every_missed_change_is_noticed() -> None:
    source = next(path for path in PROGRAMS if path.stem == "sorting").read_text()
    trace, seen = record_here(source), seen_by_oracle(source)
    told = [(event, name) for event in trace.events for name in event.changes if event.kind != "call"]
    assert len(told) > 20
    for event, name in told:
        kept, event.changes = event.changes, {key: text for key, text in event.changes.items() if key != name}
        with pytest.raises(Difference):
            compare(trace, seen)
        event.changes = kept


def test_a_careless_recorder_fails_the_proof(tmp_path: Path) -> None:
    """One missed change in 1,000 steps: every such trace is different, and nothing excuses it."""
    source = "def f(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total\nf(400)\nf(300)\n"
    with Sandbox(workers=1) as sandbox:  # the same path as the proof's
        sound = examine(sandbox, "sound", Program(source))
        spoilt = examine(sandbox, "spoilt", Program(source), careless(1000))
    assert (sound.result, sound.detail) == ("equal", "finished") and sound.steps > 1400
    assert spoilt.result == "different" and ("total" in spoilt.detail or "i is" in spoilt.detail)


def test_the_order_of_addresses_excuses_what_it_decides_and_nothing_else() -> None:
    """Objects lie elsewhere under the oracle, so that a set of them has another order there."""
    ordered = "class A: pass\nxs = [A() for _ in range(99)]\nfor n, x in enumerate(xs): x.n = n\nfor x in %s: n = x.n\n"
    with Sandbox(workers=1) as sandbox:
        results = [
            examine(sandbox, "sets", Program(ordered % "set(xs)")).result,
            examine(sandbox, "lists", Program(ordered % "xs")).result,
            examine(sandbox, "spoilt", Program(ordered % "xs + [{*xs}][:0]"), careless(10)).result,
        ]
    assert results[1:] == ["equal", "different"]
    assert results[0] != "different"


def test_sets_of_objects_have_no_order_and_all_their_members() -> None:
    source = "class A: pass\nthings = [A() for _ in range(9)]\nboth = [set(things), 1]\nboth[0].discard(things[5])\n"
    trace, seen = record_here(source), seen_by_oracle(source)
    compare(trace, seen)
    at = max(at for at, event in enumerate(trace.events) if event.changes and "both" in event.changes)
    text = trace.events[at].changes["both"]
    assert text.count("A#") == 8 and "..." not in text
    for wrong in (text.replace("A#3", "A#6"), text.replace("A#3, ", ""), text.replace("A#3", "B#3")):
        with pytest.raises(Difference):
            compare(_with(trace, at, changes={"both": wrong}), seen)


def test_a_wrong_text_a_wrong_exit_and_a_lost_step_are_noticed() -> None:
    source = "def f(x):\n    return [x]\na = f(1)\nb = f(a)\n"
    trace, seen = record_here(source), seen_by_oracle(source)
    compare(trace, seen)
    for at, event in enumerate(trace.events):
        spoilt: list[Trace] = []
        if event.kind == "line":
            spoilt.append(replace(trace, events=trace.events[:at] + trace.events[at + 1 :]))
        if event.kind == "return" and event.frame:
            spoilt.append(_with(trace, at, value="[7]"))
        if event.changes and event.kind != "call":
            spoilt.append(_with(trace, at, changes={name: "7" for name in event.changes}))
        for broken in spoilt:
            with pytest.raises(Difference):
                compare(broken, seen)


def _with(trace: Trace, at: int, **fields: Any) -> Trace:
    return replace(trace, events=[*trace.events[:at], replace(trace.events[at], **fields), *trace.events[at + 1 :]])


# ---- real programs ----

if "DESKCHECK_DATA" in os.environ:  # the real data is no part of the repository

    def small_programs() -> Iterator[tuple[str, Program]]:
        sets = ("cruxeval/", "humaneval/", "mbpp/")
        return ((name, program) for name, program in programs() if name.startswith(sets))

    @pytest.mark.timeout(1200)  # a minute on two free cores; three sandbox runs a program
    def test_a_sample_of_real_programs() -> None:
        answers = []
        for answer in prove(small_programs(), workers=4, keep=False):
            answers.append(answer)
            if sum(each.result == "equal" for each in answers) >= 300:
                break
        assert [f"{each.name}: {each.detail}" for each in answers if each.result == "different"] == []
        assert sum(each.result == "equal" for each in answers) >= 300


def test_recording_leaves_no_tool_behind() -> None:
    before = [sys.monitoring.get_tool(tool) for tool in range(6)]
    record_here("x = 1\nraise ValueError(x)\n")
    assert [sys.monitoring.get_tool(tool) for tool in range(6)] == before
