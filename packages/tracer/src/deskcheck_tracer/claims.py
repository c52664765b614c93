"""Read a narration's statements back.

`claims` takes a text of any style apart, line by line. The units that a style tells (styles.py) come in the same order,
one for each line, and a claim is about the unit of its line. A line that says how many lines were left out skips as
many units.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from . import coverage
from .facts import ClaimKind, Said
from .styles import STYLES, style_of
from .trace import EndReason, Trace

OUTPUT_OPEN, OUTPUT_CLOSE = "<output>", "</output>"

_LEFT_OUT = re.compile(r"\.\.\. (\d{1,9}) (?:lines|steps) left out \.\.\.\Z")
_REASONS = "|".join(reason.value for reason in EndReason)
_END = re.compile(rf"(?:end |The program ends: )((?:{_REASONS})(?:: .*)?)\Z")  # `end = 3` is a variable


class Claim(NamedTuple):
    """One checkable statement of a narration."""

    kind: ClaimKind
    moment: int
    """Which unit of the telling it is about, counted from 0; -1 for the program as a whole."""
    name: str
    value: str
    text: str
    """The line of the narration that makes it."""
    style: str = "compact"
    """The style of the narration, which says what its units are."""
    span: int = 1
    """How many units the line stands for."""


class ReadLine(NamedTuple):
    """A line of a narration and what it states; its fields are those of the claims that it makes."""

    text: str
    style: str
    said: list[Said]
    moment: int = -1
    span: int = 1

    def claims(self) -> list[Claim]:
        """Its statements, one by one."""
        _, style, said, moment, span = self
        return [Claim(one.kind, moment, one.name, one.value, self.text, style, span) for one in said]


def left_out(count: int) -> str:
    """The line that stands for `count` units that were not told."""
    return f"... {count} lines left out ..."


def output_block(text: str) -> str:
    """The block that ends every narration, around `true_output`."""
    return f"{OUTPUT_OPEN}\n{text}\n{OUTPUT_CLOSE}"


def stated_output(text: str) -> str | None:
    """What stands between the last `<output>` and the `</output>` after it, without the newlines at both ends; None if
    missing."""
    return stated_between(OUTPUT_OPEN, OUTPUT_CLOSE, text)


def stated_between(opening: str, closing: str, text: str) -> str | None:
    """What stands between the last `opening` and the `closing` after it, without the newlines at both ends; None if
    missing."""
    start = text.rfind(opening)
    end = text.find(closing, start)
    if start < 0 or end < 0:
        return None
    inside = text[start + len(opening) : end]
    return inside.removeprefix("\n").removesuffix("\n")


def claims(text: str) -> list[Claim]:
    """Every statement of a narration in any style, in order."""
    return [claim for line in read_lines(text, lambda style: STYLES[style].read) for claim in line.claims()]


def read_lines(text: str, reader: Callable[[str], Callable[[str], list[Said]]]) -> list[ReadLine]:
    """The lines that state something, with a reader of lines for each style; the output block is one line, the last."""
    body = text[: text.rfind(OUTPUT_OPEN)] if stated_output(text) is not None else text
    lines = [line for line in body.split("\n") if line]
    name = style_of(lines)
    read = reader(name)
    found: list[ReadLine] = []
    unit = 0
    for line in lines:
        if line.startswith("... ") and (match := _LEFT_OUT.match(line)):
            unit += int(match[1])
        elif match := _END.match(line):
            found.append(ReadLine(line, name, [Said(ClaimKind.end, "", match[1])]))
        elif name != "compact" and (covered := coverage.read(line)) is not None:
            found.append(ReadLine(line, name, [Said(ClaimKind.coverage, "", covered[1])]))
        else:
            said = read(line)
            span = int(said[0].value) if said and said[0].kind is ClaimKind.span else 1
            found.append(ReadLine(line, name, said, unit, span))
            unit += span
    output = stated_output(text)
    if output is not None:
        found.append(ReadLine(OUTPUT_OPEN, name, [Said(ClaimKind.output, "", output)]))
    return found


def true_output(trace: Trace) -> str:
    """What the output block must hold: the value of the program's call if it has one, else standard output without its
    last newline."""
    if trace.program.call is not None:
        return trace.returned or ""
    return trace.stdout.removesuffix("\n")
