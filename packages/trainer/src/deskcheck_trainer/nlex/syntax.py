"""Parsing text that may be anything: no warning about a stranger's escapes, no error of the parser's own."""

from __future__ import annotations

import ast
import warnings


def parsed(text: str) -> ast.Module | None:
    """The syntax tree of a module; None where the text is no program, or too deep a one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def parsed_expression(text: str) -> ast.expr | None:
    """The syntax tree of one expression; None where the text is none."""
    tree = parsed(text.strip())
    body = tree.body if tree is not None else []
    return body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
