"""Read a narration's statements back and check each against the trace.

`claims` takes a text of any style apart, line by line. The units that a style tells (styles.py) come in the same order,
one for each line; a claim holds if it is a fact of its unit. A line that says how many lines were left out skips as
many units. Nothing claimed gives no checks, which is not a pass.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import coverage
from .facts import ClaimKind, Said, end_text
from .story import story
from .styles import STYLES, Style, style_of
from .trace import EndReason, Trace

OUTPUT_OPEN, OUTPUT_CLOSE = "<output>", "</output>"

_LEFT_OUT = re.compile(r"\.\.\. (\d+) (?:lines|steps) left out \.\.\.\Z")
_REASONS = "|".join(reason.value for reason in EndReason)
_END = re.compile(rf"(?:end |The program ends: )((?:{_REASONS})(?:: .*)?)\Z")  # `end = 3` is a variable


@dataclass(frozen=True)
class Claim:
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


@dataclass(frozen=True)
class ClaimCheck:
    """Whether a claim is true of a trace, and why not."""

    claim: Claim
    holds: bool
    reason: str = ""


def left_out(count: int) -> str:
    """The line that stands for `count` units that were not told."""
    return f"... {count} lines left out ..."


def output_block(text: str) -> str:
    """The block that ends every narration, around `true_output`."""
    return f"{OUTPUT_OPEN}\n{text}\n{OUTPUT_CLOSE}"


def stated_output(text: str) -> str | None:
    """What stands between the last `<output>` and the `</output>` after it, without the newlines at both ends; None if
    missing."""
    start = text.rfind(OUTPUT_OPEN)
    end = text.find(OUTPUT_CLOSE, start)
    if start < 0 or end < 0:
        return None
    inside = text[start + len(OUTPUT_OPEN) : end]
    return inside.removeprefix("\n").removesuffix("\n")


def claims(text: str) -> list[Claim]:
    """Every statement of a narration in any style, in order."""
    body = text[: text.rfind(OUTPUT_OPEN)] if stated_output(text) is not None else text
    lines = [line for line in body.split("\n") if line]
    name = style_of(lines)
    style = STYLES[name]
    found: list[Claim] = []
    unit = 0
    for line in lines:
        if match := _LEFT_OUT.match(line):
            unit += int(match[1])
        elif match := _END.match(line):
            found.append(Claim(ClaimKind.end, -1, "", match[1], line, name))
        elif name != "compact" and (covered := coverage.read(line)) is not None:
            found.append(Claim(ClaimKind.coverage, -1, "", covered[1], line, name))
        else:
            said = style.read(line)
            span = next((int(one.value) for one in said if one.kind is ClaimKind.span), 1)
            found += [Claim(one.kind, unit, one.name, one.value, line, name, span) for one in said]
            unit += span
    output = stated_output(text)
    if output is not None:
        found.append(Claim(ClaimKind.output, -1, "", output, OUTPUT_OPEN, name))
    return found


def check(claims: Sequence[Claim], trace: Trace) -> list[ClaimCheck]:
    """One check a claim, in order."""
    known = {name: _Facts(STYLES[name], trace) for name in {claim.style for claim in claims}}
    checks = [_check(claim, known[claim.style], trace) for claim in claims]
    covers = any(claim.kind is ClaimKind.coverage for claim in claims)
    share = "{} of {}".format(*changes_told(claims, trace)) if covers else ""
    return [
        _result(one.claim, one.claim.value == share, f"it is {share}") if one.claim.kind is ClaimKind.coverage else one
        for one in checks
    ]


def changes_told(claims: Sequence[Claim], trace: Trace) -> tuple[int, int]:
    """How many changes of state are claimed, rightly or not, and how many there are."""
    said: dict[int, list[Said]] = {}
    for claim in claims:
        if claim.moment >= 0:
            said.setdefault(claim.moment, []).append(Said(claim.kind, claim.name, claim.value))
    told = sum(coverage.changes_in(one) for one in said.values())
    return told, sum(coverage.changes_of(moment) for moment in story(trace))


class _Facts:
    """The facts of the units of one telling, worked out when asked for."""

    def __init__(self, style: Style, trace: Trace) -> None:
        self._style = style
        self.units = list(style.units(trace))
        self._known: dict[tuple[int, int], set[Said]] = {}

    def at(self, place: int, span: int) -> set[Said]:
        if (place, span) not in self._known:
            self._known[place, span] = self._style.facts_at(self.units, place, span)
        return self._known[place, span]


def _check(claim: Claim, known: _Facts, trace: Trace) -> ClaimCheck:
    if claim.kind is ClaimKind.output:
        expected = true_output(trace)
        return _result(claim, claim.value == expected, f"the output is {expected!r}")
    if claim.kind is ClaimKind.end:
        return _result(
            claim, claim.value == end_text(trace.end), f"the program ended: {end_text(trace.end) or 'finished'}"
        )
    if claim.kind is ClaimKind.coverage:
        return ClaimCheck(claim, True)  # of the claims together, see `check`
    if claim.span < 1 or claim.moment + claim.span > len(known.units):
        return ClaimCheck(claim, False, f"the program did no more than {len(known.units)} things")
    if claim.kind is ClaimKind.unread:
        return ClaimCheck(claim, False, "it states nothing that can be checked")
    here = known.at(claim.moment, claim.span)
    if Said(claim.kind, claim.name, claim.value) in here:
        return ClaimCheck(claim, True)
    others = sorted(said.value for said in here if said.kind is claim.kind and said.name == claim.name)
    return ClaimCheck(claim, False, f"it was {others[0]}" if others else "nothing of the kind happened there")


def _result(claim: Claim, holds: bool, reason: str) -> ClaimCheck:
    return ClaimCheck(claim, holds, "" if holds else reason)


def true_output(trace: Trace) -> str:
    """What the output block must hold: the value of the program's call if it has one, else standard output without its
    last newline."""
    if trace.program.call is not None:
        return trace.returned or ""
    return trace.stdout.removesuffix("\n")
