"""The recorder on constructs that tracers get wrong: what events there are, where, in which order, and how traces end."""

import sys

import pytest
from deskcheck_tracer import EndReason, EventKind, Limits, Trace
from deskcheck_tracer.engine import record_here

FREE = Limits(max_events=None, max_bytes=None)


def lines_of(trace: Trace, frame: int = 0) -> list[int]:
    return [step.line for step in trace.steps() if step.frame == frame]


def kinds_of(trace: Trace, *, without: str = "line") -> list[str]:
    return [event.kind.value for event in trace.events if event.kind.value != without]


def final(trace: Trace, frame: int = 0) -> dict[str, str]:
    return [step for step in trace.steps() if step.frame == frame][-1].locals


def test_one_line_loops_are_a_step_an_iteration() -> None:
    trace = record_here("i = 0\nwhile i < 3: i += 1\n")
    assert [step.changes for step in trace.steps() if step.line == 2] == [{"i": "1"}, {"i": "2"}, {"i": "3"}]
    trace = record_here("for i in range(3): x = i\n")
    assert [step.locals["x"] for step in trace.steps()][:3] == ["0", "1", "2"]


def test_a_loop_of_one_spread_statement() -> None:
    trace = record_here(
        "n = 0\nwhile True:\n    n = (n\n        + 1)\n    if n == 3: break\nfor i in range(2):\n    print(\n        i)\n"
    )
    assert [step.locals["n"] for step in trace.steps() if step.line == 3] == ["1", "2", "3"]
    assert [step.stdout for step in trace.steps() if step.line == 7] == ["0\n", "1\n"]


def test_comprehension_variables_never_show() -> None:
    source = "def f(x):\n    y = [x * g(x) for x in range(3)]\n    return [\n        x\n        for x in y\n    ]\ndef g(n): return n\nf(9)\n"
    trace = record_here(source)
    assert {step.locals["x"] for step in trace.steps() if step.function == "f"} == {"9"}
    nested = record_here("x = 9\na = [[x + y for y in range(2)] for x in range(2)]\n")
    assert final(nested) == {"x": "9", "a": "[[0, 1], [1, 2]]"} and lines_of(nested) == [1, 2]


def test_the_last_statement_of_a_frame_has_its_effect() -> None:
    trace = record_here("def f(a):\n    a.append(1)\n    b = 2\nx = []\nf(x)\n")
    assert final(trace, 1) == {"a": "[1]", "b": "2"}
    assert [step.changes for step in trace.steps() if step.line == 5] == [{"x": "[1]"}]


def test_recursion_keeps_activations_apart() -> None:
    trace = record_here("def f(n):\n    m = n * 2\n    if n:\n        f(n - 1)\n    return m\nf(2)\n")
    assert [final(trace, frame) for frame in (1, 2, 3)] == [{"n": str(n), "m": str(2 * n)} for n in (2, 1, 0)]
    parents = {event.frame: event.parent for event in trace.events if event.kind is EventKind.call}
    assert parents == {0: None, 1: 0, 2: 1, 3: 2}


def test_generators_yield_resume_and_return() -> None:
    source = "def g():\n    a = yield 1\n    b = yield a\n    return 'r'\nx = g()\nnext(x)\nx.send(5)\ntry:\n    next(x)\nexcept StopIteration as e:\n    v = e.value\n"
    trace = record_here(source)
    events = [(e.kind.value, e.value) for e in trace.events if e.frame == 1 and e.kind is not EventKind.line]
    assert events == [
        ("call", None),
        ("yield", "1"),
        ("resume", None),
        ("yield", "5"),
        ("resume", None),
        ("return", "'r'"),
    ]
    assert final(trace, 1) == {"a": "5", "b": "None"} and final(trace)["v"] == "'r'"


def test_an_unfinished_generator_keeps_its_state() -> None:
    trace = record_here(
        "def g():\n    n = 0\n    while True:\n        yield n\n        n += 1\nx = g()\nnext(x)\nnext(x)\ny = g()\nnext(y)\n"
    )
    assert final(trace, 1) == {"n": "1"} and final(trace, 2) == {"n": "0"}


def test_exceptions_are_told_apart() -> None:
    source = """\
def deep():
    raise KeyError("k")
def middle():
    try:
        deep()
    finally:
        a = 1
try:
    middle()
except KeyError:
    b = 2
"""
    trace = record_here(source)
    told = [(e.kind.value, e.frame, e.value) for e in trace.events if e.value and "KeyError" in e.value]
    key = "KeyError('k')"
    assert told == [
        ("raise", 2, key), ("unwind", 2, key), ("handled", 1, key), ("reraise", 1, key), ("unwind", 1, key), ("handled", 0, key),
    ]  # fmt: skip
    assert final(trace)["b"] == "2" and "return" not in [e.kind.value for e in trace.events if e.frame in (1, 2)]


def test_a_swallowed_exception_and_an_unbound_name() -> None:
    trace = record_here("try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    x = 1\ny = 2\n")
    steps = list(trace.steps())
    assert steps[2].changes == {"e": "ZeroDivisionError('division by zero')"}
    assert steps[3].changes == {"x": "1", "e": None} and trace.end.reason is EndReason.finished


def test_closures_show_in_their_owner() -> None:
    trace = record_here(
        "def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n    g()\n    return n\nf()\n"
    )
    assert [step.changes for step in trace.steps() if step.line == 6] == [{"n": "1"}]


def test_mutation_through_an_alias_and_of_an_attribute() -> None:
    trace = record_here("class P: pass\na = [1]\nb = a\nb.append(2)\np = P()\np.v = 7\nq = p\nq.v = 8\n")
    steps = {step.line: step.changes for step in trace.steps() if step.frame == 0}
    assert steps[4] == {"a": "[1, 2]", "b": "[1, 2]"}
    assert steps[6] == {"p": "P#1(v=7)"} and steps[8] == {"p": "P#1(v=8)", "q": "P#1(v=8)"}


@pytest.mark.parametrize("line", [
    "d[5]",
    "list(later)",
    "x = [*later]",
    "for _ in later: pass",
    "1 in later",
    "xs += [1]",
    "exec('xs.append(1)')",
    "h + 1",
    "h.prop",
    "h == 1",
    "f'{h}'",
    "xs[len(xs):] = [1]",
    "first, *rest = later",
    "sys.modules[__name__].xs.append(1)",
    "del keep",
    "while next(drain): break",
])  # fmt: skip
def test_hidden_mutations_are_seen(line: str) -> None:
    """Lines that change `xs` or `d` without naming a store: the static knowledge must not overlook them."""
    source = f"""\
import sys
from collections import defaultdict
class H:
    def __add__(self, other): xs.append(1); return 1
    __eq__ = __add__
    __format__ = lambda self, spec: xs.append(1) or ""
    prop = property(lambda self: xs.append(1))
    def __del__(self): xs.append(1)
xs, d = [0], defaultdict(list)
h, keep = H(), H()
later = map(xs.append, [1, 2])
drain = iter(xs.pop, None)
before = (len(xs), len(d))
{line}
after = (len(xs), len(d))
changed = before != after
"""
    trace = record_here(source)
    assert trace.end.reason is EndReason.finished, trace.end
    target = next(step for step in trace.steps() if step.line == 14 and step.frame == 0)
    last = [step for step in trace.steps() if step.frame == 0][-1].locals
    assert last["changed"] == "True"
    assert "xs" in target.changes or "d" in target.changes


def test_stdin_and_stdout_belong_to_steps() -> None:
    trace = record_here(
        "import sys\na = input('? ')\nfor line in sys.stdin:\n    print(line.strip(), end=';')\nsys.stdout.buffer.write(b'x\\n')\n",
        "1\n2\n3\n",
    )
    steps = list(trace.steps())
    assert (steps[1].stdin, steps[1].stdout) == ("1\n", "? ")
    assert [step.stdin for step in steps if step.line == 3] == ["2\n", "3\n", ""]
    assert [step.stdout for step in steps if step.line == 4] == ["2;", "3;"] and steps[-1].stdout == "x\n"
    assert trace.stdout == "? 2;3;x\n"


@pytest.mark.parametrize(("source", "reason", "detail"), [
    ("x = 1", EndReason.finished, ""),
    ("{}['k']", EndReason.raised, "KeyError: 'k'"),
    ("raise ValueError('a', 1)", EndReason.raised, "ValueError: 'a', 1"),
    ("x ==", EndReason.raised, "SyntaxError: invalid syntax (<program>, line 1)"),
    ("x = '\0'", EndReason.raised, "SyntaxError: source code string cannot contain null bytes"),
    ("import sys\nsys.exit()", EndReason.exited, "0"),
    ("exit_ = SystemExit\nraise exit_(7)", EndReason.exited, "7"),
    ("raise SystemExit('bad')", EndReason.exited, "1"),
    ("raise MemoryError", EndReason.memory, "MemoryError"),
    ("raise KeyboardInterrupt", EndReason.raised, "KeyboardInterrupt"),
])  # fmt: skip
def test_ends(source: str, reason: EndReason, detail: str) -> None:
    end = record_here(source).end
    assert (end.reason, end.detail) == (reason, detail)


@pytest.mark.parametrize(
    "body",
    ["pass", "", "try: x = 1\n    except: pass", "try:\n        x = 1\n    except BaseException:\n        y = 2"],
)
def test_the_event_limit_stops_any_loop(body: str) -> None:
    source = f"while True:\n    {body}\n" if body else "while True: pass\n"
    trace = record_here(source, limits=Limits(max_events=50))
    assert trace.end.reason is EndReason.events
    assert kinds_of(trace)[-2:] == ["truncated", "end"] and len(trace.events) <= 54
    assert not list(trace.steps())[-1].complete


def test_byte_and_output_limits() -> None:
    growing = "s = ''\nwhile True:\n    s += 'ab'\n"
    assert record_here(growing, limits=Limits(max_events=None, max_bytes=5000)).end.reason is EndReason.bytes
    loud = record_here("while True:\n    print('abc')\n", limits=Limits(output_bytes=41))
    assert loud.end.reason is EndReason.output and loud.stdout == "abc\n" * 10


def test_recursion_fails_at_the_depth_it_would_have() -> None:
    source = "def f(n):\n    global m\n    m = n\n    f(n + 1)\ntry:\n    f(1)\nexcept RecursionError:\n    print(m)\n"
    assert record_here(source, limits=FREE).stdout == "999\n"
    raised = "import sys\nsys.setrecursionlimit(1500)\n" + source
    assert record_here(raised, limits=FREE).stdout == "1499\n"
    assert sys.getrecursionlimit() < 1500


def test_library_code_is_not_recorded_but_callbacks_are() -> None:
    trace = record_here(
        "from collections import namedtuple\nP = namedtuple('P', 'a b')\nx = sorted([2, 1], key=lambda v: -v)\np = P(1, 2)\n"
    )
    calls = [event.function for event in trace.events if event.kind is EventKind.call]
    assert calls == ["<module>", "<lambda>", "<lambda>"] and final(trace)["p"] == "P(a=1, b=2)"


def test_a_program_that_switches_the_recorder_off_is_not_believed() -> None:
    source = "import sys\nfor tool in range(6):\n    if sys.monitoring.get_tool(tool) == 'deskcheck':\n        sys.monitoring.set_events(tool, 0)\n        sys.monitoring.free_tool_id(tool)\nx = 1\n"
    trace = record_here(source)
    assert trace.end.reason is EndReason.killed and "recorder" in trace.end.detail
    for tool in range(6):
        assert sys.monitoring.get_tool(tool) != "deskcheck"


def test_a_frame_that_reads_its_own_locals() -> None:
    source = "def f():\n    z = 3\n    view = locals()\n    z = 4\n    for name in locals():\n        w = 1\n    return view['z']\nx = f()\n"
    plain: dict[str, object] = {}
    exec(source, plain)
    assert final(record_here(source))["x"] == str(plain["x"])


def test_main_module_things_work() -> None:
    source = "from dataclasses import dataclass\nimport pickle, __main__\n@dataclass\nclass A:\n    n: 'int' = 1\nx = __name__, pickle.loads(pickle.dumps(A(2))).n, __main__.A is A\n"
    assert final(record_here(source))["x"] == "('__main__', 2, True)"


def test_call_programs_have_a_frame_of_their_own() -> None:
    trace = record_here("def f(n):\n    return 1 / n\n", call="f(4)")
    assert trace.returned == "0.25"
    calls = [(event.function, event.line, event.parent) for event in trace.events if event.kind is EventKind.call]
    assert calls == [("<module>", 1, None), ("<call>", 0, None), ("f", 1, 1)]
    failed = record_here("def f(n):\n    return 1 / n\n", call="f(0)")
    assert (
        failed.returned is None and failed.end.reason is EndReason.raised and kinds_of(failed)[-2:] == ["unwind", "end"]
    )
    assert record_here("x = 1", call="x +").end.detail.startswith("SyntaxError")


def test_the_same_program_gives_the_same_trace() -> None:
    source = (
        "class A: pass\ns = {'b', 'a', 'c'}\nxs = [A(), object(), s, lambda: 0, (i for i in s)]\nprint(sorted(s))\n"
    )
    assert record_here(source) == record_here(source)


def test_threads_do_not_break_the_record() -> None:
    source = "import threading\ndef work(n):\n    total = 0\n    for i in range(n):\n        total += i\n    out.append(total)\nout = []\nts = [threading.Thread(target=work, args=(50,)) for _ in range(3)]\n[t.start() for t in ts]\n[t.join() for t in ts]\nx = out\n"
    trace = record_here(source)
    assert trace.end.reason is EndReason.finished and final(trace)["x"] == "[1225, 1225, 1225]"
