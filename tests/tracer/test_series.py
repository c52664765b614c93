"""A series of recordings in one process: the traces that single recordings give, for programs that leave nothing behind."""

import json

import pytest
from deskcheck_tracer import Limits, Program, Sandbox, Trace
from deskcheck_tracer.errors import InputError
from deskcheck_tracer.series import is_hopeless, read_run, split_series
from deskcheck_tracer.trace import EndReason

SOURCE = """\
import collections
seen = collections.Counter()

def f(xs, k=1):
    seen[k] += 1
    best = None
    for x in xs:
        if best is None or x > best:
            best = x
    print(sorted(seen.items()))
    return [best] * k
"""


LOOP = "def f(n):\n    while n:\n        pass\n    return n\n"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(workers=1) as made:
        yield made


def calls(*texts: str, source: str = SOURCE) -> list[Program]:
    return [Program(source, call=text) for text in texts]


def series(sandbox: Sandbox, programs: list[Program], limits: Limits = Limits()) -> list[Trace | None]:
    return traces_of(sandbox.series(programs, limits), programs)


def traces_of(files: list[bytes | None], programs: list[Program]) -> list[Trace | None]:
    return [file and read_run(file, program) for file, program in zip(files, programs, strict=True)]


def test_a_series_gives_what_single_recordings_give(sandbox) -> None:
    programs = calls("f([3, 1, 4])", "f([])", "f('abc', k=2)", "f(1)", "f([1]) + undefined", "exit(3)")
    assert series(sandbox, programs) == sandbox.trace_many(programs)


def test_the_other_order_gives_the_same_bytes(sandbox) -> None:
    programs = calls("f([3, 1, 4])", "f([])", "f('abc', k=2)", "f(1)")
    assert sandbox.series(programs) == sandbox.series(programs[::-1])[::-1]


def test_standard_input_differs_from_run_to_run(sandbox) -> None:
    programs = [Program("n = int(input())\nprint(n * 2)\n", stdin=text) for text in ("3\n", "x\n", "")]
    traces = series(sandbox, programs)
    assert traces == sandbox.trace_many(programs)
    assert [trace.end.reason for trace in traces] == [EndReason.finished, EndReason.raised, EndReason.raised]


def test_an_endless_loop_ends_by_its_events_and_the_next_run_comes(sandbox) -> None:
    programs = calls("f(0)", "f(3)", source="def f(n):\n    while n == 0:\n        pass\n    return n\n")
    traces = series(sandbox, programs, Limits(max_events=500))
    assert [trace.end.reason for trace in traces] == [EndReason.events, EndReason.finished]
    assert traces == sandbox.trace_many(programs, Limits(max_events=500))


@pytest.mark.parametrize(
    "source",
    [
        "import os\ndef f(n):\n    if n == 2:\n        os._exit(0)\n    return n\n",
        "import os\ndef f(n):\n    if n == 2:\n        os.kill(os.getpid(), 9)\n    return n\n",
        "def f(n):\n    if n == 2:\n        return sum(1 for _ in range(10**12))\n    return n\n",
        "def f(n):\n    return ['x' * 10**9 for _ in range(100)] if n == 2 else n\n",
    ],
)
def test_what_ends_the_process_takes_the_later_runs_along_and_none_before(sandbox, source: str) -> None:
    limits = Limits(cpu_s=0.5, max_events=None)
    programs = calls("f(1)", "f(2)", "f(3)", source=source)
    first, second, third = series(sandbox, programs, limits)
    assert first is not None and first.returned == "1"
    assert second is None or second.end.reason is not EndReason.finished
    assert third is None or third.returned == "3"


def test_what_a_run_leaves_behind_shows_in_the_other_order(sandbox) -> None:
    """The contract of series.py: the first of one order is the last of the other."""
    source = "import sys\ndef f(n):\n    again = hasattr(sys, 'left')\n    sys.left = n\n    return again\n"
    programs = calls("f(1)", "f(2)", "f(3)", source=source)
    forth, back = series(sandbox, programs), series(sandbox, programs[::-1])
    assert [trace.returned for trace in forth] == ["False", "True", "True"]
    assert forth[0] != back[-1] and forth[1] == back[1]


def test_a_thread_left_running_ends_the_series(sandbox) -> None:
    source = (
        "import threading, time\ndef f(n):\n    threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
        "    return n\n"
    )
    first, second = series(sandbox, calls("f(1)", "f(2)", source=source))
    assert first is not None and second is None


def test_nothing_of_a_series_reaches_the_next(sandbox) -> None:
    source = "import sys\ndef f(n):\n    again = hasattr(sys, 'left')\n    sys.left = n\n    return again\n"
    programs = calls("f(1)", source=source)
    assert [series(sandbox, programs)[0].returned for _ in range(3)] == ["False"] * 3


@pytest.mark.parametrize(
    ("begins", "patience", "tried"),
    [("1111", 2, 2), ("1111", 0, 4), ("1011", 2, 4), ("0111", 2, 4), ("1101", 2, 2), ("11", 3, 2)],
)
def test_a_series_whose_first_runs_end_at_a_limit_ends(sandbox, begins: str, patience: int, tried: int) -> None:
    programs = calls(*(f"f({n})" for n in begins), source=LOOP)
    files = sandbox.series(programs, Limits(max_events=50), patience)
    assert [file is not None for file in files] == [True] * tried + [False] * (len(begins) - tried)
    traces = [trace for trace in traces_of(files, programs) if trace is not None]
    assert is_hopeless(traces, patience) == (tried == patience)


def test_one_source_a_series(sandbox) -> None:
    with pytest.raises(InputError, match="2 sources"):
        sandbox.series([Program("x = 1"), Program("x = 2")])
    assert sandbox.series([]) == []


def test_text_that_no_recorder_wrote_gives_no_trace() -> None:
    programs = calls("f([])", "f([1])")
    header = json.dumps({"schema": 1, "python": "3", "program": {"source": SOURCE, "stdin": "", "call": "f([])"}})
    end = '["end",0,0,"finished","","1"]'
    other = header.replace("f([])", "f([2])")
    for text in ("", "x", header, f"{header}\nrubbish\n", f"{other}\n{end}\n", "\x00" * 100):
        assert traces_of(split_series(text.encode(), programs), programs) == [None, None], text
    whole, missing = traces_of(split_series(f"{header}\n{end}\n{header}\nrub".encode(), programs), programs)
    assert whole is not None and whole.returned == "1" and missing is None
