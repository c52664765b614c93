"""From a subject and a value to a statement: what it says, where in the run it could be true, and why not elsewhere.

A value of a kind that its subject never has is no statement, but a word that stands beside it.
"""

import ast
import copy

from .course import Tick
from .literal import UNKNOWN, same
from .page import Page
from .places import Where
from .statement import Matter
from .tokens import Kind, Token
from .vocabulary import words

PUNCTUATION = words(": -> → => ⇒ ( —")


def bind(page: Page, subjects: list[int], values: list[int], changes: bool, old: int | None) -> None:
    """State what a subject is, or what several are."""
    if len(subjects) > 1:
        if len(values) == len(subjects):
            for one, value in zip(subjects, values, strict=True):
                state(page, one, value, changes, old)
        elif len(values) == 1:
            for one in subjects:
                state(page, one, values[0], changes, old)
        return
    if len(values) > 1 and not changes:
        if page.low(subjects[0] - 1) in (",", "and"):
            return
        values = values[:1]
        page.is_summary = True
    for number, value in enumerate(values):
        state(page, subjects[0], value, changes, old if number == 0 else None)


def state(page: Page, subject: int, value: int, changes: bool, old: int | None) -> None:
    """State that the subject is the value, or becomes it (`changes`; from the value at `old`, if that is told)."""
    name, token = page.tokens[subject], page.tokens[value]
    places = page.places
    first, last = min(subject, value), max(subject, value)
    if name.kind is Kind.expression and name.lines and token.kind is Kind.literal and isinstance(token.value, bool):
        return
    if name.kind is Kind.identifier and name.text not in page.course.variables:
        return
    if changes and name.kind is Kind.identifier and token.kind is Kind.literal:
        where = places.changes(name.text, token.value)
        if old is not None and page.is_term(old):
            before = places.value(page.tokens[old], page.course.ticks[0])
            if before is not UNKNOWN:
                where = places.went(name.text, before, token.value)
                page.used.add(old)
        elif not where:
            where = places.equal(name, token)
    else:
        where = places.equal(name, token)
    if (
        where is not None
        and not where
        and isinstance(token.value, str)
        and token.kind is Kind.literal
        and not token.quoted
    ):
        where = _loose_string(page, name, token) or where
    if where is not None and not where and isinstance(token.value, int) and not isinstance(token.value, bool):
        length = places.equal(_length(name), token)
        if length and name.kind is Kind.identifier and is_container(page, name):
            where = length
    if where is not None and not where and name.kind is Kind.identifier and token.kind is Kind.literal:
        where = _of_element(page, name, token)
    if where is not None and not where and _divides(name) and isinstance(token.value, int):
        where = page.places.equal(_floored(name), token)
    if isinstance(where, Where) and token.kind is Kind.literal and type(token.value) is int:
        where = _or_written(page, name, token, where)
    if _follows_from(page, first) and isinstance(where, Where) and name.kind is Kind.identifier:
        where = where.after
    beside = not name.quoted and all(low in PUNCTUATION for low in page.lows(subject + 1, value))
    if where is not None and not where and (beside or not could_be(page, name, token)):
        where = None
    page.add(Matter.binding, first, last, where, _why(page, name, token))
    page.used.update(range(first, last + 1))


def _follows_from(page: Page, index: int) -> bool:
    return page.low(index - 1) in ("means", "makes") or page.lows(index - 2, index) == ["means", "that"]


def could_be(page: Page, name: Token, token: Token) -> bool:
    """Whether the value is of a kind that the subject ever has; else the words were about something else."""
    kinds = {_kind(page.places.value(token, tick)) for tick in page.course.ticks} - {None}
    had = {_kind(page.places.value(name, tick)) for tick in page.course.ticks} - {None}
    return bool(kinds & had) or "none" in kinds | had


def _kind(value: object) -> str | None:
    if value is UNKNOWN:
        return None
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "sequence" if isinstance(value, list | tuple) else type(value).__name__


def _divides(name: Token) -> bool:
    return name.node is not None and any(isinstance(part, ast.Div) for part in ast.walk(name.node))


def _floored(name: Token) -> Token:
    """ "429 divided by 16 is 26, remainder 13"."""

    class Floor(ast.NodeTransformer):
        def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
            self.generic_visit(node)
            return ast.BinOp(node.left, ast.FloorDiv(), node.right) if isinstance(node.op, ast.Div) else node

    assert name.node is not None
    return Token(Kind.expression, name.text, name.start, name.end, node=Floor().visit(copy.deepcopy(name.node)))


def _of_element(page: Page, name: Token, token: Token) -> frozenset[int]:
    """Where an element of a dict or list has the value: "its stock is 0" with `stock` a dict."""

    def test(tick: Tick, before: bool) -> object:
        value = page.places.value(name, tick, before)
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else ()
        return any(same(token.value, item) for item in items)

    return page.places.where(test) or frozenset()


def _length(name: Token) -> Token:
    from .joining import parsed

    return Token(Kind.expression, f"len({name.text})", name.start, name.end, node=parsed(f"len({name.text})"))


def is_container(page: Page, name: Token) -> bool:
    """Whether the name ever holds something with a length."""
    return any(
        isinstance(page.course.lookup(name.text, tick), list | tuple | dict | set | str) for tick in page.course.ticks
    )


def _loose_string(page: Page, name: Token, token: Token) -> frozenset[int]:
    """Quoted text may stand for another value's text: "7" for 7."""
    return (
        page.places.where(lambda tick, before: str(page.places.value(name, tick, before)) == token.value) or frozenset()
    )


def _or_written(page: Page, name: Token, token: Token, where: Where) -> Where:
    """A number may stand for the text of it, which a program has read and not converted yet."""
    if not any(isinstance(page.places.value(name, tick), str) for tick in page.course.ticks):
        return where
    loose = page.places.where(lambda tick, before: page.places.value(name, tick, before) == str(token.value))
    if not isinstance(loose, Where):
        return where
    found = Where(where | loose)
    found.after = where.after | loose.after
    return found


def _why(page: Page, name: Token, token: Token) -> str:
    had: list[str] = []
    for tick in page.course.ticks:
        value = page.places.value(name, tick)
        if value is not UNKNOWN and repr(value) not in had:
            had.append(repr(value))
    return f"{name.text} is {', then '.join(had[:8])}{' ...' if len(had) > 8 else ''}, not {token.text} there"
