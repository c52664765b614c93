"""What the scratchpad tells about a trace: one moment after the other, each with its facts.

A moment is an executed line with its effect, or an entry, exit, suspension or exception of a frame. A line that calls
into the program is told twice: when it begins (`begin`), and after the callee's moments when its effect is there
(`effect`, left out if it has none). The sentences have a richer telling of their own (story.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from .describe import Describer
from .moment import Form, Moment, What
from .trace import Event, EventKind, Step, Trace

__all__ = ["Form", "Moment", "What", "moments"]


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
        self.describer = Describer(trace)
        self.open: dict[int, _Open] = {}

    def tell(self) -> Iterator[Moment]:
        steps = iter(self.describer.steps)
        for event in self.trace.events:
            kind = event.kind
            if kind is EventKind.line:
                yield from self._close(event.frame)
                step = next(steps)
                self.open[event.frame] = _Open(step, self.describer.moment(step))
                if step.frame == 0:
                    self.describer.module_step = step
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
        if event.value is not None and self._is_told(self.describer.calls[event.frame]):
            yield self._frame_moment(What.return_ if returns else What.unwind, event)

    def _is_told(self, call: Event) -> bool:
        """Module and class bodies are not functions: nobody calls them and they return nothing."""
        return call.function not in ("<module>", "<call>") and not self.describer.is_class_body(call.frame)

    def _frame_moment(self, what: What, event: Event, changes: dict[str, str | None] | None = None) -> Moment:
        call = self.describer.calls.get(event.frame)
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
        if frame == 0:
            self.describer.module_step = None
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
