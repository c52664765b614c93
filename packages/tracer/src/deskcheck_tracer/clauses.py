"""The clauses that sentences are made of, and what each states: `s becomes 0 + 3 = 3`, `yes, 3 > 2`, `prints 3`.

`clauses(moment)` tells one executed line, every clause with the claims it makes; `read` gets those claims back from
the text. All sentence styles are made of them. A clause that says nothing readable is an `unread` claim, which never
holds.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from .facts import ClaimKind, Said, is_simple_line, read_effect, shown, split_outside, unquote, variable
from .moment import Form, Moment, What

MAX_EXPRESSION = 60
"""Characters up to which the right side of an assignment is told with its values."""

NAME = r"[^\W\d]\w*"
LABEL = r"(?:the (?:program|call|lambda|generator expression)|[^\s`'\"(\[{]+)(?:#\d+)?"
NO_ITEMS = "no items left, the loop ends"
NOTES = frozenset({
    "done", "nothing happens", "leaves the loop", "goes on with the loop", "the block begins", "it holds", "it matches",
    "it does not match", "not finished", "the body is set up",
})  # fmt: skip

_CLAUSE = re.compile(rf"({NAME}) (becomes|is now|stays|is) (.*)\Z")
_PLACED = re.compile(r"line (\d+): (yes|no), (.*)\Z")
_LONG = re.compile(rf"({NAME}) has (?:length (\d+)|(\d+) attributes)\Z")
_OBJECT = re.compile(r"[\w.]+#\d+\(")
_GONE = re.compile(rf"({NAME}) is no longer bound\Z")
_DEFINED = re.compile(rf"(function|class|method) ({NAME}) is defined\Z")
_DEFINES = ("function", "class", "method")
_VERB = re.compile(rf"({LABEL}) (returns|yields|raises again|raises) (.*)\Z")


class Clause(NamedTuple):
    """A part of a sentence and the claims it makes."""

    text: str
    said: tuple[Said, ...]


def clauses(moment: Moment) -> list[Clause]:
    """One executed line; never empty."""
    parts = list(_clauses(moment))
    return parts or [note("done")]


def note(text: str) -> Clause:
    """One of NOTES."""
    return Clause(text, (Said(ClaimKind.note, "", text),))


def _clauses(moment: Moment) -> Iterator[Clause]:
    if moment.form is Form.for_ and moment.taken is False:
        yield Clause(NO_ITEMS, (Said(ClaimKind.item, "", "no"),))
    if moment.form is Form.branch and moment.taken is not None:
        yield branch(moment)
    if moment.read:
        yield Clause(f"reads {moment.read!r}", (Said(ClaimKind.read, "", moment.read),))
    if moment.form is Form.define and not moment.verb and moment.target.partition(" ")[2] not in moment.changes:
        yield defined(moment)
    changes = [change(name, value, verb(moment, name)) for name, value in moment.changes.items()]
    if changes and moment.form is Form.assign:
        changes[0] = _with_expression(changes[0], moment)
    if changes and moment.left is not None:
        text, said = changes[-1]
        changes[-1] = Clause(f"{text} (left: {moment.left})", (*said, Said(ClaimKind.left, "", moment.left)))
    yield from changes
    if moment.verb and moment.value is not None:
        yield outcome(moment)
    elif moment.note and (moment.note == "not finished" or not changes):
        yield note(moment.note)
    if moment.printed:
        yield printed(moment.printed)


def branch(moment: Moment) -> Clause:
    """How a condition came out, and the condition with values."""
    word = "yes" if moment.taken else "no"
    said = (Said(ClaimKind.branch, "", word), Said(ClaimKind.expression, "", moment.expression or ""))
    return Clause(f"{word}, {moment.expression}", said)


def defined(moment: Moment) -> Clause:
    """A function or class statement that did what it always does."""
    word, _, name = moment.target.partition(" ")
    if name not in moment.assigned:
        return Clause(f"method {name} is defined", (Said(ClaimKind.note, "method", name),))
    kind, value = ("function", f"<function {name}>") if word == "def" else ("class", f"<class '{name}'>")
    return Clause(f"{kind} {name} is defined", (Said(ClaimKind.variable, name, value),))


def verb(moment: Moment, name: str) -> str:
    """How a name came to its value: assigned, given by a loop, unchanged though assigned, or changed in place."""
    if name in moment.stays:
        return "stays"
    if moment.what not in (What.step, What.effect) or (moment.form is Form.for_ and name in moment.assigned):
        return "is"
    return "becomes" if name in moment.assigned or (not moment.assigned and _binds(moment)) else "is now"


def _binds(moment: Moment) -> bool:
    return moment.statement.startswith(
        ("import ", "from ", "with ", "except", "case ", "async with ", "class ", "def ")
    )


def change(name: str, value: str | None, word: str) -> Clause:
    """What a name holds after the line."""
    said = variable(name, value)
    if said.kind is ClaimKind.unbound:
        return Clause(f"{name} is no longer bound", (said,))
    if said.kind is ClaimKind.length:
        size = f"{said.value} attributes" if _OBJECT.match(value or "") else f"length {said.value}"
        return Clause(f"{name} has {size}", (said,))
    if word == "stays":
        return Clause(f"{name} stays {value}", (said, Said(ClaimKind.stays, name, "")))
    return Clause(f"{name} {word} {value}", (said,))


def _with_expression(clause: Clause, moment: Moment) -> Clause:
    """`s becomes 0 + 3 = 3`, where the right side computes something and is short."""
    expression, (said, *more) = moment.expression, clause.said
    if (
        expression is None
        or said.kind is not ClaimKind.variable
        or expression == said.value
        or not _computes(expression)
    ):
        return clause
    text = clause.text.removesuffix(said.value) + f"{expression} = {said.value}"
    return Clause(text, (Said(ClaimKind.expression, said.name, expression), said, *more))


def _computes(expression: str) -> bool:
    return (
        len(expression) <= MAX_EXPRESSION
        and " = " not in expression
        and " for " not in expression
        and any(sign in expression for sign in _OPERATORS)
        and any(c.isdigit() or c in "'\"" for c in expression)
    )


_OPERATORS = (
    " + ",
    " - ",
    " * ",
    " / ",
    " // ",
    " % ",
    " ** ",
    " & ",
    " | ",
    " ^ ",
    " << ",
    " >> ",
    " < ",
    " > ",
    " == ",
)


def outcome(moment: Moment) -> Clause:
    """The value that a line returned, yielded or raised."""
    value = shown(moment.value)
    said = (Said(ClaimKind.outcome, f"{moment.function} {moment.verb}", value),)
    expression = moment.expression
    if moment.verb == "returns" and expression and expression != value and _computes(expression):
        return Clause(
            f"{moment.function} returns {expression} = {value}",
            (Said(ClaimKind.expression, moment.function, expression), *said),
        )
    return Clause(f"{moment.function} {moment.verb} {value}", said)


def printed(text: str) -> Clause:
    """The last clause of a sentence, if there is one."""
    told = f"prints {text[:-1]}" if is_simple_line(text) else f"writes {text!r}"
    return Clause(told, (Said(ClaimKind.printed, "", text),))


def capital(sentence: str) -> str:
    """A sentence that may begin with one of the labels in words."""
    return "T" + sentence[1:] if sentence.startswith("the ") else sentence


def small(sentence: str) -> str:
    """Inverse of `capital`."""
    return "t" + sentence[1:] if _IN_WORDS.match(sentence) else sentence


_IN_WORDS = re.compile(r"The (?:program|call|lambda|generator expression)\b")


def join(parts: list[Clause]) -> str:
    """Clauses as one text."""
    return "; ".join(part.text for part in parts)


# ---- reading ----


def read(text: str) -> list[Said]:
    """What clauses state; inverse of `join`."""
    said: list[Said] = []
    parts = split_outside(text, "; ")
    for index, part in enumerate(parts):
        if part.startswith("prints "):  # raw text, may hold anything: it is the last clause
            return [*said, Said(ClaimKind.printed, "", "; ".join(parts[index:])[7:] + "\n")]
        said += read_one(part)
    return said


def read_one(part: str) -> list[Said]:
    """What one clause states."""
    if part == NO_ITEMS:
        return [Said(ClaimKind.item, "", "no")]
    if part in NOTES:
        return [Said(ClaimKind.note, "", part)]
    changed = _CLAUSE.match(part)
    if changed and changed[1] not in _DEFINES and (changed[2], changed[3]) != ("is", "no longer bound"):
        return _read_change(*changed.groups())
    if match := _PLACED.match(part):
        return [Said(ClaimKind.branch, match[1], match[2]), Said(ClaimKind.expression, match[1], match[3])]
    if part.startswith(("yes, ", "no, ")):
        word, _, condition = part.partition(", ")
        return [Said(ClaimKind.branch, "", word), Said(ClaimKind.expression, "", condition)]
    if part.startswith(("reads ", "writes ")):
        word, _, quoted = part.partition(" ")
        if (value := unquote(quoted)) is not None:
            return [Said(ClaimKind.read if word == "reads" else ClaimKind.printed, "", value)]
    if match := _DEFINED.match(part):
        if match[1] == "method":
            return [Said(ClaimKind.note, "method", match[2])]
        value = f"<function {match[2]}>" if match[1] == "function" else f"<class '{match[2]}'>"
        return [Said(ClaimKind.variable, match[2], value)]
    if match := _LONG.match(part):
        return [Said(ClaimKind.length, match[1], match[2] or match[3])]
    if match := _GONE.match(part):
        return [Said(ClaimKind.unbound, match[1], "")]
    if changed:
        return _read_change(*changed.groups())
    if match := _VERB.match(part):
        expression, value = _last_equals(match[3]) if match[2] == "returns" else (None, match[3])
        before = [] if expression is None else [Said(ClaimKind.expression, match[1], expression)]
        return [*before, Said(ClaimKind.outcome, f"{match[1]} {match[2]}", value)]
    effect = read_effect(part)
    return [effect] if effect is not None else [Said(ClaimKind.unread, "", part)]


def _read_change(name: str, word: str, text: str) -> list[Said]:
    value, *left = split_outside(text, " (left: ")
    rest = [Said(ClaimKind.left, "", left[0].removesuffix(")"))] if left else []
    expression, value = _last_equals(value) if word in ("becomes", "stays") else (None, value)
    before = [] if expression is None else [Said(ClaimKind.expression, name, expression)]
    after = [Said(ClaimKind.stays, name, "")] if word == "stays" else []
    return [*before, Said(ClaimKind.variable, name, value), *after, *rest]


def _last_equals(text: str) -> tuple[str | None, str]:
    *before, value = split_outside(text, " = ")
    return (" = ".join(before) if before else None), value
