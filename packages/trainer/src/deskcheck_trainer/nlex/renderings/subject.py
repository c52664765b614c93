"""What renderings are given: a recorded run, with what several of them work out of it, and how rows are to be made."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from deskcheck_agent.prompts import Prompts
from deskcheck_tracer import Narrator, Step, Trace
from deskcheck_tracer.statements import Statement, statements

from deskcheck_trainer.nlex.recording import Fault, Recorded, executed_lines, rejected
from deskcheck_trainer.nlex.renderings.visits import Visit, visits
from deskcheck_trainer.nlex.row import (
    Messages,
    Reason,
    Rejected,
    Row,
    Task,
    answer,
    content_id,
    messages,
    words_and_symbols,
)


@dataclass(frozen=True, kw_only=True)
class RenderPlan:
    """Which rows a run gives; travels to worker processes. Meanings as in CollectConfig."""

    names: tuple[str, ...] = (Task.explain.value,)
    phrasings: int = 1
    line_numbers: bool = False
    cwm_reset: str = "switch"
    seed: int = 0


ONE_EXPLANATION = RenderPlan()


class Subject:
    """A recorded run; what is worked out for one rendering serves the next."""

    def __init__(self, recorded: Recorded) -> None:
        self.recorded = recorded

    @property
    def trace(self) -> Trace:
        return self.recorded.trace

    @cached_property
    def narrator(self) -> Narrator:
        return Narrator(self.trace)

    @cached_property
    def steps(self) -> list[Step]:
        """The executed lines with the state after each, as the tracer rebuilds it."""
        return list(self.trace.steps())

    @cached_property
    def visits(self) -> list[Visit]:
        """The lines that ran straight through, read off the events (visits.py)."""
        return visits(self.trace)

    @property
    def statements(self) -> dict[int, Statement]:
        return statements(self.trace.program.source)

    def rejected(self, fault: Fault, text: str | None = None) -> Rejected:
        """The run with what is wrong with a text about it."""
        return rejected(self.recorded.item, fault, narration=text)


@dataclass(frozen=True)
class Context:
    """How rows are made in one process."""

    prompts: Prompts
    style: str = "step"
    max_tokens: int | None = None
    plan: RenderPlan = ONE_EXPLANATION
    count: Callable[[str], int] = words_and_symbols
    """Size of a text in the unit of `max_tokens`."""

    def rng(self, subject: Subject, name: str) -> random.Random:
        """The chance of one rendering of one run, the same wherever it is drawn."""
        return random.Random(content_id(self.plan.seed, name, subject.trace.program.id))

    def row(self, subject: Subject, task: Task, prompt: object, text: str, style: str = "") -> Row | Rejected:
        """The row that answers a prompt with a text; a rejection where the text is longer than the budget."""
        if fault := self.size_fault(text):
            return subject.rejected(fault, text)
        return about(subject.recorded, task, messages(prompt), answer(text), style)  # type: ignore[arg-type]

    def size_fault(self, text: str) -> Fault | None:
        """What is wrong with the length of an answer."""
        return too_long(text, self.max_tokens, self.count)


def too_long(text: str, max_tokens: int | None, count: Callable[[str], int]) -> Fault | None:
    """The fault of a text of more than `max_tokens`."""
    if max_tokens is None or (size := count(text)) <= max_tokens:
        return None
    unit = "words and symbols" if count is words_and_symbols else "tokens"
    return Reason.too_long, f"{size} {unit}, expected at most {max_tokens}"


def about(recorded: Recorded, task: Task, prompt: Messages, completion: Messages, style: str = "") -> Row:
    """A row about a recorded run."""
    item, trace = recorded.item, recorded.trace
    return Row(
        task=task,
        prompt=prompt,
        completion=completion,
        source=item.program.source,
        stdin=item.program.stdin,
        call=item.program.call,
        output=output_of(trace),
        style=style,
        events=len(trace.events),
        lines=executed_lines(trace),
        origin=item.origin,
        licence=item.licence,
    )


def output_of(trace: Trace) -> str:
    """True stdout, or the repr of the call's value."""
    return trace.stdout if trace.program.call is None else trace.returned or ""
