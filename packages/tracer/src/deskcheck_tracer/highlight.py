"""Colours for source text: every line as segments of a class and a text, by Python's own tokenizer.

Classes are one letter, "" for plain text: k keyword, s string, n number, c comment, d the name that a `def` or
`class` defines. A source that the tokenizer refuses keeps its text, uncoloured from there on.
"""

import io
import keyword
import token
import tokenize
from collections.abc import Iterator

from .statements import source_lines

Segment = tuple[str, str]
MAX_LINES = 20_000
"""A longer source is shown without colours: the page would be slow to load."""

_STRINGS = {token.STRING, token.FSTRING_START, token.FSTRING_MIDDLE, token.FSTRING_END}
_SOFT = frozenset({"match", "case", "type", "_"})  # keywords in some places only: left plain


def highlight(source: str) -> list[list[Segment]]:
    """The segments of every line; their texts joined are the line."""
    lines = source_lines(source)
    marks: list[list[tuple[int, int, str]]] = [[] for _ in lines]
    if len(lines) <= MAX_LINES:
        try:
            for kind, (line, start), (end_line, end) in _coloured("\n".join(lines)):
                for number in range(line, end_line + 1):
                    first = start if number == line else 0
                    last = end if number == end_line else len(lines[number - 1])
                    marks[number - 1].append((first, last, kind))
        except (tokenize.TokenError, SyntaxError, IndexError):
            pass  # a program that does not compile is shown all the same
    return [_segments(line, spans) for line, spans in zip(lines, marks, strict=True)]


def _coloured(source: str) -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
    defines = False
    for found in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = ""
        if found.type in _STRINGS:
            kind = "s"
        elif found.type == token.NUMBER:
            kind = "n"
        elif found.type == token.COMMENT:
            kind = "c"
        elif found.type == token.NAME and keyword.iskeyword(found.string) and found.string not in _SOFT:
            kind = "k"
        elif found.type == token.NAME and defines:
            kind = "d"
        if found.type != token.NL:
            defines = found.string in ("def", "class")
        if kind:
            yield kind, found.start, found.end


def _segments(line: str, spans: list[tuple[int, int, str]]) -> list[Segment]:
    segments: list[Segment] = []
    at = 0
    for first, last, kind in spans:
        first = max(first, at)
        if last <= first:
            continue
        if first > at:
            segments.append(("", line[at:first]))
        segments.append((kind, line[first:last]))
        at = last
    if at < len(line):
        segments.append(("", line[at:]))
    return segments
