# ruff: noqa: RUF001 - people write dashes, quotes and signs of all kinds
"""A text as sentences, bullets, headings and rows of tables, emphasis blanked out in place."""

import re
from collections.abc import Iterator

from .course import Course
from .lexer import tokens_of
from .tokens import Sentence

_LABEL = (
    r"(?i:step|part|phase|stage|section)\s+\d{1,3}(?:\s*[:.)]|\s+[-–—])\s+|"
    + r"[\[(]?\d{1,3}(?:\.\d{1,3})*[.)\]]+\s+|(?:§\s*)?\d{1,3}(?:\.\d{1,3})+:?\s+|\(?[a-h][.)]\s+"
)
_BULLET = re.compile(rf"[ \t]*(?:[-*+•>]+\s+|#+\s*|{_LABEL})*")


def labels(text: str) -> set[str]:
    """The numbers of several levels with which lines begin: 2.3."""
    return {match[1] for match in re.finditer(r"^[ \t]*(\d{1,3}(?:\.\d{1,3})+)\b", text, re.MULTILINE)}


def sentences(text: str, course: Course) -> Iterator[Sentence]:
    """The sentences of a text in order."""
    plain = _unmarked(text)
    at = 0
    paragraph = True
    header: list[str] | None = None
    for raw in plain.split("\n"):
        if not raw.strip():
            paragraph = True
        if raw.lstrip().startswith("|"):
            if header is not None and not _RULE.match(raw):
                yield Sentence([], at, at + len(raw), raw, True, False, header=header)
            header = header or cells(raw)
            at += len(raw) + 1
            continue
        header = None
        bullet = _BULLET.match(raw)
        skip = bullet.end() if bullet else 0
        first = True
        for start, end in _pieces(raw, skip):
            tokens = list(tokens_of(plain, at + start, at + end, course))
            if tokens:
                heading = raw[:end].rstrip().endswith(":") or raw.lstrip().startswith("#")
                yield Sentence(
                    tokens, at + start, at + end, text[at + start : at + end], first, paragraph,
                    len(raw) - len(raw.lstrip()), heading=heading, is_bullet=bool(skip and raw[:skip].strip()),
                )  # fmt: skip
                first = paragraph = False
        at += len(raw) + 1


_RULE = re.compile(r"[\s|:-]+\Z")


def cells(row: str) -> list[str]:
    """The cells of a table's row."""
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def _unmarked(text: str) -> str:
    """The text with its emphasis blanked out, in place."""
    text = re.sub(r"(?<![\w*`])(\*\*|__)(?=[^\s*])([^*\n]*?)(?<=[^\s*])\1(?![\w*])", _blank, text)
    return re.sub(r"(?<![\w*`])([*_])(?=[A-Za-z`])([^*\n`]{1,60}?)(?<=[^\s*])\1(?![\w*])", _blank, text)


def _blank(match: re.Match[str]) -> str:
    pad = " " * len(match[1])
    return f"{pad}{match[2]}{pad}"


_NESTING = re.compile(r"`[^`\n]*`|(?<!\w)\"[^\"\n]*\"|(?<!\w)'[^'\n]*'(?!\w)|[.!?;](?=[\"')\]]*(?:\s|$))")

_SHORT = re.compile(r"(?:\be\.g|\bi\.e|\betc|\bvs|\bresp|\bcf|\bapprox|^\s*\d+)\.$")


def _pieces(line: str, start: int) -> Iterator[tuple[int, int]]:
    """Where the sentences of a line begin and end."""
    for match in _NESTING.finditer(line, start):
        if match[0] in ".!?;" and not _SHORT.search(line[start : match.end()]):
            yield start, match.end()
            start = match.end()
    if line[start:].strip():
        yield start, len(line)
