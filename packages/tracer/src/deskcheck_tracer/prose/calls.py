"""Calls in prose: with which arguments a function was called, what it returned, what was printed."""

import ast

from ..claims import true_output
from .bindings import counts_things
from .literal import UNKNOWN, same, value_of
from .page import NEGATIONS, Page
from .statement import Matter
from .tokens import Kind
from .vocabulary import words

_RETURNS = words("return returns returned returning")

_PRINTS = words("print prints printed printing outputs displays displayed emits emitted")


def read_calls(page: Page) -> None:
    """Calls with their arguments, what functions returned, what was printed, exceptions."""
    for index, token in enumerate(page.tokens):
        if token.kind is Kind.expression and isinstance(token.node, ast.Call):
            _read_call(page, index)
    for index, token in enumerate(page.tokens):
        if token.kind in (Kind.word, Kind.code) and index not in page.used:
            if token.low in _RETURNS or (
                token.low in ("result", "answer") and page.low(index + 1) in ("is", "=", ":", "was")
            ):
                _read_value(page, index, Matter.returned)
            elif token.low in _PRINTS or (token.low == "output" and page.low(index + 1) in ("is", "=", ":", "was")):
                _read_value(page, index, Matter.printed)


def _read_call(page: Page, index: int) -> None:
    token, course = page.tokens[index], page.course
    node = token.node
    if not isinstance(node, ast.Call) or node.keywords:
        return
    name = (
        node.func.id
        if isinstance(node.func, ast.Name)
        else node.func.attr
        if isinstance(node.func, ast.Attribute)
        else ""
    )
    if name not in course.functions:
        return
    skipped = int(isinstance(node.func, ast.Attribute))
    from .evaluate import evaluate

    arguments = [evaluate(part, lambda _: UNKNOWN, lambda *_: UNKNOWN) for part in node.args]
    if any(argument is UNKNOWN for argument in arguments) or not arguments:
        return
    calls = [call for call in course.calls if call.function.rpartition(".")[2] == name]
    if not calls or len(calls[0].arguments) - skipped != len(arguments):
        return
    found = [
        call for call in calls
        if all(map(same, arguments, map(value_of, list(call.arguments.values())[skipped:])))
    ]  # fmt: skip
    where = frozenset(tick for call in found for tick in range(max(0, call.start - 1), call.stop + 1))
    page.add(Matter.call, index, index, where, f"{name} was not called so")
    page.used.discard(index)
    page.calls[index] = found


_BETWEEN = words(
    "the value of a an is was then so its now which equals = : to back just simply immediately finally and "
    "therefore as string number list tuple boolean integer result final `"
)


def _read_value(page: Page, index: int, matter: Matter) -> None:
    at = index + 1
    if matter is Matter.returned and page.low(at) == "to":  # "`count` returns to 1"
        return
    if page.low(index - 1) in NEGATIONS | {"to", "would", "will", "should", "must"} or page.low(index - 2) in NEGATIONS:
        return
    while page.low(at) in _BETWEEN and at < len(page.tokens) and not page.is_term(at):
        at += 1
    if not page.is_term(at) or at in page.used:
        return
    token = page.tokens[at]
    after = page.low(at + 1)
    if counts_things(page, at):
        return
    if after in words("times lines line elements items values numbers if when entries more or followed") or (
        token.kind is not Kind.literal and not page.is_value(at)
    ):
        return
    if page.low(index) == "output":
        told = " ".join(true_output(page.course.trace).split())
        if str(token.value) not in (told, *told.split()) and repr(token.value) != told:
            page.add(matter, index, at, False, f"the output is {told[:80]!r}")
        return
    if matter is Matter.printed:
        page.add(matter, index, at, page.places.printed(token), f"printed was {page.course.trace.stdout[:80]!r}")
    else:
        functions = frozenset(page.lows(page.clause_start(index), index)) & page.course.functions
        functions |= {token.text for token in page.tokens[page.clause_start(index) : index]} & page.course.functions
        where = page.places.returned(token, functions)
        named = [calls for at, calls in page.calls.items() if page.clause_start(index) <= at < index]
        if named:
            where = frozenset(
                call.stop for call in named[-1] if call.value is not None and same(token.value, value_of(call.value))
            )
        if not where and page.low(index) in ("result", "answer"):
            where = page.places.touches.where(token.value)
        page.add(matter, index, at, where, "nothing returned that")
