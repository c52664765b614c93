"""Whether a free text tells the truth about a run: the blocking verifier of explanations that a person or model wrote.

The stated output must be the run's; every statement that can be read must hold where the text speaks of; enough must be
told. A text in the narrator's own grammar is checked by that grammar (checks.py); any other is read sentence by
sentence (reading.py), its statements are laid along the run in order (align.py), and what finds no place is false.

It does not understand all that a text says: what it cannot read it passes over, and `coverage` tells how much that was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from ..claims import OUTPUT_OPEN, claims, stated_output, true_output
from ..facts import ClaimKind
from ..narrate import Narrator
from ..trace import Trace
from .align import align
from .course import Course
from .neighbours import misplaced
from .reading import Reading, read
from .statement import CHECKED, HEAVY, Matter

MIN_COVERAGE = 0.15


class Reason(StrEnum):
    """Why a text is accepted or not."""

    accepted = "accepted"
    no_output = "no_output"
    """The text states no output."""
    wrong_output = "wrong_output"
    claim_false = "claim_false"
    no_claims = "no_claims"
    low_coverage = "low_coverage"


@dataclass(frozen=True)
class Check:
    """One statement of a text, and whether it holds."""

    matter: Matter | ClaimKind
    words: str
    start: int
    """Where in the text it begins and, below, ends (characters)."""
    end: int
    holds: bool
    why: str = ""
    """If it does not hold, what the trace says."""


@dataclass(frozen=True)
class Verification:
    """What became of a text."""

    reason: Reason
    coverage: float
    """Of the sentences that tell of the run (that name a name, value, round or branch of it), the share with at least
    one statement that was checked; a value that is only mentioned, and occurs in the run, is one. 1 for texts in the
    narrator's grammar."""
    checks: list[Check] = field(default_factory=list)
    tension: float = 0.0
    """How much the text had to be bent to lie along the run."""

    @property
    def accepted(self) -> bool:
        """Whether all that was read is true, and enough was."""
        return self.reason is Reason.accepted

    @property
    def false(self) -> list[Check]:
        """The statements that do not hold."""
        return [check for check in self.checks if not check.holds]


def verify(text: str, trace: Trace, *, min_coverage: float = MIN_COVERAGE) -> Verification:
    """Check a free text about a run against its trace.

    Accepted are texts whose output block holds the true output (`<output>`, as narrations have it; without a block the
    last line that says `Output: ...`), whose every statement holds, and whose `coverage` is at least `min_coverage`.
    """
    output = stated_output(text)
    if output is not None and (checks := _by_grammar(text, trace)):
        is_right = checks[-1].holds
        return Verification(_reason(checks, 1.0, is_right, 0.0), 1.0, checks)
    if output is None:
        output = _said_output(text)
    if output is None:
        return Verification(Reason.no_output, 0.0)
    is_right = _plain(output) == _plain(true_output(trace))
    start = text.rfind(OUTPUT_OPEN) if OUTPUT_OPEN in text else len(text)
    checks, coverage, cost = _by_prose(text[:start], trace)
    checks.append(
        Check(Matter.output, output, start, len(text), is_right, "" if is_right else f"it is {true_output(trace)!r}")
    )
    return Verification(_reason(checks, coverage, is_right, min_coverage), coverage, checks, cost)


def _reason(checks: list[Check], coverage: float, is_right: bool, min_coverage: float) -> Reason:
    if not is_right:
        return Reason.wrong_output
    if not all(check.holds for check in checks):
        return Reason.claim_false
    if len(checks) < 2:
        return Reason.no_claims
    return Reason.accepted if coverage >= min_coverage else Reason.low_coverage


def _by_grammar(text: str, trace: Trace) -> list[Check]:
    """The checks of a text in the narrator's words, its output last; none for other texts.

    The scratchpad's grammar reads any line as an expression, so a text is the narrator's if most of its lines hold;
    then what cannot be read is false.
    """
    said = claims(text)
    if sum(claim.kind is ClaimKind.unread for claim in said) * 2 >= len(said):
        return []
    results = Narrator(trace).check(said)
    if sum(result.holds for result in results[:-1]) * 2 < len(results):
        return []
    checks: list[Check] = []
    at = 0
    for claim, holds, why in results:
        at = max(text.find(claim.text, at), 0)
        checks.append(Check(claim.kind, claim.text, at, at + len(claim.text), holds, why))
    return checks


def _by_prose(text: str, trace: Trace) -> tuple[list[Check], float, float]:
    course = Course(trace)
    if not course.ticks:
        return [], 0.0, 0.0
    reading: Reading = read(text, course)
    places, cost = align(reading.statements, course)
    elsewhere = misplaced(reading.statements, course)
    checks = [
        Check(one.matter, text[one.start : one.end], one.start, one.end, holds, "" if holds else one.why)
        for one, place in zip(reading.statements, places, strict=True)
        if one.matter in CHECKED
        for holds in [
            one not in elsewhere
            and (one.where is True or one.weight < HEAVY or (place.tick is not None and not place.back))
        ]
    ]
    return checks, reading.coverage, cost


_SAID = re.compile(
    r"(?:^|\n)\W*(?:final\s+)?(?:output|result|prints|printed|stdout)\W*[:=]\W*?[ \t]*(?:```\w*\n)?(.+?)(?:```|\s*)\Z",
    re.I | re.S,
)


def _said_output(text: str) -> str | None:
    match = _SAID.search(text)
    return match[1].strip().strip("`") if match else None


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))
