"""Read a narration's statements back and check each against the trace.

`claims` takes the text of either style apart, line by line; the moments of the trace (`moments`) come in the same
order, one for each line. A claim holds if it is a fact of its moment. A line that says how many lines were left out
skips as many moments. Nothing claimed gives no checks, which is not a pass.
"""

import re
from dataclasses import dataclass

from . import scratchpad, sentences
from .facts import ClaimKind, Said, end_text, facts
from .moments import moments
from .trace import Trace

OUTPUT_OPEN, OUTPUT_CLOSE = "<output>", "</output>"

_LEFT_OUT = re.compile(r"\.\.\. (\d+) (?:lines|steps) left out \.\.\.\Z")
_END = re.compile(r"(?:end |The program ends: )(.*)\Z")


@dataclass(frozen=True)
class Claim:
    """One checkable statement of a narration."""

    kind: ClaimKind
    moment: int
    """Which moment of the trace it is about, counted from 0; -1 for the program as a whole."""
    name: str
    value: str
    text: str
    """The line of the narration that makes it."""


@dataclass(frozen=True)
class ClaimCheck:
    """Whether a claim is true of a trace, and why not."""

    claim: Claim
    holds: bool
    reason: str = ""


def left_out(count: int) -> str:
    """The line that stands for `count` moments that were not told."""
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
    """Every statement of a narration in either style, in order."""
    body = text[: text.rfind(OUTPUT_OPEN)] if stated_output(text) is not None else text
    lines = [line for line in body.split("\n") if line]
    style = sentences if any(sentences.looks_like(line) for line in lines) else scratchpad
    found: list[Claim] = []
    moment = 0
    for line in lines:
        if match := _LEFT_OUT.match(line):
            moment += int(match[1])
        elif match := _END.match(line):
            found.append(Claim(ClaimKind.end, -1, "", match[1], line))
        else:
            found += [Claim(said.kind, moment, said.name, said.value, line) for said in style.read(line)]
            moment += 1
    output = stated_output(text)
    if output is not None:
        found.append(Claim(ClaimKind.output, -1, "", output, OUTPUT_OPEN))
    return found


def check(claims: list[Claim], trace: Trace) -> list[ClaimCheck]:
    """One check a claim, in order."""
    if not claims:
        return []
    known = [facts(moment) for moment in moments(trace)]
    return [_check(claim, known, trace) for claim in claims]


def _check(claim: Claim, known: list[set[Said]], trace: Trace) -> ClaimCheck:
    if claim.kind is ClaimKind.output:
        expected = true_output(trace)
        return _result(claim, claim.value == expected, f"the output is {expected!r}")
    if claim.kind is ClaimKind.end:
        return _result(
            claim, claim.value == end_text(trace.end), f"the program ended: {end_text(trace.end) or 'finished'}"
        )
    if claim.moment >= len(known):
        return ClaimCheck(claim, False, f"the program did no more than {len(known)} things")
    here = known[claim.moment]
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
