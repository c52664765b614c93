"""Programs on the page: coloured line by line, and what changed from one program to the next.

Pygments takes the source apart, in whatever state a model left it; the colours are the trace viewer's, five kinds of
them. A difference is by lines, with the lines around each change.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from markupsafe import Markup, escape
from pygments.lexers import PythonLexer  # pyright: ignore[reportAttributeAccessIssue]
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

from deskcheck_agent.page.texts import visible

MOST_LINES = 400
"""Of one program; a longer one is cut, with a mark, and compared as far as that."""
MOST_IN_LINE = 1_000
_AROUND = 3
_COLOURS = [
    (Comment, "c"), (String, "s"), (Number, "n"), (Keyword, "k"), (Operator.Word, "k"),
    (Name.Function, "d"), (Name.Class, "d"),
]  # fmt: skip
_LEXER = PythonLexer(stripnl=False, ensurenl=False)


@dataclass(frozen=True)
class Row:
    """One line of a program or of a difference: `kind` is same, new, gone or gap (then `left_out` lines are)."""

    kind: str
    old: int | None
    new: int | None
    html: Markup
    left_out: int = 0


def listing(source: str) -> list[Row]:
    """A whole program."""
    whole = _lines(source)
    rows = [Row("same", None, number, html) for number, html in enumerate(_coloured(whole[:MOST_LINES]), 1)]
    return rows if len(whole) <= MOST_LINES else [*rows, _gap(len(whole) - MOST_LINES)]


def difference(old: str, new: str) -> list[Row]:
    """What became of the old program, line by line; empty if nothing did."""
    before, after = _lines(old), _lines(new)
    if before == after:
        return []
    before, after = before[:MOST_LINES], after[:MOST_LINES]
    old_html, new_html = _coloured(before), _coloured(after)
    rows: list[Row] = []
    for tag, i, i_end, j, j_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            rows += [Row("same", i + at + 1, j + at + 1, new_html[j + at]) for at in range(i_end - i)]
        else:
            rows += [Row("gone", at + 1, None, old_html[at]) for at in range(i, i_end)]
            rows += [Row("new", None, at + 1, new_html[at]) for at in range(j, j_end)]
    return list(_near_changes(rows)) or [_gap(len(rows))]


def _near_changes(rows: list[Row]) -> Iterator[Row]:
    """Unchanged lines far from any change make gaps."""
    changed = [place for place, row in enumerate(rows) if row.kind != "same"]
    near = {place + step for place in changed for step in range(-_AROUND, _AROUND + 1)}
    gap = 0
    for place, row in enumerate(rows):
        if place in near:
            if gap:
                yield _gap(gap)
            gap = 0
            yield row
        else:
            gap += 1
    if gap:
        yield _gap(gap)


def _gap(count: int) -> Row:
    return Row("gap", None, None, Markup(""), count)


def _lines(source: str) -> list[str]:
    return visible(source).rstrip("\n").split("\n")


def _coloured(lines: Sequence[str]) -> list[Markup]:
    """The HTML of every line."""
    made: list[list[Markup]] = [[]]
    for kind, text in _LEXER.get_tokens("\n".join(_shortened(line) for line in lines)):
        for place, part in enumerate(text.split("\n")):
            if place:
                made.append([])
            if part:
                made[-1].append(_span(kind, part))
    return [Markup("").join(parts) for parts in made]


def _shortened(line: str) -> str:
    rest = len(line) - MOST_IN_LINE
    return line if rest <= 0 else f"{line[:MOST_IN_LINE]} \u2026 {rest:,} characters left out"


def _span(kind: _TokenType, text: str) -> Markup:
    for family, letter in _COLOURS:
        if kind in family:
            return Markup('<i class="{}">{}</i>').format(letter, text)
    return escape(text)
