"""Texts of models and problems as they may stand on a page: nothing in them is taken for HTML, hides, or is endless.

`visible` writes characters out that a browser would drop, obey or refuse (controls, half of a surrogate pair, marks
that turn the direction of writing round). Long texts are cut, and a mark says by how much: the whole of them is in the
run folder. A statement is set as Markdown where it is written in it; HTML inside it stays text, pictures stay links,
since the page loads nothing.
"""

import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from itertools import groupby

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

MOST_CHARACTERS = 20_000
"""Of an answer, a prompt, a reasoning: what a page shows of it."""
MOST_IN_LINE = 500
"""Characters of one line of an input or output."""
MOST_LINES = 40
"""Lines of an input or output that are shown whole; longer ones keep their ends and what surrounds a marked line."""
_HEAD, _AROUND, _TAIL = 12, 5, 4

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), 127)} | {13: "\\r"}
_UNSEEN = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
_VISIBLE = _CONTROLS | {code: f"\u27e8U+{code:04X}\u27e9" for code in _UNSEEN}
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Line:
    """One line of a text on the page; `left_out` lines stand where it is a gap."""

    number: int
    text: str
    is_marked: bool = False
    left_out: int = 0


def visible(text: str) -> str:
    """The text with a sign for each character that would not show or not be accepted."""
    seen = text.replace("\r\n", "\n").translate(_VISIBLE)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", seen)


def cut(text: str, most: int = MOST_CHARACTERS) -> str:
    """A long text without its middle, a mark in its place."""
    if len(text) <= most:
        return visible(text)
    tail = most // 4
    mark = f"\n\u2026 {len(text) - most:,} characters left out \u2026\n"
    return visible(text[: most - tail]) + mark + visible(text[-tail:])


def one_line(text: str | None, most: int = 48) -> str:
    """The beginning of a text on one line, for a summary."""
    if text is None:
        return "nothing readable"
    words = " \u23ce ".join(visible(text[: 4 * most]).strip().splitlines())
    return words if len(words) <= most and len(text) <= 4 * most else words[:most].rstrip() + " \u2026"


def lines(text: str, marked: int | None = None) -> list[Line]:
    """The lines of an input or output, the `marked` one (from 1) among them; one after the last is `(ends here)`."""
    whole = text.removesuffix("\n").split("\n")
    if marked is not None and marked > len(whole):
        whole.append("(ends here)")
        marked = len(whole)
    return _shown([Line(number, _shortened(line), number == marked) for number, line in enumerate(whole, 1)], marked)


def _shortened(line: str) -> str:
    if len(line) <= MOST_IN_LINE:
        return visible(line)
    return visible(line[:MOST_IN_LINE]) + f" \u2026 {len(line) - MOST_IN_LINE:,} characters left out"


def _shown(whole: list[Line], marked: int | None) -> list[Line]:
    if len(whole) <= MOST_LINES:
        return whole
    kept = {*range(_HEAD), *range(len(whole) - _TAIL, len(whole))}
    if marked is not None:
        kept |= set(range(marked - 1 - _AROUND, marked + _AROUND))
    return with_gaps(whole, kept, lambda count: Line(0, "", left_out=count))


def with_gaps[T](rows: Sequence[T], kept: Container[int], gap: Callable[[int], T]) -> list[T]:
    """The rows whose places are kept, and between them a gap for each run of others, made from how many they are."""
    made: list[T] = []
    for is_kept, run in groupby(enumerate(rows), lambda each: each[0] in kept):
        shown = [row for _, row in run]
        made += shown if is_kept else [gap(len(shown))]
    return made


_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").disable("image")
_WRITTEN_IN_IT = re.compile(
    r"""^\#{1,6}[ ]\S | ^(```|~~~) | ^\s*[-*+][ ]\S | ^\s*\d+\.[ ]\S | ^\|.*\|$   # heading, fence, lists, table
    | \*\*\S.*?\S\*\* | `[^`\n]+` | \[[^]\n]+\]\([^)\n]+\)""",  # bold, code, link
    re.MULTILINE | re.VERBOSE,
)


def statement(text: str) -> Markup:
    """A problem's statement as HTML."""
    text = cut(text.strip("\n"), 3 * MOST_CHARACTERS)
    if not text.strip():
        return Markup("")
    if _WRITTEN_IN_IT.search(text):
        return Markup(_MARKDOWN.render(text))  # html is off, so all HTML in it is escaped
    return Markup('<p class="plain">{}</p>').format(escape(text))
