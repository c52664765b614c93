"""Where a `for` loop stands: the items it has still to go through, worked out from the trace's own state.

Known for loops over a name bound to a list, tuple or string that the loop does not assign, and over `range(...)`,
`sorted(...)`, slices and literals, which are evaluated once when the loop starts. Everything else has no `left`.
"""

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from .statements import Statement, tree
from .trace import Step

MAX_ITEMS = 16
"""Items up to which the rest of a loop is written out; beyond that it is counted."""

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "range": range, "len": len, "abs": abs, "min": min, "max": max, "sorted": sorted, "list": list, "tuple": tuple,
}  # fmt: skip
_SEQUENCES = frozenset("[('\"")
"""How the text of a list, tuple or string begins."""
_SNAPSHOTS = ("range", "sorted", "list", "tuple")
_MOST = 100_000  # items that are ever worked out


class Loops:
    """Progress of all loops of one trace."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._items: dict[tuple[int, int], Any] = {}
        self._counts: dict[tuple[int, int], int] = {}
        self._last_line: dict[int, int] = {}

    def left(
        self, step: Step, node: ast.For | ast.AsyncFor, statement: Statement, names: Mapping[str, str], taken: bool
    ) -> str | None:
        """The text of the remaining items after this step at the head of the loop; None if unknown."""
        key = (step.frame, statement.line)
        if not taken:
            self._counts.pop(key, None)
            return None
        if step.visit == 1 or key not in self._counts or self._came_from_outside(step, statement):
            self._counts[key] = 0
            self._items[key] = self._evaluate(node.iter, names) if _is_snapshot(node.iter) else None
        self._counts[key] += 1
        items = self._items[key] if _is_snapshot(node.iter) else self._live(node, names)
        return self._rest(items, self._counts[key], node.target, step.locals)

    def seen(self, step: Step) -> None:
        """Remember the last line of each frame: a loop entered anew starts from its first item."""
        self._last_line[step.frame] = step.line

    def _came_from_outside(self, step: Step, statement: Statement) -> bool:
        last = self._last_line.get(step.frame, 0)
        return not statement.span[0] <= last <= statement.span[1]

    def _live(self, node: ast.For | ast.AsyncFor, names: Mapping[str, str]) -> Any:
        """The current value of the name that is looped over, if it still must be the object the loop holds."""
        if not isinstance(node.iter, ast.Name) or node.iter.id in rebound_in(self._source):
            return None
        if node.iter.id in _stored_in(node):
            return None
        text = names.get(node.iter.id)
        value = _literal(text) if text is not None and text[:1] in _SEQUENCES else None
        return value if isinstance(value, list | tuple | str) else None

    def _rest(self, items: Any, count: int, target: ast.expr, after: Mapping[str, str]) -> str | None:
        if items is None or count > len(items):
            return None
        if not _matches(target, items[count - 1], after):
            return None
        rest = items[count:]
        if len(rest) > MAX_ITEMS:
            return f"{len(rest)} items"
        return repr(list(rest) if isinstance(rest, range) else rest)

    def _evaluate(self, node: ast.expr, names: Mapping[str, str]) -> Any:
        try:
            value = _value(node, names)
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, MemoryError, RecursionError):
            return None
        return value if isinstance(value, range | list | tuple | str) and len(value) <= _MOST else None


@lru_cache(maxsize=64)
def rebound_in(source: str) -> frozenset[str]:
    """Names that some function of the program declares `global` or `nonlocal`."""
    found = (node for node in ast.walk(tree(source)) if isinstance(node, ast.Global | ast.Nonlocal))
    return frozenset(name for node in found for name in node.names)


@lru_cache(maxsize=1024)
def bound_in(source: str, line: int) -> frozenset[str]:
    """Names that the function whose definition begins at this line binds anywhere in it, and all of `rebound_in`."""
    names: set[str] = set()
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and node.lineno == line:
            names |= {
                part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            }
            names |= {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
    return frozenset(names) | rebound_in(source)


@lru_cache(maxsize=1024)
def _stored_in(node: ast.For | ast.AsyncFor) -> frozenset[str]:
    """Names that a loop or its body binds or deletes."""
    found = (part for part in ast.walk(node) if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load))
    return frozenset(part.id for part in found)


def _is_snapshot(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in _SNAPSHOTS
    return isinstance(node, ast.Constant | ast.List | ast.Tuple) or (
        isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)
    )


def _matches(target: ast.expr, item: Any, after: Mapping[str, str]) -> bool:
    if isinstance(target, ast.Name):
        return after.get(target.id) == repr(item)
    if isinstance(target, ast.Tuple | ast.List) and isinstance(item, list | tuple) and len(item) == len(target.elts):
        return all(_matches(part, value, after) for part, value in zip(target.elts, item, strict=True))
    return False


def _literal(text: str | None) -> Any:
    try:
        return None if text is None else _evaluated(text)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return None


@lru_cache(maxsize=512)
def _evaluated(text: str) -> Any:
    """The value that a trace's text shows, not to be changed; ValueError if it is no literal, as a cut one is not.

    Sets are not read: the order of their repr depends on the hash seed of this process.
    """
    try:
        value = ast.literal_eval(text.lstrip())
    except SyntaxError as error:
        raise ValueError("not a literal") from error
    if "{" in text and _holds_set(value):
        raise ValueError("holds a set")
    return value


def _holds_set(value: Any) -> bool:
    """Whether a set is in it, or it is one; keys of dicts cannot hold any."""
    if isinstance(value, list | tuple | dict):
        return any(map(_holds_set, value.values() if isinstance(value, dict) else value))
    return isinstance(value, set)


def _value(node: ast.expr, names: Mapping[str, str]) -> Any:
    """Evaluate an expression of literals, known names, + - * // % and a few built-in functions; ValueError on anything
    else."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return _evaluated(names[node.id])
    if isinstance(node, ast.List | ast.Tuple):
        items = [_value(part, names) for part in node.elts]
        return items if isinstance(node, ast.List) else tuple(items)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_number(node.operand, names)
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return _ARITHMETIC[type(node.op)](_number(node.left, names), _number(node.right, names))
    if isinstance(node, ast.Subscript):
        return _value(node.value, names)[_index(node.slice, names)]
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and not node.keywords
        and node.func.id not in names
    ):
        return _FUNCTIONS[node.func.id](*[_value(part, names) for part in node.args])
    raise ValueError("not a plain expression")


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
}


def _number(node: ast.expr, names: Mapping[str, str]) -> int | float:
    value = _value(node, names)
    if not isinstance(value, int | float) or (isinstance(value, int) and value.bit_length() > 256):
        raise ValueError("not a plain number")
    return value


def _index(node: ast.expr, names: Mapping[str, str]) -> Any:
    if not isinstance(node, ast.Slice):
        return _value(node, names)
    return slice(*[None if part is None else _value(part, names) for part in (node.lower, node.upper, node.step)])
