"""Trace: steps get back the changes they made, and JSON keeps everything."""

import subprocess
import sys

import pytest
from deskcheck_tracer import End, EndReason, Event, EventKind, InputError, Program, Trace

SOURCE = "a = 1\na = f(a)\n"


def small_trace() -> Trace:
    kinds = EventKind
    events = [
        Event(kinds.call, 0, 1, function="<module>"),
        Event(kinds.line, 0, 1),
        Event(kinds.line, 0, 2, {"a": "1"}),
        Event(kinds.call, 1, 9, {"x": "1"}, function="f", parent=0),
        Event(kinds.line, 1, 10),
        Event(kinds.stdout, 1, 10, text="hi\n"),
        Event(kinds.return_, 1, 10, {"x": None, "y": "'..'"}, value="2"),
        Event(kinds.return_, 0, 2, {"a": "2"}, value="None"),
        Event(kinds.end, 0, 2, text="finished"),
    ]
    return Trace(Program(SOURCE, "in", "f(2)"), events, "hi\n", "2", End(EndReason.finished), "3.12.1")


def test_a_step_has_the_state_it_left_behind() -> None:
    steps = list(small_trace().steps())
    assert [(step.line, step.frame, step.function) for step in steps] == [
        (1, 0, "<module>"),
        (2, 0, "<module>"),
        (10, 1, "f"),
    ]
    assert [step.locals for step in steps] == [{"a": "1"}, {"a": "2"}, {"y": "'..'"}]
    assert steps[2].changes == {"x": None, "y": "'..'"}
    assert steps[2].stdout == "hi\n"
    assert all(step.complete for step in steps)


def test_json_round_trip() -> None:
    trace = small_trace()
    assert Trace.from_json(trace.to_json()) == trace


def test_foreign_json_is_refused() -> None:
    data = small_trace().to_json()
    with pytest.raises(InputError, match="schema 99"):
        Trace.from_json({**data, "schema": 99})
    with pytest.raises(InputError, match="malformed"):
        Trace.from_json({**data, "events": [["dance", 0, 1]]})


def test_program_id_depends_on_content_alone() -> None:
    assert Program("a", "b").id == Program("a", "b").id
    assert len({Program("a", "b").id, Program("ab").id, Program("a", "b", "c").id}) == 3


def test_import_needs_the_standard_library_alone() -> None:
    code = (
        "import sys; sys.path[:0] = [sys.argv[1]]; import deskcheck_tracer; deskcheck_tracer.Program; "
        "print({m.partition('.')[0] for m in sys.modules} - sys.stdlib_module_names)"
    )
    package_folder = __import__("deskcheck_tracer").__path__[0].rpartition("/")[0]
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, package_folder], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() in ("{'deskcheck_tracer', '__main__'}", "{'__main__', 'deskcheck_tracer'}")


def test_frames_of_threads_are_numbered_as_their_calls_are_told() -> None:
    """The thread that got number 1 was told last."""
    kinds = EventKind
    events = [
        Event(kinds.call, 0, 1, function="<module>"),
        Event(kinds.call, 2, 9, function="f", thread="Thread-2"),
        Event(kinds.line, 2, 10),
        Event(kinds.call, 1, 9, function="f", thread="Thread-1"),
        Event(kinds.call, 3, 9, function="g", parent=1, thread="Thread-1"),
        Event(kinds.return_, 1, 10, value="None"),
    ]
    trace = Trace(Program(""), events, "", None, End(EndReason.finished), "3.12.1")
    assert [event.frame for event in trace.events] == [0, 1, 1, 2, 3, 2]
    assert trace.events[4].parent == 2
    assert Trace.from_json(trace.to_json()) == trace
