"""Which constructs of Python a program uses, read from its syntax tree: what a dataset can teach about."""

from __future__ import annotations

import ast
import warnings

_BY_NODE: dict[type[ast.AST], str] = {
    ast.For: "for loop",
    ast.While: "while loop",
    ast.If: "if",
    ast.IfExp: "conditional expression",
    ast.Match: "match",
    ast.FunctionDef: "function",
    ast.Lambda: "lambda",
    ast.ClassDef: "class",
    ast.ListComp: "comprehension",
    ast.SetComp: "comprehension",
    ast.DictComp: "comprehension",
    ast.GeneratorExp: "generator",
    ast.Yield: "generator",
    ast.YieldFrom: "generator",
    ast.AsyncFunctionDef: "async",
    ast.Try: "exception handling",
    ast.Raise: "raise",
    ast.With: "with",
    ast.Import: "import",
    ast.ImportFrom: "import",
    ast.JoinedStr: "f-string",
    ast.Slice: "slice",
    ast.Dict: "dictionary",
    ast.Set: "set",
    ast.Break: "break or continue",
    ast.Continue: "break or continue",
    ast.Global: "global or nonlocal",
    ast.Nonlocal: "global or nonlocal",
    ast.NamedExpr: "walrus",
}
_LOOPS = (ast.For, ast.While, ast.AsyncFor)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def constructs(source: str) -> set[str]:
    """The names of the constructs in `source`; none for what does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes of programs that are not ours
            tree = ast.parse(source)
        return _found(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()


def _found(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if name := _BY_NODE.get(type(node)):
            found.add(name)
        if isinstance(node, _LOOPS) and "nested loops" not in found and _holds_loop(node):
            found.add("nested loops")
        elif isinstance(node, _FUNCTIONS) and "recursion" not in found and _calls_itself(node):
            found.add("recursion")
    return found


def _holds_loop(loop: ast.AST) -> bool:
    return any(isinstance(inner, _LOOPS) for inner in ast.walk(loop) if inner is not loop)


def _calls_itself(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(_called(func) == function.name for func in calls)


def _called(func: ast.expr) -> str | None:
    if isinstance(func, ast.Name):
        return func.id
    own = isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id in ("self", "cls")
    return func.attr if own and isinstance(func, ast.Attribute) else None
