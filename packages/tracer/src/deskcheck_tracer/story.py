"""What the sentences tell about a trace: like moments.py, and complete, so that every state can be rebuilt from it.

Beyond what the scratchpad tells: bodies of classes and other modules, which generator goes on (`count#2` when several
of one name are suspended), what a raising or yielding line did in one moment, the outcome of `except` and `case` lines,
rounds of loops, effects that were seen of a line that never ended. A reader follows the running frame by `Frames`;
where it would get it wrong (threads), a `switch` says so.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from .describe import Describer
from .moment import Form, Moment, What
from .statements import Statement, tree
from .substitute import substitute
from .trace import Event, EventKind, Step, Trace

PROGRAM, CALL = "the program", "the call"
_NAMES = {
    "<module>": PROGRAM, "<call>": CALL, "<lambda>": "the lambda", "<genexpr>": "the generator expression",
}  # fmt: skip


class Frames:
    """The running frame, as a reader of the sentences follows it. Frames are numbered in the order they are entered."""

    def __init__(self) -> None:
        self.stack: list[int] = []
        self._count = 0
        self._labels: dict[str, int] = {}

    @property
    def current(self) -> int:
        """The frame whose lines are told; the program's own before anything is."""
        if not self.stack:
            self.stack.append(0)
            self._count = max(self._count, 1)
        return self.stack[-1]

    def follow(self, what: What, label: str, *, leaves: bool = False) -> None:
        """Take note of a sentence; `leaves` says that its line returns or yields."""
        if what in (What.call, What.body):
            self.stack.append(self._count)
            self._labels[label] = self._count
            self._count += 1
        elif what is What.begin and label == CALL:
            self._count = max(self._count, 1)
            self.follow(What.call, label)
        elif what in (What.resume, What.throw):
            self.stack.append(self._labels.get(label, -1))
        elif what is What.switch:
            self.switch(int(label))
        elif self.current >= 0 and (leaves or what in (What.return_, What.yield_, What.unwind, What.body_end)):
            self.stack.pop()

    def switch(self, frame: int) -> None:
        """Another frame runs."""
        if frame in self.stack:
            del self.stack[self.stack.index(frame) + 1 :]
        else:
            self.stack.append(frame)


def story(trace: Trace) -> Iterator[Moment]:
    """Everything that happened, in order, with a `switch` wherever the running frame would not be clear."""
    frames = Frames()
    for moment in _Teller(trace).tell():
        enters = moment.what in (What.call, What.body, What.resume, What.throw) or is_call_begin(moment)
        if not enters and moment.what is not What.cut and moment.frame != frames.current:
            yield Moment(What.switch, moment.line, moment.frame, str(moment.frame))
            frames.switch(moment.frame)
        yield moment
        frames.follow(moment.what, moment.function, leaves=moment.verb in ("returns", "yields"))
        if enters and frames.stack[-1] != moment.frame:
            yield Moment(What.switch, moment.line, moment.frame, str(moment.frame))
            frames.switch(moment.frame)


def is_call_begin(moment: Moment) -> bool:
    """Whether the program's call expression begins."""
    return moment.what is What.begin and moment.line == 0


_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)  # a decorator may have been called meanwhile
_SUSPENDS = (EventKind.yield_, EventKind.resume, EventKind.throw)


@dataclass
class _Open:
    """A step whose effect is still to be told."""

    step: Step
    moment: Moment
    node: ast.AST | None
    begun: bool = False


class _Teller:
    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.describer = Describer(trace)
        self.open: dict[int, _Open] = {}
        self.running: list[int] = []
        self.rounds: dict[tuple[int, int], int] = {}
        self.last_line: dict[int, int] = {}
        self.labels = _labels(trace.events)

    def tell(self) -> Iterator[Moment]:
        steps = iter(self.describer.steps)
        for event in self.trace.events:
            kind = event.kind
            if kind is EventKind.line:
                yield from self._turn_to(event.frame)
                yield from self._close(event.frame)
                self._open_step(next(steps))
            elif kind is EventKind.call:
                yield from self._enter(event)
            elif kind in (EventKind.resume, EventKind.throw):
                if self.running:
                    yield from self._begin(self.running[-1])
                yield from self._begin(event.frame)
                self.running.append(event.frame)
                yield self._of_frame(What.resume if kind is EventKind.resume else What.throw, event)
            elif kind is EventKind.yield_:
                yield from self._yield(event)
            elif kind in (EventKind.raise_, EventKind.reraise):
                yield from self._raise(event)
            elif kind is EventKind.handled:
                yield from self._begin(event.frame)
                yield self._of_frame(What.handled, event)
            elif kind in (EventKind.return_, EventKind.unwind):
                yield from self._leave(event)
            elif kind is EventKind.truncated:
                yield from self._give_up()
                yield Moment(What.cut, event.line, event.frame, "", value=event.text)
        yield from self._give_up()

    # ---- frames ----

    def _enter(self, event: Event) -> Iterator[Moment]:
        around = event.parent if event.parent is not None else self.running[-1] if self.running else None
        if around is not None:
            yield from self._begin(around)
        self.running.append(event.frame)
        if event.function == "<call>":
            text = self.trace.program.call or ""
            yield Moment(What.begin, 0, event.frame, CALL, statement=text, form=Form.other, expression=text)
        elif event.function == "<module>" and event.frame == 0 and not event.changes:
            return
        else:
            body = event.function == "<module>" or self.describer.is_class_body(event.frame)
            yield self._of_frame(What.body if body else What.call, event, dict(event.changes))

    def _leave(self, event: Event) -> Iterator[Moment]:
        current = self.open.get(event.frame)
        returns = event.kind is EventKind.return_
        self._stop(event.frame)
        call = self.describer.calls.get(event.frame)
        name = call.function if call is not None else None
        tells = name == "<lambda>" or (current is not None and isinstance(current.node, ast.Return))
        if returns and tells and current is not None and not current.begun and event.value is not None:
            current.moment.value, current.moment.verb = event.value, "returns"
            yield from self._close(event.frame)
            return
        yield from self._close(event.frame)
        if name in ("<call>", None) or (name == "<module>" and event.frame == 0) or event.value is None:
            return  # no value: a recorder was switched off inside the frame
        if returns and (name == "<module>" or self.describer.is_class_body(event.frame)):
            yield self._of_frame(What.body_end, event)
        else:
            yield self._of_frame(What.return_ if returns else What.unwind, event)

    def _yield(self, event: Event) -> Iterator[Moment]:
        current = self.open.get(event.frame)
        self._stop(event.frame)
        if current is not None and not current.begun:
            begins = self._beginning(current)
            begins.value, begins.verb = event.value, "yields"
            yield begins
        else:
            yield self._of_frame(What.yield_, event)

    def _raise(self, event: Event) -> Iterator[Moment]:
        """A line that raises is told in one moment; one that goes on after a finally block is not its doing."""
        current = self.open.get(event.frame)
        fresh = event.kind is EventKind.raise_
        if current is not None:
            current.moment.note = ""  # an `assert` that raises does not hold
        if current is not None and not current.begun:
            by_line = fresh or isinstance(current.node, ast.Raise)
            if by_line:
                current.moment.value = event.value
                current.moment.verb = "raises" if fresh else "raises again"
            yield from self._close(event.frame)
            if by_line:
                return
        yield self._of_frame(What.raise_ if fresh else What.reraise, event)

    def _turn_to(self, frame: int) -> Iterator[Moment]:
        """A thread may stop in the middle of a line, and another go on."""
        if self.running and self.running[-1] != frame:
            yield from self._begin(self.running[-1])
            self._stop(frame)
            self.running.append(frame)

    def _stop(self, frame: int) -> None:
        if frame in self.running:
            del self.running[len(self.running) - 1 - self.running[::-1].index(frame)]

    def _of_frame(self, what: What, event: Event, changes: dict[str, str | None] | None = None) -> Moment:
        return Moment(what, event.line, event.frame, self._label(event.frame), changes=changes or {}, value=event.value)

    def _label(self, frame: int) -> str:
        return self.labels.get(frame, PROGRAM if frame == 0 else f"frame {frame}")

    # ---- steps ----

    def _open_step(self, step: Step) -> None:
        moment = self.describer.moment(step)
        statement = self.describer.statement(step)
        node = statement.node if statement is not None else None
        moment.function = self._label(step.frame)
        self.open[step.frame] = _Open(step, moment, node)
        if statement is None or node is None:
            moment.statement = self._inner_text(step) or moment.statement
            moment.form = Form.line
        elif step.line == self.describer.calls[step.frame].line and self.describer.is_class_body(step.frame):
            moment.form, moment.note = Form.line, "the body is set up"
        else:
            following = self.describer.next_line.get(step.index)
            moment.note = _note(node, statement, following)
            if isinstance(node, ast.If | ast.While):
                names = self.describer.names(step)
                moment.expression = substitute(self.trace.program.source, node.test, names, containers=True)
            if isinstance(node, ast.For | ast.AsyncFor | ast.While):
                moment.round = self._round(step, statement, moment.taken)
        self.last_line[step.frame] = step.line
        if step.frame == 0:
            self.describer.module_step = step

    def _inner_text(self, step: Step) -> str | None:
        """The text of the lambda or generator expression that a step is in, if its line has one only."""
        if step.function not in ("<lambda>", "<genexpr>") or not self.describer.is_own(step.frame):
            return None
        return _inner_texts(self.trace.program.source).get((step.function, step.line))

    def _round(self, step: Step, statement: Statement, taken: bool | None) -> int:
        key = (step.frame, step.line)
        last = self.last_line.get(step.frame, 0)
        if not statement.span[0] <= last <= statement.span[1]:
            self.rounds[key] = 0
        if not taken:
            return 0
        self.rounds[key] = self.rounds.get(key, 0) + 1
        return self.rounds[key]

    def _beginning(self, current: _Open) -> Moment:
        current.begun = True
        moment = current.moment
        return Moment(What.begin, moment.line, moment.frame, moment.function, moment.visit, moment.statement)

    def _begin(self, frame: int) -> Iterator[Moment]:
        current = self.open.get(frame)
        if current is not None and not current.begun:
            yield self._beginning(current)

    def _close(self, frame: int) -> Iterator[Moment]:
        current = self.open.pop(frame, None)
        if frame == 0:
            self.describer.module_step = None
        if current is None:
            return
        moment = current.moment
        if not current.begun:
            yield moment
        elif moment.has_effect() or isinstance(current.node, _DEFINITIONS) or moment.note:
            moment.what = What.effect
            yield moment

    def _give_up(self) -> Iterator[Moment]:
        """The trace ends inside these steps: what was seen of their effect is told."""
        for frame in sorted(self.open, reverse=True):
            current = self.open.pop(frame)
            moment = current.moment
            moment.note, moment.taken, moment.left, moment.stays = "not finished", None, None, frozenset()
            moment.changes, moment.round = dict(current.step.changes), 0
            if current.begun and not (moment.changes or moment.printed or moment.read):
                continue
            moment.what = What.effect if current.begun else What.step
            yield moment


def _labels(events: list[Event]) -> dict[int, str]:
    """A name for each frame; frames that are suspended are numbered where several have one name."""
    calls = {event.frame: event.function or "?" for event in events if event.kind is EventKind.call}
    names = {frame: _NAMES.get(name, name) for frame, name in calls.items()}
    suspended = sorted({event.frame for event in events if event.kind in _SUSPENDS})
    alike = Counter(names.get(frame, "") for frame in suspended)
    seen: Counter[str] = Counter()
    for frame in suspended:
        name = names.get(frame, "")
        if alike[name] > 1:
            seen[name] += 1
            names[frame] = f"{name}#{seen[name]}"
    return names


_NOTES: dict[type[ast.AST], str] = {
    ast.Pass: "nothing happens", ast.Break: "leaves the loop", ast.Continue: "goes on with the loop",
    ast.Try: "the block begins", ast.TryStar: "the block begins", ast.Assert: "it holds",
}  # fmt: skip


def _note(node: ast.AST, statement: Statement, following: int | None) -> str:
    if isinstance(node, ast.ExceptHandler | ast.match_case) and following is not None:
        inside = statement.body[0] <= following <= statement.body[1]
        return "it matches" if inside else "it does not match"
    return _NOTES.get(type(node), "")


@lru_cache(maxsize=64)
def _inner_texts(source: str) -> dict[tuple[str, int], str]:
    """The text of a lambda's body and of a generator expression by the line it is on, where that is the only one."""
    found: dict[tuple[str, int], str] = {}
    double: set[tuple[str, int]] = set()
    for node in ast.walk(tree(source)):
        if not isinstance(node, ast.Lambda | ast.GeneratorExp):
            continue
        name, part = ("<lambda>", node.body) if isinstance(node, ast.Lambda) else ("<genexpr>", node)
        text = substitute(source, part, {})
        text = text.removeprefix("(").removesuffix(")") if name == "<genexpr>" and text[:1] == "(" else text
        for line in range(part.lineno, (part.end_lineno or part.lineno) + 1):
            if (name, line) in found:
                double.add((name, line))
            found[name, line] = text
    return {key: text for key, text in found.items() if key not in double}
