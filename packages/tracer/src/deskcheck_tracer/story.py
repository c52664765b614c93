"""What the sentences tell about a trace: like moments.py, and complete, so that every state can be rebuilt from it.

Beyond what the scratchpad tells: bodies of classes and other modules, which generator goes on, what a raising or
yielding line did in one moment, effects that were seen of a line that never ended, and what remarks.py says of a line.
A reader follows the running frame by `running.Frames`; where it would get it wrong (threads), a `switch` says so.
"""

import ast
from dataclasses import dataclass

from .describe import Describer
from .moment import Form, Moment, What, is_call_begin
from .remarks import Remarks
from .running import CALL, PROGRAM, Frames, frame_names
from .trace import Event, EventKind, Step, Trace

_ENTERS = (What.call, What.body, What.resume, What.throw)


def story(trace: Trace) -> list[Moment]:
    """Everything that happened, in order, with a `switch` wherever the running frame would not be clear."""
    frames = Frames()
    told: list[Moment] = []

    def switch(moment: Moment) -> None:
        told.append(Moment(What.switch, moment.line, moment.frame, str(moment.frame)))
        frames.switch(moment.frame)

    for moment in _Teller(trace).tell():
        enters = moment.what in _ENTERS or is_call_begin(moment)
        if not enters and moment.what is not What.cut and moment.frame != frames.current:
            switch(moment)
        told.append(moment)
        frames.follow(moment.what, moment.function, leaves=moment.verb in ("returns", "yields"))
        if enters and frames.stack[-1] != moment.frame:
            switch(moment)
    return told


_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)  # a decorator may have been called meanwhile


@dataclass
class _Open:
    """A step whose effect is still to be told."""

    step: Step
    moment: Moment
    node: ast.AST | None
    begun: bool = False


class _Teller:
    """Goes through the events once; `told` are the moments so far."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.describer = Describer(trace)
        self.remarks = Remarks(self.describer)
        self.names = frame_names(trace.events)
        self.steps = iter(self.describer.steps)
        self.open: dict[int, _Open] = {}
        self.running: list[int] = []
        self.told: list[Moment] = []

    def tell(self) -> list[Moment]:
        for event in self.trace.events:
            match event.kind:
                case EventKind.line:
                    self._turn_to(event.frame)
                    self._close(event.frame)
                    self._open_step(next(self.steps))
                case EventKind.call:
                    self._enter(event)
                case EventKind.resume | EventKind.throw:
                    self._go_on(event)
                case EventKind.yield_:
                    self._yield(event)
                case EventKind.raise_ | EventKind.reraise:
                    self._raise(event)
                case EventKind.handled:
                    self._begin(event.frame)
                    self._tell_frame(What.handled, event)
                case EventKind.return_ | EventKind.unwind:
                    self._leave(event)
                case EventKind.truncated:
                    self._give_up()
                    self.told.append(Moment(What.cut, event.line, event.frame, "", value=event.text))
        self._give_up()
        return self.told

    # ---- frames ----

    def _enter(self, event: Event) -> None:
        around = event.parent if event.parent is not None else self.running[-1] if self.running else None
        if around is not None:
            self._begin(around)
        self.running.append(event.frame)
        if event.function == "<call>":
            text = self.trace.program.call or ""
            call = Moment(What.begin, 0, event.frame, CALL, statement=text, form=Form.other, expression=text)
            self.told.append(call)
        elif event.function != "<module>" or event.frame != 0 or event.changes:
            body = event.function == "<module>" or self.describer.is_class_body(event.frame)
            self._tell_frame(What.body if body else What.call, event, dict(event.changes))

    def _go_on(self, event: Event) -> None:
        if self.running:
            self._begin(self.running[-1])
        self._begin(event.frame)
        self.running.append(event.frame)
        self._tell_frame(What.resume if event.kind is EventKind.resume else What.throw, event)

    def _leave(self, event: Event) -> None:
        current = self.open.get(event.frame)
        returns = event.kind is EventKind.return_
        self._stop(event.frame)
        call = self.describer.calls.get(event.frame)
        name = call.function if call is not None else None
        tells = name == "<lambda>" or (current is not None and isinstance(current.node, ast.Return))
        if returns and tells and current is not None and not current.begun and event.value is not None:
            current.moment.value, current.moment.verb = event.value, "returns"
            self._close(event.frame)
            return
        self._close(event.frame)
        if name in ("<call>", None) or (name == "<module>" and event.frame == 0) or event.value is None:
            return  # no value: a recorder was switched off inside the frame
        if returns and (name == "<module>" or self.describer.is_class_body(event.frame)):
            self._tell_frame(What.body_end, event)
        else:
            self._tell_frame(What.return_ if returns else What.unwind, event)

    def _yield(self, event: Event) -> None:
        self._stop(event.frame)
        begins = self._begin(event.frame)
        if begins is not None:
            begins.value, begins.verb = event.value, "yields"
        else:
            self._tell_frame(What.yield_, event)

    def _raise(self, event: Event) -> None:
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
            self._close(event.frame)
            if by_line:
                return
        self._tell_frame(What.raise_ if fresh else What.reraise, event)

    def _turn_to(self, frame: int) -> None:
        """A thread may stop in the middle of a line, and another go on."""
        if self.running and self.running[-1] != frame:
            self._begin(self.running[-1])
            self._stop(frame)
            self.running.append(frame)

    def _stop(self, frame: int) -> None:
        if frame in self.running:
            del self.running[len(self.running) - 1 - self.running[::-1].index(frame)]

    def _tell_frame(self, what: What, event: Event, changes: dict[str, str | None] | None = None) -> None:
        name = self._name(event.frame)
        self.told.append(Moment(what, event.line, event.frame, name, changes=changes or {}, value=event.value))

    def _name(self, frame: int) -> str:
        return self.names.get(frame, PROGRAM if frame == 0 else f"frame {frame}")

    # ---- steps ----

    def _open_step(self, step: Step) -> None:
        moment, node = self.remarks.moment(step, self._name(step.frame))
        self.open[step.frame] = _Open(step, moment, node)
        if step.frame == 0:
            self.describer.module_step = step

    def _begin(self, frame: int) -> Moment | None:
        """Tell that the open line of a frame begins, if it was not told."""
        current = self.open.get(frame)
        if current is None or current.begun:
            return None
        current.begun = True
        moment = current.moment
        begins = Moment(What.begin, moment.line, frame, moment.function, moment.visit, moment.statement)
        self.told.append(begins)
        return begins

    def _close(self, frame: int) -> None:
        current = self.open.pop(frame, None)
        if frame == 0:
            self.describer.module_step = None
        if current is None:
            return
        moment = current.moment
        if current.begun:
            if not (moment.has_effect() or isinstance(current.node, _DEFINITIONS) or moment.note):
                return
            moment.what = What.effect
        self.told.append(moment)

    def _give_up(self) -> None:
        """The trace ends inside these steps: what was seen of their effect is told."""
        for frame in sorted(self.open, reverse=True):
            current = self.open.pop(frame)
            moment = current.moment
            moment.note, moment.taken, moment.left, moment.stays = "not finished", None, None, frozenset()
            moment.changes, moment.round = dict(current.step.changes), 0
            if current.begun and not (moment.changes or moment.printed or moment.read):
                continue
            moment.what = What.effect if current.begun else What.step
            self.told.append(moment)
