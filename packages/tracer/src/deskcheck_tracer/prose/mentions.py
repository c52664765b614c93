"""Values that a text mentions and no statement accounts for: each must occur somewhere in the run.

A number may be the value of a name or of part of an expression, an element, a length, a count, a round, a line, a
literal of the program or a difference of two values; one that is nothing of all that was made up.
"""

import ast
import re
from functools import cached_property, lru_cache
from typing import Any

from ..moment import What
from ..statements import statements
from .course import Course
from .evaluate import evaluate
from .literal import UNKNOWN, key, value_of
from .touches import Touches

_COMPUTING = (ast.BinOp, ast.Call, ast.Subscript, ast.Attribute, ast.List, ast.Tuple)
_MOST = 4000
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Mentions:
    """What occurs in a run."""

    def __init__(self, course: Course, touches: Touches) -> None:
        self.course = course
        self.touches = touches

    def knows(self, value: Any) -> bool:
        """Whether a value occurs."""
        if isinstance(value, bool) or value is None or value is UNKNOWN:
            return True
        if isinstance(value, int | float):
            return value in self.numbers or any(isinstance(one, float) and _rounds(value, one) for one in self.numbers)
        if isinstance(value, str):
            return (
                len(value) < 2
                or value in self.text
                or value.lower() in self.text.lower()
                or value.replace("\\n", "\n") in self.text
            )
        if isinstance(value, list | tuple):
            return key(value) in self.values
        return not isinstance(value, dict | set) or key(value) in self.values

    def computes(self, value: Any) -> bool:
        """Whether a part of a line that ran has the value: a sum within an expression, a slice."""
        return key(value) in self._computed

    @cached_property
    def _computed(self) -> set[Any]:
        found, seen = set[Any](), set[tuple[int, int]]()
        nodes: dict[int, list[ast.expr]] = {}
        for line, statement in statements(self.course.source).items():
            if statement.node is None:
                continue
            heads = [part for part in ast.iter_child_nodes(statement.node) if isinstance(part, ast.expr)]
            nodes[line] = [part for head in heads for part in ast.walk(head) if isinstance(part, _COMPUTING)]
        for tick in self.course.ticks[:_MOST]:
            place = tick.moment.line, id(tick.before)
            if place not in seen and len(found) < _MOST:
                seen.add(place)
                for node in nodes.get(tick.moment.line, ()):
                    _gather(self.course.evaluate(node, tick, before=True), found)
        return found

    def where(self, value: Any) -> frozenset[int]:
        """Ticks at which a value is new, or part of what is computed; where a container is the value of something."""
        if isinstance(value, list | tuple | dict | set):
            return self._whole.get(key(value), frozenset())
        return self.touches.where(value)

    def together(self, values: list[Any]) -> frozenset[int]:
        """Ticks at which all these numbers are there: in the state, as elements or lengths, or in the program."""
        wanted = {key(value) for value in values} - self._literals
        return frozenset(tick.index for tick in self.course.ticks if wanted <= self._there(tick.index))

    def _there(self, index: int) -> set[Any]:
        tick = self.course.ticks[index]
        place = id(tick.before), id(tick.state)
        if place not in self._states:
            found = set[Any]()
            for text in {*tick.before.values(), *tick.state.values()}:
                found |= self._inside(text)
            self._states[place] = found
        found = self._states[place]
        if tick.moment.expression:
            found = found | {key(value) for value in _parts(tick.moment.expression)}
        return found | self._module

    @cached_property
    def _states(self) -> dict[tuple[int, int], set[Any]]:
        return {}

    @cached_property
    def _module(self) -> set[Any]:
        """What the module's names ever hold: functions read it too."""
        texts = {
            text
            for tick in self.course.ticks
            if tick.moment.frame == 0
            for text in tick.moment.changes.values()
            if text
        }
        return set[Any]().union(*map(self._inside, texts))

    def _inside(self, text: str) -> set[Any]:
        if text not in self._known:
            found = set[Any]()
            value = value_of(text)
            if value is UNKNOWN:
                found.update(key(value_of(word)) for word in _NUMBER.findall(text))
            else:
                _gather(value, found)
            self._known[text] = found
        return self._known[text]

    @cached_property
    def _known(self) -> dict[str, set[Any]]:
        return {}

    @cached_property
    def _literals(self) -> set[Any]:
        trace = self.course.trace
        return {
            key(value_of(word))
            for word in _NUMBER.findall(f"{trace.program.source} {trace.program.call} {trace.program.stdin}")
        }

    @cached_property
    def _whole(self) -> dict[Any, frozenset[int]]:
        """Containers that are values of names, or elements of those, with the ticks at which they are."""
        found: dict[Any, set[int]] = {}
        keys: dict[str, list[Any]] = {}
        for tick in self.course.ticks:
            texts = [*tick.state.values(), *tick.before.values()]
            if tick.moment.value:
                texts.append(tick.moment.value)
            for text in texts:
                if text[:1] in "[({" or text.endswith(")"):
                    if text not in keys:
                        inside = set[Any]()
                        _gather(value_of(text), inside)
                        keys[text] = [
                            one
                            for one in inside
                            if isinstance(one, tuple) or (isinstance(one, str) and one[:1] in "{[")
                        ]
                    for one in keys[text]:
                        found.setdefault(one, set()).add(tick.index)
        return {one: frozenset(ticks) for one, ticks in found.items()}

    @cached_property
    def text(self) -> str:
        """All texts of the run, one after the other."""
        trace = self.course.trace
        texts = {text for tick in self.course.ticks for text in tick.moment.changes.values() if text}
        texts |= {tick.moment.value for tick in self.course.ticks if tick.moment.value}
        return "\n".join(
            [
                *texts,
                trace.stdout,
                trace.program.source,
                trace.program.stdin,
                trace.program.call or "",
                trace.end.detail,
            ]
        )

    @cached_property
    def values(self) -> set[Any]:
        """All values, and all that they hold, as keys."""
        found = set[Any]()
        for text in self._texts():
            _gather(value_of(text), found)
        for tick in self.course.ticks:
            if tick.moment.expression:
                for value in _parts(tick.moment.expression):
                    _gather(value, found)
        trace = self.course.trace
        for node in ast.walk(self.course.tree):
            if isinstance(node, ast.Constant):
                _gather(node.value, found)
            elif isinstance(node, ast.List | ast.Tuple) and isinstance(node.ctx, ast.Load):
                _gather(self.course.evaluate(node, self.course.ticks[0], before=True), found)
        for word in (trace.stdout + " " + trace.program.stdin + " " + trace.end.detail).replace(",", " ").split():
            _gather(value_of(word), found)
        if trace.program.call:
            for value in _parts(trace.program.call):
                _gather(value, found)
        return found

    def _texts(self) -> set[str]:
        texts = {text for tick in self.course.ticks for text in tick.moment.changes.values() if text}
        texts |= {tick.moment.value for tick in self.course.ticks if tick.moment.value}
        return texts | ({self.course.trace.returned} if self.course.trace.returned else set())

    @cached_property
    def numbers(self) -> set[Any]:
        """Numbers that occur, or count something."""
        found = {value for value in self.values if isinstance(value, int | float)}
        small = set(range(0, 4))
        small |= {one.number for one in self.course.rounds} | {len(run.starts) for run in self.course.runs}
        small |= {len(self.course.calls), self.course.line_count, len(self.course.trace.stdout.splitlines())}
        small |= {tick.moment.visit for tick in self.course.ticks if tick.moment.what is What.step}
        found |= small | {-value for value in found}
        return found


def _gather(value: Any, found: set[Any], depth: int = 0) -> None:
    if value is UNKNOWN or len(found) > _MOST:
        return
    found.add(key(value))
    if isinstance(value, str):
        found.add(len(value))
    elif isinstance(value, list | tuple | set | dict):
        found.add(len(value))
        if depth < 4:
            for item in [*value, *(value.values() if isinstance(value, dict) else ())]:
                _gather(item, found, depth + 1)


@lru_cache(maxsize=4096)
def _parts(source: str) -> list[Any]:
    """The values of an expression and all its parts that need no name."""
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [
        evaluate(node, lambda _: UNKNOWN, lambda *_: UNKNOWN) for node in ast.walk(tree) if isinstance(node, ast.expr)
    ]


def _rounds(told: float, actual: float) -> bool:
    digits = len(repr(told).partition(".")[2]) if isinstance(told, float) else 0
    return abs(round(actual, digits) - told) < 1e-9
