"""Whether a free text tells the truth about a run: the blocking verifier of explanations that a person or model wrote.

The stated output must be the run's; every statement that can be read must hold where the text speaks of; enough must be
told. A text in the narrator's own grammar is checked by that grammar (checks.py); any other is read sentence by
sentence (reading.py), its statements are laid along the run in order (align.py), and what finds no place is false.

It does not understand all that a text says: what it cannot read it passes over, and `coverage` tells how much that was;
`told` tells how much of the run the text speaks of at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ..claims import OUTPUT_OPEN, claims, stated_output, true_output
from ..facts import ClaimKind
from ..narrate import Narrator
from ..trace import Trace
from .align import COSTS, Costs, align
from .course import Course
from .neighbours import misplaced
from .reading import Reading, read
from .statement import CHECKED, HEAVY, Matter
from .told import told


@dataclass(frozen=True, kw_only=True)
class Demands:
    """What a text must meet to be accepted, beyond the true output and no false statement."""

    min_coverage: float = 0.15
    """Least `Verification.coverage`, in [0, 1]."""
    min_told: float = 0.0
    """Least `Verification.told`, in [0, 1]."""
    strictness: float = 0.0
    """From 0 to 1: how little a text may have to be bent to the run before what it takes to be true counts as false.
    More finds more errors and loses more true texts; docs/decisions.md has the curve."""

    def __post_init__(self) -> None:
        for name in ("min_coverage", "min_told", "strictness"):
            if not 0 <= (given := getattr(self, name)) <= 1:
                raise ValueError(f"Demands.{name} is {given}, expected a share in [0, 1]")

    @property
    def costs(self) -> Costs:
        """The costs of laying a text along a run; at full strictness a claim weighs a twentieth."""
        return replace(COSTS, claim=COSTS.claim * 20**-self.strictness)


DEMANDS = Demands()


class Reason(StrEnum):
    """Why a text is accepted or not."""

    accepted = "accepted"
    no_output = "no_output"
    """The text states no output."""
    wrong_output = "wrong_output"
    claim_false = "claim_false"
    no_claims = "no_claims"
    low_coverage = "low_coverage"
    """Too little of the text could be checked."""
    little_told = "little_told"
    """The text speaks of too little of the run."""


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
    told: float = 1.0
    """Of the run's lines that did something, the share the text speaks of (told.py). 1 for texts in the narrator's
    grammar."""

    @property
    def accepted(self) -> bool:
        """Whether all that was read is true, and enough was."""
        return self.reason is Reason.accepted

    @property
    def false(self) -> list[Check]:
        """The statements that do not hold."""
        return [check for check in self.checks if not check.holds]


def verify(text: str, trace: Trace, demands: Demands = DEMANDS) -> Verification:
    """Check a free text about a run against its trace.

    Accepted are texts whose output block holds the true output (`<output>`, as narrations have it; without a block the
    last line that says `Output: ...`), whose every statement holds, and that meet the demands.
    """
    output = stated_output(text)
    if output is not None and (checks := _by_grammar(text, trace)):
        return Verification(_fault(checks, checks[-1].holds) or Reason.accepted, 1.0, checks)
    if output is None:
        output = _said_output(text)
    if output is None:
        return Verification(Reason.no_output, 0.0, told=0.0)
    is_right = _plain(output) == _plain(true_output(trace))
    start = text.rfind(OUTPUT_OPEN) if OUTPUT_OPEN in text else len(text)
    checks, coverage, share = _by_prose(text[:start], trace, demands.costs)
    checks.append(
        Check(Matter.output, output, start, len(text), is_right, "" if is_right else f"it is {true_output(trace)!r}")
    )
    reason = _fault(checks, is_right) or _lack(coverage, share, demands) or Reason.accepted
    return Verification(reason, coverage, checks, share)


def _lack(coverage: float, share: float, demands: Demands) -> Reason | None:
    if coverage < demands.min_coverage:
        return Reason.low_coverage
    return Reason.little_told if share < demands.min_told else None


def _fault(checks: list[Check], is_right: bool) -> Reason | None:
    if not is_right:
        return Reason.wrong_output
    if not all(check.holds for check in checks):
        return Reason.claim_false
    return Reason.no_claims if len(checks) < 2 else None


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


def _by_prose(text: str, trace: Trace, costs: Costs) -> tuple[list[Check], float, float]:
    """The checks of a text in free words, its coverage, and how much of the run it tells."""
    course = Course(trace)
    if not course.ticks:
        return [], 0.0, 0.0
    reading: Reading = read(text, course)
    places, _ = align(reading.statements, course, costs)
    elsewhere = misplaced(reading.statements, course, costs)
    checks = [
        Check(one.matter, text[one.start : one.end], one.start, one.end, holds, "" if holds else one.why)
        for one, place in zip(reading.statements, places, strict=True)
        if one.matter in CHECKED
        for holds in [
            one not in elsewhere
            and (one.where is True or one.weight < HEAVY or (place.tick is not None and not place.back))
        ]
    ]
    return checks, reading.coverage, told(reading.statements, places, course)


_SAID = re.compile(
    r"(?:^|\n)\W*(?:final\s+)?(?:output|result|prints|printed|stdout)\W*[:=]\W*?[ \t]*(?:```\w*\n)?(.+?)(?:```|\s*)\Z",
    re.I | re.S,
)


def _said_output(text: str) -> str | None:
    match = _SAID.search(text)
    return match[1].strip().strip("`") if match else None


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))
