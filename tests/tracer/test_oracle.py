"""The recorder against an oracle: a slow, obvious `sys.settrace` recorder that copies every frame's whole state at every line.

The oracle shares no code with the recorder: it keeps a picture (a plain repr, sets sorted) of every local at every event and works out
steps afterwards. Compared are the lines, in order over all frames, and after every step each local whose value is plain data.
"""

import ast
import io
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest
from deskcheck_tracer import Trace
from deskcheck_tracer.engine import record_here

PROGRAMS = sorted((Path(__file__).parent.parent / "golden" / "programs").glob("*.py"))
NOT_PLAIN = "?"


def picture(value: Any, depth: int = 0) -> str:
    """repr for plain data, NOT_PLAIN for the rest."""
    kind = type(value)
    if kind in (int, float, str, bool, bytes, complex, type(None), range):
        return repr(value)
    if depth > 20:
        return NOT_PLAIN
    if kind in (list, tuple, deque):
        inner = [picture(item, depth + 1) for item in value]
        text = ", ".join(inner) + ("," if kind is tuple and len(inner) == 1 else "")
        shell = {list: "[{}]", tuple: "({})", deque: "deque([{}])"}[kind]
        tail = f"], maxlen={value.maxlen})" if kind is deque and value.maxlen is not None else None
        whole = shell.format(text)
        return NOT_PLAIN if NOT_PLAIN in inner else (whole[:-2] + tail if tail else whole)
    if (
        kind in (set, frozenset)
        and all(type(item) in (int, str) for item in value)
        and len({type(i) for i in value}) <= 1
    ):
        inner = ", ".join(repr(item) for item in sorted(value))
        empty = f"{kind.__name__}()"
        return empty if not value else (f"{{{inner}}}" if kind is set else f"frozenset({{{inner}}})")
    if kind is dict:
        inner = [f"{picture(key, depth + 1)}: {picture(item, depth + 1)}" for key, item in value.items()]
        return NOT_PLAIN if any(NOT_PLAIN in part for part in inner) else "{" + ", ".join(inner) + "}"
    if kind in (Counter, OrderedDict, defaultdict):
        return NOT_PLAIN
    return NOT_PLAIN


class Oracle:
    """Events of one run: (kind, frame number, line, position of the instruction, state)."""

    def __init__(self, source: str, stdin: str) -> None:
        self.events: list[tuple[str, int, int, tuple[int, int, int, int], dict[str, str]]] = []
        self.frames: list[FrameType] = []
        self.code_names: list[str] = []
        self.code = compile(source, "<oracle>", "exec")
        self.stdin, self.stdout = io.StringIO(stdin), io.StringIO()
        self.positions: dict[Any, list[Any]] = {}

    def run(self) -> None:
        main = ModuleType("__main__")
        saved = sys.stdin, sys.stdout, sys.modules["__main__"], sys.gettrace()
        sys.stdin, sys.stdout, sys.modules["__main__"] = self.stdin, self.stdout, main
        sys.settrace(self.on_event)
        try:
            exec(self.code, main.__dict__)
        except BaseException:
            pass
        finally:
            sys.settrace(saved[3])
            sys.stdin, sys.stdout, sys.modules["__main__"] = saved[:3]

    def on_event(self, frame: FrameType, kind: str, argument: Any) -> Any:
        if frame.f_code.co_filename != "<oracle>":
            return None
        if not any(known is frame for known in self.frames):
            self.frames.append(frame)
            self.code_names.append(frame.f_code.co_name)
        number = next(index for index, known in enumerate(self.frames) if known is frame)
        if frame.f_code not in self.positions:
            self.positions[frame.f_code] = list(frame.f_code.co_positions())
        position = self.positions[frame.f_code][frame.f_lasti // 2] if frame.f_lasti >= 0 else (0, 0, 0, 0)
        state = {name: picture(value) for name, value in list(frame.f_locals.items())}
        self.events.append((kind, number, frame.f_lineno or 0, position, state))
        return self.on_event


def statement_heads(source: str) -> dict[int, int]:
    """Line -> first line of the innermost statement, over the statement's lines that hold no other statement."""
    heads: dict[int, int] = {}
    nodes = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.stmt | ast.ExceptHandler | ast.match_case)]

    def first(node: Any) -> Any:
        return node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno

    def top(node: Any) -> Any:
        return min([first(node), *(d.lineno for d in getattr(node, "decorator_list", []))])

    def last(node: Any) -> Any:
        return node.end_lineno if not isinstance(node, ast.match_case) else node.body[-1].end_lineno

    for node in sorted(nodes, key=lambda node: (top(node), -last(node))):
        for line in range(top(node), last(node) + 1):
            heads[line] = first(node)  # inner statements come later and take their lines over
    for node in nodes:
        for line in (top(node), first(node)):
            heads[line] = (
                first(node)
                if line != top(node) or top(node) != first(node)
                else min(first(n) for n in nodes if top(n) == line)
            )
    return heads


def oracle_steps(oracle: Oracle, source: str) -> list[tuple[int, int, dict[str, str]]]:
    """(frame, line, state after) of every step, in order of starting."""
    heads = statement_heads(source)
    comprehensions = [
        ((n.lineno, n.col_offset), (n.end_lineno, n.end_col_offset))
        for n in ast.walk(ast.parse(source))
        if isinstance(n, ast.ListComp | ast.SetComp | ast.DictComp)
    ]

    def inside_comprehension(position: tuple[int, int, int, int]) -> bool:
        line, end_line, column, end_column = position
        return any(start <= (line, column) and (end_line, end_column) <= end for start, end in comprehensions)

    steps: list[list[Any]] = []
    current: dict[int, int] = {}
    raw: dict[int, int] = {}
    for kind, frame, line, position, state in oracle.events:
        if kind not in ("line", "return"):
            continue
        own_lines = oracle.code_names[frame] in ("<lambda>", "<genexpr>")
        head = line if own_lines else heads.get(line, line)
        if kind == "line" and frame in current and steps[current[frame]][1] == head:
            spread = not own_lines and any(heads.get(other) == head and other != head for other in heads)
            again = inside_comprehension(position) if not own_lines else False
            if again or (spread and not is_backward(oracle, frame, raw[frame], position)):
                raw[frame] = position[0]
                continue
        if frame in current:
            steps[current[frame]][2] = state
        if kind == "line":
            current[frame] = len(steps)
            raw[frame] = position[0]
            steps.append([frame, head, state])
    return [tuple(step) for step in steps]


def is_backward(oracle: Oracle, frame: int, before: int, position: tuple[int, int, int, int]) -> bool:
    return False  # the programs have no one-statement loop over spread lines (test_monitor.py has)


def compare(trace: Trace, oracle: Oracle, source: str) -> tuple[int, int]:
    """Steps and values compared; AssertionError at the first difference."""
    expected = oracle_steps(oracle, source)
    steps = list(trace.steps())
    values = 0
    for step, (frame, line, state) in zip(steps, expected, strict=False):
        assert (step.frame, step.line) == (frame, line), f"step {step.index}"
        if not step.complete:
            continue
        hidden = {name for name in state if name.startswith("__") or not name.isidentifier()}
        names = set(state) - hidden
        assert set(step.locals) == names, f"step {step.index}, line {line}"
        for name in names:
            if NOT_PLAIN not in state[name] and len(state[name]) <= 200:
                assert step.locals[name] == state[name], f"step {step.index}, line {line}, {name}"
                values += 1
    assert len(steps) == len(expected)
    return len(steps), values


def stdin_of(program: Path) -> str:
    given = program.with_suffix(".in")
    return given.read_text() if given.exists() else ""


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_states_equal_the_oracles(program: Path) -> None:
    if program.stem == "locals_seen":
        return compare_output_only(program)  # the oracle itself disturbs locals()
    source = program.read_text()
    trace = record_here(source, stdin_of(program))
    oracle = Oracle(source, stdin_of(program))
    oracle.run()
    assert trace.stdout == oracle.stdout.getvalue()
    steps, values = compare(trace, oracle, source)
    assert steps >= 4 and values >= 3


def compare_output_only(program: Path) -> None:
    trace = record_here(program.read_text(), stdin_of(program))
    assert trace.stdout == "['a', 'b', 'name'] 3\n" or trace.stdout.startswith("['a', 'b', 'name'] 3 ")


def test_the_comparison_notices_one_missed_change() -> None:
    program = next(path for path in PROGRAMS if path.stem == "sorting")
    source = program.read_text()
    trace = record_here(source)
    oracle = Oracle(source, "")
    oracle.run()
    compare(trace, oracle, source)
    noticed = 0
    changed = [
        event for event in trace.events if event.changes and not any("<" in (v or "") for v in event.changes.values())
    ]
    for event in changed:
        kept, event.changes = event.changes, {}
        try:
            compare(trace, oracle, source)
        except AssertionError:
            noticed += 1
        event.changes = kept
    assert noticed == len(changed)


def test_recording_leaves_no_tool_behind() -> None:
    before = [sys.monitoring.get_tool(tool) for tool in range(6)]
    record_here("x = 1\nraise ValueError(x)\n")
    assert [sys.monitoring.get_tool(tool) for tool in range(6)] == before
