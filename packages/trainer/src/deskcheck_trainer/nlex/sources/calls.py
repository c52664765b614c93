"""Calls that a file shows of its own functions: the examples of their doctests."""

from __future__ import annotations

import ast
import builtins
import doctest
from collections.abc import Iterator


def doctest_calls(source: str) -> list[str]:
    """Doctest calls of module-level functions that stand on their own: `f([1, 2])`, not `f(x)` of an earlier line."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # recording it will say so
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    known = set(dir(builtins)) | {name for n in tree.body for name in _bound(n)}
    calls = [call for f in functions for call in _calls(ast.get_docstring(f) or "", {g.name for g in functions}, known)]
    return list(dict.fromkeys(calls))


def without_main(source: str) -> str:
    """`source` with the lines of its `if __name__ == "__main__":` block left blank: called, not run."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    lines = source.split("\n")
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) in _IS_MAIN:
            for i in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[i] = ""
    return "\n".join(lines).rstrip("\n") + "\n"


_IS_MAIN = ("__name__ == '__main__'", "'__main__' == __name__")


def _calls(text: str, functions: set[str], known: set[str]) -> Iterator[str]:
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return  # a docstring that only looks like a doctest
    for example in examples:
        try:
            node = ast.parse(example.source.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            continue
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions
        if is_call and example.exc_msg is None and _used(node) <= known | set(_bound(node)):
            yield ast.unparse(node)


def _used(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _bound(tree: ast.AST) -> Iterator[str]:
    """Names that a module-level statement, or the parts of an expression, bind."""
    if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield tree.name
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0]
