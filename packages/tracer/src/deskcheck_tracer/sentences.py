"""The step style: one readable sentence a moment, quoting the line.

    Line 4, `s += x`: s becomes 7.
    Line 3, `for x in a`: x is 3 (left: [1, 4]).
    Line 5, `if x > 2`: yes, 3 > 2.
    Line 6, `y = f(x)` begins.            then the lines of f, and at last: Back on line 6, `y = f(x)`: y becomes 7.

Clauses are parted by semicolons; printed text comes last. `write` and `read` are inverse.
"""

import re

from .facts import (
    ClaimKind,
    Said,
    effect_texts,
    facts,
    is_simple_line,
    read_effect,
    shown,
    split_outside,
    unquote,
    variable,
)
from .moment import Form, Moment, What

_QUOTED = r"(?:`([^`]*)`|``(.*?)``)"
_BEGINS = re.compile(rf"Line (\d+), {_QUOTED} begins\.\Z")
_EVALUATED = re.compile(rf"Then {_QUOTED} is evaluated\.\Z")
_STEP = re.compile(rf"(?:Line|Back on line) (\d+), {_QUOTED}: (.*)\.\Z")
_CALL = re.compile(r"Call (\S+?)(?:: (.*))?\.\Z")
_EVENT = {
    What.return_: ("", " returns ", ""),
    What.yield_: ("", " yields ", ""),
    What.throw: ("", " goes on with ", " thrown in"),
    What.resume: ("", " goes on", ""),
    What.raise_: ("In ", ", this is raised: ", ""),
    What.reraise: ("In ", ", this is raised again: ", ""),
    What.handled: ("In ", ", a handler takes up ", ""),
    What.unwind: ("", " is left with ", ""),
}
_CUT = re.compile(r"The recording stops: (.*)\.\Z")
_CLAUSE = re.compile(r"([^\W\d]\w*) (?:becomes|stays|is) (.*)\Z")
_LONG = re.compile(r"([^\W\d]\w*) has length (\d+)\Z")
_GONE = re.compile(r"([^\W\d]\w*) is no longer bound\Z")


def looks_like(line: str) -> bool:
    """Whether a line is written in this style."""
    return any(pattern.match(line) for pattern in (_STEP, _BEGINS, _EVALUATED))


def write(moment: Moment) -> str:
    """One sentence for one moment."""
    what = moment.what
    if what is What.begin and moment.line == 0:  # the program's call expression
        return f"Then {_quote(moment.statement)} is evaluated."
    if what is What.begin:
        return f"Line {moment.line}, {_quote(moment.statement)} begins."
    if what is What.call:
        clauses = "; ".join(_clauses(moment, "is"))
        return f"Call {moment.function}: {clauses}." if clauses else f"Call {moment.function}."
    if what is What.cut:
        return f"The recording stops: {moment.value}."
    if what in _EVENT:
        before, between, after = _EVENT[what]
        return f"{before}{moment.function}{between}{shown(moment.value)}{after}."
    place = "Line" if what is What.step else "Back on line"
    start = f"{place} {moment.line}, {_quote(moment.statement)}: "
    line = start + "; ".join(_told(moment)) + "."
    said = set(read(line))
    if (
        "\n" not in line
        and said <= facts(moment)
        and all(variable(*change) in said for change in moment.changes.items())
    ):
        return line
    return start + "; ".join(effect_texts(moment) or ["done"]) + "."


def _quote(source: str) -> str:
    source = source.replace("\n", " ")
    return f"``{source}``" if "`" in source else f"`{source}`"


def _told(moment: Moment) -> list[str]:
    parts: list[str] = []
    if moment.form is Form.for_ and moment.taken is False:
        parts.append("no items left, the loop ends")
    if moment.form is Form.branch and moment.taken is not None:
        parts.append(f"{'yes' if moment.taken else 'no'}, {moment.expression}")
    if moment.read:
        parts.append(f"reads {moment.read!r}")
    parts += _clauses(moment, "is" if moment.form is Form.for_ else "becomes")
    if moment.left is not None:
        parts[-1] += f" (left: {moment.left})"
    if moment.form is Form.return_ and moment.value is not None:
        parts.append(f"{moment.function} returns {shown(moment.value)}")
    if moment.printed:
        parts.append(
            f"prints {moment.printed[:-1]}" if is_simple_line(moment.printed) else f"writes {moment.printed!r}"
        )
    if moment.form is Form.define and not parts:
        parts = [f"{moment.target} is defined"]
    return parts or ["done"]


def _clauses(moment: Moment, verb: str) -> list[str]:
    parts = []
    for name, value in moment.changes.items():
        said = variable(name, value)
        if said.kind is ClaimKind.unbound:
            parts.append(f"{name} is no longer bound")
        elif said.kind is ClaimKind.length:
            parts.append(f"{name} has length {said.value}")
        else:
            parts.append(f"{name} {'stays' if name in moment.stays else verb} {value}")
    return parts


def read(line: str) -> list[Said]:
    """What a sentence states; an unreadable one states nothing."""
    if match := _BEGINS.match(line):
        return [Said(ClaimKind.line, "", match[1]), Said(ClaimKind.begins, "", match[2] or match[3] or "")]
    if match := _EVALUATED.match(line):
        return [Said(ClaimKind.begins, "", match[1] or match[2] or "")]
    if match := _STEP.match(line):
        source = match[2] if match[2] is not None else match[3]
        said = [Said(ClaimKind.line, "", match[1]), Said(ClaimKind.expression, "source", source)]
        return said + _read_clauses(match[4])
    if match := _CALL.match(line):
        return [Said(ClaimKind.called, "", match[1]), *(_read_clauses(match[2]) if match[2] else [])]
    if match := _CUT.match(line):
        return [Said(ClaimKind.event, What.cut, match[1])]
    return _read_event(line)


def _read_event(line: str) -> list[Said]:
    for what, (before, between, after) in _EVENT.items():
        name, found, value = line.removeprefix(before).partition(between)
        if not (line.startswith(before) and found and value.endswith(after + ".") and " " not in name):
            continue
        value = value.removesuffix(after + ".")
        if what is What.return_:
            return [Said(ClaimKind.returned, name, value)]
        where = [] if what is What.resume else [Said(ClaimKind.event, "in", name)]
        return [Said(ClaimKind.event, what, value if where else name), *where]
    return []


def _read_clauses(text: str) -> list[Said]:
    said: list[Said] = []
    parts = split_outside(text, "; ")
    for index, part in enumerate(parts):
        if part.startswith("prints "):  # raw text, may hold anything: it is the last clause
            return [*said, Said(ClaimKind.printed, "", "; ".join(parts[index:])[7:] + "\n")]
        said += _read_clause(part)
    return said


def _read_clause(part: str) -> list[Said]:
    if part == "no items left, the loop ends":
        return [Said(ClaimKind.item, "", "no")]
    if part.startswith(("yes, ", "no, ")):
        outcome, _, condition = part.partition(", ")
        return [Said(ClaimKind.branch, "", outcome), Said(ClaimKind.expression, "", condition)]
    if part.startswith(("reads ", "writes ")):
        word, _, quoted = part.partition(" ")
        value = unquote(quoted)
        kind = ClaimKind.read if word == "reads" else ClaimKind.printed
        return [] if value is None else [Said(kind, "", value)]
    if part.endswith(" is defined") and part.startswith(("def ", "class ")):
        return [Said(ClaimKind.expression, "", part.removesuffix(" is defined"))]
    if match := _LONG.match(part):
        return [Said(ClaimKind.length, match[1], match[2])]
    if match := _GONE.match(part):
        return [Said(ClaimKind.unbound, match[1], "")]
    name, found, value = part.partition(" returns ")
    if found and " " not in name:
        return [Said(ClaimKind.returned, name, value)]
    if match := _CLAUSE.match(part):
        value, *left = split_outside(match[2], " (left: ")
        said = [Said(ClaimKind.variable, match[1], value)]
        return [*said, Said(ClaimKind.left, "", left[0].removesuffix(")"))] if left else said
    effect = read_effect(part)
    return [effect] if effect is not None else []
