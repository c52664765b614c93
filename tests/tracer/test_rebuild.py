"""The step style leaves nothing out: every state of a trace is rebuilt from the claims of its narration alone."""

from pathlib import Path

import pytest
from deskcheck_tracer import Recorder, claims, narrate
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.rebuild import rebuild, states
from deskcheck_tracer.story import story
from deskcheck_tracer.trace import Trace
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PROGRAMS = sorted((Path(__file__).parent.parent / "golden" / "programs").glob("*.py"))


def rebuilt(trace: Trace) -> bool:
    return rebuild(claims(narrate(trace))) == list(states(trace))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_states_of_golden_programs_are_rebuilt(path: Path) -> None:
    given_input = path.with_suffix(".in")
    trace = record_here(path.read_text(), given_input.read_text() if given_input.exists() else "")
    assert rebuild(claims(narrate(trace))) == list(states(trace))


def test_a_state_that_is_told_wrong_or_not_at_all_is_seen() -> None:
    trace = record_here("a = 1\nb = a + 1\na = b\n")
    text = narrate(trace)
    lines = text.splitlines()
    for wrong in (text.replace("b becomes 1 + 1 = 2", "b becomes 1 + 1 = 3"), "\n".join(lines[:1] + lines[2:])):
        assert wrong != text and rebuild(claims(wrong)) != list(states(trace))
    assert rebuilt(trace)


@pytest.mark.parametrize("source", [
    "def f(n):\n    yield n\n    n += 1\n    yield n\na, b = f(1), f(5)\nprint(next(a), next(b), next(a), next(b))\n",
    "class A:\n    k = 1\n    class B:\n        j = 2\n    def m(self):\n        return self\nx = A().m()\n",
    "def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)\nprint(f(4))\n",
    "import threading\ndef work(n):\n    m = n\n    m += 1\nt = threading.Thread(target=work, args=(1,))\n"
    "t.start()\nt.join()\nx = 2\n",
    "def f():\n    try:\n        raise KeyError(1)\n    finally:\n        x = 1\n        x = 2\ntry:\n    f()\n"
    "except KeyError as e:\n    y = 3\n",
    "x = 1\ndef f():\n    yield 1\nfor v in f():\n    x += v\n    raise SystemExit\n",
    "def keep(f):\n    return f\n@keep\ndef g():\n    return 1\n@keep\nclass A:\n    pass\nx = g()\n",
], ids=["generators", "classes", "recursion", "threads", "finally", "exit", "decorators"])  # fmt: skip
def test_states_of_many_frames_are_rebuilt(source: str) -> None:
    trace = record_here(source)
    assert len({moment.frame for moment in story(trace)}) > 1
    assert rebuild(claims(narrate(trace))) == list(states(trace))


def test_the_function_around_a_recorder_does_not_return() -> None:
    with Recorder() as recorder:
        x = 1
        x += 1
    text = narrate(recorder.trace)
    assert "x becomes 1 + 1 = 2" in text and "returns" not in text


LINES = st.sampled_from([
    "a = a + 1", "b = [a]", "b.append(a)", "del c", "c = 'x; y becomes 2'", "a, c = c, a", "print(a, b)",
    "g = gen(2)", "a = next(g, 0)", "a = fact(3)", "b = [v for v in range(a % 3)]", "box.v = a", "box = Box(a)",
    "c = sum(v for v in b if v)", "a = f'{a}'", "raise ValueError(a)", "c = 'y' * 300",
])  # fmt: skip
HEAD = """\
class Box:
    def __init__(self, v):
        self.v = v
def gen(n):
    for i in range(n):
        try:
            got = yield i
        finally:
            n = 0
def fact(n):
    return 1 if n < 2 else n * fact(n - 1)
a, b, c, g, box = 1, [], "c", gen(3), Box(0)
"""


@given(st.lists(LINES, min_size=1, max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_states_of_generated_programs_are_rebuilt(lines: list[str]) -> None:
    body = "".join(
        f"try:\n    {line}\nexcept (NameError, TypeError, ValueError, AttributeError):\n    a = 7\n" for line in lines
    )
    trace = record_here(HEAD + body)
    assert rebuild(claims(narrate(trace))) == list(states(trace))
