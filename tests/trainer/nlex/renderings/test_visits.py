"""Visits of lines: which are told of, and their agreement with the tracer's steps."""

from pathlib import Path

import pytest
from deskcheck_tracer import Limits
from deskcheck_tracer.engine import record_here
from deskcheck_trainer.nlex.renderings.visits import is_plain, visits

PROGRAMS = sorted((Path(__file__).parents[3] / "golden/programs").glob("*.py"))


def trace(source: str, call: str | None = None):
    return record_here(source, "", call, Limits())


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_states_are_those_of_the_steps(path: Path) -> None:
    recorded = record_here(path.read_text(), "", None, Limits())
    steps = list(recorded.steps())
    last: dict[int, dict[str, str]] = {}
    for visit in visits(recorded):
        step = steps[visit.step]
        assert (visit.line, visit.after) == (step.line, step.locals)
        last[visit.step] = visit.after
    assert last or path.stem in ("failing", "exit_code", "reading", "async_code", "hostile_values")


def test_a_line_that_raises_or_yields_has_no_visit() -> None:
    source = """\
def numbers():
    yield 1
    x = 2
def f():
    for n in numbers():
        y = n
    try:
        y = y / 0
    except ZeroDivisionError:
        y = 3
    return y
"""
    lines = [visit.line for visit in visits(trace(source, "f()"))]
    assert 2 not in lines and 8 not in lines and {3, 5, 6, 10, 11} <= {*lines}


def test_a_run_with_threads_has_none() -> None:
    source = "from threading import Thread\nx = 1\nt = Thread(target=print)\nt.start()\nt.join()"
    with_work = source.replace("target=print", "target=f").replace("x = 1", "def f():\n    x = 1")
    assert visits(trace(source)) and not visits(trace(with_work))


def test_times_are_counted_over_the_whole_run() -> None:
    source = "def f(n):\n    m = n\n    return m\nf(1)\nf(2)"
    times = [(visit.line, visit.time, visit.function) for visit in visits(trace(source)) if visit.line == 2]
    assert times == [(2, 1, "f"), (2, 2, "f")]


@pytest.mark.parametrize(
    ("value", "plain"),
    [("1", True), ("'a b'", True), ("[1, {'a': None}]", True), ("set()", True), ("{1, 2}", True), ("-0.5", True),
     ("Node#1(value=3)", False), ("<function f>", False), ("[1, 2, ...] (len 300)", False), ("nan", False)],
)  # fmt: skip
def test_plain_values_read_alike_for_everybody(value: str, plain: bool) -> None:
    assert is_plain(value) is plain
