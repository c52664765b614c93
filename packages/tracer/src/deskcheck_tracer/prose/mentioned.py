# ruff: noqa: RUF001 - people write dashes, quotes and signs of all kinds
"""Values that a sentence mentions and no statement accounts for: made up, or hints of where the text is."""

import ast
import re
from typing import Any

from .bindings import counts_things
from .mentions import Mentions
from .page import Page
from .statement import HEAVY, Matter, Statement
from .tokens import Kind, Token

HINT, HEAD = 0.12, 0.4
"""What it costs to give a value that is only mentioned no place; the second for one that begins a sentence."""


def read_lines(page: Page) -> None:
    for index, token in enumerate(page.tokens):
        if token.kind is Kind.line and index not in page.used:
            page.add(Matter.line, index, index, page.places.lines(token.lines) or True, weight=HINT)


def read_mentions(page: Page, mentions: Mentions) -> None:
    for index, token in enumerate(page.tokens):
        if index in page.used:
            _read_made_up(page, index, mentions)
            continue
        if token.kind is Kind.expression:
            _read_made_up(page, index, mentions)
        if token.kind is Kind.code and token.text in mentions.text:
            _read_hint(page, index, token.text, mentions.where(token.text))
        elif token.kind is Kind.code and _PLAIN.match(token.text) and _has_digit(token.text) and " " in token.text:
            page.add(Matter.mention, index, index, False, f"{token.text} does not occur in the run")
        if token.kind is not Kind.literal:
            continue
        if isinstance(token.value, int) and counts_things(page, index):
            _read_hint(page, index, token.value, mentions.where(token.value))
            continue
        if not token.quoted and token.text.replace("-", "").isalpha():
            known = _is_known(page, token.value, mentions, quoted=token.quoted)
            if known and isinstance(token.value, int) and token.value < 2:
                continue
            page.add(Matter.mention, index, index, known, "" if known else f"{token.text} does not occur in the run")
            continue
        if isinstance(token.value, str) and token.text[0] == '"' and not token.quoted and " " in token.value:
            if _has_digit(token.value) and token.value not in mentions.text:
                page.add(Matter.mention, index, index, False, f"{token.text} does not occur in the run")
            continue
        known = _is_known(page, token.value, mentions, quoted=token.quoted)
        if not known and isinstance(token.value, tuple) and not token.quoted:
            continue
        if not known and token.text in page.labels:
            continue
        if not known and token.text[0] == '"' and str(token.value).isalpha() and not token.quoted:
            continue  # a word in quotation marks, as people write them
        if not known:
            page.add(Matter.mention, index, index, False, f"{token.text} does not occur in the run")
            continue
        where = mentions.where(token.value)
        kinds = (list, dict, set, tuple) if token.quoted else (list, dict, set)
        if isinstance(token.value, kinds) and where and len(token.value) > 1:
            page.add(Matter.mention, index, index, where, f"{token.text} is no value of anything there")
        else:
            _read_hint(page, index, token.value, where)


MEETING = 0.5
"""What it costs to tell "5 > 3 is true" of another moment than one that has both in hand."""


def read_meetings(page: Page) -> None:
    """Where the numbers of a statement about numbers alone meet: "4 <= 4 is true", "9 + 3 = 12"."""
    everywhere = len(page.course.ticks)
    for one in list(page.found):
        if one.matter not in (Matter.binding, Matter.comparison) or isinstance(one.where, bool):
            continue
        if len(one.where) < everywhere:
            continue
        tokens = [token for token in page.tokens if one.start <= token.start < one.end]
        values = _numbers_in(tokens)
        if len(values) < 2:
            continue
        where = [page.places.touches.where(value) for value in values]
        meet = frozenset[int].intersection(*where)
        if one.matter is Matter.comparison and len(values) == 2:
            meet = page.places.touches.comparing(*values) or meet
        if meet:
            page.found.append(Statement(Matter.line, one.start, one.end, meet, weight=MEETING))


def _is_known(page: Page, value: Any, mentions: Mentions, *, quoted: bool = False) -> bool:
    """Whether a value occurs in the run, is computed there, or follows from the numbers of its sentence."""
    if mentions.knows(value) or mentions.computes(value):
        return True
    if isinstance(value, tuple) and not quoted:
        return all(mentions.knows(item) for item in value)
    return isinstance(value, int | float) and _follows(value, _numbers(page))


def _numbers(page: Page) -> list[float]:
    return _numbers_in(page.tokens)


def _numbers_in(tokens: list[Token]) -> list[float]:
    found: list[float] = []
    for token in tokens:
        items = token.value if isinstance(token.value, list | tuple) else [token.value]
        if token.node is not None and token.kind is Kind.expression:
            items = [part.value for part in ast.walk(token.node) if isinstance(part, ast.Constant)]
        found += [item for item in items if isinstance(item, int | float) and not isinstance(item, bool)]
    return found


def _follows(value: float, numbers: list[float]) -> bool:
    """Whether a number is the sum of numbers told side by side, or what two of them give."""
    others = [number for number in numbers if number != value][:40]
    sums = {sum(others[start:stop]) for start in range(len(others)) for stop in range(start + 2, len(others) + 1)}
    pairs = {
        result for one in others for other in others
        for result in (one - other, one * other, *((one / other, one // other) if other else ()))
    }  # fmt: skip
    return value in sums or value in pairs


_PLAIN = re.compile(r"[A-Za-z][\w .:,!-]+\Z")


def _has_digit(text: str) -> bool:
    return any(char.isdigit() for char in text)


def _read_hint(page: Page, index: int, value: Any, where: frozenset[int]) -> None:
    """A value that places the text: where it is new; the rounds of an item that a bullet begins with."""
    rounds = page.places.laps.item_ticks(value)
    if rounds and _is_head(page, index):
        page.add(Matter.mention, index, index, rounds, "the words after it are not true of that round", weight=HEAVY)
    else:
        page.add(Matter.mention, index, index, where or True, weight=HEAD if index < 3 else HINT)


def _is_head(page: Page, index: int) -> bool:
    """Whether a value opens a bullet ("- 'b': ..."), or a sentence as in "For 9, ..."."""
    after = page.low(index + 1)
    if page.sentence.begins_line and index == 0 and not page.sentence.begins_paragraph:
        return after in (":", "→", "->", "–", "—", "-", "(", "=", ",")
    if index == 1 and page.is_word(0) and not page.sentence.begins_paragraph:
        return after in (":", "→", "->")
    return index <= 2 and page.low(index - 1) == "for" and after == ","


def _read_made_up(page: Page, index: int, mentions: Mentions) -> None:
    """A number in a condition or in arithmetic that occurs nowhere: "16 is not less than 10"."""
    token = page.tokens[index]
    if token.kind is Kind.literal:
        values = [token.value]
    elif token.kind is Kind.expression and token.node is not None and not token.lines:
        values = [part.value for part in ast.walk(token.node) if isinstance(part, ast.Constant)]
    else:
        return
    if not isinstance(token.node, ast.Compare) and any(
        one.matter is Matter.comparison and one.start <= token.start < one.end for one in page.found
    ):
        return _read_compared(page, index, mentions)
    if isinstance(token.node, ast.Compare) and len(values) > 1 and not mentions.together(values):
        page.add(Matter.mention, index, index, False, f"{token.text}: these values never meet")
        return
    for value in values:
        if isinstance(value, int | float) and not _is_known(page, value, mentions) and not any(
            one.start <= token.start < one.end and one.where is False for one in page.found
        ):  # fmt: skip
            page.add(Matter.mention, index, index, False, f"{value} does not occur in the run")


def _read_compared(page: Page, index: int, mentions: Mentions) -> None:
    """Values that are compared must be there together: "5 is greater than 4"."""
    one = next(
        one for one in page.found if one.matter is Matter.comparison and one.start <= page.tokens[index].start < one.end
    )
    values = [
        token.value
        for token in page.tokens
        if one.start <= token.start < one.end and isinstance(token.value, int | float)
    ]
    values = [value for value in values if not isinstance(value, bool)]
    if page.tokens[index].start == one.start and values and not mentions.together(values):
        page.add(Matter.mention, index, index, False, f"{values} never meet")
