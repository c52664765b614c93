"""What one executed line says: the statement behind a step, with the values its names had, its outcome and effect.

`Describer.moment(step)` is the part that both ways of telling a trace (moments.py for the scratchpad, story.py for the
sentences) have in common.
"""

import ast
from collections.abc import Mapping
from functools import lru_cache

from .loops import Loops, bound_in, rebound_in
from .moment import Form, Moment, What
from .statements import Statement, source_lines, statements
from .substitute import is_plain, substitute
from .trace import Event, EventKind, Step, Trace
from .values import is_elided


class Describer:
    """The steps of one trace, each with what came before and after it in its frame."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.source = trace.program.source
        self.statements = statements(self.source)
        self.lines = source_lines(self.source)
        self.steps = list(trace.steps())
        self.calls = {event.frame: event for event in trace.events if event.kind is EventKind.call}
        self.before, self.next_line = _neighbours(self.steps, trace.events)
        self.nested = _nested(trace.events)
        self.loops = Loops(self.source)
        self.rebound = rebound_in(self.source)
        self.module_step: Step | None = None
        """The module's line that is being run."""

    def statement(self, step: Step) -> Statement | None:
        """The statement of the program's own source that a step runs, if its line says so."""
        if not self.is_own(step.frame) or step.function in ("<lambda>", "<genexpr>"):
            return None
        return self.statements.get(step.line)

    def is_own(self, frame: int) -> bool:
        """Whether a frame runs the program's own source."""
        call = self.calls.get(frame)
        return call is None or call.file is None

    def is_class_body(self, frame: int) -> bool:
        """Whether a frame is the body of a class statement."""
        call = self.calls.get(frame)
        statement = self.statements.get(call.line) if call is not None and call.file is None else None
        node = statement.node if statement is not None else None
        return isinstance(node, ast.ClassDef) and call is not None and node.name == call.function

    def moment(self, step: Step) -> Moment:
        """The step as a moment, its effect included."""
        found = self.statement(step)
        text = found.text if found else ""
        if not found and self.is_own(step.frame) and 0 < step.line <= len(self.lines):
            text = self.lines[step.line - 1].strip()
        moment = Moment(
            What.step, step.line, step.frame, step.function, step.visit, text,
            changes=dict(step.changes), printed=step.stdout, read=step.stdin,
        )  # fmt: skip
        if found is not None and found.node is not None:
            self._describe(moment, found, step)
        self.loops.seen(step)
        return moment

    def names(self, step: Step) -> Mapping[str, str]:
        """Values that names had when the step began.

        A name that some function rebinds (`global`, `nonlocal`) may change while a line that calls functions runs, and
        another frame's view of it may be old: there it has no known value.
        """
        local = self.before[step.index]
        if self.rebound and step.index in self.nested:
            local = {name: value for name, value in local.items() if name not in self.rebound}
        around = self.module_step
        if step.frame == 0 or around is None:
            return local
        call = self.calls.get(step.frame)
        hidden = bound_in(self.source, call.line if call else 0)
        return _Around(local, self.before[around.index], hidden)

    def _describe(self, moment: Moment, statement: Statement, step: Step) -> None:
        node, source = statement.node, self.source
        names = self.names(step)
        after = step.locals if step.complete else {}
        read = moment.read.removesuffix("\n") if moment.read and moment.read.count("\n") <= 1 else None
        following = self.next_line.get(step.index)
        if isinstance(node, _ASSIGNS) and (name := _single_target(node)):
            _tell_assigned(moment, (name,), after)
            expression = _right_side(source, node, names, read)
            if expression is not None and name in after and not is_elided(after[name]):
                moment.form, moment.target, moment.expression = Form.assign, name, expression
                return
        if isinstance(node, _FOR):
            self._tell_loop(moment, node, statement, step, names)
        elif isinstance(node, _BRANCHES):
            moment.form, moment.target = Form.branch, statement.text.split(None, 1)[0].split("(")[0]
            moment.expression = substitute(source, node.test, names, read)
            if following is not None:
                moment.taken = statement.body[0] <= following <= statement.body[1]
        elif isinstance(node, ast.Return):
            moment.form = Form.return_
            moment.expression = substitute(source, node.value, names, read) if node.value is not None else None
        elif isinstance(node, _DEFINITIONS):
            word = "class" if isinstance(node, ast.ClassDef) else "def"
            moment.form, moment.target = Form.define, f"{word} {node.name}"
            plain = (f"<function {node.name}>", f"<class '{node.name}'>")
            if moment.changes.get(node.name) in plain:
                del moment.changes[node.name]  # `def f` says it
            if step.locals.get(node.name) in plain:  # not so for `__init__`, which no state shows
                moment.assigned = (node.name,)
        elif isinstance(node, ast.stmt) and not isinstance(node, ast.Match) and not hasattr(node, "body"):
            _tell_assigned(moment, _targets(node), after)
            moment.form, moment.expression = Form.other, substitute(source, node, names, read)
            if _is_print(node) and moment.printed and not moment.changes and not moment.read:
                moment.form = Form.print_
        else:
            moment.form, moment.expression = Form.other, statement.text

    def _tell_loop(
        self, moment: Moment, node: ast.For | ast.AsyncFor, statement: Statement, step: Step, names: Mapping[str, str]
    ) -> None:
        moment.form = Form.for_
        following = self.next_line.get(step.index)
        if following is None:
            return
        moment.taken = statement.body[0] <= following <= statement.body[1]
        if moment.taken:
            _tell_assigned(moment, _stored(node.target), step.locals if step.complete else {})
        moment.left = self.loops.left(step, node, statement, names, moment.taken)


class _Around(Mapping[str, str]):
    """A function's names, and those of the module that it does not bind itself."""

    def __init__(self, local: dict[str, str], outer: dict[str, str], hidden: frozenset[str]) -> None:
        self._local, self._outer, self._hidden = local, outer, hidden

    def __getitem__(self, name: str) -> str:
        if name in self._local:
            return self._local[name]
        if name in self._hidden:
            raise KeyError(name)
        return self._outer[name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        yield from self._local
        yield from (name for name in self._outer if name not in self._hidden and name not in self._local)

    def __len__(self) -> int:
        return sum(1 for _ in self)


_ASSIGNS = (ast.Assign, ast.AnnAssign, ast.AugAssign)  # tuples: `A | B` would be made anew for every line
_FOR, _BRANCHES = (ast.For, ast.AsyncFor), (ast.If, ast.While)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _tell_assigned(moment: Moment, targets: tuple[str, ...], after: Mapping[str, str]) -> None:
    """Also tell assigned names whose value did not change."""
    if moment.assigned or not targets:
        return
    moment.assigned = targets
    moment.stays = frozenset([name for name in targets if name in after and name not in moment.changes])
    moment.changes = {**{name: after[name] for name in targets if name in after}, **moment.changes}


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
        elif event.kind in _PASSES_ON:
            found.update(current.values())  # a generator goes on or stops: whoever drives it is in the middle of a line
    return frozenset(found)


_PASSES_ON = frozenset({
    EventKind.yield_, EventKind.resume, EventKind.throw, EventKind.raise_, EventKind.reraise, EventKind.handled,
})  # fmt: skip


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
            # it fell off the end: no line follows, nothing was skipped
            following.setdefault(last[event.frame].index, 0)
    return before, following


@lru_cache(maxsize=4096)
def _single_target(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> str | None:
    if isinstance(node, ast.Assign):
        return node.targets[0].id if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name) else None
    return node.target.id if isinstance(node.target, ast.Name) and node.value is not None else None


_OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>", ast.MatMult: "@",
}  # fmt: skip
_LOOSE = ast.BinOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.UnaryOp | ast.NamedExpr | ast.Lambda


def _right_side(source: str, node: ast.stmt, names: Mapping[str, str], read: str | None) -> str | None:
    """What is assigned, with values; `s += x` gives `0 + 3`, or None if s is not a plain value."""
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        return substitute(source, node.value, names, read)
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        old = names.get(node.target.id)
        if old is None or not is_plain(old):
            return None
        right = substitute(source, node.value, names, read)
        if isinstance(node.value, _LOOSE):
            right = f"({right})"
        return f"{old} {_OPERATORS[type(node.op)]} {right}"
    return None


@lru_cache(maxsize=4096)
def _targets(node: ast.stmt) -> tuple[str, ...]:
    """Names that a statement assigns itself (not in nested scopes)."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    return tuple(name for target in targets for name in _stored(target))


@lru_cache(maxsize=4096)
def _stored(target: ast.expr) -> tuple[str, ...]:
    """Names that an assignment to this target binds."""
    found = (part for part in ast.walk(target) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store))
    return tuple(part.id for part in found)


def _is_print(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"
