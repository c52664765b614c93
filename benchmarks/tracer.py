"""How many events a second the recorder takes, beside callbacks that do nothing: `python benchmarks/tracer.py`.

CPU time of this process, the best of `REPEATS` runs, so that other load on the machine matters little. "no-op" has
the same events switched on and empty callbacks: the price of being called at all, which no recorder in Python can go
below.
"""

import sys
import time
from types import CodeType
from typing import Any

from deskcheck_tracer import Limits, Program
from deskcheck_tracer.engine import FILENAME, _Run

REPEATS = 7
PROGRAMS = {
    "int loop": "def f(n):\n    s = i = 0\n    while i < n:\n        s = (s * 3 + i) % 1000\n        if s > 500:\n"
    "            s -= 7\n        i += 1\nf(20000)\n",
    "module loop": "s = 0\nfor i in range(20000):\n    s = (s + i) % 97\n    if s % 2:\n        s += 1\n",
    "recursion": "def fib(n):\n    if n < 2:\n        return n\n    return fib(n - 1) + fib(n - 2)\nfib(18)\n",
    "generator": "def g(n):\n    for i in range(n):\n        yield i\ns = 0\nfor v in g(8000):\n    s += v\n",
    "growing list": "def f(n):\n    xs = []\n    for i in range(n):\n        xs.append(i * i)\nf(300)\n",
    "dict updates": "d = {}\nfor i in range(3000):\n    d[i % 20] = i\n",
    "classes": "class P:\n    def __init__(self, x):\n        self.x = x\n    def add(self, o):\n"
    "        return P(self.x + o.x)\np = q = P(1)\nfor i in range(2000):\n    p = p.add(q)\n",
}


def record_events(source: str) -> tuple[int, float]:
    """Events and CPU seconds of recording a program into memory."""
    run = _Run(Program(source), Limits(max_events=None, max_bytes=None), [])
    start = time.process_time()
    run.execute()
    return len(run.monitor.rows), time.process_time() - start


def noop_seconds(source: str) -> float:
    """CPU seconds of the same program under empty callbacks for the same events."""
    monitoring, code = sys.monitoring, compile(source, FILENAME, "exec")
    names = ("PY_START", "PY_RETURN", "PY_YIELD", "PY_RESUME", "LINE")
    events = 0
    monitoring.use_tool_id(3, "no-op")
    for name in names:
        monitoring.register_callback(3, getattr(monitoring.events, name), nothing)
        events |= getattr(monitoring.events, name)
    start = time.process_time()
    monitoring.set_events(3, events)
    exec(code, {"__name__": "__main__"})
    monitoring.set_events(3, 0)
    seconds = time.process_time() - start
    monitoring.free_tool_id(3)
    return seconds


def nothing(code: CodeType, *_: Any) -> None:
    """An empty callback."""


def main() -> None:
    """Print one line a program."""
    print(f"Python {sys.version.split()[0]}, best of {REPEATS}, CPU time\n")
    print(f"{'program':14} {'events':>7} {'kev/s':>7} {'no-op kev/s':>12} {'times no-op':>12}")
    for name, source in PROGRAMS.items():
        count, seconds = min((record_events(source) for _ in range(REPEATS)), key=lambda pair: pair[1])
        floor = min(noop_seconds(source) for _ in range(REPEATS))
        print(f"{name:14} {count:7} {count / seconds / 1e3:7.0f} {count / floor / 1e3:12.0f} {seconds / floor:12.1f}")


if __name__ == "__main__":
    main()
