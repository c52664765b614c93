"""The step style: one readable sentence a moment, quoting the line.

    Line 4, `s += x`: s becomes 3 + 4 = 7.
    Line 3, `for x in a`: x is 3 (left: [1, 4]).
    Line 5, `if x > 2`: yes, 3 > 2.
    Line 6, `y = f(x)` begins.            then the lines of f, and at last: Back on line 6, `y = f(x)`: y becomes 7.
    count#2 goes on.                      a generator, the second of that name

Clauses are parted by semicolons; printed text comes last. `tell` and `read` are inverse; `facts` is what a sentence may
state.
"""

import re
from functools import lru_cache
from typing import Any

from .clauses import LABEL, Clause, capital, clauses, join, small
from .clauses import read as read_clauses
from .facts import ClaimKind, Said, Told, effect_texts, shown
from .moment import Moment, What, is_call_begin
from .running import CALL

QUOTED = r"(?:`([^`]*)`|``(.*?)``)"
_BEGINS = re.compile(rf"Line (\d+), {QUOTED} begins\.\Z")
_EVALUATED = re.compile(rf"Then {QUOTED} is evaluated\.\Z")
_STEP = re.compile(rf"(Line|Back on line) (\d+), {QUOTED}: (.*)\.\Z")
_CALL = re.compile(rf"(Call|The body of) ({LABEL})( begins)?(?:: (.*))?\.\Z")
_CUT = re.compile(r"The recording stops: (.*)\.\Z")
_SWITCH = re.compile(r"Frame (\d+) goes on\.\Z")
_PATTERNS = [
    (what, re.compile(pattern.replace("LABEL", rf"(?P<label>{LABEL})").replace("VALUE", r"(?P<value>.*)") + r"\.\Z"))
    for what, pattern in (
        (What.return_, "LABEL returns VALUE"),
        (What.yield_, "LABEL yields VALUE"),
        (What.throw, "LABEL goes on with VALUE thrown in"),
        (What.resume, "LABEL goes on"),
        (What.body_end, "The body of LABEL is done"),
        (What.raise_, "LABEL raises VALUE"),
        (What.unwind, "VALUE leaves LABEL"),
        (What.handled, "VALUE reaches a handler in LABEL"),
        (What.reraise, "VALUE goes on in LABEL"),
    )
]
_WORDS = {
    What.return_: "{label} returns {value}.", What.yield_: "{label} yields {value}.",
    What.throw: "{label} goes on with {value} thrown in.", What.resume: "{label} goes on.",
    What.body_end: "The body of {label} is done.", What.raise_: "{label} raises {value}.",
    What.unwind: "{value} leaves {label}.", What.handled: "{value} reaches a handler in {label}.",
    What.reraise: "{value} goes on in {label}.",
}  # fmt: skip


def looks_like(line: str) -> bool:
    """Whether a line is written in this style."""
    if not line.startswith(("Line ", "Back ", "Then ")):
        return False
    return any(pattern.match(line) for pattern in (_STEP, _BEGINS, _EVALUATED))


def tell(moment: Moment) -> Told:
    """One sentence for one moment; moments that are alike share theirs."""
    return _tell(moment.content())


@lru_cache(maxsize=8192)  # two of three sentences about one program on ten inputs have been told before
def _tell(content: tuple[Any, ...]) -> Told:
    moment = Moment.of_content(content)
    parts = _parts(moment)
    known = _facts(moment, parts)
    if not _is_line(moment):
        text = _short_sentence(moment, parts)
        return Told(text, read(text), known)
    place = "Back on line" if moment.what is What.effect else "Line"
    start = f"{place} {moment.line}, {quote(moment.statement)}: "
    text = f"{start}{join(parts)}."
    said = read(text)
    if known == set(said):
        return Told(text, said, known)
    text = start + "; ".join(effect_texts(moment) or ["done"]) + "."
    return Told(text, read(text), known)


def facts(moment: Moment) -> set[Said]:
    """Everything that the sentence of a moment may state."""
    return _facts(moment, _parts(moment))


def _is_line(moment: Moment) -> bool:
    """Whether it is an executed line with its effect."""
    what = moment.what
    return what is What.step or what is What.effect or (what is What.begin and moment.verb != "")


def _parts(moment: Moment) -> list[Clause]:
    """The clauses of a line, and of a call with arguments."""
    told = _is_line(moment) or (moment.changes and moment.what in (What.call, What.body))
    return clauses(moment) if told else []


def _short_sentence(moment: Moment, parts: list[Clause]) -> str:
    what = moment.what
    if what is What.begin:
        quoted = quote(moment.statement)
        return f"Then {quoted} is evaluated." if is_call_begin(moment) else f"Line {moment.line}, {quoted} begins."
    if what in (What.call, What.body):
        start = f"Call {moment.function}" if what is What.call else f"The body of {moment.function} begins"
        return f"{start}: {join(parts)}." if parts else f"{start}."
    if what is What.cut:
        return f"The recording stops: {moment.value}."
    if what is What.switch:
        return f"Frame {moment.frame} goes on."
    return capital(_WORDS[what].format(label=moment.function, value=shown(moment.value)))


def quote(source: str) -> str:
    """The text of a statement in quotes that `QUOTED` matches."""
    source = normal(source)
    return f"``{source}``" if "`" in source else f"`{source}`"


def normal(source: str) -> str:
    """The text of a statement as it can stand in quotes."""
    source = source.replace("\n", " ")
    return source.replace("`", "'") if "``" in source or source[:1] == "`" or source[-1:] == "`" else source


def _facts(moment: Moment, parts: list[Clause]) -> set[Said]:
    what, label = moment.what, moment.function
    known = {said for clause in parts for said in clause.said}
    if _is_line(moment):
        known.add(Said(ClaimKind.line, "", str(moment.line)))
        known.add(Said(ClaimKind.expression, "source", normal(moment.statement)))
        if what is What.effect:
            known.add(Said(ClaimKind.event, What.effect, ""))
        return known
    if what is What.begin:
        place = (ClaimKind.event, What.begin, CALL) if is_call_begin(moment) else (ClaimKind.line, "", str(moment.line))
        return {Said(ClaimKind.begins, "", normal(moment.statement)), Said(*place)}
    if what in (What.call, What.body):
        known.add(Said(ClaimKind.called if what is What.call else ClaimKind.event, _name_of(what), label))
        return known
    if what is What.switch:
        return {Said(ClaimKind.event, what, str(moment.frame))}
    if what is What.cut:
        return {Said(ClaimKind.event, what, moment.value or "")}
    value = "" if what in (What.resume, What.body_end) else shown(moment.value)
    return {Said(ClaimKind.event, what, value), Said(ClaimKind.event, "in", label)}


def _name_of(what: What) -> str:
    return "" if what is What.call else what


def read(line: str) -> list[Said]:
    """What a sentence states; one that cannot be read is an `unread` claim."""
    if match := _STEP.match(line):
        source = match[3] if match[3] is not None else match[4]
        said = [Said(ClaimKind.line, "", match[2]), Said(ClaimKind.expression, "source", source)]
        back = [Said(ClaimKind.event, What.effect, "")] if match[1] != "Line" else []
        return [*said, *back, *read_clauses(match[5])]
    if match := _BEGINS.match(line):
        source = match[2] if match[2] is not None else match[3]
        return [Said(ClaimKind.line, "", match[1]), Said(ClaimKind.begins, "", source)]
    if match := _EVALUATED.match(line):
        source = match[1] if match[1] is not None else match[2]
        return [Said(ClaimKind.begins, "", source), Said(ClaimKind.event, What.begin, CALL)]
    if match := _CUT.match(line):
        return [Said(ClaimKind.event, What.cut, match[1])]
    if match := _SWITCH.match(line):
        return [Said(ClaimKind.event, What.switch, match[1])]
    if (match := _CALL.match(line)) and (match[1] == "Call") == (match[3] is None):
        what = What.call if match[1] == "Call" else What.body
        kind = ClaimKind.called if what is What.call else ClaimKind.event
        return [Said(kind, _name_of(what), match[2]), *(read_clauses(match[4]) if match[4] else [])]
    for what, pattern in _PATTERNS:
        if match := pattern.match(small(line)):
            value = match.groupdict().get("value", "")
            return [Said(ClaimKind.event, what, value), Said(ClaimKind.event, "in", match["label"])]
    return [Said(ClaimKind.unread, "", line)]
