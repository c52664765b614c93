"""Whether operators and attributes of a program's classes may call what is not recorded.

`p + 1` and `p.x` change nothing but by functions of the class, and those are recorded, as long as they are written with
`def`. `__add__ = xs.append` or `x = property(xs.append)` puts a function written in C there, which changes `xs` without
a line of its own. Looked for are the ways to do that; in a program that has one, nothing is known of any statement
(`purity`).
"""

import ast
from collections.abc import Iterable

from .originals import BUILTINS as __builtins__  # noqa: F401

_MAKERS = frozenset({
    "property", "cached_property", "partialmethod", "singledispatchmethod", "new_class", "make_dataclass", "attrgetter",
    "methodcaller",
})  # fmt: skip
"""What makes a descriptor, a class or an access of any attribute when it is called; as decorators they are given a
function of the program."""
_PLAIN_DECORATORS = frozenset({
    "staticmethod", "classmethod", "property", "setter", "getter", "deleter", "cached_property", "abstractmethod",
    "override", "overload", "final", "cache", "lru_cache", "wraps", "total_ordering", "contextmanager",
})  # fmt: skip
_DATA = frozenset({
    "__slots__", "__doc__", "__match_args__", "__module__", "__qualname__", "__name__", "__annotations__", "__dict__",
    "__wrapped__", "__version__", "__author__", "__all__",
})  # fmt: skip
"""Special names that nothing calls."""


def may_call_unseen(nodes: Iterable[ast.AST]) -> bool:
    """Whether something else than a function of the program, all of whose nodes are given, may stand where operators
    and attributes call it."""
    return any(map(_is_doubtful, nodes))


def _is_doubtful(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr=name, ctx=ast.Store()):
            return _is_special(name)
        case ast.Attribute(attr="__setattr__") | ast.FunctionDef(name="__prepare__"):
            return True
        case ast.Call(func=ast.Name(id="type"), args=[_, _, *_]):
            return True
        case ast.Call(func=ast.Name(id="getattr"), args=[_, name, *_]):
            return not isinstance(name, ast.Constant) or _is_special(str(name.value))
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in _MAKERS
        case ast.ClassDef(body=body):
            functions = {statement.name for statement in body if isinstance(statement, ast.FunctionDef)}
            return any(_is_odd_member(statement, functions) for statement in body)
    return False


def _is_odd_member(statement: ast.stmt, functions: set[str]) -> bool:
    """Whether a statement of a class body gives a special name to something else than a function of the class."""
    match statement:
        case ast.FunctionDef(name=name, decorator_list=decorators):
            names = {_name_of(decorator) for decorator in decorators}
            return (_is_special(name) or "property" in names) and not names <= _PLAIN_DECORATORS
        case ast.Assign(targets=targets, value=value):
            plain = isinstance(value, ast.Constant | ast.Lambda) or (
                isinstance(value, ast.Name) and value.id in functions
            )
            return not plain and any(_is_special(_name_of(part)) for target in targets for part in ast.walk(target))
        case ast.AnnAssign(target=target):
            return _is_special(_name_of(target))
        case ast.Expr() | ast.ClassDef() | ast.AsyncFunctionDef():
            return False
    return any(isinstance(part, ast.Name) and _is_special(part.id) for part in ast.walk(statement))


def _is_special(name: str) -> bool:
    return name[:2] == "__" and name[-2:] == "__" and name not in _DATA


def _name_of(node: ast.AST) -> str:
    """The last part of a dotted name, also where it is called; empty for everything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=function):
            return _name_of(function)
    return ""
