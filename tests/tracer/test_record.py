"""record() in a child process, the in-process Recorder, and traces as JSON lines."""

import sys
from pathlib import Path

import pytest
from deskcheck_tracer import End, EndReason, EventKind, InputError, Limits, Program, Recorder, narrate, record
from deskcheck_tracer.engine import record_here, stream_here
from deskcheck_tracer.export import read_trace, trace_lines


def test_a_child_records_what_the_engine_records_here() -> None:
    source = "import sys\ndef f(x):\n    return {x, 'b'}\ns = {'q', 'a'}\nprint(input(), s, sys.stdin.read())\n"
    program = Program(source, "in\nrest", "f('a')")
    trace = record(program, isolation="process")
    here = record_here(source, "in\nrest", "f('a')")
    assert [e for e in trace.events if e.kind is not EventKind.stdout] == [
        e for e in here.events if e.kind is not EventKind.stdout
    ]  # printed sets are in the order of the hash seed: 0 in the child
    assert trace.end == here.end and trace.program == program
    assert trace == record(program, isolation="process")


@pytest.mark.parametrize(("source", "reason", "detail"), [
    ("x = 1\nsum(iter(int, 1))", EndReason.cpu, "0.4 s"),
    ("x = 1\nimport time\ntime.sleep(60)", EndReason.wall, "2 s"),
    ("x = 1\nbytearray(10**9)", EndReason.memory, "MemoryError"),
    ("x = 1\nimport os\nos._exit(4)", EndReason.exited, "4"),
    ("x = 1\nimport os\nos.kill(os.getpid(), 9)", EndReason.killed, "SIGKILL"),
])  # fmt: skip
def test_a_killed_program_leaves_a_partial_trace(source: str, reason: EndReason, detail: str) -> None:
    wall_s = 2 if reason is EndReason.wall else 60  # a busy machine makes 0.4 s of work last
    trace = record(Program(source), limits=Limits(cpu_s=0.4, wall_s=wall_s), isolation="process")
    assert (trace.end.reason, trace.end.detail) == (reason, detail)
    steps = list(trace.steps())
    assert [step.line for step in steps] == list(range(1, source.count("\n") + 2))
    assert steps[0].changes == {"x": "1"} and not (steps[-1].complete and reason is not EndReason.memory)
    assert "<output>" in narrate(trace)


def test_the_child_sees_neither_our_input_nor_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "s3cret")
    program = Program(
        "import os, sys\nprint(os.environ.get('SECRET'), os.read(0, 9), 'site' in sys.modules)\nos.write(1, b'noise')\n"
    )
    trace = record(program, isolation="process")
    assert trace.stdout == "None b'' False\nnoise" and trace.end.reason is EndReason.finished


def test_another_isolation_is_refused() -> None:
    with pytest.raises(InputError, match="expected 'nsjail' or 'process'"):
        record(Program("x = 1"), isolation="hope")


# ---- live code ----


def double(n: int) -> int:
    result = n * 2
    return result


def test_recorder_records_the_block_and_what_it_calls() -> None:
    with Recorder() as recorder:
        first = double(4)
        text = "-".join(str(n) for n in [first])
    trace = recorder.trace
    assert trace.end.reason is EndReason.finished and text == "8"
    assert [e.function for e in trace.events if e.kind is EventKind.call][1:] == ["double", "<genexpr>"]
    inner = [step for step in trace.steps() if step.function == "double"]
    assert [step.locals for step in inner] == [{"n": "4", "result": "8"}] * 2
    assert trace.program.source == Path(__file__).read_text()
    assert "`result = n * 2`: result becomes 4 * 2 = 8" in narrate(trace)


def test_recorder_keeps_out_of_the_way() -> None:
    before = [sys.monitoring.get_tool(tool) for tool in range(6)]
    total = 0
    with pytest.raises(ZeroDivisionError), Recorder(limits=Limits(max_events=30)) as recorder:
        for n in range(1000):
            total += double(n)
        double(total // 0)
    assert total == 999_000  # a limit ends the recording, not the code
    assert recorder.trace.end.reason is EndReason.events
    assert [sys.monitoring.get_tool(tool) for tool in range(6)] == before


def test_recorder_chooses_files(tmp_path: Path) -> None:
    with Recorder(include=[tmp_path]) as recorder:
        double(1)
    assert "double" in [e.function for e in recorder.trace.events]  # the caller's own file always counts
    with pytest.raises(InputError, match="after the block"):
        _ = Recorder().trace


# ---- files ----


def test_json_lines_round_trip(tmp_path: Path) -> None:
    source = "def f(x):\n    yield x\nfor y in f('\\ud800'):\n    print(input(), [y])\n1 / 0\n"
    trace = record_here(source, "é\n")
    path = tmp_path / "trace.jsonl"
    path.write_text("\n".join(trace_lines(trace)) + "\n")
    with path.open() as lines:
        assert read_trace(lines) == trace
    assert list(trace_lines(trace)) == list(trace_lines(record_here(source, "é\n")))


def test_a_stream_is_the_same_file(tmp_path: Path) -> None:
    source = "s = 0\nfor i in range(100):\n    s += i\n    print(s, i)\n"
    for limits in (Limits(), Limits(max_events=None)):
        with (tmp_path / "trace.jsonl").open("w+") as file:
            stream_here(file.fileno(), source, limits=limits)
            file.seek(0)
            assert file.read().splitlines() == list(trace_lines(record_here(source, limits=limits)))


def test_cut_and_foreign_files_are_refused_or_marked() -> None:
    lines = [line + "\n" for line in trace_lines(record_here("x = 1\ny = 2\n"))]
    with pytest.raises(InputError, match="the end line is missing"):
        read_trace(lines[:-1], name="t.jsonl")
    cut = read_trace([*lines[:3], lines[3][:5]], cut=End(EndReason.wall, "5 s"))
    assert cut.end.reason is EndReason.wall and [e.kind.value for e in cut.events][-2:] == ["truncated", "end"]
    with pytest.raises(InputError, match=r"t\.jsonl, line 1: not the header"):
        read_trace(["hello\n"], name="t.jsonl")
    with pytest.raises(InputError, match="schema 7"):
        read_trace([lines[0].replace('"schema":1', '"schema":7')], name="t.jsonl")
    with pytest.raises(InputError, match=r"t\.jsonl, line 3: not an event row"):
        read_trace([*lines[:2], '["line"]\n', *lines[3:]], name="t.jsonl")
