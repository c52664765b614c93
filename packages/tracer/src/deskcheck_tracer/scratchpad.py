"""The compact style: a terse scratchpad, one short line a moment, that a small model can learn to write.

    a = [3, 1, 4]                   an assignment: name = value
    s = (0 + 3) % 10 = 3            name = expression with values = value
    x = 3, left [1, 4]              a for loop takes an item; `loop ends` when there is none
    if 3 > 2: yes                   a condition
    r.append(3): r = [3]            any statement: its text with values, then what changed (`name gone`, `name len 300`)
    print 3                         a line printed; other texts as `write 'a\\n'`
    do y = f(3)                     a line that calls into the program; then
    call f: n = 3                   the call, its lines, and
    return 3 + 1 = 4                its value; at last the effect of the calling line: `y = 4`
    L7: x = 1, y = 2                anything that would be ambiguous

`tell` and `read` are inverse: a line that would be read back differently is written in the last form.
"""

import re

from .facts import (
    ClaimKind,
    Said,
    Told,
    begin_text,
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

_ASSIGNED = re.compile(r"([^\W\d]\w*) = ")
_NUMBERED = re.compile(r"L(\d+)(?:: (.*))?\Z", re.DOTALL)
_BRANCH = re.compile(r"(if|elif|while) (.*): (yes|no)\Z", re.DOTALL)
_EVENTS = {"yield": What.yield_, "throw": What.throw, "raise": What.raise_, "reraise": What.reraise,
           "handle": What.handled, "unwind": What.unwind, "cut": What.cut, "resume": What.resume}  # fmt: skip
_WORDS = {what: word for word, what in _EVENTS.items()}


def tell(moment: Moment) -> Told:
    """One line for one moment."""
    known, line = facts(moment), _line(moment)
    said = read(line)
    if "\n" not in line and known.issuperset(said) and _is_whole(moment, said):
        return Told(line, said, known)
    effects = ", ".join(effect_texts(moment))
    line = f"L{moment.line}: {effects}" if effects else f"L{moment.line}"
    return Told(line, read(line), known)


def _is_whole(moment: Moment, said: list[Said]) -> bool:
    """Whether every change is told."""
    return all(variable(name, value) in said for name, value in moment.changes.items())


def _line(moment: Moment) -> str:
    what = moment.what
    if what is What.begin:
        return "do " + begin_text(moment)
    if what is What.call:
        return _with_effects(f"call {moment.function}", moment)
    if what is What.return_:
        return f"return {shown(moment.value)}"
    if what in _WORDS:
        return f"{_WORDS[what]} {moment.function if moment.value is None else shown(moment.value)}"
    return _effect(moment) if what is What.effect else _step(moment)


def _step(moment: Moment) -> str:
    match moment.form:
        case Form.assign:
            value = moment.changes.get(moment.target)
            first = f"{moment.target} = {moment.expression}"
            first = first if moment.expression == value else f"{first} = {value}"
            return "; ".join([first, *effect_texts(moment, skip=moment.target)])
        case Form.for_ if moment.taken is not None:
            effects = ", ".join(effect_texts(moment))
            return effects if moment.taken else "; ".join(filter(None, ["loop ends", effects]))
        case Form.branch if moment.taken is not None:
            outcome = f"{moment.target} {moment.expression}: {'yes' if moment.taken else 'no'}"
            return "; ".join([outcome, *effect_texts(moment)])
        case Form.return_:
            return _returned(moment)
        case Form.print_:
            return _printed(moment.printed)
        case Form.define:
            return moment.target
        case Form.line:
            return _with_effects(f"L{moment.line}", moment)
    return _with_effects(begin_text(moment), moment)


def _effect(moment: Moment) -> str:
    if moment.form is Form.for_ and moment.taken is not None:
        return _step(moment)
    if moment.form is Form.branch and moment.taken is not None:
        return "; ".join(["yes" if moment.taken else "no", *effect_texts(moment)])
    if not moment.changes:
        return _printed(moment.printed) if moment.printed else f"L{moment.line}"
    return ", ".join(effect_texts(moment))


def _with_effects(text: str, moment: Moment) -> str:
    effects = ", ".join(effect_texts(moment))
    return f"{text}: {effects}" if effects else text


def _returned(moment: Moment) -> str:
    value = shown(moment.value)
    if moment.value is None:  # left by a finally block or cut off
        return _with_effects(begin_text(moment), moment)
    text = f"return {value}" if moment.expression in (None, moment.value) else f"return {moment.expression} = {value}"
    return "; ".join([text, *effect_texts(moment)])


def _printed(text: str) -> str:
    return f"print {text[:-1]}" if is_simple_line(text) else f"write {text!r}"


def read(line: str) -> list[Said]:
    """What a line states; an unreadable line states nothing."""
    word, _, rest = line.partition(" ")
    word = "" if rest.startswith("= ") else word  # a variable of that name
    if word == "print":
        return [Said(ClaimKind.printed, "", rest + "\n")]
    if word == "write":
        text = unquote(rest)
        return [] if text is None else [Said(ClaimKind.printed, "", text)]
    if word == "do":
        return [Said(ClaimKind.begins, "", rest)]
    if word == "call":
        name, *effects = split_outside(rest, ": ")
        return [Said(ClaimKind.called, "", name), *_effects(": ".join(effects), ", ")]
    if word in _EVENTS:
        return [Said(ClaimKind.event, _EVENTS[word], rest)]
    first, *more = split_outside(line, "; ")
    return [*_first(first), *(said for part in more for said in _effects(part, "; "))]


def _first(text: str) -> list[Said]:
    if text == "loop ends":
        return [Said(ClaimKind.item, "", "no")]
    if text in ("yes", "no"):
        return [Said(ClaimKind.branch, "", text)]
    if match := _NUMBERED.match(text):
        return [Said(ClaimKind.line, "", match[1]), *_effects(match[2] or "", ", ")]
    if match := _BRANCH.match(text):
        return [Said(ClaimKind.expression, "", match[2]), Said(ClaimKind.branch, "", match[3])]
    if text.startswith("return "):
        expression, value = _last_equals(text[7:])
        said = [Said(ClaimKind.returned, "", value)]
        return said if expression is None else [Said(ClaimKind.expression, "", expression), *said]
    if match := _ASSIGNED.match(text):
        return _assigned(text, match[1])
    statement, *effects = split_outside(text, ": ")
    return [Said(ClaimKind.expression, "", statement), *_effects(": ".join(effects), ", ")]


def _assigned(text: str, name: str) -> list[Said]:
    effects = _effects(text, ", ")
    if len(effects) == len(split_outside(text, ", ")) and not _is_chain(text):
        item = [Said(ClaimKind.item, "", "yes")] if any(said.kind is ClaimKind.left for said in effects) else []
        return item + effects
    statement, *rest = split_outside(text, ": ")
    if rest and (after := _effects(": ".join(rest), ", ")):
        return [Said(ClaimKind.expression, "", statement), *after]
    expression, value = _last_equals(text[len(name) + 3 :])
    said = [Said(ClaimKind.variable, name, value)]
    return said if expression is None else [Said(ClaimKind.expression, "", expression), *said]


def _is_chain(text: str) -> bool:
    return any(len(split_outside(part, " = ")) > 2 for part in split_outside(text, ", "))


def _last_equals(text: str) -> tuple[str | None, str]:
    *before, value = split_outside(text, " = ")
    return (" = ".join(before) if before else None), value


def _effects(text: str, separator: str) -> list[Said]:
    return [said for part in split_outside(text, separator) if (said := read_effect(part)) is not None] if text else []
