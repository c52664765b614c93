"""The course of a run, laid out for a reader of prose: moment by moment the state, the rounds, the outcomes.

A tick is a moment of the step narration (story.py). `eras` number the stretches between the beginnings and ends of
rounds: within one era a text may tell things in any order, across eras it has to keep the run's.
"""

import ast
import builtins
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..moment import Form, Moment, What
from ..rounds import LoopRun, loop_runs
from ..statements import source_lines, statements, tree
from ..story import story
from ..trace import Trace
from .evaluate import evaluate
from .literal import UNKNOWN, fields_of, key, value_of

State = dict[str, str]
_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(slots=True)
class Tick:
    """One moment with the state of its frame before and after it."""

    index: int
    moment: Moment
    before: State
    state: State
    era: int = 0
    rounds: list["Round"] = field(default_factory=list)
    """The rounds it lies in, outermost first, those of calling frames included."""


@dataclass(frozen=True, eq=False)
class Round:
    """One round of one run of a loop, in ticks."""

    run: int
    line: int
    number: int
    start: int
    stop: int


@dataclass(frozen=True)
class Call:
    """A call of one of the program's functions."""

    function: str
    arguments: State
    start: int
    stop: int
    """The tick that leaves it."""
    value: str | None


class Course:
    """All there is to ask about one run."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.source = trace.program.source
        self.moments = [moment for moment in story(trace) if moment.what is not What.switch]
        self.runs = loop_runs(self.moments, self.source)
        self.rounds = [
            Round(number, run.line, *place) for number, run in enumerate(self.runs) for place in _places(run)
        ]
        self.ticks = _ticks(self.moments)
        self._lay_rounds()
        self.values: dict[tuple[str, int], Any] = {}

    def _lay_rounds(self) -> None:
        borders = set[int]()
        for one in sorted(self.rounds, key=lambda one: (one.start, -one.stop)):
            borders |= {one.start, one.stop}
            for tick in self.ticks[one.start : one.stop]:
                tick.rounds.append(one)
        era = 0
        for tick in self.ticks:
            era += tick.index in borders
            tick.era = era

    @cached_property
    def tree(self) -> ast.Module:
        """The program's syntax tree."""
        return tree(self.source)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every identifier of the program: variables, functions, arguments, attributes, imports."""
        found = set(_WORD.findall(_bare(self.source))) | set(_WORD.findall(self.trace.program.call or ""))
        for tick in self.ticks:
            found.update(tick.state)
        return frozenset(found)

    @cached_property
    def variables(self) -> frozenset[str]:
        """Names that ever hold a value other than a function, class or module, and attributes."""
        return self.attributes.union(
            name
            for tick in self.ticks
            for name, text in tick.moment.changes.items()
            if text is not None and not text.startswith(("<function", "<class", "<module"))
        )

    @cached_property
    def attributes(self) -> frozenset[str]:
        """Names of the attributes of objects that some name holds."""
        texts = {text for tick in self.ticks for text in tick.moment.changes.values() if text and "#" in text}
        return frozenset(name for text in texts for name in fields_of(text))

    @cached_property
    def text_values(self) -> frozenset[str]:
        """Words of the strings that occur: in the program, its input and output, and the values of names."""
        trace = self.trace
        texts = [
            node.value for node in ast.walk(self.tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        texts += [
            text
            for tick in self.ticks
            for text in tick.moment.changes.values()
            if text and ("'" in text or '"' in text)
        ]
        texts += [trace.stdout, trace.program.stdin, trace.program.call or "", trace.returned or "", trace.end.detail]
        return frozenset(_WORD.findall(" ".join(texts)))

    @cached_property
    def held_texts(self) -> frozenset[str]:
        """Strings that names held, other than those that look like numbers."""
        values = [
            value_of(text) for tick in self.ticks for text in tick.moment.changes.values() if text and text[0] in "'\""
        ]
        return frozenset(value for value in values if isinstance(value, str) and value and not value.isdigit())

    @cached_property
    def told_text(self) -> str:
        """All strings of the program, of its input and output and of its names' values, one after the other."""
        trace = self.trace
        found = [
            node.value for node in ast.walk(self.tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        texts = {text for tick in self.ticks for text in tick.moment.changes.values() if text} | {
            trace.program.call or ""
        }
        found += [part for text in texts if "'" in text for part in re.findall(r"'([^']*)'", text)]
        return "\n".join([*found, trace.program.stdin, trace.stdout, trace.returned or ""])

    @cached_property
    def functions(self) -> frozenset[str]:
        """Names of the program's own functions and classes."""
        return frozenset(
            node.name
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        )

    @cached_property
    def loop_variables(self) -> frozenset[str]:
        """Names that a `for` sets, or the condition of a `while` reads and its body changes."""
        found = set[str]()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.For | ast.AsyncFor):
                found |= _names_in(node.target)
            elif isinstance(node, ast.While):
                changed = {name for part in node.body for name in _stored(part)}
                found |= _names_in(node.test) & changed
        return frozenset(found)

    @cached_property
    def lines(self) -> dict[str, list[int]]:
        """Line numbers by the normal text of their statements and of their conditions."""
        found: dict[str, list[int]] = defaultdict(list)
        for line, statement in statements(self.source).items():
            found[normal(statement.text)].append(line)
            test = getattr(statement.node, "test", None)
            if isinstance(test, ast.expr):
                found[normal(ast.unparse(test))].append(line)
            if isinstance(statement.node, ast.For | ast.AsyncFor):
                found[normal(f"{ast.unparse(statement.node.target)} in {ast.unparse(statement.node.iter)}")].append(
                    line
                )
        return {text: sorted(set(numbers)) for text, numbers in found.items()}

    @cached_property
    def line_count(self) -> int:
        """Lines of the source."""
        return len(source_lines(self.source))

    @cached_property
    def outcomes(self) -> list[tuple[int, bool]]:
        """(tick, whether it held) for every condition that was asked."""
        return [
            (tick.index, tick.moment.taken)
            for tick in self.ticks
            if tick.moment.taken is not None and tick.moment.form is Form.branch
        ]

    @cached_property
    def calls(self) -> list[Call]:
        """Every call of the program's functions that is told."""
        found: list[Call] = []
        open_calls: dict[int, Tick] = {}
        for tick in self.ticks:
            moment = tick.moment
            if moment.what is What.call:
                open_calls[moment.frame] = tick
            elif moment.what in (What.return_, What.unwind) or moment.verb == "returns":
                first = open_calls.pop(moment.frame, None)
                if first is not None:
                    value = None if moment.what is What.unwind else moment.value
                    arguments = {name: text for name, text in first.moment.changes.items() if text is not None}
                    found.append(Call(_plain(moment.function), arguments, first.index, tick.index, value))
        end = len(self.ticks) - 1
        for first in open_calls.values():
            arguments = {name: text for name, text in first.moment.changes.items() if text is not None}
            found.append(Call(_plain(first.moment.function), arguments, first.index, end, None))
        return sorted(found, key=lambda call: call.start)

    @cached_property
    def results(self) -> dict[Any, Any]:
        """Values returned, by function and arguments; those that differ between calls are UNKNOWN."""
        found: dict[Any, Any] = {}
        for call in self.calls:
            place = (call.function, *(key(value_of(text)) for text in call.arguments.values()))
            value = UNKNOWN if call.value is None else value_of(call.value)
            found[place] = value if found.get(place, value) == value else UNKNOWN
        return found

    def lookup(self, name: str, tick: Tick, *, before: bool = False) -> Any:
        """The value of a name as the tick's frame sees it, else where it was last seen; UNKNOWN if it has none.

        An attribute may be told by its bare name; a name that could be two things of different values is UNKNOWN.
        """
        if name in self.attributes:
            found = self.candidates(name, tick, before=before)
            return found[0] if found and all(one == found[0] for one in found) else UNKNOWN
        owner, _, attribute = name.partition(".")
        text = (tick.before if before else tick.state).get(owner)
        if text is None:
            text = self._seen[tick.index].get(owner)
        if text is None:
            return UNKNOWN
        return fields_of(text).get(attribute, UNKNOWN) if attribute else value_of(text)

    def candidates(self, name: str, tick: Tick, *, before: bool = False) -> list[Any]:
        """All values that a bare name may stand for at a tick: the variable's, and those of attributes named so."""
        state = {**self._seen[tick.index], **(tick.before if before else tick.state)}
        found = [value_of(state[name])] if name in state else []
        found += [
            fields[name] for text in state.values() if "#" in text for fields in [fields_of(text)] if name in fields
        ]
        return [one for one in found if one is not UNKNOWN]

    @cached_property
    def _seen(self) -> list[State]:
        """The last value of every name in any frame, tick by tick."""
        found: list[State] = []
        current: State = {}
        for tick in self.ticks:
            if tick.moment.changes:
                current = {**current, **tick.state}
            found.append(current)
        return found

    def evaluate(self, node: ast.expr, tick: Tick, *, before: bool = False) -> Any:
        """The value of an expression at a tick."""
        return evaluate(node, lambda name: self.lookup(name, tick, before=before), self.call_value)

    def call_value(self, function: str, arguments: list[Any]) -> Any:
        """What the program's function returned for these arguments; UNKNOWN if it was not called so."""
        return self.results.get((function, *map(key, arguments)), UNKNOWN) if function in self.functions else UNKNOWN

    def run_counts(self) -> dict[int, list[int]]:
        """How often each run of the loop on a line went round; loops that never did are 0."""
        counts: dict[int, list[int]] = defaultdict(list)
        for run in self.runs:
            counts[run.line].append(len(run.starts))
        for tick in self.ticks:
            moment = tick.moment
            loops = moment.form is Form.for_ or (moment.form is Form.branch and moment.target == "while")
            if loops and moment.taken is False and moment.visit == 1:
                counts[moment.line].append(0)
        return counts


def _places(run: LoopRun) -> list[tuple[int, int, int]]:
    return [(number, *run.of_round(number)) for number in range(1, len(run.starts) + 1)]


def _ticks(moments: list[Moment]) -> list[Tick]:
    states: dict[int, State] = {}
    found: list[Tick] = []
    for index, moment in enumerate(moments):
        before = states.get(moment.frame, {})
        after = before
        if moment.changes:
            after = {**before, **moment.changes}  # type: ignore[dict-item]
            after = {name: text for name, text in after.items() if text is not None}
            states[moment.frame] = after
        found.append(Tick(index, moment, before, after))
    return found


def normal(text: str) -> str:
    """Source without what does not matter for recognising it: keyword, spaces, kind of quotes."""
    return re.sub(r"\s+", "", _KEYWORD.sub("", text)).rstrip(":").replace('"', "'")


_KEYWORD = re.compile(r"^\s*(?:if|elif|while|for|else)\b\s*")


def _bare(source: str) -> str:
    return re.sub(r"#.*", "", source)


def _names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _stored(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def _plain(label: str) -> str:
    return label.partition("#")[0]


BUILTINS = frozenset(dir(builtins))
