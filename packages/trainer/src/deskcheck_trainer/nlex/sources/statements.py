"""The top-level statements of a module: what each binds, and which names of the module it needs.

Names are resolved by `symtable`, Python's own scope analysis, so nested functions, comprehensions, class bodies and
type parameters count as they do when the module runs. Nothing is executed.
"""

from __future__ import annotations

import ast
import symtable
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Statement:
    """One statement that binds names: an import (of one name each), a definition, an assignment."""

    node: ast.stmt
    text: str
    binds: frozenset[str]
    needs: frozenset[str]
    """Names of the module, or builtins, that it reads when it runs or when its functions do."""
    sets: frozenset[str] = frozenset()
    """Names that its functions assign by `global`."""
    hints: frozenset[str] = frozenset()
    """Names in annotations that are never evaluated (`from __future__ import annotations`)."""


@dataclass(frozen=True)
class Effect:
    """A statement that is more than a binding: a call, a loop, a branch, a `del`."""

    node: ast.stmt
    binds: frozenset[str]
    needs: frozenset[str]


@dataclass(frozen=True)
class ModuleText:
    """A module taken apart, in source order."""

    future: bool
    """It begins with `from __future__ import annotations`."""
    statements: tuple[Statement, ...]
    effects: tuple[Effect, ...]


def take_apart(source: str) -> ModuleText:
    """Raises SyntaxError, ValueError, RecursionError or MemoryError for what Python cannot parse."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    tree, lines = parse(source), source.split("\n")
    future = any(isinstance(n, ast.ImportFrom) and n.module == "__future__" for n in tree.body)
    with quiet():
        found = [one for node in tree.body for one in _taken(node, lines, future)]
    statements = tuple(one for one in found if isinstance(one, Statement))
    return ModuleText(future, statements, tuple(one for one in found if isinstance(one, Effect)))


def parse(source: str) -> ast.Module:
    """`ast.parse` without the warnings it has about the program. Raises what it raises."""
    with quiet():
        return ast.parse(source)


def quiet() -> warnings.catch_warnings[None]:
    """No SyntaxWarning: they are about programs that are not ours, and would fill the screen."""
    return warnings.catch_warnings(action="ignore", category=SyntaxWarning)


def is_main_block(node: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`, which an import does not run."""
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("__name__ == '__main__'", "'__main__' == __name__")


def _taken(node: ast.stmt, lines: list[str], future: bool) -> Iterator[Statement | Effect]:
    match node:
        case ast.ImportFrom(module="__future__") | ast.Pass() | ast.Expr(value=ast.Constant()):
            return
        case ast.AnnAssign(value=None):
            return
        case ast.Import() | ast.ImportFrom():
            yield from _imports(node)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            yield _statement(node, "\n".join(lines[first - 1 : node.end_lineno]).rstrip(), {node.name}, future)
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.TypeAlias():
            text = _segment(node, lines)
            targets = assigned(node)
            yield _statement(node, text, targets, future) if targets else _effect(node, lines)
        case _ if not is_main_block(node):
            yield _effect(node, lines)


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[Statement]:
    for alias in node.names:
        if isinstance(node, ast.Import):
            one, bound = ast.Import([alias]), alias.asname or alias.name.split(".")[0]
        else:
            one, bound = ast.ImportFrom(node.module, [alias], node.level), alias.asname or alias.name
        yield Statement(one, ast.unparse(one), frozenset([bound]), frozenset())


def assigned(node: ast.Assign | ast.AnnAssign | ast.AugAssign | ast.TypeAlias) -> set[str]:
    """The names that an assignment binds or, by a subscript or attribute, changes."""
    if isinstance(node, ast.TypeAlias):
        return {node.name.id}
    names: set[str] = set()
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        for part in _parts(target):
            while isinstance(part, ast.Attribute | ast.Subscript):
                part = part.value
            if not isinstance(part, ast.Name):
                return set()  # f().x = 1
            names.add(part.id)
    return names


def _parts(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _parts(element)
    else:
        yield target.value if isinstance(target, ast.Starred) else target


def _statement(node: ast.stmt, text: str, binds: set[str], future: bool) -> Statement:
    needs, sets = _names(f"{_FUTURE if future else ''}{text}")
    hints = _names(text)[0] - needs if future else frozenset[str]()
    return Statement(node, text, frozenset(binds), needs, sets, hints)


_FUTURE = "from __future__ import annotations\n"


def _effect(node: ast.stmt, lines: list[str]) -> Effect:
    table = symtable.symtable(_segment(node, lines), "<module>", "exec")
    bound = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    if isinstance(node, ast.Delete):
        bound |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return Effect(node, frozenset(bound), _names(_segment(node, lines))[0])


def _names(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """What a statement reads of the module's names, and what its functions assign by `global`."""
    top = symtable.symtable(text, "<module>", "exec")
    reads = {s.get_name() for s in top.get_symbols() if s.is_referenced() and not s.is_assigned()}
    sets: set[str] = set()
    tables = list(top.get_children())
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if symbol.is_global():
                reads |= {symbol.get_name()} if symbol.is_referenced() else set()
                sets |= {symbol.get_name()} if symbol.is_assigned() or symbol.is_imported() else set()
    return frozenset(reads), frozenset(sets)


def _segment(node: ast.stmt, lines: list[str]) -> str:
    """The text of a statement; offsets are in UTF-8 bytes."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    chosen = [line.encode() for line in lines[first : last + 1]]
    chosen[-1] = chosen[-1][: node.end_col_offset]
    chosen[0] = chosen[0][node.col_offset :]
    return b"\n".join(chosen).decode()
