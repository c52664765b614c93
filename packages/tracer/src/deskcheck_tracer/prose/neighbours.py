"""Verdicts held to their place: "the check `a < b` is false" is about the moment that its neighbours tell of.

Laid along the run with everything else, a verdict that is wrong here slips to a round where it would be right, and
takes its neighbours along. So the others are laid first; a verdict must then hold somewhere between the one before it
and the one after it (of its own sentence and the next ones), and is false where its condition came out the other way
there. (Tried for values as well: five true texts were lost for every error that was found.)
"""

from dataclasses import dataclass

from .align import COSTS, Costs, align
from .course import Course
from .statement import Matter, Statement

_REACH = 1
"""How many sentences away a neighbour may be: 0 and 2 were worse on the texts of development."""


@dataclass(frozen=True)
class _Neighbour:
    sentence: int
    start: int
    era: int


def misplaced(statements: list[Statement], course: Course, costs: Costs = COSTS) -> set[Statement]:
    """The verdicts that are false where their neighbours put them."""
    verdicts = [one for one in statements if one.opposite and isinstance(one.where, frozenset) and one.where]
    if not verdicts:
        return set()
    others = [one for one in statements if not one.opposite]
    places, _ = align(others, course, costs)
    neighbours = [
        _Neighbour(one.sentence, one.start, course.ticks[place.tick].era)
        for one, place in zip(others, places, strict=True)
        if place.tick is not None and not place.back
    ]
    return {one for one in verdicts if _is_misplaced(one, neighbours, course)}


def _is_misplaced(verdict: Statement, neighbours: list[_Neighbour], course: Course) -> bool:
    before = [one for one in neighbours if one.start <= verdict.start and verdict.sentence - one.sentence <= _REACH]
    after = [one for one in neighbours if one.start > verdict.start and one.sentence - verdict.sentence <= _REACH]
    if not before and not after:
        return False
    first = (before[-1] if before else after[0]).era
    last = after[0].era if after else course.ticks[-1].era
    if after and before and after[0].sentence > verdict.sentence and last > first:
        last -= 1  # the next sentence has gone on
    if verdict.matter is Matter.iteration:
        last = first
    eras = range(min(first, last), max(first, last) + 1)

    def within(ticks: frozenset[int]) -> bool:
        return any(course.ticks[tick].era in eras for tick in ticks)

    assert isinstance(verdict.where, frozenset)
    return not within(verdict.where) and within(verdict.opposite)
