"""Tables in prose: a row is a moment of the run, a column a name, or the number of the round."""

import re
from dataclasses import dataclass, field

from .literal import UNKNOWN, same, value_of
from .places import Places, Where
from .sentences import cells
from .statement import Matter, Scope, Statement
from .tokens import Kind, Sentence, Token
from .vocabulary import words

_ROUND = re.compile(r"(?:round|iteration|pass|step|loop|#|no\.?)(?: (?:no\.?|number|#))?\Z", re.IGNORECASE)
_BEFORE = words("before old start previous")
_MARKS = str.maketrans("", "", "`*")


@dataclass
class Column:
    """Cells below one name: all tell of the beginning of their rounds, or all of their ends."""

    cells: list[tuple[Statement, bool, bool]] = field(default_factory=list)
    """(statement, whether it is true when its round begins, when it ends)."""


def settle(columns: dict[str, Column]) -> None:
    """What is true neither at the beginning nor at the end throughout a column is false where fewer cells are."""
    for column in columns.values():
        starts = [one for one, at_start, _ in column.cells if not at_start]
        ends = [one for one, _, at_end in column.cells if not at_end]
        for one in min(starts, ends, key=len):
            one.where = frozenset()


def read_row(
    sentence: Sentence, header: list[str], places: Places, number: int, columns: dict[str, Column]
) -> list[Statement]:
    """The statements of one row: each cell below a name is its value, all at one time."""
    found: list[Statement] = []
    scope: Scope | None = None
    names = [cell.translate(_MARKS).split(" (")[0].strip() for cell in header]
    for name, cell in zip(names, cells(sentence.text), strict=False):
        text = cell.translate(_MARKS).strip()
        value = value_of(text)
        if _ROUND.match(name) and isinstance(value, int):
            scope = places.laps.rounds(value) or scope
        elif (
            name in places.course.loop_variables
            and (windows := places.laps.loop_windows(name, value))
            and scope is None
        ):
            scope = Scope(windows, name)
        variable = next((word for word in name.split() if word in places.course.variables), None)
        if variable is None or not text or (value is UNKNOWN and not text.isidentifier()):
            continue
        where = _where(places, variable, text, value)
        if where is not None:
            why = f"{variable} is not {text} there"
            one = Statement(Matter.binding, sentence.start, sentence.end, where, why, sentence=number, follows=True)
            found.append(one)
            if _BEFORE & set(name.lower().split()):
                found.remove(one)
                continue  # of the time before the rest of its row
            if scope is not None and len(scope.windows) == 1:
                start, stop = scope.windows[0]
                last = max(
                    tick
                    for tick in range(start, stop)
                    if tick == start or places.course.ticks[tick].era <= places.course.ticks[stop - 1].era
                )
                after = where.after if isinstance(where, Where) else where
                columns.setdefault(name, Column()).cells.append((one, start in where, last in after))
    together = None
    for one in found:
        one.scope = scope
        assert isinstance(one.where, frozenset)
        together = one.where if together is None else together & one.where
        one.where = together
    return found


def _where(places: Places, name: str, text: str, value: object) -> frozenset[int] | None:
    token = Token(Kind.identifier, name, 0, 0)
    if value is not UNKNOWN:
        where = places.equal(token, Token(Kind.literal, text, 0, 0, value))
        written = places.where(lambda tick, before: str(places.value(token, tick, before)) == text)
        if isinstance(where, Where) and isinstance(written, Where):
            both = Where(where | written)
            both.after = where.after | written.after
            return both
        return where or written
    if not any(isinstance(places.value(token, tick), str) for tick in places.course.ticks):
        return None
    return places.where(lambda tick, before: same(text, places.value(token, tick, before)) or UNKNOWN)


__all__ = ["read_row"]
