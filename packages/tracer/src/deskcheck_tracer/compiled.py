"""Compile a program for the recorder: a literal of thousands of lines counts as one line.

Up to Python 3.14 the interpreter searches the line table from its start whenever a new line begins, so a table written
over n lines takes n * n steps to trace (CPython issue 127953; 12,000 lines took seconds). Such a statement is one step
anyway, so its parts are given its first line. A statement with a comprehension or a lambda keeps its places, which tell
their loops and frames apart.

Every run gets code objects of its own, by whose identity its frames are known. A copy does, with the same constants in
it, and takes a thirtieth of the time of compiling the program again for the next run of a series.
"""

import ast
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType

from .originals import BUILTINS as __builtins__  # noqa: F401

LONG = 1_000
"""Lines above which a simple statement is taken together."""


def compiled(source: str, filename: str) -> CodeType:
    """The code of a module, new with every call; raises what `compile` raises."""
    return _copy(_original(source, filename))


@lru_cache(maxsize=1)
def _original(source: str, filename: str) -> CodeType:
    if source.count("\n") < LONG:
        return compile(source, filename, "exec", dont_inherit=True)
    tree = ast.parse(source, filename)
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body") and _lines(node) > LONG and not _has_loops(node):
            _gather(node)
    return compile(tree, filename, "exec", dont_inherit=True)


def _copy(code: CodeType) -> CodeType:
    return code.replace(co_consts=tuple([_copy(one) if type(one) is CodeType else one for one in code.co_consts]))


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno


def _has_loops(node: ast.stmt) -> bool:
    kinds = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)
    return any(isinstance(part, kinds) for part in ast.walk(node))


def _gather(node: ast.stmt) -> None:
    for part in ast.walk(node):
        if isinstance(part, (ast.expr, ast.stmt, ast.keyword)):
            part.lineno = part.end_lineno = node.lineno
            part.col_offset = part.end_col_offset = 0


def family(code: CodeType) -> Iterator[CodeType]:
    """A code object and those of the functions and classes in it."""
    yield code
    for constant in code.co_consts:
        if type(constant) is CodeType:
            yield from family(constant)
