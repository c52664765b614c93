"""Statements laid along the run: each is given a tick at which it is true, in the order of the text as far as it goes.

The text moves forward with the run; within one round of a loop it may tell things in almost any order. Going back is
allowed where the words say so, and costs otherwise; what can be given no place, or only by leaving its scope, is false.
The cheapest assignment is found statement by statement (dynamic programming over ticks, minima kept per era).
"""

from collections import defaultdict
from dataclasses import dataclass

from .course import Course
from .statement import Statement


@dataclass(frozen=True)
class Costs:
    """What it costs to bend a text to a run; a statement without a place costs its weight."""

    claim: float = 1.0
    """The weight of what a text claims: the less, the stricter (what it costs to believe more than that is false)."""
    hint: float = 1.0
    """Times the weight of a value that is only mentioned."""
    back: float = 0.7
    """Going back to an earlier round with no word that says so."""
    back_free: float = 0.08
    back_near: float = 0.01
    """Within a round, in one sentence."""
    back_round: float = 0.01
    """Within a round, in a later sentence."""
    leap: float = 0.02
    """Going on to a later round with no word that says so."""
    distance: float = 0.001
    """Every round that is passed over: of all places that will do, the nearest is meant."""
    sticky_later: float = 0.65
    """The same in a later sentence."""
    sticky: float = 1.0
    """The same for a statement that says nothing of when."""
    other_window: float = 2.0
    """Leaving the window of a scope: rather false than there."""


COSTS = Costs()


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


def align(statements: list[Statement], course: Course, costs: Costs = COSTS) -> tuple[list[Place], float]:
    """One place a statement, in order; and what all of it costs."""
    eras = [tick.era for tick in course.ticks]
    state: list[_Link] = [_Link(-1, 0, True, 0.0, None)]
    last: Statement | None = None
    for number, statement in enumerate(statements):
        if isinstance(statement.where, bool):
            continue
        state = _next(state, number, statement, last, eras, costs)
        last = statement
    best = min(state, key=lambda link: link.cost)
    return _traced(best, len(statements), eras, statements, costs), best.cost


def weight(statement: Statement, costs: Costs) -> float:
    """What it costs to give a statement no place."""
    return costs.claim if statement.weight == 1.0 else costs.hint * statement.weight


def _next(
    state: list[_Link], number: int, statement: Statement, last: Statement | None, eras: list[int], costs: Costs
) -> list[_Link]:
    """The best ways to place one more statement, one a tick (and the best way to leave it without a place)."""
    cheapest = min(state, key=lambda link: link.cost)
    found: dict[int, _Link] = {}
    where = statement.where
    ticks = where if isinstance(where, frozenset) else ()
    if ticks:
        scope = statement.scope
        allowed = sorted(tick for tick in ticks if scope is None or scope.window_of(tick) >= 0)
        prepared = _Minima(state, statement, last, eras, costs)
        for tick in allowed:
            cost, before = prepared.reach(tick)
            found[tick] = _Link(number, tick, True, cost, before)
    lost = weight(statement, costs)
    for link in state:  # false: the text stays where it is
        cost = link.cost + lost
        known = found.get(link.tick)
        if (known is None or cost < known.cost) and cost <= cheapest.cost + 3:
            found[link.tick] = _Link(number, link.tick, False, cost, link)
    return list(found.values())


class _Minima:
    """The cheapest ways so far by era, and over the eras before and after each."""

    def __init__(
        self, state: list[_Link], statement: Statement, last: Statement | None, eras: list[int], costs: Costs
    ) -> None:
        self.eras, self.statement, self.costs = eras, statement, costs
        self.same_scope = last is not None and last.scope is not None and last.scope is statement.scope
        self.forward, self.back = _costs(statement, last, costs)
        same_sentence = last is None or last.sentence == statement.sentence or statement.free
        self.near = costs.back_near if same_sentence else costs.back_round
        self.state = state
        self.members: dict[int, list[_Link]] = defaultdict(list)
        for link in state:
            self.members[eras[link.tick]].append(link)
        self.by_era = {era: min(links, key=lambda link: link.cost) for era, links in self.members.items()}
        self.order = sorted(self.by_era)
        self.earlier = self._running(self.order, costs.distance)
        self.later = self._running(self.order[::-1], -costs.distance)

    def _running(self, order: list[int], slope: float) -> dict[int, tuple[float, _Link]]:
        """(cost when era 0 is where one goes from there, way) of the best way so far, era by era."""
        found: dict[int, tuple[float, _Link]] = {}
        best: tuple[float, _Link] | None = None
        for era in order:
            link = self.by_era[era]
            cost = link.cost - slope * era
            best = (cost, link) if best is None or cost < best[0] else best
            found[era] = best
        return found

    def reach(self, tick: int) -> tuple[float, _Link]:
        """The cheapest way to a tick."""
        era = self.eras[tick]
        if self.same_scope and self.statement.scope is not None:
            return self._within(tick, era)
        options = [(link.cost + (self.near if link.tick > tick else 0.0), link) for link in self.members.get(era, ())]
        before = [one for one in self.order if one < era]
        if before:
            cost, link = self.earlier[before[-1]]
            options.append((cost + self.costs.distance * era + self.forward, link))
        if self.forward > self.costs.leap and era - 1 in self.by_era:  # the next check of a `while` is still near
            link = self.by_era[era - 1]
            options.append((link.cost + self.costs.leap, link))
        after = [one for one in self.order if one > era]
        if after:
            cost, link = self.later[after[0]]
            options.append((cost - self.costs.distance * era + self.back, link))
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
                cost += self.costs.other_window
            elif self.eras[link.tick] > era:
                cost += self.costs.back_near * 5
            if best is None or cost < best[0]:
                best = cost, link
        assert best is not None
        return best


def _costs(statement: Statement, last: Statement | None, costs: Costs) -> tuple[float, float]:
    """What going forward and going back costs for a statement."""
    forward = 0.0 if statement.follows or last is None or last.sentence != statement.sentence else costs.leap
    if statement.sticky and last is not None and not statement.follows and statement.scope is None:
        forward = costs.sticky if last.sentence == statement.sentence else costs.sticky_later
    is_free = statement.free or last is None or (last.free and last.sentence != statement.sentence)
    return forward, costs.back_free if is_free else costs.back


def _traced(link: _Link | None, count: int, eras: list[int], statements: list[Statement], costs: Costs) -> list[Place]:
    places = [Place(None)] * count
    while link is not None and link.statement >= 0:
        before = link.before
        unsaid = (
            before is not None
            and link.held
            and eras[before.tick] > eras[link.tick]
            and statements[link.statement].weight >= 1.0
            and link.cost - before.cost >= costs.back
        )
        places[link.statement] = Place(link.tick if link.held else None, unsaid)
        link = before
    return places
