"""What the scratchpad tells about a trace: one moment after the other, each with its facts.

A moment is an executed line with its effect, or an entry, exit, suspension or exception of a frame. A line that calls
into the program is told twice: when it begins (`begin`), and after the callee's moments when its effect is there
(`effect`, left out if it has none). The sentences have a richer telling of their own (story.py).
"""

from dataclasses import dataclass

from .describe import Describer
from .moment import Form, Moment, What
from .trace import Event, EventKind, Step, Trace

__all__ = ["Form", "Moment", "What", "moments"]


def moments(trace: Trace) -> list[Moment]:
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
    """Goes through the events once; `told` are the moments so far."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.describer = Describer(trace)
        self.steps = iter(self.describer.steps)
        self.open: dict[int, _Open] = {}
        self.told: list[Moment] = []

    def tell(self) -> list[Moment]:
        for event in self.trace.events:
            kind = event.kind
            if kind is EventKind.line:
                self._close(event.frame)
                self._open_step(next(self.steps))
            elif kind is EventKind.call:
                self._enter(event)
            elif kind in _BY_KIND:
                self._begin(event.frame)
                self._tell_frame(_BY_KIND[kind], event)
            elif kind is EventKind.return_ or kind is EventKind.unwind:
                self._leave(event)
            elif kind is EventKind.truncated:
                self._give_up()
                self.told.append(Moment(What.cut, event.line, event.frame, "", value=event.text))
        self._give_up()
        return self.told

    def _open_step(self, step: Step) -> None:
        self.open[step.frame] = _Open(step, self.describer.moment(step))
        if step.frame == 0:
            self.describer.module_step = step

    def _enter(self, event: Event) -> None:
        if event.parent is not None:
            self._begin(event.parent)
        if event.function == "<call>":
            text = self.trace.program.call or ""
            call = Moment(What.begin, 0, event.frame, "<call>", statement=text, form=Form.other, expression=text)
            self.told.append(call)
        elif self._is_told(event):
            self._tell_frame(What.call, event, dict(event.changes))

    def _leave(self, event: Event) -> None:
        current = self.open.get(event.frame)
        returns = event.kind is EventKind.return_
        if returns and current is not None and not current.begun and current.moment.form is Form.return_:
            current.moment.value = event.value
            self._close(event.frame)
            return
        self._close(event.frame)
        if event.value is not None and self._is_told(self.describer.calls[event.frame]):
            self._tell_frame(What.return_ if returns else What.unwind, event)

    def _is_told(self, call: Event) -> bool:
        """Module and class bodies are not functions: nobody calls them and they return nothing."""
        return call.function not in ("<module>", "<call>") and not self.describer.is_class_body(call.frame)

    def _tell_frame(self, what: What, event: Event, changes: dict[str, str | None] | None = None) -> None:
        call = self.describer.calls.get(event.frame)
        name = (call.function if call else None) or "?"
        self.told.append(Moment(what, event.line, event.frame, name, changes=changes or {}, value=event.value))

    def _begin(self, frame: int) -> None:
        current = self.open.get(frame)
        if current is not None and not current.begun:
            current.begun = True
            moment = current.moment
            begins = Moment(What.begin, moment.line, frame, moment.function, moment.visit, moment.statement)
            begins.form, begins.target, begins.expression = moment.form, moment.target, moment.expression
            self.told.append(begins)

    def _close(self, frame: int) -> None:
        current = self.open.pop(frame, None)
        if frame == 0:
            self.describer.module_step = None
        if current is None:
            return
        moment = current.moment
        if current.begun:
            if not moment.has_effect():
                return
            moment.what = What.effect
        self.told.append(moment)

    def _give_up(self) -> None:
        """The trace ends inside these steps: their effect is not known."""
        for frame in sorted(self.open):
            self._begin(frame)
        self.open.clear()
