"""Where in a run something is true: sets of ticks for values, changes, conditions, calls, returns and printed text."""

from collections.abc import Callable
from typing import Any

from ..moment import What
from ..values import is_elided
from .asked import Asked
from .course import Course, Tick
from .laps import Laps
from .literal import UNKNOWN, same, value_of
from .tokens import Kind, Token
from .touches import Touches

Test = Callable[[Tick, bool], Any]
"""True, False or UNKNOWN at a tick; the flag asks for the state before it."""


class Where(frozenset[int]):
    """Ticks at which something is true of the state before or after them; `after` are those of the state after."""

    after: frozenset[int] = frozenset()


class Places:
    """Asks one course."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.touches = Touches(course)
        self.asked = Asked(course)
        self.laps = Laps(course)

    def value(self, token: Token, tick: Tick, before: bool = False) -> Any:
        """The value of a term at a tick."""
        if token.kind is Kind.literal:
            return token.value
        if token.kind is Kind.identifier:
            return self.course.lookup(token.text, tick, before=before)
        return UNKNOWN if token.node is None else self.course.evaluate(token.node, tick, before=before)

    def where(self, test: Test) -> frozenset[int] | None:
        """Ticks at which a test is true of the state after or before; None if it can be told nowhere."""
        found, after, known = set[int](), set[int](), False
        seen: dict[tuple[int, int, bool], Any] = {}
        for tick in self.course.ticks:
            for before in (False, True):
                state = tick.before if before else tick.state
                place = (id(state), id(self.course._seen[tick.index]), before and tick.before is not tick.state)
                if place not in seen:
                    seen[place] = test(tick, before)
                result = seen[place]
                if result is not UNKNOWN:
                    known = True
                    if result:
                        found.add(tick.index)
                        if not before:
                            after.add(tick.index)
        if not known:
            return None
        where = Where(found)
        where.after = frozenset(after)
        return where

    def equal(self, left: Token, right: Token) -> frozenset[int] | None:
        """Where two terms are equal, also the one before and the other after a line."""

        if left.kind is Kind.identifier and left.text in self.course.attributes:
            return self._any_equal(left, right)

        def test(tick: Tick, before: bool) -> Any:
            one, others = self.value(left, tick, before), self.value(right, tick, before)
            if one is UNKNOWN or others is UNKNOWN:
                return UNKNOWN
            if same(others, one):
                return True
            if right.kind is Kind.expression and left.kind is Kind.identifier and not before:
                old = self.value(right, tick, True)
                return old is not UNKNOWN and same(old, one)
            return False

        return self.where(test)

    def _any_equal(self, left: Token, right: Token) -> frozenset[int] | None:
        """The same for the name of an attribute: any object may be meant."""

        def test(tick: Tick, before: bool) -> Any:
            ones, other = self.course.candidates(left.text, tick, before=before), self.value(right, tick, before)
            old = self.value(right, tick, True)
            if not ones or other is UNKNOWN:
                return UNKNOWN
            return any(same(other, one) or (old is not UNKNOWN and same(old, one)) for one in ones)

        return self.where(test)

    def changes(self, name: str, value: Any) -> frozenset[int]:
        """Where a name was given a value."""
        return frozenset(
            tick.index
            for tick in self.course.ticks
            if (text := tick.moment.changes.get(name)) is not None and same(value, self._known(text, value))
        )

    def _known(self, text: str, value: Any) -> Any:
        found = value_of(text)
        return (
            object()
            if found is UNKNOWN and not (is_elided(text) and isinstance(value, list | tuple | dict | str))
            else found
        )

    def went(self, name: str, old: Any, new: Any) -> frozenset[int]:
        """Where a name went from one value to another: in a line, or since its round, call or loop began."""
        course = self.course
        runs = [(run.starts[0], run.end) for run in course.runs if run.starts]
        spans = (
            runs
            + [(one.start, one.stop) for one in course.rounds]
            + [(call.start, call.stop + 1) for call in course.calls]
        )
        found = set[int]()
        for tick in course.ticks:
            if not same(new, course.lookup(name, tick)) or course.lookup(name, tick) is UNKNOWN:
                continue
            starts = [start for start, stop in spans if start <= tick.index < stop + 1]
            olds = [course.lookup(name, tick, before=True)] if name in tick.moment.changes else []
            olds += [course.lookup(name, course.ticks[start], before=True) for start in starts]
            olds += [course.lookup(name, course.ticks[start]) for start in starts]
            if any(one is not UNKNOWN and same(old, one) for one in olds):
                found.add(tick.index)
        return frozenset(found)

    def rest(self, names: set[str]) -> frozenset[int]:
        """Ticks after which none of these names changes at once: what is told side by side is not half done."""
        ticks = self.course.ticks
        busy = set[int]()
        last: dict[int, Tick] = {}
        for tick in ticks:
            before = last.get(tick.moment.frame)
            if (
                before is not None
                and names & before.moment.changes.keys()
                and any(tick.before.get(name) != tick.state.get(name) for name in names & tick.moment.changes.keys())
            ):
                busy.update(range(before.index, tick.index))
            if tick.moment.changes or tick.moment.what is What.step:
                last[tick.moment.frame] = tick
        return frozenset(range(len(ticks))) - busy

    def lines(self, numbers: list[int]) -> frozenset[int]:
        """Where one of these lines ran."""
        wanted = set(numbers)
        return frozenset(tick.index for tick in self.course.ticks if tick.moment.line in wanted)

    def returned(self, value: Token, functions: frozenset[str]) -> frozenset[int]:
        """Where a function (one of these, if any are named) returned a value; the last tick for the program's call."""
        found = set[int]()
        for call in self.course.calls:
            if call.value is None or (functions and call.function not in functions):
                continue
            told = self.value(value, self.course.ticks[call.stop])
            actual = value_of(call.value)
            if actual is UNKNOWN or told is UNKNOWN or same(told, actual) or _holds(actual, told):
                found.add(call.stop)
        returned = self.course.trace.returned
        told = value.value if value.kind is Kind.literal else UNKNOWN
        if returned is not None and (same(told, value_of(returned)) or _holds(value_of(returned), told)):
            found.add(len(self.course.ticks) - 1)
        return frozenset(found)

    def printed(self, value: Token) -> frozenset[int]:
        """Where a text, or a line or word of it, was printed."""
        found = set[int]()
        for tick in self.course.ticks:
            if tick.moment.printed and self.is_in(value, tick, tick.moment.printed):
                found.add(tick.index)
        if (
            not found
            and value.kind is Kind.literal
            and self.is_in(value, self.course.ticks[-1], self.course.trace.stdout)
        ):
            found.add(len(self.course.ticks) - 1)
        return frozenset(found)

    def is_in(self, value: Token, tick: Tick, text: str) -> bool:
        """Whether a printed text is the value, or has it as a line or word."""
        told = self.value(value, tick)
        if told is UNKNOWN:
            return True
        words = str(told)
        lines = [line.strip() for line in text.split("\n")]
        if isinstance(told, str):
            return words.strip() in text or words.replace("\\n", "\n").strip() in text
        parts = [part for line in lines for part in line.replace(",", " ").replace(":", " ").split()]
        return words in lines or words in parts or (not isinstance(told, int | float) and words in text) or (
            isinstance(told, float) and any(_close(part, told) for part in parts)
        )  # fmt: skip

    def raised(self, kind: str) -> frozenset[int]:
        """Where an exception of this type was raised or went on."""
        return frozenset(
            tick.index for tick in self.course.ticks
            if kind in (tick.moment.value or "")
            and (tick.moment.verb.startswith("raises") or tick.moment.what in _RAISING)
        )  # fmt: skip


_RAISING = (What.raise_, What.reraise, What.unwind, What.handled, What.throw)


def _holds(container: Any, told: Any) -> bool:
    """Whether a value is one of those returned together, or a part of a text."""
    if isinstance(container, str) and isinstance(told, str):
        return len(told) > 1 and told in container
    return isinstance(container, list | tuple) and any(same(told, item) for item in container)


def _close(part: str, told: float) -> bool:
    try:
        return same(told, float(part))
    except ValueError:
        return False
