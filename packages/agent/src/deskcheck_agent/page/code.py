"""Programs on the page: coloured line by line, and what changed from one program to the next.

Pygments takes the source apart, in whatever state a model left it; the colours are the trace viewer's, five kinds of
them. A difference is by lines, with the lines around each change.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from html import escape

from markupsafe import Markup
from pygments.lexers import PythonLexer  # pyright: ignore[reportAttributeAccessIssue]
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

from deskcheck_agent.page.texts import visible, with_gaps

MOST_LINES = 400
"""Of one program; a longer one is cut, with a mark, and compared as far as that."""
MOST_IN_LINE = 1_000
_AROUND = 3
_COLOURS = [
    (Comment, "c"), (String, "s"), (Number, "n"), (Keyword, "k"), (Operator.Word, "k"),
    (Name.Function, "d"), (Name.Class, "d"),
]  # fmt: skip
_Step = tuple[str, int, int, int, int]
Marks = dict[int, tuple[int, int]]
"""Line (from 0) -> the range of characters to mark."""
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
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    old_marks, new_marks = _inner_changes(before, after, steps)
    old_html, new_html = _coloured(before, old_marks), _coloured(after, new_marks)
    rows: list[Row] = []
    for tag, i, i_end, j, j_end in steps:
        if tag == "equal":
            rows += [Row("same", i + at + 1, j + at + 1, new_html[j + at]) for at in range(i_end - i)]
        else:
            rows += [Row("gone", at + 1, None, old_html[at]) for at in range(i, i_end)]
            rows += [Row("new", None, at + 1, new_html[at]) for at in range(j, j_end)]
    return _near_changes(rows)


def _inner_changes(before: Sequence[str], after: Sequence[str], steps: Sequence[_Step]) -> tuple[Marks, Marks]:
    """Where, inside lines that took each other's place, the two differ: what is between the same start and end."""
    old_marks: Marks = {}
    new_marks: Marks = {}
    for tag, i, i_end, j, j_end in steps:
        if tag != "replace" or i_end - i != j_end - j:
            continue
        for at in range(i_end - i):
            old, new = before[i + at], after[j + at]
            start = _shared(old, new)
            end = _shared(old[start:][::-1], new[start:][::-1])
            if start + end > len(old.strip()) // 3:  # lines with little in common are other lines
                old_marks[i + at], new_marks[j + at] = (start, len(old) - end), (start, len(new) - end)
    return old_marks, new_marks


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))


def _near_changes(rows: list[Row]) -> list[Row]:
    """Unchanged lines far from any change make gaps."""
    changed = [place for place, row in enumerate(rows) if row.kind != "same"]
    return with_gaps(rows, {place + step for place in changed for step in range(-_AROUND, _AROUND + 1)}, _gap)


def _gap(count: int) -> Row:
    return Row("gap", None, None, Markup(""), count)


def _lines(source: str) -> list[str]:
    return visible(source).rstrip("\n").split("\n")


def _coloured(lines: Sequence[str], marks: Marks | None = None) -> list[Markup]:
    """The HTML of every line, the marked ranges of characters in marks."""
    made: list[list[str]] = [[]]
    column = 0
    for kind, text in _LEXER.get_tokens("\n".join(_shortened(line) for line in lines)):
        letter = _letter(kind)
        for place, part in enumerate(text.split("\n")):
            if place:
                made.append([])
                column = 0
            if part:
                start, end = marks.get(len(made) - 1, (0, 0)) if marks else (0, 0)
                made[-1] += [_span(part, letter)] if not end else _spans(part, letter, start - column, end - column)
                column += len(part)
    return [Markup("".join(parts)) for parts in made]  # each part is escaped


def _spans(text: str, letter: str, start: int, end: int) -> Iterator[str]:
    """A token's text, what lies between start and end in a mark."""
    start, end = max(0, start), max(0, end)
    for part, marked in ((text[:start], False), (text[start:end], True), (text[max(start, end) :], False)):
        if part:
            yield f"<mark>{_span(part, letter)}</mark>" if marked else _span(part, letter)


def _shortened(line: str) -> str:
    rest = len(line) - MOST_IN_LINE
    return line if rest <= 0 else f"{line[:MOST_IN_LINE]} \u2026 {rest:,} characters left out"


def _span(text: str, letter: str) -> str:
    return f'<i class="{letter}">{escape(text)}</i>' if letter else escape(text)


@cache
def _letter(kind: _TokenType) -> str:
    """The colour of a kind of token; none for plain text."""
    return next((letter for family, letter in _COLOURS if kind in family), "")
