"""How much of a run a text tells: of the lines that did something, the share that the text speaks of.

A line did something if it changed or returned a value, asked a condition or printed. The text speaks of it if one of
its statements is laid at a moment of that line, or mentions a value that the line has in hand in the same round. A loop
of a thousand rounds has as many lines as one of three, so that a summary of it is not asked to be long.
"""

from collections.abc import Iterable

from ..moment import Form, Moment
from .align import Place
from .course import Course
from .statement import Matter, Statement

_VALUES = (Matter.mention, Matter.line)


def told(statements: list[Statement], places: list[Place], course: Course) -> float:
    """The share, in [0, 1]; 1 for a run in which no line did anything."""
    lines = {tick.moment.line for tick in course.ticks if _does_something(tick.moment)}
    spoken = set[int]()
    for one, place in zip(statements, places, strict=True):
        if place.tick is not None and isinstance(one.where, frozenset):
            spoken.update(course.ticks[tick].moment.line for tick in _spoken(one.matter, one.where, place.tick, course))
    return len(lines & spoken) / len(lines) if lines else 1.0


def _does_something(moment: Moment) -> bool:
    return moment.line > 0 and moment.form is not Form.define and (moment.has_effect() or moment.value is not None)


def _spoken(matter: Matter, where: frozenset[int], at: int, course: Course) -> Iterable[int]:
    """The ticks that a statement speaks of; a value that is mentioned is in hand at several of its round."""
    if matter not in _VALUES:
        return (at, _began(where, at))
    era = course.ticks[at].era
    return (tick for tick in where if course.ticks[tick].era == era)


def _began(where: frozenset[int], at: int) -> int:
    """The tick since which a statement has been true without a break: the line that made it so."""
    while at - 1 in where:
        at -= 1
    return at
