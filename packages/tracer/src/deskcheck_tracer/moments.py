"""What there is to tell about a trace: one moment after the other, each with its facts.

A moment is an executed line with its effect, or an entry, exit, suspension or exception of a frame. A line that calls
into the program is told twice: when it begins (`begin`), and after the callee's moments when its effect is there
(`effect`, left out if it has none). Both narration styles write moments and read claims back; `claims.check` compares
those with the facts computed here from the trace.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .loops import Loops
from .statements import Statement, source_lines, statements
from .substitute import is_plain, substitute
from .trace import Event, EventKind, Step, Trace
from .values import is_elided


class What(StrEnum):
    """Kinds of moments."""

    step = "step"
    begin = "begin"
    effect = "effect"
    call = "call"
    return_ = "return"
    yield_ = "yield"
    resume = "resume"
    throw = "throw"
    raise_ = "raise"
    reraise = "reraise"
    handled = "handled"
    unwind = "unwind"
    cut = "cut"


class Form(StrEnum):
    """How a step is told."""

    assign = "assign"
    """One name gets a value: `target`, `expression`."""
    for_ = "for"
    branch = "branch"
    """`if`, `elif` or `while`: `expression` is the condition, `target` the keyword."""
    return_ = "return"
    print_ = "print"
    define = "define"
    """A function or class statement: `target` is `def f` or `class A`."""
    other = "other"
    """Any statement: `expression` is its text with values."""
    line = "line"
    """Not a plain line: told by its number alone."""


@dataclass
class Moment:
    """One thing to tell. Texts are as in the trace."""

    what: What
    line: int
    frame: int
    function: str
    visit: int = 0
    statement: str = ""
    form: Form = Form.line
    target: str = ""
    expression: str | None = None
    changes: dict[str, str | None] = field(default_factory=dict)
    """Names to tell: those that changed, and assigned ones that stay."""
    stays: frozenset[str] = frozenset()
    """Assigned names whose value is the same as before."""
    left: str | None = None
    """Items a loop has still to go through."""
    taken: bool | None = None
    """Whether the condition held or the loop got an item; None if unknown or not asked."""
    printed: str = ""
    read: str = ""
    value: str | None = None
    """Value returned, yielded or raised."""

    def has_effect(self) -> bool:
        """Whether there is anything to say beyond that the line ran."""
        return bool(self.changes or self.printed or self.read or self.taken is not None)


def moments(trace: Trace) -> Iterator[Moment]:
    """Everything worth telling, in the order it happened (an effect after what led to it)."""
    return _Teller(trace).tell()


_BY_KIND = {
    EventKind.yield_: What.yield_,
    EventKind.resume: What.resume,
    EventKind.throw: What.throw,
    EventKind.raise_: What.raise_,
    EventKind.reraise: What.reraise,
    EventKind.handled: What.handled,
}


@dataclass
class _Open:
    """A step whose effect is still to be told."""

    step: Step
    moment: Moment
    begun: bool = False


class _Teller:
    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.statements = statements(trace.program.source)
        self.lines = source_lines(trace.program.source)
        self.steps = list(trace.steps())
        self.functions = {event.frame: event for event in trace.events if event.kind is EventKind.call}
        self.before, self.next_line = _neighbours(self.steps, trace.events)
        self.nested = _nested(trace.events)
        self.loops = Loops(trace.program.source)
        self.open: dict[int, _Open] = {}

    def tell(self) -> Iterator[Moment]:
        steps = iter(self.steps)
        for event in self.trace.events:
            kind = event.kind
            if kind is EventKind.line:
                yield from self._close(event.frame)
                step = next(steps)
                self.open[event.frame] = _Open(step, self._moment(step))
            elif kind is EventKind.call:
                if event.parent is not None:
                    yield from self._begin(event.parent)
                if event.function == "<call>":
                    text = self.trace.program.call or ""
                    yield Moment(What.begin, 0, event.frame, "<call>", statement=text, form=Form.other, expression=text)
                elif self._is_told(event):
                    yield self._frame_moment(What.call, event, dict(event.changes))
            elif kind in _BY_KIND:
                yield from self._begin(event.frame)
                yield self._frame_moment(_BY_KIND[kind], event)
            elif kind in (EventKind.return_, EventKind.unwind):
                yield from self._leave(event)
            elif kind is EventKind.truncated:
                yield from self._give_up()
                yield Moment(What.cut, event.line, event.frame, "", value=event.text)
        yield from self._give_up()

    def _leave(self, event: Event) -> Iterator[Moment]:
        current = self.open.get(event.frame)
        returns = event.kind is EventKind.return_
        if returns and current is not None and not current.begun and current.moment.form is Form.return_:
            current.moment.value = event.value
            yield from self._close(event.frame)
            return
        yield from self._close(event.frame)
        if event.value is not None and self._is_told(self.functions[event.frame]):
            yield self._frame_moment(What.return_ if returns else What.unwind, event)

    def _is_told(self, call: Event) -> bool:
        """Module and class bodies are not functions: nobody calls them and they return nothing."""
        statement = self.statements.get(call.line)
        is_class = statement is not None and isinstance(statement.node, ast.ClassDef)
        return call.function not in ("<module>", "<call>") and not (is_class and statement.node.name == call.function)  # type: ignore[union-attr]

    def _frame_moment(self, what: What, event: Event, changes: dict[str, str | None] | None = None) -> Moment:
        call = self.functions.get(event.frame)
        name = (call.function if call else None) or "?"
        return Moment(what, event.line, event.frame, name, changes=changes or {}, value=event.value)

    def _begin(self, frame: int) -> Iterator[Moment]:
        current = self.open.get(frame)
        if current is not None and not current.begun:
            current.begun = True
            moment = current.moment
            begins = Moment(What.begin, moment.line, frame, moment.function, moment.visit, moment.statement)
            begins.form, begins.target, begins.expression = moment.form, moment.target, moment.expression
            yield begins

    def _close(self, frame: int) -> Iterator[Moment]:
        current = self.open.pop(frame, None)
        if current is None:
            return
        moment = current.moment
        if not current.begun:
            yield moment
        elif moment.has_effect():
            moment.what = What.effect
            yield moment

    def _give_up(self) -> Iterator[Moment]:
        """The trace ends inside these steps: their effect is not known."""
        for frame in sorted(self.open):
            yield from self._begin(frame)
        self.open.clear()

    # ---- one step ----

    def _moment(self, step: Step) -> Moment:
        call = self.functions.get(step.frame)
        own = call is None or call.file is None
        plain = own and step.function not in ("<lambda>", "<genexpr>")
        found = self.statements.get(step.line) if plain else None
        text = (
            found.text
            if found
            else (self.lines[step.line - 1].strip() if own and 0 < step.line <= len(self.lines) else "")
        )
        moment = Moment(
            What.step, step.line, step.frame, step.function, step.visit, text,
            changes=dict(step.changes), printed=step.stdout, read=step.stdin,
        )  # fmt: skip
        if found is not None and found.node is not None:
            self._describe(moment, found, step)
        self.loops.seen(step)
        return moment

    def _names(self, step: Step) -> Mapping[str, str]:
        """Values that names had when the step began.

        A name that some function rebinds (`global`, `nonlocal`) may change while a line that calls functions runs, and
        another frame's view of it may be old: there it has no known value.
        """
        local = self.before[step.index]
        rebound = self.loops.rebound
        if rebound and step.index in self.nested:
            local = {name: value for name, value in local.items() if name not in rebound}
        around = self.open.get(0)
        if step.frame == 0 or around is None:
            return local
        call = self.functions.get(step.frame)
        hidden = self.loops.bound_in(call.line if call else 0) | rebound
        outer = self.before[around.step.index]
        return {**{name: value for name, value in outer.items() if name not in hidden}, **local}

    def _describe(self, moment: Moment, statement: Statement, step: Step) -> None:
        node, source = statement.node, self.trace.program.source
        names = self._names(step)
        after = step.locals if step.complete else {}
        read = moment.read.removesuffix("\n") if moment.read.count("\n") <= 1 else None
        read = read if moment.read else None
        following = self.next_line.get(step.index)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and (name := _single_target(node)):
            self._tell_assigned(moment, [name], after)
            expression = _right_side(source, node, names, read)
            if expression is not None and name in after and not is_elided(after[name]):
                moment.form, moment.target, moment.expression = Form.assign, name, expression
                return
        if isinstance(node, ast.For | ast.AsyncFor):
            self._tell_loop(moment, node, statement, step, names)
        elif isinstance(node, ast.If | ast.While):
            moment.form, moment.target = Form.branch, statement.text.split(None, 1)[0].split("(")[0]
            moment.expression = substitute(source, node.test, names, read)
            if following is not None:
                moment.taken = statement.body[0] <= following <= statement.body[1]
        elif isinstance(node, ast.Return):
            moment.form = Form.return_
            moment.expression = substitute(source, node.value, names, read) if node.value is not None else None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            moment.form, moment.target = (
                Form.define,
                ("class " if isinstance(node, ast.ClassDef) else "def ") + node.name,
            )
            if moment.changes.get(node.name) in (f"<function {node.name}>", f"<class '{node.name}'>"):
                del moment.changes[node.name]  # `def f` says it
        elif isinstance(node, ast.stmt) and not isinstance(node, ast.Match) and not hasattr(node, "body"):
            self._tell_assigned(moment, _targets(node), after)
            moment.form, moment.expression = Form.other, substitute(source, node, names, read)
            if _is_print(node) and moment.printed and not moment.changes and not moment.read:
                moment.form = Form.print_
        else:
            moment.form, moment.expression = Form.other, statement.text

    def _tell_assigned(self, moment: Moment, targets: list[str], after: Mapping[str, str]) -> None:
        """Also tell assigned names whose value did not change."""
        stays = [name for name in targets if name in after and name not in moment.changes]
        moment.changes = {**{name: after[name] for name in targets if name in after}, **moment.changes}
        moment.stays = frozenset(stays)

    def _tell_loop(
        self, moment: Moment, node: ast.For | ast.AsyncFor, statement: Statement, step: Step, names: Mapping[str, str]
    ) -> None:
        moment.form = Form.for_
        following = self.next_line.get(step.index)
        if following is None:
            return
        moment.taken = statement.body[0] <= following <= statement.body[1]
        after = step.locals if step.complete else {}
        if moment.taken:
            targets = [
                part.id
                for part in ast.walk(node.target)
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            ]
            self._tell_assigned(moment, targets, after)
        moment.left = self.loops.left(step, node, statement, names, moment.taken)


def _nested(events: list[Event]) -> frozenset[int]:
    """Indexes of the steps during which other frames ran."""
    current: dict[int, int] = {}
    found: set[int] = set()
    count = 0
    for event in events:
        if event.kind is EventKind.line:
            current[event.frame] = count
            count += 1
        elif event.kind is EventKind.call and event.parent in current:
            found.add(current[event.parent])
        elif event.kind in _BY_KIND:
            found.update(current.values())  # a generator goes on or stops: whoever drives it is in the middle of a line
    return frozenset(found)


def _neighbours(steps: list[Step], events: list[Event]) -> tuple[list[dict[str, str]], dict[int, int]]:
    """The state before every step, and the line that follows it in its frame."""
    entry = {
        event.frame: {name: value for name, value in event.changes.items() if value is not None}
        for event in events
        if event.kind is EventKind.call
    }
    last: dict[int, Step] = {}
    before: list[dict[str, str]] = []
    following: dict[int, int] = {}
    for step in steps:
        previous = last.get(step.frame)
        before.append(previous.locals if previous is not None else entry.get(step.frame, {}))
        if previous is not None:
            following[previous.index] = step.line
        last[step.frame] = step
    for event in events:
        if event.kind is EventKind.return_ and event.frame in last:
            following.setdefault(
                last[event.frame].index, 0
            )  # it fell off the end: no line follows, nothing was skipped
    return before, following


def _single_target(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> str | None:
    if isinstance(node, ast.Assign):
        return node.targets[0].id if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name) else None
    return node.target.id if isinstance(node.target, ast.Name) and node.value is not None else None


_OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>", ast.MatMult: "@",
}  # fmt: skip


def _right_side(source: str, node: ast.stmt, names: Mapping[str, str], read: str | None) -> str | None:
    """What is assigned, with values; `s += x` gives `0 + 3`, or None if s is not a plain value."""
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        return substitute(source, node.value, names, read)
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        old = names.get(node.target.id)
        if old is None or not is_plain(old):
            return None
        right = substitute(source, node.value, names, read)
        if isinstance(
            node.value, ast.BinOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.UnaryOp | ast.NamedExpr | ast.Lambda
        ):
            right = f"({right})"
        return f"{old} {_OPERATORS[type(node.op)]} {right}"
    return None


def _targets(node: ast.stmt) -> list[str]:
    """Names that a statement assigns itself (not in nested scopes)."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    return [
        part.id
        for target in targets
        for part in ast.walk(target)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    ]


def _is_print(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"
