"""One thing to tell about a trace, with its facts: what both ways of telling (moments.py, story.py) hand to writers."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


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
    body = "body"
    """The body of a class or of another module begins (sentences only, like the next two)."""
    body_end = "body end"
    switch = "switch"
    """Another frame runs, and nothing else says so: threads."""


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
    assigned: tuple[str, ...] = ()
    """Names that the statement itself assigns; others change by mutation."""
    verb: str = ""
    """Sentences: what `value` of a step is: `returns`, `yields`, `raises` or `raises again`."""
    note: str = ""
    """Sentences: what a step did that changes no name: `leaves the loop`."""
    round: int = 0
    """Sentences: which round of its loop a loop line begins, from 1; 0 if it begins none."""

    def content(self) -> tuple[Any, ...]:
        """All that a sentence about it depends on, as a key."""
        frame = self.frame if self.what is What.switch else 0
        return (
            self.what, self.line, frame, self.function, 0, self.statement, self.form, self.target, self.expression,
            (*self.changes.items(),), self.stays, self.left, self.taken, self.printed, self.read, self.value,
            self.assigned, self.verb, self.note,
        )  # fmt: skip

    @classmethod
    def of_content(cls, content: tuple[Any, ...]) -> "Moment":
        """A moment with this content."""
        moment = cls(*content)
        moment.changes = dict(moment.changes)
        return moment

    def has_effect(self) -> bool:
        """Whether there is anything to say beyond that the line ran."""
        return bool(self.changes or self.printed or self.read or self.taken is not None)


def is_call_begin(moment: Moment) -> bool:
    """Whether the program's call expression begins."""
    return moment.what is What.begin and moment.line == 0
