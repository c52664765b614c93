"""What each moment of a run touches: the values of all parts of the line that ran, as they were when it ran.

A text that follows a run mentions what the run has in hand: operands, elements, indexes, results, new lengths. A number
that the moment in question does not touch was taken from another one, or made up; this needs no understanding of
the words around it.
"""

import ast
from collections import defaultdict
from functools import cached_property
from typing import Any

from ..moment import What
from ..statements import statements
from .course import Course, Tick
from .evaluate import evaluate
from .literal import UNKNOWN, fields_of, key, value_of

_LONGEST = 60
"""Values whose text is longer are not looked into."""
_ITEMS = 24


class Touches:
    """Asks one course."""

    def __init__(self, course: Course) -> None:
        self.course = course

    def where(self, value: Any) -> frozenset[int]:
        """The ticks that touch a value."""
        return frozenset(self._places.get(key(value), ()))

    def fresh(self, value: Any) -> frozenset[int]:
        """The ticks that give some name, element or attribute a value."""
        return frozenset(self._fresh.get(key(value), ()))

    @cached_property
    def _fresh(self) -> dict[Any, list[int]]:
        found: dict[Any, list[int]] = defaultdict(list)
        for tick in self.course.ticks:
            here = set[Any]()
            _new(tick, here)
            for one in here:
                found[one].append(tick.index)
        return found

    @cached_property
    def _places(self) -> dict[Any, list[int]]:
        found: dict[Any, list[int]] = defaultdict(list)
        for tick in self.course.ticks:
            for one in self.at(tick):
                found[one].append(tick.index)
        for one in self._constants.keys() - found.keys():
            lines = self._constants[one]
            found[one] = [tick.index for tick in self.course.ticks if tick.moment.line in lines]
        return found

    @cached_property
    def _constants(self) -> dict[Any, set[int]]:
        """The lines of each constant of the source: what the run has in hand nowhere else is touched there."""
        found: dict[Any, set[int]] = defaultdict(set)
        for line, nodes in self._roots.items():
            for node in nodes:
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant):
                        found[key(part.value)].add(line)
        return found

    def comparing(self, one: Any, other: Any) -> frozenset[int]:
        """The ticks at which the program compares two values."""
        return frozenset(self._compared.get(frozenset((key(one), key(other))), ()))

    @cached_property
    def _compared(self) -> dict[frozenset[Any], list[int]]:
        sides = {
            line: [
                (part.left, part.comparators[0])
                for node in nodes
                for part in ast.walk(node)
                if isinstance(part, ast.Compare) and len(part.comparators) == 1
            ]
            for line, nodes in self._roots.items()
        }
        found: dict[frozenset[Any], list[int]] = defaultdict(list)
        for tick in self.course.ticks:
            for pair in sides.get(tick.moment.line, ()) if tick.moment.what is What.step else ():
                values = [self.course.evaluate(side, tick, before=True) for side in pair]
                if UNKNOWN not in values:
                    found[frozenset(map(key, values))].append(tick.index)
        return found

    def at(self, tick: Tick) -> set[Any]:
        """The keys of all values that a tick touches."""
        found = set[Any]()
        for node in self._roots.get(tick.moment.line, ()) if tick.moment.what is What.step else ():
            self._gather(node, tick, found)
        _new(tick, found)
        if tick.moment.value:
            _add(value_of(tick.moment.value), found)
        return found

    def _gather(self, node: ast.expr, tick: Tick, found: set[Any]) -> None:
        """The values of an expression and of all its parts."""
        seen: list[Any] = []
        whole = evaluate(
            node, lambda name: self.course.lookup(name, tick, before=True), self.course.call_value, seen.append
        )
        if not isinstance(node, ast.Constant):
            seen.append(whole)
        for value in seen:
            _add(value, found)
        if whole is UNKNOWN:
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.expr) and not isinstance(part, ast.Constant | ast.Name):
                    self._gather(part, tick, found)

    @cached_property
    def _roots(self) -> dict[int, list[ast.expr]]:
        """The expressions of each line, those of the blocks below it excepted."""
        found: dict[int, list[ast.expr]] = {}
        for line, statement in statements(self.course.source).items():
            if statement.node is not None and not isinstance(statement.node, ast.FunctionDef | ast.ClassDef):
                parts = [part for part in ast.iter_child_nodes(statement.node) if isinstance(part, ast.expr)]
                stored = (ast.Store, ast.Del)
                found[line] = [part for part in parts if not isinstance(getattr(part, "ctx", None), stored)]
        return found


def _new(tick: Tick, found: set[Any]) -> None:
    """What a tick gives to names, and to the elements and attributes of what they hold."""
    for name, text in tick.moment.changes.items():
        if text:
            _add(value_of(text), found)
            old = tick.before.get(name)
            if old is not None:
                found |= added(old, text)
            if "#" in text:
                fields, before = fields_of(text), fields_of(old or "")
                for field, value in fields.items():
                    if before.get(field, UNKNOWN) != value:
                        _add(value, found)


def _add(value: Any, found: set[Any]) -> None:
    if value is UNKNOWN:
        return
    found.add(key(value))
    if isinstance(value, str | list | tuple | set | dict):
        found.add(len(value))
    if isinstance(value, tuple):
        found.update(key(item) for item in value[:_ITEMS])


def added(old: str, new: str) -> set[Any]:
    """Elements (keys and values of a dict) that a container has got or lost."""
    before, after = value_of(old), value_of(new)
    if isinstance(before, list) and isinstance(after, list):
        gone = {key(item) for item in before if item not in after} | (
            {key(before[-1]), key(before[0])} if len(before) > len(after) else set()
        )
        return (
            gone
            | {key(item) for item in after if item not in before}
            | ({key(after[-1])} if len(after) > len(before) else set())
        )
    if isinstance(before, dict) and isinstance(after, dict):
        return {key(one) for name, item in after.items() if before.get(name, UNKNOWN) != item for one in (name, item)}
    if isinstance(before, set) and isinstance(after, set):
        return {key(item) for item in after - before}
    return set()
