"""Where in a run something is true: sets of ticks for values, changes, conditions, calls, returns and printed text."""

import ast
from collections.abc import Callable
from functools import cached_property
from typing import Any

from ..moment import What
from ..values import is_elided
from .course import Course, Tick, normal
from .literal import UNKNOWN, same, value_of
from .statement import Scope
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

    def outcome(self, held: bool, *, names: frozenset[str] = frozenset(), lines: frozenset[int] = frozenset(),
                with_else: bool = False, kinds: frozenset[str] = frozenset()) -> frozenset[int]:  # fmt: skip
        """Where a condition came out so; of those on `lines`, that read one of `names`, that have an else."""
        found = set[int]()
        for index, taken in self.course.outcomes:
            moment = self.course.ticks[index].moment
            if taken is not held or (lines and moment.line not in lines):
                continue
            if kinds and moment.target not in kinds:
                continue
            if with_else and moment.line not in self._with_else:
                continue
            if names and not names & self._read_on(moment.line):
                continue
            found.add(index)
        return frozenset(found)

    @cached_property
    def other_else(self) -> bool:
        """Whether the program has a loop or a `try` with an else."""
        return any(isinstance(node, ast.For | ast.While | ast.Try) and node.orelse for node in ast.walk(self.course.tree))

    @cached_property
    def _with_else(self) -> frozenset[int]:
        return frozenset(node.lineno for node in ast.walk(self.course.tree) if isinstance(node, ast.If) and node.orelse)

    def _read_on(self, line: int) -> set[str]:
        return self._reads.get(line, set())

    @cached_property
    def _reads(self) -> dict[int, set[str]]:
        return {
            node.lineno: {part.id for part in ast.walk(node.test) if isinstance(part, ast.Name)}
            for node in ast.walk(self.course.tree)
            if isinstance(node, ast.If | ast.While)
        }

    def asking(self, source: str) -> list[int]:
        """The lines of the one condition of the program that is a call written so: `islower()` of `c.islower()`."""
        found = [
            node.lineno for node in ast.walk(self.course.tree)
            if isinstance(node, ast.If | ast.While) and isinstance(node.test, ast.Call)
            and normal(ast.unparse(node.test)).endswith(normal(source).removeprefix("."))
        ]  # fmt: skip
        return found if len(found) == 1 else []

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

    def conditions(self, kinds: frozenset[str], told: set[str]) -> frozenset[int]:
        """The lines of conditions of these kinds (`if` and `elif` for none) that have all these names and constants."""
        found = set[int]()
        for index, _ in self.course.outcomes:
            moment = self.course.ticks[index].moment
            if moment.target in (kinds or ("if", "elif")) and told <= self._parts_of.get(moment.line, set()):
                found.add(moment.line)
        return frozenset(found)

    def reading(self, lines: frozenset[int], names: set[str]) -> frozenset[int]:
        """Those of the lines whose conditions read one of these names."""
        return frozenset(line for line in lines if names & self._read_on(line))

    @cached_property
    def _parts_of(self) -> dict[int, set[str]]:
        """Names and constants in the condition of each line, as text."""
        return {
            node.lineno: {
                part.id if isinstance(part, ast.Name) else str(part.value)
                for part in ast.walk(node.test)
                if isinstance(part, ast.Name | ast.Constant)
            }
            for node in ast.walk(self.course.tree)
            if isinstance(node, ast.If | ast.While)
        }

    @cached_property
    def one_condition(self) -> bool:
        """Whether the program has one `if` and no more."""
        return sum(isinstance(node, ast.If) for node in ast.walk(self.course.tree)) == 1

    def asks(self, line: int) -> bool:
        """Whether a line asks a condition."""
        return line in self._reads

    @cached_property
    def jumps(self) -> dict[str, frozenset[int]]:
        """Where `break` and `continue` ran."""
        lines = {
            kind: [node.lineno for node in ast.walk(self.course.tree) if isinstance(node, node_kind)]
            for kind, node_kind in (("break", ast.Break), ("continue", ast.Continue))
        }
        return {kind: self.lines(numbers) for kind, numbers in lines.items()}

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

    def rounds(self, number: int | None, which: frozenset[int] = frozenset()) -> Scope | None:
        """The rounds of a number, of the loops on these lines if any are given; the last rounds for None."""
        last = {one.run: one.number for one in self.course.rounds}
        found = [
            (one.start, min(one.stop + (one.number == last[one.run]), len(self.course.ticks)))
            for one in self.course.rounds
            if one.number == (last[one.run] if number is None else number) and (not which or one.line in which)
        ]
        lines = frozenset(one.line for one in self.course.rounds if not which or one.line in which)
        return Scope(tuple(found), "", lines) if found else None

    def other_rounds(self, scope: Scope) -> frozenset[int]:
        """The ticks of the other rounds of the scope's loops."""
        ticks = {
            tick for one in self.course.rounds if one.line in scope.lines for tick in range(one.start, one.stop)
        }
        return frozenset(ticks) - scope.ticks

    def done(self, number: int, which: frozenset[int] = frozenset()) -> frozenset[int] | bool:
        """Where so many rounds of a run of one of these loops (any, if none is given) are done, and the next is not."""
        found = frozenset(
            tick
            for run in self.course.runs
            if len(run.starts) > number > 0 and (not which or run.line in which)
            for tick in range(run.of_round(number)[1] - 1, run.of_round(number + 1)[1])
        )
        return found or False

    def changed(self, name: str) -> frozenset[int]:
        """Where a name got another value than it had."""
        return frozenset(
            tick.index for tick in self.course.ticks
            if name in tick.moment.changes and tick.before.get(name) != tick.state.get(name)
        )  # fmt: skip

    def kept(self, name: str) -> frozenset[int]:
        """The ticks of rounds in which a name kept its value."""
        changed = self.changed(name)
        busy = {
            tick
            for one in self.course.rounds
            if any(one.start <= at < one.stop for at in changed)
            for tick in range(one.start, one.stop)
        }
        return frozenset(tick.index for tick in self.course.ticks if tick.rounds and tick.index not in busy)

    @cached_property
    def outside(self) -> frozenset[int]:
        """The ticks in no round of any loop."""
        return frozenset(tick.index for tick in self.course.ticks if not tick.rounds)

    @cached_property
    def ends(self) -> frozenset[int]:
        """The last ticks of the eras."""
        ticks = self.course.ticks
        return frozenset(
            one.index
            for one, after in zip(ticks, [*ticks[1:], None], strict=True)
            if after is None or one.era != after.era
        )

    def loop_windows(self, name: str, value: Any) -> tuple[tuple[int, int], ...]:
        """The rounds in which a `for` gave a name a value."""
        found = []
        for one in self.course.rounds:
            head = self.course.ticks[one.start]
            text = head.moment.changes.get(name)
            if text is not None and same(value, value_of(text)) and value_of(text) is not UNKNOWN:
                found.append((one.start, one.stop))
        return tuple(found)

    def is_set_by_loops(self, name: str) -> bool:
        """Whether a name changes only where a round of a loop begins."""
        starts = {one.start for one in self.course.rounds}
        return self.changed(name) <= starts

    def item_ticks(self, value: Any) -> frozenset[int]:
        """The ticks of the rounds in which a `for` gave some name a value."""
        found = set[int]()
        for one in self.course.rounds:
            for text in self.course.ticks[one.start].moment.changes.values():
                known = UNKNOWN if text is None else value_of(text)
                if known is not UNKNOWN and same(value, known):
                    found.update(range(one.start, one.stop))
        return frozenset(found)

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
