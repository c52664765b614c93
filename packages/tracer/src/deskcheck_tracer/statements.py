"""The statement behind a line of the source, as far as a narration needs it.

A line is plain when exactly one statement begins there and its nested block, if any, is on other lines; then the
narrator may speak about its parts (targets, condition, loop). Everything else (several statements on a line, lines of
lambdas) is told as it is written.
"""

import ast
import warnings
from dataclasses import dataclass
from functools import lru_cache

from .layout import header_lines
from .substitute import one_line


@dataclass(frozen=True)
class Statement:
    """One logical line of a program."""

    line: int
    text: str
    """The source of the statement's own line or lines, joined, without a trailing colon."""
    node: ast.AST | None
    """None where the line is not plain."""
    body: tuple[int, int] = (0, -1)
    """First and last line of the nested block that runs when the condition holds or an item is there."""
    span: tuple[int, int] = (0, -1)
    """First and last line of the whole statement."""


@lru_cache(maxsize=64)
def tree(source: str) -> ast.Module:
    """The syntax tree of a source; one of no statements if it does not parse."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of the program: an invalid escape, `is` with a literal
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])


@lru_cache(maxsize=64)
def statements(source: str) -> dict[int, Statement]:
    """The statements of a source by the line they are told under; empty if it does not parse."""
    lines = source_lines(source)
    found: dict[int, Statement] = {}
    crowded: set[int] = set()
    for node in ast.walk(tree(source)):
        if not isinstance(node, ast.stmt | ast.match_case | ast.ExceptHandler):
            continue
        first, last = header_lines(node)
        if first in found:
            crowded.add(first)
        found.setdefault(first, _statement(node, first, last, lines))
    for line in crowded:
        found[line] = Statement(line, found[line].text, None)
    return found


def source_lines(source: str) -> list[str]:
    """The lines of a source as Python counts them (form feeds and the like do not end a line)."""
    return source.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _statement(node: ast.AST, first: int, last: int, lines: list[str]) -> Statement:
    text = one_line("\n".join(lines[first - 1 : last])).strip()
    body = getattr(node, "body", None)
    end = getattr(node, "end_lineno", None) or last
    if not isinstance(body, list):
        return Statement(first, _uncommented(text), node, span=(first, end))
    top = min([body[0].lineno, *(item.lineno for item in getattr(body[0], "decorator_list", []))])
    inside = (top, body[-1].end_lineno)
    return Statement(first, _uncommented(text).removesuffix(":"), node if top > last else None, inside, (first, end))


def _uncommented(text: str) -> str:
    """The text without a trailing comment, where that is certain."""
    head, mark, _ = text.partition("#")
    if not mark or head.count("'") % 2 or head.count('"') % 2:
        return text
    return head.rstrip()
