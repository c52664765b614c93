"""Which expressions change nothing: they read names and combine them.

Unknown calls change anything; known built-in functions and methods read. Some read through their arguments, which
consumes an iterator: then the names in it must hold built-in containers, and are noted in `built_in`. A name that the
program binds itself is no longer the built-in function.
"""

import ast
from collections.abc import Iterable, Sequence

from .originals import BUILTINS as __builtins__  # noqa: F401
from .special import may_call_unseen

_QUIET_CALLS = frozenset({
    "abs", "bool", "chr", "divmod", "float", "hash", "hex", "id", "input", "int", "isinstance", "len", "ord", "print",
    "range", "repr", "round", "str", "type",
})  # fmt: skip
_READERS = frozenset({
    "sum", "min", "max", "sorted", "list", "tuple", "set", "any", "all", "enumerate", "zip", "reversed",
})  # fmt: skip
"""Built-in functions that read through their arguments."""
_PURE_METHODS = frozenset({
    "keys", "values", "items", "copy", "count", "index", "upper", "lower", "strip", "lstrip", "rstrip", "split",
    "rsplit", "splitlines", "startswith", "endswith", "find", "rfind", "replace", "isdigit", "isalpha", "isalnum",
    "isupper", "islower", "isspace", "isnumeric", "title", "capitalize", "swapcase", "zfill", "center", "ljust",
    "rjust",
})  # fmt: skip
_GETTERS = frozenset({"get"})
"""Pure as well, but what they give may be anything."""
_DYNAMIC = frozenset({
    "exec", "eval", "compile", "__import__", "globals", "locals", "vars", "setattr", "delattr", "builtins",
    "__builtins__", "weakref", "ctypes", "mock", "gc", "_thread",
})  # fmt: skip
"""Names of what makes a program do more than its text says."""
_HOOKS = frozenset({"settrace", "setprofile", "addaudithook", "monitoring", "signal", "setitimer"})
"""What has functions called between or within statements, unrecorded."""
_RENAMERS = frozenset({"update_wrapper", "wraps", "setattr", "__setattr__", "vars", "__dict__"})
_PURE = (
    ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.Compare, ast.Constant, ast.Name, ast.Attribute, ast.Tuple,
    ast.List, ast.Dict, ast.Set, ast.JoinedStr, ast.FormattedValue, ast.Slice,
    ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop,
)  # fmt: skip


def _is_renaming(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr == "__name__"


class Purity:
    """What is pure in one source."""

    def __init__(self, nodes: Sequence[ast.AST]) -> None:
        """`nodes` are all of its syntax tree."""
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        bound = _bound(nodes)
        modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
        paths = modules | {node.name for node in nodes if isinstance(node, ast.alias)}
        used = names | bound | {part for path in paths for part in path.split(".")}
        hooked = not _HOOKS.isdisjoint(used | attributes)
        self.off = hooked or not _DYNAMIC.isdisjoint(used) or "*" in bound or may_call_unseen(nodes)
        """Whether nothing is known of any statement."""
        self.renames = not _RENAMERS.isdisjoint(used | attributes) or any(map(_is_renaming, nodes))
        """Whether a function or class may get another name, by which it is told, while it is held."""
        self._quiet, self._reading = _QUIET_CALLS - bound, _READERS - bound
        self.functions = self._quiet | self._reading
        """Names that are taken for built-in functions, as far as the text tells (`reliance`)."""
        self.built_in: list[str] = []
        """Names that what was asked about lately needs to hold atoms or built-in containers."""
        self.attributes = "__dict__" not in attributes | texts  # two objects may have one `__dict__`
        # reading an item of a defaultdict may create it
        self._subscripts = {"defaultdict", "DefaultDict"}.isdisjoint(names | bound | attributes)

    def is_pure(self, node: ast.AST) -> bool:
        """Whether evaluating it changes nothing."""
        if isinstance(node, ast.Call):
            return self._is_pure_call(node)
        if isinstance(node, ast.Compare):
            pairs = zip(node.ops, node.comparators, strict=True)
            looked_into = [other for test, other in pairs if isinstance(test, ast.In | ast.NotIn)]
            return all(map(self.is_pure, [node.left, *node.comparators])) and all(map(self._is_readable, looked_into))
        if isinstance(node, ast.Dict) and None in node.keys:  # {**mapping}
            return False
        if isinstance(node, ast.Subscript):
            return self._subscripts and self.is_pure(node.value) and self.is_pure(node.slice)
        return isinstance(node, _PURE) and all(map(self.is_pure, ast.iter_child_nodes(node)))

    def _is_pure_call(self, node: ast.Call) -> bool:
        if not all(map(self.is_pure, node.args)):
            return False
        match node.func:
            case ast.Name(id=name) if name in self._quiet:
                return all(keyword.arg != "file" and self.is_pure(keyword.value) for keyword in node.keywords)
            case ast.Name(id="min" | "max" as name) if name in self._reading and len(node.args) > 1:
                return not node.keywords
            case ast.Name(id=name) if name in self._reading:
                return not node.keywords and all(map(self._is_readable, node.args))
            case ast.Attribute(value=ast.Name(id=name), attr=method) if method in _PURE_METHODS | _GETTERS:
                self.built_in.append(name)
                return not node.keywords
            case ast.Attribute(value=ast.Name(id=name), attr="join"):
                self.built_in.append(name)
                return all(map(self._is_readable, node.args))
            case ast.Attribute(value=ast.Constant(value=str()), attr="join"):
                return all(map(self._is_readable, node.args))
        return False

    def _is_readable(self, node: ast.AST) -> bool:
        """Whether reading through the value consumes nothing: a built-in container or string."""
        match node:
            case ast.Name(id=name):
                self.built_in.append(name)
                return True
            case ast.Constant() | ast.List() | ast.Tuple() | ast.Set():
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(), attr=method)):
                return method in _PURE_METHODS
            case ast.Call(func=ast.Name(id="range" | "sorted" | "list")):
                return True
        return False


def _bound(nodes: Iterable[ast.AST]) -> set[str]:
    """Every name that a program of these nodes binds anywhere."""
    found: set[str] = set()
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
            case ast.MatchMapping(rest=str(name)):
                found.add(name)
            case ast.alias(name=path, asname=name):
                found.update({name} if name else {path, path.partition(".")[0]})
            case ast.TypeVar(name=name) | ast.ParamSpec(name=name) | ast.TypeVarTuple(name=name):
                found.add(name)
    return found
