"""Check claims against a trace: a claim holds if it is a fact of the units that its line stands for."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from . import coverage
from .claims import Claim, ReadLine, true_output
from .facts import ClaimKind, Said, end_text
from .telling import Telling, Tellings


class ClaimCheck(NamedTuple):
    """Whether a claim is true of a trace, and why not."""

    claim: Claim
    holds: bool
    reason: str = ""


def check_claims(claims: Sequence[Claim], tellings: Tellings) -> list[ClaimCheck]:
    """One check a claim, in order."""
    share = _share(claims, tellings)
    checks: list[ClaimCheck] = []
    for (style, start, span), line in groupby(claims, key=_PLACE):
        if start < 0:
            checks += [_check_whole(claim, share, tellings) for claim in line]
        else:
            checks += _check_line(list(line), tellings.of(style), start, span)
    return checks


def first_false(lines: Sequence[ReadLine], tellings: Tellings) -> ClaimCheck | None:
    """The first claim that `check_claims` finds false; a line is taken apart only where it does not hold as a whole."""
    whole = [claim for line in lines if line.moment < 0 for claim in line.claims()]
    share = _share([claim for line in lines for claim in line.claims()], tellings) if _covers(whole) else ""
    for line in lines:
        if line.moment < 0:
            checks = [_check_whole(claim, share, tellings) for claim in line.claims()]
        elif _is_inside(line, telling := tellings.of(line.style)) and _known(line, telling).issuperset(line.said):
            continue
        else:
            checks = _check_line(line.claims(), telling, line.moment, line.span)
        if (false := next((check for check in checks if not check.holds), None)) is not None:
            return false
    return None


def _is_inside(line: ReadLine, telling: Telling) -> bool:
    return line.span >= 1 and line.moment + line.span <= len(telling.units)


def _known(line: ReadLine, telling: Telling) -> set[Said]:
    return telling.facts(line.moment, line.moment + line.span)


def _covers(claims: Sequence[Claim]) -> bool:
    return any(claim.kind is ClaimKind.coverage for claim in claims)


def _share(claims: Sequence[Claim], tellings: Tellings) -> str:
    """What a claim of coverage must say; only worked out if there is one."""
    return f"{changes_claimed(claims)} of {tellings.changes}" if _covers(claims) else ""


_PLACE = attrgetter("style", "moment", "span")


def changes_claimed(claims: Sequence[Claim]) -> int:
    """How many changes of state are claimed, rightly or not."""
    said: dict[int, list[Said]] = {}
    for claim in claims:
        if claim.moment >= 0 and claim.kind in coverage.KINDS:
            said.setdefault(claim.moment, []).append(Said(claim.kind, claim.name, claim.value))
    return sum(coverage.changes_in(one) for one in said.values())


def _check_line(claims: list[Claim], telling: Telling, start: int, span: int) -> list[ClaimCheck]:
    """Claims about the same units."""
    if span < 1 or start + span > len(telling.units):
        return [
            ClaimCheck(claim, False, f"the program did no more than {len(telling.units)} things") for claim in claims
        ]
    here = telling.facts(start, start + span)
    return [
        ClaimCheck(claim, True) if (claim.kind, claim.name, claim.value) in here else _false(claim, here)
        for claim in claims
    ]


def _false(claim: Claim, here: set[Said]) -> ClaimCheck:
    if claim.kind is ClaimKind.unread:
        return ClaimCheck(claim, False, "it states nothing that can be checked")
    others = sorted(said.value for said in here if said.kind is claim.kind and said.name == claim.name)
    return ClaimCheck(claim, False, f"it was {others[0]}" if others else "nothing of the kind happened there")


def _check_whole(claim: Claim, share: str, tellings: Tellings) -> ClaimCheck:
    """A claim about the program as a whole, or about the share of changes that all claims tell."""
    trace = tellings.trace
    if claim.kind is ClaimKind.output:
        expected, words = true_output(trace), f"the output is {true_output(trace)!r}"
    elif claim.kind is ClaimKind.end:
        expected = end_text(trace.end)
        words = f"the program ended: {expected or 'finished'}"
    else:
        expected, words = share, f"it is {share}"
    return ClaimCheck(claim, True) if claim.value == expected else ClaimCheck(claim, False, words)
