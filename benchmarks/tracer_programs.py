"""The programs that the tracer's benchmarks record, and the truth about them.

Each program defines `main()`; the kinds are those of the anchor's protocol (anchors/tracer.md 4.3). `count_events` is
the common denominator, lines + calls + returns of the program's own code as `sys.settrace` reports them, whatever a
tool makes of them. `wrong_states` is the check before any timing: a plain copy of every local before every line.
"""

import re
import sys
from collections.abc import Iterator
from itertools import islice
from types import FrameType
from typing import Any

from deskcheck_tracer import EventKind, Trace
from deskcheck_tracer.values import is_elided

SCALAR = {
    "int loop": """
def main():
    s = i = 0
    while i < 6000:
        s = (s * 3 + i) % 1000
        if s > 500:
            s -= 7
        i += 1
""",
    "float and branch": """
def main():
    x, y = 0.5, 0
    for i in range(6000):
        x = 3.9 * x * (1.0 - x)
        if x > 0.5:
            y += 1
        else:
            y -= 1
""",
    "string building": """
def main():
    text = ""
    for i in range(3000):
        letter = chr(97 + i % 26)
        text = letter + text[:40]
        if letter in "aeiou":
            text = text.upper()
""",
}
COMPOUND = {
    "growing list": """
def main():
    xs = []
    for i in range(1000):
        xs.append(i * i)
""",
    "sorting": """
def main():
    xs = list(range(60))
    xs.reverse()
    for i in range(len(xs)):
        for j in range(len(xs) - 1 - i):
            if xs[j] > xs[j + 1]:
                xs[j], xs[j + 1] = xs[j + 1], xs[j]
""",
    "dict and set": """
def main():
    counts, seen = {}, set()
    for i in range(3000):
        k = i % 40
        counts[k] = counts.get(k, 0) + 1
        seen.add(k)
""",
    "recursion": """
def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)

def main():
    fib(15)
""",
    "recursion on lists": """
def merge_sort(xs):
    if len(xs) < 2:
        return xs
    middle = len(xs) // 2
    left, right = merge_sort(xs[:middle]), merge_sort(xs[middle:])
    merged = []
    while left and right:
        side = left if left[0] <= right[0] else right
        merged.append(side.pop(0))
    return merged + left + right

def main():
    merge_sort(list(range(0, 150, 2)) + list(range(149, 0, -2)))
""",
    "generators": """
def numbers(n):
    for i in range(n):
        yield i

def even(items):
    for item in items:
        if item % 2 == 0:
            yield item

def main():
    total = 0
    for value in even(numbers(2500)):
        total += value
""",
    "classes": """
class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def add(self, other):
        return Point(self.x + other.x, self.y + other.y)

def main():
    p, step = Point(0, 0), Point(1, 2)
    for i in range(600):
        p = p.add(step)
        p.y -= 1
""",
    "linked objects": """
class Node:
    def __init__(self, value, next):
        self.value = value
        self.next = next

class Stack:
    def __init__(self):
        self.top, self.size = None, 0

    def push(self, value):
        self.top = Node(value, self.top)
        self.size += 1

    def pop(self):
        node = self.top
        self.top = node.next
        self.size -= 1
        return node.value

def main():
    stack = Stack()
    for i in range(400):
        stack.push(i)
        if i % 3 == 0:
            stack.pop()
""",
    "exceptions": """
def half(n):
    if n % 2:
        raise ValueError(n)
    return n // 2

def main():
    failed = 0
    for i in range(1500):
        try:
            half(i)
        except ValueError as error:
            failed += 1
""",
}
PROGRAMS = SCALAR | COMPOUND
Place = tuple[str, int]  # function and line


def count_events(code: Any) -> int:
    """Line, call and return events of the frames under `main()`."""
    count = 0

    def on_event(frame: FrameType, kind: str, argument: object) -> Any:
        nonlocal count
        if frame.f_code.co_filename != code.co_filename:
            return None
        count += kind != "exception"
        return on_event

    _run_under(code, on_event)
    return count


def wrong_states(source: str, trace: Trace) -> int:
    """Lines before which the recorder's state differs from a copy made by `sys.settrace`; also counts missing lines."""
    expected: list[tuple[Place, dict[str, str]]] = []

    def on_event(frame: FrameType, kind: str, argument: object) -> Any:
        if frame.f_code.co_filename != "<truth>":
            return None
        if kind == "line":
            place = frame.f_code.co_name, frame.f_lineno
            expected.append((place, {name: _plain(value) for name, value in frame.f_locals.items()}))
        return on_event

    _run_under(compile(source, "<truth>", "exec"), on_event)
    recorded = list(islice(_states_before(trace), len(expected)))
    wrong = sum(
        there[0] != here[0] or any(not _agree(here[1].get(name), text) for name, text in there[1].items())
        for there, here in zip(expected, recorded, strict=False)
    )
    return wrong + len(expected) - len(recorded)


def _run_under(code: Any, on_event: Any) -> None:
    names: dict[str, Any] = {"__name__": "program"}
    exec(code, names)
    sys.settrace(on_event)
    try:
        names["main"]()
    finally:
        sys.settrace(None)


def _states_before(trace: Trace) -> Iterator[tuple[Place, dict[str, str]]]:
    states: dict[int, dict[str, str]] = {}
    functions: dict[int, str] = {}
    for event in trace.events:
        if event.kind is EventKind.call:
            functions[event.frame] = event.function or ""
        state = states.setdefault(event.frame, {})
        for name, text in event.changes.items():
            if text is None:
                del state[name]
            else:
                state[name] = text
        if event.kind is EventKind.line and functions[event.frame] != "<module>":
            inside = functions[event.frame] not in ("Point", "Node", "Stack")  # class bodies run before main()
            if inside:
                yield (functions[event.frame], event.line), dict(state)


def _plain(value: object) -> str:
    if type(value).__module__ == "program":
        return f"{type(value).__name__}({', '.join(f'{name}={_inner(item)}' for name, item in vars(value).items())})"
    return repr(value)


def _inner(value: object) -> str:
    return type(value).__name__ if type(value).__module__ == "program" else repr(value)


def _agree(ours: str | None, truth: str) -> bool:
    if ours is None:
        return False
    if truth.startswith("<"):  # a generator: told by its address here, by a label there
        return ours.partition("#")[0] in truth
    if is_elided(ours):
        shown = ours.rpartition("...")[0]
        return truth.startswith(shown) and len(truth) > len(shown)
    return re.sub(r"#\d+", "", ours).replace("()", "") == truth.replace("()", "")
