"""The facts of a moment, as the claims a narration can make about it; and the small grammar that both styles share.

A fact is a kind, a name and a value, all text. A narration claims some of them; `claims.check` looks each claim up
here. The scanner splits text only outside quotes and brackets, so that values may hold anything.
"""

import ast
import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from .moment import Form, Moment, What
from .trace import End, EndReason
from .values import is_elided


class ClaimKind(StrEnum):
    """What a claim is about."""

    variable = "variable"
    """`name` is `value` after the step."""
    length = "length"
    """`name` has a value too long to show, of `value` elements."""
    unbound = "unbound"
    """`name` is gone."""
    expression = "expression"
    """The statement's expression with values."""
    branch = "branch"
    """The condition held: yes or no."""
    item = "item"
    """The loop got an item (yes) or ended (no)."""
    left = "left"
    """The items a loop has still to go through."""
    printed = "printed"
    read = "read"
    called = "called"
    returned = "returned"
    event = "event"
    """A yield, resume, exception or the end: `name` says which."""
    begins = "begins"
    """A line that calls into the program begins."""
    line = "line"
    """The line number of the step."""
    outcome = "outcome"
    """What a line's function returned, yielded or raised there: `name` is `f returns`."""
    stays = "stays"
    """`name` was assigned and is what it was."""
    note = "note"
    """What kind of line ran: `leaves the loop`."""
    iteration = "iteration"
    """Which round of a loop it is, which rounds, or how many there were."""
    before = "before"
    """`name` was `value` when the span began."""
    holds = "holds"
    """How often the condition on line `name` held: `2 of 3`."""
    calls = "calls"
    """How often the function `name` was called."""
    lines = "lines"
    """How many lines ran."""
    written = "written"
    """How many characters were printed."""
    coverage = "coverage"
    """How many of all changes of state are told: `12 of 40`."""
    span = "span"
    """How many lines of the full narration a line stands for."""
    unread = "unread"
    """Words that state nothing that is known here; never holds."""
    end = "end"
    """How the program ended, if not by finishing."""
    output = "output"
    """The output block."""


class Said(NamedTuple):
    """One thing stated about one moment."""

    kind: ClaimKind
    name: str
    value: str


class Told(NamedTuple):
    """A line of a narration, with what is read back from it."""

    text: str
    said: list[Said]
    known: set[Said]
    """All that the line may state."""


def facts(moment: Moment) -> set[Said]:
    """Everything true of a moment that may be stated."""
    found = {Said(ClaimKind.line, "", str(moment.line))}
    if moment.what is What.begin:
        return found | {Said(ClaimKind.begins, "", begin_text(moment)), Said(ClaimKind.begins, "", moment.statement)}
    if moment.what is What.call:
        found.add(Said(ClaimKind.called, "", moment.function))
    elif moment.what is What.return_ or (moment.value is not None and moment.form is Form.return_):
        found.add(Said(ClaimKind.returned, moment.function, shown(moment.value)))
        found.add(Said(ClaimKind.returned, "", shown(moment.value)))
    elif moment.what not in (What.step, What.effect):
        found.add(Said(ClaimKind.event, moment.what, moment.function if moment.value is None else shown(moment.value)))
        found.add(Said(ClaimKind.event, "in", moment.function))
    found |= {variable(name, value) for name, value in moment.changes.items()}
    if moment.expression is not None:
        found |= {
            Said(ClaimKind.expression, name, moment.expression) for name in ("", moment.function, *moment.changes)
        }
    elif moment.form is Form.define:
        found.add(Said(ClaimKind.expression, "", moment.target))
    found.add(Said(ClaimKind.expression, "source", moment.statement))
    if moment.taken is not None:
        kind = ClaimKind.item if moment.form is Form.for_ else ClaimKind.branch
        found.add(Said(kind, "", "yes" if moment.taken else "no"))
    if moment.left is not None:
        found.add(Said(ClaimKind.left, "", moment.left))
    if moment.printed:
        found.add(Said(ClaimKind.printed, "", moment.printed))
    if moment.read:
        found.add(Said(ClaimKind.read, "", moment.read))
    return found


def variable(name: str, value: str | None) -> Said:
    """What can be said about a name's new value."""
    if value is None:
        return Said(ClaimKind.unbound, name, "")
    if is_elided(value):
        return Said(ClaimKind.length, name, value.rpartition("(len ")[2][:-1])
    return Said(ClaimKind.variable, name, value)


def shown(value: str | None) -> str:
    """A value as it may be stated: one that was cut is told by its length alone."""
    if value is not None and is_elided(value):
        return "len " + value.rpartition("(len ")[2][:-1]
    return value or ""


def begin_text(moment: Moment) -> str:
    """The statement of a line that begins, with values where they are known."""
    expression = moment.expression
    if expression is None:
        return moment.target if moment.form is Form.define else moment.statement
    if moment.form is Form.assign:
        return f"{moment.target} = {expression}"
    if moment.form is Form.branch:
        return f"{moment.target} {expression}"
    return f"return {expression}" if moment.form is Form.return_ else expression


def end_text(end: End) -> str | None:
    """How the program ended, if there is anything to say."""
    if end.reason is EndReason.finished:
        return None
    return f"{end.reason.value}: {end.detail}".replace("\n", " ") if end.detail else end.reason.value


# ---- effects: the part of the grammar both styles share ----

IDENTIFIER = r"[^\W\d]\w*"
_VARIABLE = re.compile(rf"({IDENTIFIER}) = (.+)\Z", re.DOTALL)
_LENGTH = re.compile(rf"({IDENTIFIER}) len (\d+)\Z")
_GONE = re.compile(rf"({IDENTIFIER}) gone\Z")


def effect_texts(moment: Moment, printed: bool = True, skip: str | None = None) -> list[str]:
    """`name = value`, `name len N`, `name gone`, `left items`, `write text` for all a moment brought about."""
    texts = []
    for name, value in moment.changes.items():
        said = variable(name, value)
        if name == skip:
            continue
        if said.kind is ClaimKind.variable:
            texts.append(f"{name} = {value}")
        else:
            texts.append(f"{name} gone" if value is None else f"{name} len {said.value}")
    if moment.left is not None:
        texts.append(f"left {moment.left}")
    if moment.printed and printed:
        texts.append(f"write {moment.printed!r}")
    return texts


def read_effect(text: str) -> Said | None:
    """Inverse of one `effect_texts`; None if it is none."""
    if match := _LENGTH.match(text):
        return Said(ClaimKind.length, match[1], match[2])
    if match := _GONE.match(text):
        return Said(ClaimKind.unbound, match[1], "")
    if match := _VARIABLE.match(text):
        return Said(ClaimKind.variable, match[1], match[2])
    if text.startswith("left "):
        return Said(ClaimKind.left, "", text[5:])
    if text.startswith(("write ", "read ")):
        word, _, quoted = text.partition(" ")
        value = unquote(quoted)
        kind = ClaimKind.printed if word == "write" else ClaimKind.read
        return None if value is None else Said(kind, "", value)
    return None


def unquote(text: str) -> str | None:
    """The string a repr stands for; None if it is no string literal."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, str) else None


def is_simple_line(printed: str) -> bool:
    """Whether printed text is one ordinary line, which can be told without quotes."""
    return printed.endswith("\n") and printed[:-1].isprintable() and printed[:-1].strip() == printed[:-1] != ""


def split_outside(text: str, separator: str) -> list[str]:
    """Split at a separator that is outside quotes and brackets."""
    if separator not in text:
        return [text]
    if not _NESTS.search(text):
        return text.split(separator)
    parts, depth, start = [], 0, 0
    for match in _scanner(separator).finditer(text):
        found = match[0]
        if found in _OPENING:
            depth += 1
        elif found in _CLOSING:
            depth -= 1
        elif found == separator and depth == 0:
            parts.append(text[start : match.start()])
            start = match.end()
    parts.append(text[start:])
    return parts


_NESTS = re.compile(r"['\"(\[{)\]}]")
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


@lru_cache(maxsize=16)
def _scanner(separator: str) -> re.Pattern[str]:
    """Finds string literals (also unfinished ones), brackets and the separator."""
    strings = r"'(?:\\.|[^'\\])*(?:'|\Z)|\"(?:\\.|[^\"\\])*(?:\"|\Z)"
    return re.compile(rf"{strings}|{re.escape(separator)}|[(\[{{)\]}}]", re.DOTALL)
