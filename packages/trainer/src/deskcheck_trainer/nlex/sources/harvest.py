"""Functions taken out of a module, each with what it needs to stand alone.

A harvested function comes as a module of its own: the function, and of the statements around it those that it needs
directly or through others (imports, constants, classes, other functions), as they were written and in their order.
Everything else of the module is left behind. Where that would change what the function does, or cannot be told from the
text, the function is skipped with the reason: an import that programs may not make, a name bound by a loop or branch, a
list that statements of the module change.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from deskcheck_trainer.nlex.sources.statements import Definition, ModuleText, Statement, take_apart

MAX_MODULE = 20_000
"""Characters of a harvested module: more is a table of data, not a program to follow."""

_GIVEN = {*dir(builtins), "__name__"}
_DYNAMIC = {"globals", "eval", "exec", "__import__", "import_module"}
_PURE = {"len", "sorted", "sum", "min", "max", "set", "frozenset", "tuple", "list", "dict", "range", "enumerate", "zip"}
_PURE |= {"str", "int", "float", "abs", "round"}
_FROZEN_CALLS = {"frozenset", "compile", "namedtuple", "NamedTuple", "TypeVar", "Decimal", "Fraction", "getLogger"}


@dataclass(frozen=True)
class Harvested:
    """A function with its own module."""

    name: str
    source: str
    bound: frozenset[str]
    """Every name the module binds."""
    is_generator: bool = False


@dataclass(frozen=True)
class Skipped:
    """A function (or a class's methods) that is not taken."""

    name: str
    why: str
    is_method: bool = False


class _Fault(Exception):
    """Why a name cannot come along."""


def harvest(source: str, imports: Collection[str] = ()) -> list[Harvested | Skipped]:
    """The top-level functions of a module, in their order; `imports` are modules beyond the standard library.

    Raises SyntaxError, ValueError, RecursionError or MemoryError for what Python cannot parse.
    """
    module = take_apart(source)
    names = _Names(module, imports)
    last = {s.node.name: s.node for s in module.statements if isinstance(s.node, Definition)}
    return [
        one
        for node in last.values()  # a definition that a later one replaces is nobody's
        if (one := _methods(node) if isinstance(node, ast.ClassDef) else _function(node, names)) is not None
    ]


def _methods(node: ast.ClassDef) -> Skipped | None:
    count = sum(isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) for n in node.body)
    return Skipped(node.name, f"{count} methods", is_method=True) if count else None


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, names: _Names) -> Harvested | Skipped:
    if isinstance(node, ast.AsyncFunctionDef):
        return Skipped(node.name, "async")
    a = node.args
    if not (a.posonlyargs or a.args or a.kwonlyargs or a.vararg or a.kwarg):
        return Skipped(node.name, "no parameters")
    try:
        chosen = names.needed_for(node.name)
    except _Fault as fault:
        return Skipped(node.name, str(fault))
    text = _module(chosen, names.module.future)
    if len(text) > MAX_MODULE:
        return Skipped(node.name, f"{len(text)} characters with all it needs, expected at most {MAX_MODULE}")
    return Harvested(node.name, text, frozenset().union(*(s.binds for s in chosen)), _yields(node))


def _yields(node: ast.AST) -> bool:
    """Whether a function's own body yields."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(child, Definition | ast.Lambda) and _yields(child):
            return True
    return False


def _module(statements: Iterable[Statement], future: bool) -> str:
    text = "from __future__ import annotations\n" if future else ""
    before: Statement | None = None
    for statement in statements:
        either = (before, statement)
        if before and any(isinstance(s.node, Definition) for s in either if s):
            text += "\n\n"
        elif before and _is_import(before) != _is_import(statement):
            text += "\n"
        text += statement.text + "\n"
        before = statement
    return text


def _is_import(statement: Statement) -> bool:
    return isinstance(statement.node, ast.Import | ast.ImportFrom)


class _Names:
    """Who binds which name of a module, and which names cannot be relied on."""

    def __init__(self, module: ModuleText, imports: Collection[str]) -> None:
        self.module = module
        self.available = {*sys.stdlib_module_names, *imports}
        self.binders: dict[str, set[int]] = defaultdict(set)
        self.stars = {i for i, s in enumerate(module.statements) if "*" in s.binds}
        for i, statement in enumerate(module.statements):
            for name in statement.binds:
                self.binders[name].add(i)
        self.dynamic = {name: effect.node.lineno for effect in module.effects for name in effect.binds}
        self._link_calls()
        self.changed = self._changed()

    def needed_for(self, name: str) -> list[Statement]:
        """The statements that make up a module for `name`. Raises _Fault."""
        chosen, missing = self._closure([name], strict=True)
        for hint in sorted({h for i in chosen for h in self.module.statements[i].hints}):
            try:  # an annotation that nobody evaluates comes along where it can
                more, lacking = self._closure([hint], strict=True)
            except _Fault:
                continue
            chosen |= more if not lacking else set()
        missing -= {n for i in chosen for n in self.module.statements[i].sets}
        if missing:
            raise _Fault(f"{min(missing)} is not defined in the module")
        return [self.module.statements[i] for i in sorted(chosen)]

    def _closure(self, names: Iterable[str], *, strict: bool) -> tuple[set[int], set[str]]:
        """Statements that the names need, and names that nobody binds; `strict` raises _Fault for doubtful ones."""
        chosen, missing, seen, todo = set[int](), set[str](), set[str](), list(names)
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            if strict:
                self._refuse(name)
            binders = self.binders.get(name) or self.stars  # any other name may come from a star import, builtins too
            if not binders and name not in _GIVEN:
                missing.add(name)
            for i in sorted(binders - chosen):
                chosen.add(i)
                statement = self.module.statements[i]
                if strict:
                    self._refuse_imports(statement)
                # Sorted, so that the reason is the same in every process. Of `a, b = ...` both are bound: what else
                # changes b belongs to it.
                todo += sorted(statement.needs | statement.binds)
        return chosen, missing

    def _refuse(self, name: str) -> None:
        if name in _DYNAMIC:
            raise _Fault(f"{name}() binds or reads names that the text does not show")
        if name in self.dynamic:
            raise _Fault(f"{name} is bound by a statement that also does other things (line {self.dynamic[name]})")
        if name in self.changed:
            raise _Fault(f"{name} may be changed by statements that run on import")

    def _refuse_imports(self, statement: Statement) -> None:
        for node in ast.walk(statement.node) if "import" in statement.text else ():
            if isinstance(node, ast.ImportFrom) and node.level:
                raise _Fault(f"relative import ({ast.unparse(node)})")
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else names
            for name in (n.split(".")[0] for n in names):
                if name not in self.available:
                    raise _Fault(f"needs {name}, neither of the standard library nor in `imports`")

    def _link_calls(self) -> None:
        """`B = register(A)` may change A, and what `register` reaches: it belongs to whatever needs them."""
        assigned = (ast.Assign, ast.AnnAssign, ast.AugAssign)
        calling = [i for i, s in enumerate(self.module.statements) if isinstance(s.node, assigned) and _calls(s.node)]
        touched = [(i, self._mutable_from(self.module.statements[i].needs)) for i in calling]
        for i, names in touched:
            for name in names:
                self.binders[name].add(i)

    def _changed(self) -> set[str]:
        """Names whose value the module's other statements may change, directly or through functions they call."""
        return self._mutable_from({name for effect in self.module.effects for name in effect.needs})

    def _mutable_from(self, names: Collection[str]) -> set[str]:
        """What code that reads `names` may change, itself or by the functions among them."""
        statements = [self.module.statements[i] for i in self._closure(names, strict=False)[0]]
        within = set(names).union(*(s.needs for s in statements))
        return {n for n in within if self._is_mutable(n)}.union(*(s.sets for s in statements))

    def _is_mutable(self, name: str) -> bool:
        return not self._is_frozen(ast.Name(name), set()) if self._is_assigned(name) else False

    def _is_assigned(self, name: str) -> bool:
        nodes = [self.module.statements[i].node for i in self.binders.get(name, ())]
        return any(not isinstance(node, Definition | ast.Import | ast.ImportFrom) for node in nodes)

    def _is_frozen(self, node: ast.AST | None, seen: set[str]) -> bool:
        """Whether an expression's value can never change: numbers, text, tuples of them."""
        match node:
            case None | ast.Constant() | ast.JoinedStr() | ast.Lambda() | ast.Compare():
                return True
            case ast.Name(id=name):
                if name in seen:
                    return False
                bound = [self.module.statements[i] for i in self.binders.get(name, ())]
                return all(self._binds_frozen(s.node, {*seen, name}) for s in bound)
            case ast.UnaryOp() | ast.BinOp() | ast.BoolOp() | ast.Tuple() | ast.IfExp():
                children = (c for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr))
                return all(self._is_frozen(child, seen) for child in children)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                return name in _FROZEN_CALLS
            case ast.Attribute(value=ast.Name(id=name)):
                return not self._is_assigned(name)  # math.pi
        return False

    def _binds_frozen(self, node: ast.stmt, seen: set[str]) -> bool:
        match node:
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                whole = all(isinstance(t, ast.Name | ast.Tuple) for t in targets)
                return whole and self._is_frozen(node.value, seen)
        return True


def _calls(node: ast.AST) -> bool:
    """Whether there is a call in it that could change its arguments."""
    calls = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
    return any(not (isinstance(f, ast.Name) and f.id in _PURE) for f in calls)
