"""What a stretch of a telling came to: values that went from one to another, conditions, calls, and what was printed.

    s goes from 6 to 45; line 5 holds 6 times of 12; fact is called 3 times; writes 812 characters

The clauses of the sentences that stand for many lines (folds.py); `read_effects` gets their claims back.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .blocks import Unit, head, steps_of
from .clauses import LABEL, Clause, change, printed
from .clauses import read as read_clauses
from .facts import ClaimKind, Said, is_simple_line, split_outside, unquote, variable
from .moment import Form, Moment, What

MAX_PRINTED = 80
"""Characters up to which all that a span printed is quoted."""


@dataclass
class Span:
    """Units that follow each other, and what came before them."""

    units: Sequence[Unit]
    start: int
    stop: int

    @cached_property
    def moments(self) -> list[Moment]:
        """All moments of the span."""
        return [moment for unit in self.units[self.start : self.stop] for moment in steps_of(unit)]

    @cached_property
    def head(self) -> Moment:
        """Its first moment."""
        return head(self.units[self.start])

    def before(self, name: str) -> str | None:
        """The value that a name of the head's frame had when the span began; None if unbound or not known."""
        for unit in reversed(self.units[: self.start]):
            for moment in reversed(steps_of(unit)):
                if moment.frame == self.head.frame and name in moment.changes:
                    return moment.changes[name]
        return None


def effects(span: Span) -> list[Clause]:
    """Names of the head's frame that changed in the span, and what was printed."""
    after: dict[str, str | None] = {}
    text = ""
    for moment in span.moments:
        text += moment.printed
        if moment.frame == span.head.frame:
            after.update({name: value for name, value in moment.changes.items() if name not in moment.stays})
    parts = [_went(name, span.before(name), value) for name, value in after.items()]
    if text:
        parts.append(_wrote(text))
    return [part for part in parts if part is not None]


def _went(name: str, before: str | None, after: str | None) -> Clause | None:
    said = variable(name, after)
    if before is None and after is None:
        return None
    if before == after:
        return change(name, after, "stays")
    first = variable(name, before)
    whole = said.kind is first.kind is ClaimKind.variable
    if whole and len(split_outside(f"{before} to {after}", " to ")) == 2:
        return Clause(f"{name} goes from {before} to {after}", (Said(ClaimKind.before, name, first.value), said))
    return change(name, after, "is now")


def _wrote(text: str) -> Clause:
    if len(text) <= MAX_PRINTED:
        clause = printed(text)
        return Clause(f"writes {text!r}", clause.said) if is_simple_line(text) else clause
    size = str(len(text))
    return Clause(f"writes {size} characters", (Said(ClaimKind.written, "", size),))


def counts(span: Span) -> list[Clause]:
    """How often each condition of the head's frame held, and each function was called."""
    held: dict[int, list[bool]] = {}
    called: Counter[str] = Counter()
    for moment in span.moments:
        if moment.what is What.call:
            called[moment.function.partition("#")[0]] += 1
        elif moment.frame == span.head.frame and _asks(moment):
            held.setdefault(moment.line, []).append(moment.taken is True)
    parts = [
        Clause(f"line {line} holds {times_text(sum(found))} of {len(found)}",
               (Said(ClaimKind.holds, str(line), f"{sum(found)} of {len(found)}"),))
        for line, found in held.items()
    ]  # fmt: skip
    parts += [
        Clause(f"{name} is called {times_text(count)}", (Said(ClaimKind.calls, name, str(count)),))
        for name, count in called.items()
    ]
    return parts


def _asks(moment: Moment) -> bool:
    """Whether it is an `if` line of which it is known how it came out."""
    told = moment.what in (What.step, What.effect) and moment.form is Form.branch
    return told and moment.target != "while" and moment.taken is not None


def times_text(count: int) -> str:
    """`1 time`, `2 times`."""
    return f"{count} time{'s' * (count != 1)}"


_WENT = re.compile(r"([^\W\d]\w*) goes from (.*)\Z")
_HOLDS = re.compile(r"line (\d+) holds (\d+) times? of (\d+)\Z")
_CALLS = re.compile(rf"({LABEL}) is called (\d+) times?\Z")
_WRITTEN = re.compile(r"writes (\d+) characters\Z")


def read_effects(text: str) -> list[Said]:
    """What such clauses state."""
    said: list[Said] = []
    for part in split_outside(text, "; "):
        if match := _WENT.match(part):
            first, *rest = split_outside(match[2], " to ")
            said += [Said(ClaimKind.before, match[1], first), Said(ClaimKind.variable, match[1], " to ".join(rest))]
        elif match := _HOLDS.match(part):
            said.append(Said(ClaimKind.holds, match[1], f"{match[2]} of {match[3]}"))
        elif match := _CALLS.match(part):
            said.append(Said(ClaimKind.calls, match[1], match[2]))
        elif match := _WRITTEN.match(part):
            said.append(Said(ClaimKind.written, "", match[1]))
        elif part.startswith("writes ") and (value := unquote(part[7:])) is not None:
            said.append(Said(ClaimKind.printed, "", value))
        else:
            said += read_clauses(part)
    return said
