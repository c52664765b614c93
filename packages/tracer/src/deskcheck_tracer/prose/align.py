"""Statements laid along the run: each is given a tick at which it is true, in the order of the text as far as it goes.

The text moves forward with the run; within one round of a loop it may tell things in any order. Going back is allowed
where the words say so, and costs otherwise; what can be given no place, or only by leaving its scope, is false. The
cheapest assignment is found statement by statement (dynamic programming over ticks, minima kept per era).
"""

from dataclasses import dataclass

from .course import Course
from .statement import Statement

FALSE = 1.0
"""What a statement without a place costs."""
BACK = 0.7
"""Going back to an earlier round with no word that says so."""
BACK_FREE = 0.08
BACK_NEAR = 0.01
"""Within a round."""
LEAP = 0.02
"""Going on to a later round with no word that says so."""
STICKY_LATER = 0.65
"""The same in a later sentence."""
STICKY = 1.0
"""The same for a statement that says nothing of when."""

_Best = dict[int, tuple[float, "_Link | None"]]


@dataclass(slots=True, eq=False)
class _Link:
    statement: int
    tick: int
    held: bool
    cost: float
    before: "_Link | None"


@dataclass(frozen=True)
class Place:
    """Where a statement was laid: its tick, or None if it is false; `back` if the text went back for it unsaid."""

    tick: int | None
    back: bool = False


def align(statements: list[Statement], course: Course) -> tuple[list[Place], float]:
    """One place a statement, in order; and what all of it costs."""
    eras = [tick.era for tick in course.ticks]
    state: list[_Link] = [_Link(-1, 0, True, 0.0, None)]
    last: Statement | None = None
    for number, statement in enumerate(statements):
        if isinstance(statement.where, bool):
            continue
        state = _next(state, number, statement, last, eras)
        last = statement
    best = min(state, key=lambda link: link.cost)
    return _traced(best, len(statements), eras, statements), best.cost


def _next(
    state: list[_Link], number: int, statement: Statement, last: Statement | None, eras: list[int]
) -> list[_Link]:
    """The best ways to place one more statement, one a tick (and the best way to leave it without a place)."""
    cheapest = min(state, key=lambda link: link.cost)
    found: dict[int, _Link] = {}
    where = statement.where
    ticks = where if isinstance(where, frozenset) else ()
    if ticks:
        scope = statement.scope
        allowed = sorted(tick for tick in ticks if scope is None or scope.window_of(tick) >= 0)
        prepared = _Minima(state, statement, last, eras)
        for tick in allowed:
            cost, before = prepared.reach(tick)
            found[tick] = _Link(number, tick, True, cost, before)
    for link in state:  # false: the text stays where it is
        cost = link.cost + statement.weight
        known = found.get(link.tick)
        if (known is None or cost < known.cost) and cost <= cheapest.cost + 3 * FALSE:
            found[link.tick] = _Link(number, link.tick, False, cost, link)
    return list(found.values())


class _Minima:
    """The cheapest ways so far by era, and over the eras before and after each."""

    def __init__(self, state: list[_Link], statement: Statement, last: Statement | None, eras: list[int]) -> None:
        self.eras, self.statement = eras, statement
        self.same_scope = last is not None and last.scope is not None and last.scope is statement.scope
        self.forward, self.back = _costs(statement, last)
        self.state = state
        by_era: dict[int, _Link] = {}
        for link in state:
            known = by_era.get(eras[link.tick])
            if known is None or link.cost < known.cost:
                by_era[eras[link.tick]] = link
        self.order = sorted(by_era)
        self.by_era = by_era
        self.earlier = self._running(self.order)
        self.later = self._running(self.order[::-1])

    def _running(self, order: list[int]) -> dict[int, _Link]:
        found: dict[int, _Link] = {}
        best: _Link | None = None
        for era in order:
            link = self.by_era[era]
            best = link if best is None or link.cost < best.cost else best
            found[era] = best
        return found

    def reach(self, tick: int) -> tuple[float, _Link]:
        """The cheapest way to a tick."""
        era = self.eras[tick]
        if self.same_scope and self.statement.scope is not None:
            return self._within(tick, era)
        options: list[tuple[float, _Link]] = []
        if era in self.by_era:
            link = self.by_era[era]
            options.append((link.cost + (BACK_NEAR if link.tick > tick else 0.0), link))
        before = [one for one in self.order if one < era]
        if before:
            link = self.earlier[before[-1]]
            options.append((link.cost + self.forward, link))
        after = [one for one in self.order if one > era]
        if after:
            link = self.later[after[0]]
            options.append((link.cost + self.back, link))
        return min(options, key=lambda option: option[0])

    def _within(self, tick: int, era: int) -> tuple[float, _Link]:
        """The same for statements of one scope: another of its windows is as bad as false."""
        scope = self.statement.scope
        assert scope is not None
        window = scope.window_of(tick)
        best: tuple[float, _Link] | None = None
        for link in self.state:
            cost = link.cost
            if scope.window_of(link.tick) != window:
                cost += 2 * FALSE  # rather false than there
            elif self.eras[link.tick] > era:
                cost += BACK_NEAR * 5
            if best is None or cost < best[0]:
                best = cost, link
        assert best is not None
        return best


def _costs(statement: Statement, last: Statement | None) -> tuple[float, float]:
    """What going forward and going back costs for a statement."""
    forward = 0.0 if statement.follows or last is None or last.sentence != statement.sentence else LEAP
    if statement.sticky and last is not None and not statement.follows and statement.scope is None:
        forward = STICKY if last.sentence == statement.sentence else STICKY_LATER
    back = BACK_FREE if statement.free or last is None or (last.free and last.sentence != statement.sentence) else BACK
    return forward, back


def _traced(link: _Link | None, count: int, eras: list[int], statements: list[Statement]) -> list[Place]:
    places = [Place(None)] * count
    while link is not None and link.statement >= 0:
        before = link.before
        gone_back = before is not None and eras[before.tick] > eras[link.tick]
        unsaid = (
            gone_back
            and statements[link.statement].weight >= FALSE
            and link.held
            and before is not None
            and link.cost - before.cost >= BACK
        )
        places[link.statement] = Place(link.tick if link.held else None, unsaid)
        link = before
    return places
