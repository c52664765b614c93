"""Calls that a file shows of functions: the examples of doctests, and calls with literal arguments anywhere in it."""

from __future__ import annotations

import ast
import builtins
import doctest
from collections import defaultdict
from collections.abc import Collection, Iterator

from deskcheck_trainer.nlex.sources.statements import is_main_block, parse


def doctest_calls(source: str) -> list[str]:
    """Doctest calls of module-level functions that stand on their own: `f([1, 2])`, not `f(x)` of an earlier line."""
    try:
        tree = parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # recording it will say so
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    known = set(dir(builtins)) | {name for n in tree.body for name in _bound(n)}
    calls = [call for f in functions for call in _calls(ast.get_docstring(f) or "", {g.name for g in functions}, known)]
    return list(dict.fromkeys(calls))


def literal_calls(source: str, functions: Collection[str], module: str = "") -> dict[str, list[str]]:
    """For each function, its calls in a program or in the doctests of one whose arguments are all literals.

    With the name of a `module`, calls such as `module.f(1)` count too.
    """
    try:
        trees: list[ast.AST] = [parse(source)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    documented = (n for n in ast.walk(trees[0]) if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.Module))
    trees += [tree for text in [ast.get_docstring(n) for n in documented] if text for tree in _examples(text)]
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for node in (n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Call)):
        name = _called(node.func, module)
        if name in functions and (node.args or node.keywords) and _is_literal(node):
            found[name][ast.unparse(ast.Call(ast.Name(name), node.args, node.keywords))] = None
    return {name: list(calls) for name, calls in found.items()}


def without_main(source: str) -> str:
    """`source` with the lines of its `if __name__ == "__main__":` block left blank: called, not run."""
    try:
        tree = parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    lines = source.split("\n")
    for node in tree.body:
        if is_main_block(node):
            for i in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[i] = ""
    return "\n".join(lines).rstrip("\n") + "\n"


def _called(function: ast.expr, module: str) -> str:
    match function:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner == module:
            return name
    return ""


def _is_literal(call: ast.Call) -> bool:
    values = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg)]
    if len(values) < len(call.args) + len(call.keywords):
        return False  # **options
    try:
        for value in values:
            ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _examples(text: str) -> Iterator[ast.AST]:
    """The parsed examples of a docstring that expect no exception."""
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return  # a docstring that only looks like a doctest
    for example in examples:
        if example.exc_msg is None:
            try:
                yield parse(example.source.strip())
            except (SyntaxError, ValueError):
                continue


def _calls(text: str, functions: set[str], known: set[str]) -> Iterator[str]:
    for tree in _examples(text):
        match tree:
            case ast.Module(body=[ast.Expr(value=ast.Call(func=ast.Name(id=name)) as node)]) if name in functions:
                if _used(node) <= known | set(_bound(node)):
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
