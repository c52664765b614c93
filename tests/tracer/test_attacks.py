"""Programs that attack the recorder, in the sandbox: the true trace or a partial one with a reason, never a wrong state."""

from collections.abc import Iterator

import pytest
from deskcheck_tracer import EndReason, Limits, Program, Sandbox, Trace

LIMITS = Limits(cpu_s=5, wall_s=60, memory_mb=256, max_events=5_000)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=1) as sandbox:
        yield sandbox


def final(trace: Trace) -> dict[str, str]:
    return [step for step in trace.steps() if step.frame == 0][-1].locals


OURS = "import sys\nm = sys.monitoring\ntool = next(t for t in range(6) if m.get_tool(t) == 'deskcheck')\n"


@pytest.mark.parametrize("attack", [
    "m.free_tool_id(tool)",
    "m.set_events(tool, 0)",
    "m.register_callback(tool, m.events.LINE, None)",
    "m.set_local_events(tool, sys._getframe().f_code, 0)",
    "kept = m.get_events(tool); m.set_events(tool, 0); hidden = 1; m.set_events(tool, kept)",
])  # fmt: skip
def test_meddling_with_monitoring_ends_in_no_belief(sandbox: Sandbox, attack: str) -> None:
    trace = sandbox.trace(Program(f"{OURS}{attack}\nx = 1\n"), LIMITS)
    assert trace.end.reason is EndReason.killed and "switched the recorder off" in trace.end.detail


REPLACED = """\
import builtins, json, os, sys
xs = [3]
class Lie(int):
    def __eq__(self, other): return True
for name in ("len", "repr", "isinstance", "issubclass", "sorted", "map", "all", "zip", "id", "max", "set", "str"):
    setattr(builtins, name, None)
builtins.type = builtins.dict = builtins.list = lambda *_: Lie()
json.dumps = json.JSONEncoder = json.encoder.c_make_encoder = None
os.write = os.read = sys._getframe = sys.monitoring = sys.getrecursionlimit = None
sys.modules.clear()
xs.append("four")
def f(n):
    m = n + 1
    return m
y = f(1)
print(xs, y)
"""


def test_replaced_builtins_and_modules_change_nothing(sandbox: Sandbox) -> None:
    trace = sandbox.trace(Program(REPLACED), LIMITS)
    assert trace.end.reason is EndReason.finished, trace.end
    assert (final(trace)["xs"], final(trace)["y"]) == ("[3, 'four']", "2")
    assert [step.changes for step in trace.steps() if step.function == "f"] == [{"m": "2"}, {}]
    assert trace.stdout == "[3, 'four'] 2\n"


HOSTILE = """\
class Meta(type):
    def __eq__(cls, other): raise RuntimeError
    def __hash__(cls): return 1
    def __instancecheck__(cls, it): raise RuntimeError
    def __getattribute__(cls, name): raise RuntimeError(name)
class Bad(metaclass=Meta):
    def forever(self, *_):
        while True: pass
    __repr__ = __str__ = __eq__ = __hash__ = __len__ = __iter__ = __bool__ = __del__ = forever
    def __getattr__(self, name): raise SystemExit(9)
    def __getattribute__(self, name): raise SystemExit(8)
    @property
    def __class__(self): raise SystemExit(7)
    @property
    def __dict__(self): raise SystemExit(6)
class Big(list):
    def __len__(self): return 1 << 70
    def __iter__(self): raise MemoryError
bad, big = object.__new__(Bad), Big([1])
held = [bad, (bad, big), {"k": bad}]
held.append(2)
big.append(2)
import os
print(1, flush=True)
os._exit(3)
"""


def test_hostile_values_are_never_asked_anything(sandbox: Sandbox) -> None:
    trace = sandbox.trace(Program(HOSTILE), LIMITS)
    assert (trace.end.reason, trace.end.detail, trace.stdout) == (EndReason.exited, "3", "1\n")
    assert final(trace)["held"] == "[Bad#1, (Bad#1, Big#1([1, 2])), {'k': Bad#1}, 2]"


def test_thirty_thousand_lines_of_literal(sandbox: Sandbox) -> None:
    literal = "".join(f"    'key{n}': [{n}, x],\n" for n in range(30_000))
    trace = sandbox.trace(
        Program(f"x = 1\nd = {{\n{literal}}}\nn = len(d)\n"), Limits(cpu_s=20, wall_s=100, memory_mb=512)
    )
    assert trace.end.reason is EndReason.finished
    assert final(trace)["n"] == "30000" and [step.line for step in trace.steps()] == [1, 2, 30_003 + 1]


WRITE = """\
import os
x = 1
def tell(text):
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        try: descriptor > 2 and os.write(descriptor, text)
        except OSError: pass
"""
ENDED = 'tell(b\'["end",1,1,"finished","",null]\\n\')\n'


@pytest.mark.parametrize(("attack", "reason"), [
    (ENDED + "sum(range(10**12))\n", EndReason.cpu),
    (ENDED + "os.kill(os.getpid(), 9)\n", EndReason.killed),
    ("tell(b'[' * 200_000 + b'\\n')\n", EndReason.killed),
    ("tell(b'[\"line\",1,' + b'9' * 100_000 + b']\\n')\n", EndReason.killed),
    ("tell(b'[\"line\",1,1,{\"x\":[]}]\\n')\n", EndReason.killed),
    ("if os.fork() == 0:\n    while True: tell(b'no row\\n')\nimport time\ntime.sleep(0.1)\n", EndReason.killed),
])  # fmt: skip
def test_forged_rows_end_in_no_belief(sandbox: Sandbox, attack: str, reason: EndReason) -> None:
    trace = sandbox.trace(Program(WRITE + attack), Limits(cpu_s=0.5, wall_s=30, max_events=5_000))
    assert trace.end.reason is reason, trace.end
    assert trace.events == [] or trace.events[-1].text == reason


@pytest.mark.parametrize(("source", "reasons"), [
    ("import sys\nsys.setrecursionlimit(2**31 - 1)\ndef f(n): return f(n + 1)\nf(0)\n", {EndReason.events}),
    ("def f(n):\n    try: f(n + 1)\n    finally: f(n + 1)\nf(0)\n", {EndReason.events}),
    ("import itertools\nx = 1\nsum(itertools.count())\n", {EndReason.cpu}),
    ("x = [0] * 10**9\n", {EndReason.memory}),
    ("xs = []\nwhile True: xs.append(bytearray(10**7))\n", {EndReason.memory, EndReason.events, EndReason.bytes}),
    ("import os\nx = 1\nos.kill(os.getpid(), 9)\n", {EndReason.killed}),
    ("import os\nx = 1\nos.closerange(3, 200)\ny = 2\n", {EndReason.exited, EndReason.killed}),
    ("import os\nx = 1\nfor fd in range(3, 256):\n    try: os.write(fd, b'garbage\\n')\n    except OSError: pass\n", {EndReason.killed}),
    ("while True:\n    try:\n        while True: pass\n    except BaseException: pass\n", {EndReason.events}),
    ("import threading\ndef f():\n    while True: pass\nt = threading.Thread(target=f); t.start()\n", {EndReason.events}),
    ("import sys\nsys.exit(5)\n", {EndReason.exited}),
])  # fmt: skip
def test_ends_have_their_reason(sandbox: Sandbox, source: str, reasons: set[EndReason]) -> None:
    trace = sandbox.trace(Program(source), Limits(cpu_s=2, wall_s=30, memory_mb=256, max_events=3_000))
    assert trace.end.reason in reasons, trace.end
    assert trace.events == [] or trace.events[-1].kind == "end"
    if trace.end.reason in (EndReason.cpu, EndReason.memory, EndReason.events):
        steps = list(trace.steps())
        assert steps and all(step.complete for step in steps if step.frame == 0 and step.line == 1 and len(steps) > 1)
