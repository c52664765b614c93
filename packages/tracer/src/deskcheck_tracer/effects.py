"""What a statement can change, as far as its text alone tells: the recorder then looks at that and no further.

A statement that only reads names and combines them changes nothing; a plain assignment changes its targets and no
container. Calls, subscript and attribute targets, `del`, imports, awaits, `in` (it may consume an iterator) and
everything else unknown have no entry: after those every local is compared. An entry is void when any recorded code ran
meanwhile (an operator or property written in the program), which the recorder sees by its row count, and when its
guard does not hold. Programs that use exec, eval or compile get no entries, since code run that way is not recorded.
"""

import ast
from typing import NamedTuple

from .originals import BUILTINS as __builtins__  # noqa: F401


class Effect(NamedTuple):
    """What one statement may change."""

    stores: tuple[str, ...]
    """Names it may bind."""
    guard: str | None = None
    """A name that must hold a number or string (`s += x`), or, for a loop, a built-in container, for the entry to be
    valid."""
    container_allowed: bool = False


_QUIET_CALLS = frozenset({
    "abs", "bool", "chr", "divmod", "float", "hash", "hex", "id", "input", "int", "isinstance", "len", "ord", "print",
    "range", "repr", "round", "str", "type",
})  # fmt: skip
_DYNAMIC = frozenset(
    {"exec", "eval", "compile", "__import__", "globals", "locals", "vars", "setattr", "builtins", "__builtins__"}
)
_PURE = (
    ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.Compare, ast.Constant, ast.Name, ast.Attribute, ast.Tuple,
    ast.List, ast.Dict, ast.Set, ast.JoinedStr, ast.FormattedValue, ast.Slice,
    ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop,
)  # fmt: skip


class Effects:
    """Effects of the statements of one source."""

    def __init__(self, tree: ast.Module) -> None:
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        bound = {
            node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        }
        bound |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        bound |= {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        self._off = not _DYNAMIC.isdisjoint(names) or "*" in bound
        self._quiet = _QUIET_CALLS - bound
        attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        self._subscripts = "defaultdict" not in names | bound | attributes  # reading one of its items may create it

    def of(self, node: ast.AST) -> Effect | None:
        """The effect of one statement's own line; None if it may change anything."""
        if self._off:
            return None
        match node:
            case ast.If() | ast.While():
                return Effect(()) if self._pure(node.test) else None
            case ast.Expr(value=value):
                return Effect(()) if self._pure(value) else None
            case ast.Return(value=value):
                return Effect(()) if value is None or self._pure(value) else None
            case ast.Pass() | ast.Break() | ast.Continue() | ast.Try() | ast.Global() | ast.Nonlocal():
                return Effect(())
            case ast.Assign(targets=targets, value=value):
                stores = [name for target in targets for name in _names(target)]
                return Effect(tuple(stores)) if all(map(_is_plain, targets)) and self._pure(value) else None
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value, simple=1) if self._pure(value):
                return Effect((name,))
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                return Effect((name,), guard=name) if self._pure(value) else None
            case ast.For(target=target, iter=iterable):
                return self._loop(node, target, iterable)
        return None

    def _loop(self, node: ast.For, target: ast.expr, iterable: ast.expr) -> Effect | None:
        if not _is_plain(target):
            return None
        stores = tuple(_names(target))
        if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name) and iterable.func.id == "range":
            return Effect(stores) if self._pure(iterable) else None
        if isinstance(iterable, ast.List | ast.Tuple | ast.Constant) and self._pure(iterable):
            return Effect(stores)
        if isinstance(iterable, ast.Name):
            rebound = {
                part.id
                for part in ast.walk(node)
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del)
            }
            return None if iterable.id in rebound else Effect(stores, guard=iterable.id, container_allowed=True)
        return None

    def _pure(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            known = isinstance(node.func, ast.Name) and node.func.id in self._quiet
            return (
                known
                and all(map(self._pure, node.args))
                and all(self._pure(keyword.value) for keyword in node.keywords)
            )
        if isinstance(node, ast.Compare) and any(isinstance(test, ast.In | ast.NotIn) for test in node.ops):
            return False
        if isinstance(node, ast.Dict) and None in node.keys:  # {**mapping}
            return False
        if isinstance(node, ast.Subscript):
            return self._subscripts and self._pure(node.value) and self._pure(node.slice)
        return isinstance(node, _PURE) and all(map(self._pure, ast.iter_child_nodes(node)))


def _is_plain(target: ast.expr) -> bool:
    """A single name; unpacking may consume an iterator."""
    return isinstance(target, ast.Name)


def _names(target: ast.expr) -> list[str]:
    return [target.id] if isinstance(target, ast.Name) else []
