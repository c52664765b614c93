"""The file format: every kind of line of schema 1 reads and writes back unchanged, and the documentation is right."""

import re
from pathlib import Path

import pytest
from deskcheck_tracer import End, EndReason, EventKind, InputError, Trace
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.export import read_trace, trace_lines
from deskcheck_tracer.view import page

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "traces" / "schema_1.jsonl"
LINES = GOLDEN.read_text().splitlines(keepends=True)


def golden() -> Trace:
    return read_trace(LINES)


def test_schema_1_is_read_and_written_unchanged() -> None:
    trace = golden()
    assert {event.kind for event in trace.events} == set(EventKind)  # a kind that is added wants a line in the file
    assert [line + "\n" for line in trace_lines(trace)] == LINES
    assert Trace.from_json(trace.to_json()) == trace


def test_schema_1_means_what_it_meant() -> None:
    trace = golden()
    assert (trace.end, trace.returned, trace.program.stdin) == (End(EndReason.finished), "True", "in\nrest")
    assert trace.files == {"lib/part.py": "def part(x):\n    return x\n"}
    calls = {event.frame: event for event in trace.events if event.kind is EventKind.call}
    assert [call.thread for call in calls.values() if call.thread] == ["worker"]
    assert (calls[90].file, calls[90].parent, calls[90].changes) == ("lib/part.py", 0, {"x": "'<|é|>'"})
    handler = next(step for step in trace.steps() if step.function == "gen" and "error" in step.changes)
    assert (handler.line, handler.changes) == (5, {"error": "KeyError('k')"})
    read = next(step for step in trace.steps() if step.stdin)
    assert (read.changes, read.stdin, read.visit) == ({"line": "'in'"}, "in\n", 1)
    assert len(page(trace)) > 10_000


def test_the_documented_example_is_what_is_recorded() -> None:
    text = (ROOT / "docs" / "trace_format.md").read_text()
    shown = re.search(r"```jsonl\n(.*?)```", text, re.DOTALL)
    assert shown is not None
    trace = read_trace(shown[1].splitlines(keepends=True))
    program = trace.program
    again = record_here(program.source, program.stdin, program.call)
    assert (again.events, again.end, again.returned) == (trace.events, trace.end, trace.returned)
    for kind in set(EventKind) - {EventKind.end}:
        assert f"| `{kind}` |" in text


@pytest.mark.parametrize("line", [
    '["line",0]', '["line",0,1,{"a":1}]', '["line",0,1,[["a","b"]]]', '["line",0,1,{},{}]', '["line",true,1]', '["jump",0,1]',
    '["call",0,1,"f",0]', '["call",0,1,"f","0",null]', '["return",0,1,7]', '["source","a"]', '["source",1,"x"]', '["end",0,1]',
    '["end",0,1,"bored","",null]', '["end",0,1,"finished","",3]', '{"line":0}', '7', 'null', '"line"', "[]", "[" * 5000 + "]" * 5000,
])  # fmt: skip
def test_a_foreign_line_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(InputError, match=r"t\.jsonl, line 4: not an event row"):
        read_trace([*LINES[:3], line + "\n", *LINES[3:]], name="t.jsonl")


@pytest.mark.parametrize("line", [
    "", "[]", "{}", "null", '{"schema":1}', '{"schema":1,"python":"3","program":{"source":1,"stdin":"","call":null}}',
    '{"schema":1,"python":3,"program":{"source":"","stdin":"","call":null}}',
])  # fmt: skip
def test_a_foreign_header_is_refused(line: str) -> None:
    with pytest.raises(InputError, match=r"t\.jsonl, line 1: not the header of a trace file"):
        read_trace([line + "\n", *LINES[1:]], name="t.jsonl")


def test_every_beginning_of_a_file_is_a_trace_for_who_knows_why_it_ends() -> None:
    whole, end = "".join(LINES), End(EndReason.wall, "5 s")
    for size in range(len(LINES[0]), len(whole) - 1, 97):
        lines = whole[:size].splitlines(keepends=True)
        with pytest.raises(InputError, match="the end line is missing"):
            read_trace(lines)
        cut = read_trace(lines, cut=end)
        assert cut.end == end and cut.events[-1].kind is EventKind.end and list(cut.steps()) is not None
