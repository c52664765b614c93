"""Inputs are kept for the lines and branches that they are the first to take, and for nothing else."""

from collections.abc import Sequence

from deskcheck_tracer import Limits, Trace
from deskcheck_tracer.engine import record_here
from deskcheck_trainer.nlex.novelty import moves, new_paths


def record(source: str, *calls: str) -> list[Trace]:
    return [record_here(source, "", call, Limits()) for call in calls]


def kept(source: str, calls: Sequence[str], keep: int = 100) -> list[str]:
    return [call for call, new in zip(calls, new_paths(record(source, *calls), keep), strict=True) if new]


BRANCHES = "def f(x):\n" + "".join(f"    if x == {i}:\n        return {i}\n" for i in range(8)) + "    return -1\n"


def test_every_branch_gets_the_first_input_that_takes_it() -> None:
    calls = [f"f({x})" for x in (50, 3, 51, 3, 0, 7, 1, 2, 4, 5, 6, 0, 99)]
    assert kept(BRANCHES, calls) == [f"f({x})" for x in (50, 3, 0, 7, 1, 2, 4, 5, 6)]


def test_no_more_are_kept_than_asked_for() -> None:
    assert kept(BRANCHES, [f"f({x})" for x in range(9)], keep=4) == ["f(0)", "f(1)", "f(2)", "f(3)"]
    assert kept(BRANCHES, ["f(1)"], keep=0) == []


def test_an_input_left_out_hides_no_path_from_later_ones() -> None:
    assert new_paths([], 5) == []
    traces = record(BRANCHES, "f(0)", "f(1)", "f(2)")
    assert new_paths(traces, 1) == [True, False, False]
    assert new_paths(traces[1:], 1) == [True, False]


def test_a_branch_without_lines_of_its_own_is_a_path() -> None:
    """`if` with nothing in the other arm: no new line, but a new move."""
    source = "def f(x):\n    y = 0\n    if x > 0:\n        y = 1\n    return y\n"
    assert kept(source, ["f(1)", "f(2)", "f(0)"]) == ["f(1)", "f(0)"]


def test_a_loop_that_goes_round_and_one_that_does_not() -> None:
    source = "def f(xs):\n    n = 0\n    for x in xs:\n        if x:\n            n += 1\n    return n\n"
    assert kept(source, ["f([])", "f([])", "f([1])", "f([1, 1])", "f([0])", "f([0, 1])"]) == [
        "f([])",
        "f([1])",
        "f([0])",
    ]


def test_exceptions_are_paths() -> None:
    source = (
        "def g(x):\n    return 1 // x\n"
        "def f(x):\n    try:\n        y = g(x)\n    except ZeroDivisionError:\n        y = -1\n    return y\n"
    )
    assert kept(source, ["f(1)", "f(5)", "f(0)"]) == ["f(1)", "f(0)"]
    [trace] = record(source, "f(0)")
    assert ("g", 2, -2) in {(name.split(":")[-1], before, after) for name, before, after in moves(trace)}


def test_the_same_lines_of_two_frames_are_not_mixed_up() -> None:
    """Moves are within a frame: a recursion is no move from the last line of one frame to the first of another."""
    source = "def f(n):\n    if n == 0:\n        return 0\n    return f(n - 1)\n"
    [deep], [flat] = record(source, "f(5)"), record(source, "f(0)")
    assert moves(flat) < moves(deep) and moves(deep) == moves(record(source, "f(9)")[0])


def test_generators_go_on_where_they_were() -> None:
    source = "def g(n):\n    for i in range(n):\n        if i % 2:\n            yield i\n        yield -i\ndef f(n):\n    return list(g(n))\n"
    assert kept(source, ["f(3)", "f(4)", "f(0)", "f(1)"]) == ["f(3)"]


def test_other_files_and_functions_of_one_name_are_told_apart() -> None:
    source = (
        "class A:\n    def go(self):\n        return 1\nclass B:\n    def go(self):\n        return 2\n"
        "def f(x):\n    return (A() if x else B()).go()\n"
    )
    assert kept(source, ["f(1)", "f(0)", "f(2)"]) == ["f(1)", "f(0)"]
