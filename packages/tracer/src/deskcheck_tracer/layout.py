"""What the source says about lines: which lines form one statement, and where comprehension variables hide outer ones.

`heads` maps every line of a statement that is spread over several lines to the line of its keyword or name, so that
the statement is one step. `comprehensions` are the spans whose loop variables live in the enclosing frame since PEP
709 (Python 3.12) and would read as assignments to an outer variable of the same name. All of it comes from the syntax
tree, once a source.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

from .effects import Effect, Effects
from .originals import BUILTINS as __builtins__  # noqa: F401
from .reliance import relied_on
from .tape import CHANGE_BYTES, ROW_BYTES

Position = tuple[int, int]


class Span(NamedTuple):
    """A comprehension in the source and the names its loops bind; its first iterable is evaluated before they are
    hidden."""

    start: Position
    end: Position
    names: frozenset[str]
    iterable: tuple[Position, Position]

    def holds(self, start: Position, end: Position) -> bool:
        """Whether an instruction with this position belongs to the loops of the comprehension."""
        first, last = self.iterable
        return self.start <= start and end <= self.end and not (first <= start and end <= last)


class Layout:
    """Statement heads and comprehension spans of one source text."""

    def __init__(self, source: str) -> None:
        nodes = list(ast.walk(ast.parse(source)))
        self.heads: dict[int, int] = {}
        self.comprehensions: list[Span] = []
        self.effects: dict[int, Effect] = {}
        self._known_effects = Effects(nodes)
        self.renames = self._known_effects.renames
        self._parts: dict[CodeType, tuple[Any, ...]] = {}
        self._crowded: set[int] = set()  # lines that can have no effect entry (any more)
        for node in nodes:
            if isinstance(node, ast.ExceptHandler) and node.name:  # leaving it unbinds the name, on no line of its own
                self._crowded.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        for node in nodes:
            if isinstance(node, _STATEMENTS):
                self._add_statement(node)
            elif isinstance(node, _COMPREHENSIONS):
                self.comprehensions.append(_span(node))

    def _add_statement(self, node: ast.stmt | ast.match_case | ast.ExceptHandler) -> None:
        head, last = header_lines(node)
        decorators = getattr(node, "decorator_list", [])
        first = min([head, *(decorator.lineno for decorator in decorators)])
        for line in range(first, last + 1):
            if line != head:
                self.heads.setdefault(line, head)
        self._add_effect(node, head)

    def _add_effect(self, node: ast.AST, line: int) -> None:
        """A line that several statements share has no effect entry: any of them may have run."""
        effect = None if line in self._crowded else self._known_effects.of(node)
        if effect is None or line in self.effects:
            self.effects.pop(line, None)
        else:
            self.effects[line] = effect
        self._crowded.add(line)

    def of(self, code: CodeType) -> "CodeLayout":
        """The part that concerns one code object; made once for all that are equal, places in the source included."""
        parts = self._parts.get(code)
        if parts is None:
            parts = self._parts[code] = self._parts_of(code)
        return CodeLayout(code, *parts)

    def _parts_of(self, code: CodeType) -> tuple[Any, ...]:
        is_nameless = code.co_name in ("<lambda>", "<genexpr>")
        heads = {} if is_nameless else self.heads
        places = _places(code) if self.comprehensions else {}
        own = _own(places, self.comprehensions)
        loops, masks = (_loops(places, own), _masks(code, places, own)) if own else ({}, {})
        careful = _OLD_LOCALS and bool(code.co_flags & CO_OPTIMIZED) and not _VIEWERS.isdisjoint(code.co_names)
        effects = {} if careful or is_nameless else self.effects
        relies = relied_on(code, self._known_effects.functions) if effects else ()
        return heads, masks, frozenset(heads.values()), loops, careful, effects, relies


layout_of = lru_cache(maxsize=1)(Layout)
"""The layout of a source, kept for the next run of the same one: a series of short runs would mostly make layouts.
Nothing of it changes once it is made; what is learnt in a run is in the CodeLayouts. Raises what `ast.parse` raises."""


class Line:
    """One statement's own part; what it can do is laid out flat for the recorder's inner loop."""

    __slots__ = ("again", "cost", "effect", "line", "name", "nothing", "number", "spread")

    def __init__(self, number: int, spread: bool, effect: Effect | None, line: "Line | None" = None) -> None:
        self.number, self.spread, self.effect = number, spread, effect
        self.line = line or self
        """Itself; the line that a jump began is another object, since a LINE report may repeat it."""
        self.nothing = effect is not None and effect.nothing
        self.name = effect.name if effect is not None else None
        self.again = effect is not None and effect.again
        self.cost = ROW_BYTES + CHANGE_BYTES + len(self.name or "")
        """Bytes of a row that tells the name's new value, without the value."""

    def begun_by_jump(self) -> "Line":
        """The same line, which a LINE report may repeat."""
        return Line(self.number, self.spread, None, self.line)

    def distrust(self) -> None:
        """It may do anything."""
        self.effect, self.name, self.nothing, self.again = None, None, False, False


@dataclass(slots=True, eq=False)
class CodeLayout:
    """What the recorder asks at every line of one code object."""

    code: CodeType
    """Kept alive, so that its id stays its own."""
    heads: dict[int, int] = field(default_factory=dict)
    """Line -> first line of its statement, where that is another one."""
    masks: dict[int, frozenset[str]] = field(default_factory=dict)
    """Instruction offset -> names that a comprehension hides there (maybe none)."""
    spread: frozenset[int] = frozenset()
    """First lines of the statements that take several lines."""
    loops: Mapping[int, frozenset[Span]] = field(default_factory=dict)
    """Instruction offset -> the comprehensions it lies in."""
    careful: bool = False
    """Whether the function may look at its own `locals()`, which reading them from outside would change before Python
    3.13."""
    effects: Mapping[int, Effect] = field(default_factory=dict)
    """What the statement of a line can change, where that is known."""
    relies: tuple[str, ...] = ()
    """The built-in functions that this knowledge relies on."""
    lines: dict[int, Line] = field(default_factory=dict)
    """Line -> its statement, as far as asked for."""
    name: str = field(init=False)
    entry: Line = field(init=False)
    """Where a call is told: between it and the first line nothing changes."""
    opcodes: bytes = field(init=False)
    """Opcode and argument of every instruction; the code object makes this anew when asked."""
    optimized: bool = field(init=False)
    """Whether it is a function's: a module or class body keeps its names in a dictionary."""

    def __post_init__(self) -> None:
        first = self.code.co_firstlineno
        self.name = self.code.co_name
        self.entry = Line(self.heads.get(first, first), False, Effect(()))
        self.opcodes = self.code.co_code
        self.optimized = bool(self.code.co_flags & CO_OPTIMIZED)

    def line(self, number: int) -> Line:
        """The statement that a line belongs to; the same object for all its lines."""
        head = self.heads.get(number, number)
        found = self.lines.get(head)
        if found is None:
            found = self.lines[head] = Line(head, head in self.spread, self.effects.get(head))
        self.lines[number] = found
        return found

    def unsure(self) -> "CodeLayout":
        """The same with nothing known of what statements do."""
        return replace(self, effects={}, relies=(), lines={})

    def distrust(self) -> None:
        """Forget what is known of what statements do, those that run included."""
        self.effects, self.relies = {}, ()
        for line in self.lines.values():
            line.distrust()


_STATEMENTS = (ast.stmt, ast.match_case, ast.ExceptHandler)  # tuples: `A | B` would be made anew for every node
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp)
_OLD_LOCALS = sys.version_info < (3, 13)  # PEP 667
CO_OPTIMIZED = 1  # inspect.CO_OPTIMIZED
_VIEWERS = frozenset({"locals", "vars", "dir", "eval", "exec", "f_locals"})


def header_lines(node: ast.stmt | ast.match_case | ast.ExceptHandler) -> tuple[int, int]:
    """First and last line of a statement without its nested blocks (decorators not counted)."""
    if isinstance(node, ast.match_case):
        parts: list[ast.AST] = [node.pattern, *([node.guard] if node.guard else [])]
        return node.pattern.lineno, max(_end(part) for part in parts)
    if not hasattr(node, "body") and not isinstance(node, ast.Match):
        return node.lineno, node.end_lineno or node.lineno
    last = node.lineno
    for child in _header_parts(node):
        last = max(last, _end(child))
    return node.lineno, last


def _header_parts(node: ast.AST) -> Iterator[ast.AST]:
    for name, value in ast.iter_fields(node):
        if name in ("body", "orelse", "finalbody", "handlers", "cases", "decorator_list"):
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.AST):
                yield item


def _end(node: ast.AST) -> int:
    """Last line of a node, which holds its parts, or of its parts where it has no place of its own."""
    if (end := getattr(node, "end_lineno", None)) is not None:
        return end
    return max((getattr(part, "end_lineno", None) or 0 for part in ast.walk(node)), default=0)


def _span(node: ast.ListComp | ast.SetComp | ast.DictComp) -> Span:
    names = {
        part.id for generator in node.generators for part in ast.walk(generator.target) if isinstance(part, ast.Name)
    }
    return Span(*_place(node), frozenset(names), _place(node.generators[0].iter))


def _place(node: ast.expr) -> tuple[Position, Position]:
    return (node.lineno, node.col_offset), (node.end_lineno or node.lineno, node.end_col_offset or 0)


def _own(places: dict[int, tuple[Position, Position]], spans: list[Span]) -> list[Span]:
    """The comprehensions of a code object itself: a lambda or generator expression inside one has its own frame."""
    wide = [place for place in places.values() if place[0] != place[1]] or [((0, 0), (0, 0))]
    first, last = min(start for start, _ in wide), max(end for _, end in wide)
    return [span for span in spans if first <= span.start and span.end <= last]


def _loops(places: dict[int, tuple[Position, Position]], spans: list[Span]) -> dict[int, frozenset[Span]]:
    found = {}
    for index, (start, end) in places.items():
        if inside := [span for span in spans if span.start <= start and end <= span.end]:
            found[2 * index] = frozenset(inside)
    return found


def _places(code: CodeType) -> dict[int, tuple[Position, Position]]:
    """Number of an instruction -> where it begins and ends in the source, for those that have a place."""
    return {
        index: ((line, column), (end_line, end_column))
        for index, (line, end_line, column, end_column) in enumerate(code.co_positions())
        if line is not None and end_line is not None and column is not None and end_column is not None
    }


def _masks(
    code: CodeType, places: dict[int, tuple[Position, Position]], spans: list[Span]
) -> dict[int, frozenset[str]]:
    optimized = bool(code.co_flags & CO_OPTIMIZED)  # elsewhere the hidden names are not part of the namespace
    local = frozenset(code.co_varnames + code.co_cellvars) if optimized else frozenset()
    masks = {}
    for index, place in places.items():
        if inside := [span.names for span in spans if span.holds(*place)]:
            masks[2 * index] = frozenset().union(*inside) & local
    return masks
