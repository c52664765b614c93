"""Tables in prose: a row is a moment of the run, a column a name, or the number of the round."""

import re

from .lexer import Kind, Sentence, Token, cells
from .literal import UNKNOWN, same, value_of
from .places import Places
from .statement import Matter, Scope, Statement

_ROUND = re.compile(r"(?:round|iteration|pass|step|loop|#|no\.?)(?: (?:no\.?|number|#))?\Z", re.IGNORECASE)
_MARKS = str.maketrans("", "", "`*")


def read_row(sentence: Sentence, header: list[str], places: Places, number: int) -> list[Statement]:
    """The statements of one row: each cell below a name is its value, all at one time."""
    found: list[Statement] = []
    scope: Scope | None = None
    names = [cell.translate(_MARKS).split(" (")[0].strip() for cell in header]
    for name, cell in zip(names, cells(sentence.text), strict=False):
        text = cell.translate(_MARKS).strip()
        value = value_of(text)
        if _ROUND.match(name) and isinstance(value, int):
            scope = places.rounds(value) or scope
        variable = next((word for word in name.split() if word in places.course.variables), None)
        if variable is None or not text or (value is UNKNOWN and not text.isidentifier()):
            continue
        where = _where(places, variable, text, value)
        if where is not None:
            why = f"{variable} is not {text} there"
            found.append(Statement(Matter.value, sentence.start, sentence.end, where, why, sentence=number, follows=True))
    together = None
    for one in found:
        one.scope = scope
        assert isinstance(one.where, frozenset)
        together = one.where if together is None else together & one.where
        one.where = together
    return found


def _where(places: Places, name: str, text: str, value: object) -> frozenset[int] | None:
    token = Token(Kind.name, name, 0, 0)
    if value is not UNKNOWN:
        where = places.equal(token, Token(Kind.value, text, 0, 0, value))
        return where or places.where(lambda tick, before: str(places.value(token, tick, before)) == text)
    if not any(isinstance(places.value(token, tick), str) for tick in places.course.ticks):
        return None
    return places.where(lambda tick, before: same(text, places.value(token, tick, before)) or UNKNOWN)


__all__ = ["read_row"]
