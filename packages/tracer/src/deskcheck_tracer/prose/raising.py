"""Exceptions in prose: "it lands in the `except KeyError` arm", "this one parses without raising".

Which handler ran, or that nothing was raised, is about the moment that the text speaks of just now, like a verdict on a
condition: its neighbours give its place (neighbours.py).
"""

import ast

from ..moment import What
from .page import NEGATIONS, Page
from .statement import Matter
from .tokens import Kind
from .vocabulary import words

_CATCHES = words(
    "lands land catches caught catch handles handled picks goes jumps runs run executed enters taken reached triggers "
    "arm branch block clause fires"
)
_UNSURE = words("if when would only without never not until")
_NOTHING = words("without no")
_RAISES = words("raising exception error exceptions errors")


def read_raising(page: Page) -> None:
    """Handlers that ran, and steps that raised nothing."""
    for index, token in enumerate(page.tokens):
        if token.quoted and token.text.startswith("except "):
            _read_handler(page, index)
        elif token.kind is Kind.word and token.low in _RAISES:
            _read_nothing(page, index)


def _read_handler(page: Page, index: int) -> None:
    near = set(page.lows(page.clause_start(index), page.clause_end(index)))
    name = page.tokens[index].text.removeprefix("except ").split(" as ")[0].rstrip(":").strip()
    if not _CATCHES & near or (_UNSURE | NEGATIONS) & near:
        return
    handlers = [node for node in ast.walk(page.course.tree) if isinstance(node, ast.ExceptHandler)]
    told = [node.body[0].lineno for node in handlers if node.type is not None and ast.unparse(node.type) == name]
    others = [node.body[0].lineno for node in handlers if node.body[0].lineno not in told]
    if not told:
        return
    where = page.places.lines(told)
    found = page.add(Matter.exception, index, index, where, "that handler did not run there", sticky=True)
    if found is not None:
        found.opposite = page.places.lines(others)


def _read_nothing(page: Page, index: int) -> None:
    before = page.lows(index - 3, index)
    if not _NOTHING & set(before) or _UNSURE - {"without"} & set(page.lows(page.clause_start(index), index)):
        return
    ticks = page.course.ticks
    eras = {tick.era for tick in ticks if tick.moment.what in _RAISED or tick.moment.verb.startswith("raises")}
    raising = frozenset(tick.index for tick in ticks if tick.era in eras)
    if raising:
        calm = frozenset(range(len(ticks))) - raising
        found = page.add(Matter.exception, index, index, calm, "something was raised there", sticky=True)
        if found is not None:
            found.opposite = raising


_RAISED = (What.raise_, What.reraise, What.handled, What.unwind)
