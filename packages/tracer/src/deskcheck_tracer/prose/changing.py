"""Changes and their absence, told without a value: "`lowest` gets updated in rounds 2 and 3", "best is left unchanged".

"it" is the name that the text spoke of last.
"""

from .page import NEGATIONS, Page
from .statement import Matter
from .tokens import Kind
from .vocabulary import words

_CHANGED = words(
    "updated changed modified overwritten replaced adjusted reassigned incremented decremented increased reduced"
)
_KEPT = words("unchanged untouched unaffected")
_AUXILIARIES = words(
    "is was gets got has been are were again then only also both be being therefore still remains stays left"
)


_MOVES = words(
    "moves moved changes changed grows grew rises rose increases increased decreases decreased drops dropped falls "
    "fell shrinks advances advanced climbs"
)


def _read_moves(page: Page) -> None:
    """ "`hi` moves in rounds one and three"."""
    verb = ""
    for index, token in enumerate(page.tokens):
        if token.kind is not Kind.identifier or token.text not in page.course.variables:
            continue
        if page.low(index + 1) in _MOVES and page.low(index + 2) in ("in", "during"):
            verb = page.low(index + 1)
        elif not (verb and page.low(index + 1) in ("in", "during")):
            continue
        at = index + 2 + (page.low(index + 1) in _MOVES)
        scopes = [scope for place, scope, told in page.scopes if told and place in (at, at + 1)]
        if scopes:
            changed = page.places.laps.changed(token.text)
            held = all(any(start <= tick < stop for tick in changed) for start, stop in scopes[0].windows)
            page.add(Matter.binding, index, at, held, f"{token.text} did not change in all of them")


def read_changes(page: Page, spoken_of: str | None) -> None:
    """Every such statement of a sentence; `spoken_of` is the name that the sentence before was about."""
    _read_moves(page)
    for index, token in enumerate(page.tokens):
        if index in page.used or token.kind is not Kind.word or token.low not in _CHANGED | _KEPT:
            continue
        at, negated = index - 1, False
        while page.low(at) in _AUXILIARIES or page.low(at) in NEGATIONS:
            negated = negated != (page.low(at) in NEGATIONS)
            at -= 1
        if at < 0 or at == index - 1:
            continue
        name = (
            page.tokens[at].text
            if page.tokens[at].kind is Kind.identifier
            else spoken_of
            if page.low(at) == "it"
            else None
        )
        if name is None or name not in page.course.variables or page.is_term(index + 2):
            continue
        changed = (token.low in _CHANGED) != negated
        _state(page, name, at, index, changed)


def _state(page: Page, name: str, first: int, last: int, changed: bool) -> None:
    where = page.places.laps.changed(name) if changed else page.places.laps.kept(name)
    for _, scope, is_told in page.scopes:
        if (
            is_told
            and changed
            and not all(any(start <= tick < stop for tick in where) for start, stop in scope.windows)
        ):
            where = frozenset()
    if changed and not any(is_told for *_, is_told in page.scopes):
        return  # that it changed at some time says little
    page.add(Matter.binding, first, last, where, f"{name} was {'not ' if changed else ''}changed there", sticky=True)
