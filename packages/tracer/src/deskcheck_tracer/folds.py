"""Spans of a telling in one sentence: rounds of a loop that are left out, whole loops, whole calls.

    Iterations 3 to 9 of line 4, `for x in a`, are left out (14 lines): s goes from 6 to 45.
    The loop on line 4, `for x in a`, runs 12 times: s goes from 0 to 66; line 5 holds 6 times of 12.
    fact runs 9 lines with n = 4 and returns 24.

The first kind stands in a step or block narration when the budget asks for it and says for how many lines it stands;
the others are the summary's.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .blocks import Unit, head, steps_of
from .clauses import LABEL, Clause, capital, change, join, printed, small
from .clauses import read as read_clauses
from .facts import (
    ClaimKind,
    Said,
    Told,
    effect_texts,
    is_simple_line,
    read_effect,
    shown,
    split_outside,
    unquote,
    variable,
)
from .moment import Form, Moment, What
from .sentences import _QUOTED, _normal, _quote

MAX_PRINTED = 80
"""Characters up to which all that a span printed is quoted."""

_LEFT_OUT = re.compile(
    rf"Iterations (\d+ to \d+) of line (\d+), {_QUOTED}, are left out \((\d{{1,9}}) lines\)(?:: (.*))?\.\Z"
)
_LOOP = re.compile(rf"The loop on line (\d+), {_QUOTED}, runs (\d+) times?(?:: (.*))?\.\Z")
_RUN = re.compile(
    rf"((?:The body of )?{LABEL}) runs (\d+) lines?(?: with (.*?))?(?: and (returns|yields|is left by) (.*))?\.\Z"
)
_LEAVES = {What.return_: "returns", What.yield_: "yields", What.unwind: "is left by", What.body_end: ""}


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


# ---- what a span changed ----


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
        Clause(f"line {line} holds {_times(sum(found))} of {len(found)}",
               (Said(ClaimKind.holds, str(line), f"{sum(found)} of {len(found)}"),))
        for line, found in held.items()
    ]  # fmt: skip
    parts += [
        Clause(f"{name} is called {_times(count)}", (Said(ClaimKind.calls, name, str(count)),))
        for name, count in called.items()
    ]
    return parts


def _asks(moment: Moment) -> bool:
    """Whether it is an `if` line of which it is known how it came out."""
    told = moment.what in (What.step, What.effect) and moment.form is Form.branch
    return told and moment.target != "while" and moment.taken is not None


def _times(count: int) -> str:
    return f"{count} time{'s' * (count != 1)}"


# ---- rounds that are left out ----


def tell_left_out(span: Span) -> Told:
    """The sentence that stands for some rounds of a loop."""
    parts, rounds, lines = effects(span), _rounds(span), str(span.stop - span.start)
    start = f"Iterations {rounds} of line {span.head.line}, {_quote(span.head.statement)}, are left out ({lines} lines)"
    known = {said for part in parts for said in part.said} | _place(span)
    return _told(start, parts, known | {Said(ClaimKind.span, "", lines), Said(ClaimKind.iteration, "", rounds)})


def _told(start: str, parts: list[Clause], known: set[Said]) -> Told:
    """A sentence with its clauses; without them where they would be misread."""
    if parts:
        line = f"{start}: {join(parts)}."
        said = read(line) or []
        if known == set(said):
            return Told(line, said, known)
    line = f"{start}."
    return Told(line, read(line) or [], known)


def _rounds(span: Span) -> str:
    first = span.head
    last = max(m.round for m in span.moments if m.frame == first.frame and m.line == first.line)
    return f"{first.round} to {last}" if first.round else "none"


def _place(span: Span) -> set[Said]:
    source = Said(ClaimKind.expression, "source", _normal(span.head.statement))
    return {Said(ClaimKind.line, "", str(span.head.line)), source}


# ---- whole loops and calls ----


@dataclass
class Loop(Span):
    """All rounds of a loop."""


@dataclass
class Run(Span):
    """A frame from where it is entered to where it is left; the last unit is where."""


def tell_loop(loop: Loop) -> Told:
    """The sentence that tells a whole loop."""
    times, parts = _loop_rounds(loop), _loop_clauses(loop)
    start = f"The loop on line {loop.head.line}, {_quote(loop.head.statement)}, runs {_times(times)}"
    known = {said for part in parts for said in part.said} | _place(loop)
    return _told(start, parts, known | {Said(ClaimKind.iteration, "", str(times))})


def _loop_rounds(loop: Loop) -> int:
    """How often its body began."""
    first = loop.head
    return max(m.round for m in loop.moments if m.frame == first.frame and m.line == first.line)


def _loop_clauses(loop: Loop) -> list[Clause]:
    """What changed, how conditions came out, who was called, what was printed."""
    found = effects(loop)
    told = [part for part in found if part.said[0].kind not in (ClaimKind.printed, ClaimKind.written)]
    return told + counts(loop) + [part for part in found if part not in told]


def tell_run(run: Run) -> Told:
    """The sentence that tells a call, or a generator from one suspension to the next."""
    first, last = run.head, run.moments[-1]
    lines = sum(m.what is What.step or (m.what is What.begin and m.line > 0) for m in run.moments)
    word = last.verb if last.verb in ("returns", "yields") else _LEAVES.get(last.what, "")
    word, value = (word, shown(last.value)) if last.frame == first.frame and word else ("", "")
    label = f"The body of {first.function}" if first.what is What.body else first.function
    known = {Said(ClaimKind.called, "", label), Said(ClaimKind.lines, "", str(lines))}
    known |= {variable(name, text) for name, text in first.changes.items()}
    known |= {Said(ClaimKind.outcome, word, value)} if word else set()
    start = capital(f"{label} runs {lines} line{'s' * (lines != 1)}")
    line = start
    line += f" with {', '.join(effect_texts(first))}" if first.changes else ""
    line += f" and {word} {value}" if word else ""
    for text in (f"{line}.", f"{start}."):
        said = read(text) or []
        if known == set(said):
            break
    return Told(text, said, known)


# ---- reading ----


def read(line: str) -> list[Said] | None:
    """What a sentence about a span states; None if it is none."""
    if line.startswith("Iterations ") and (match := _LEFT_OUT.match(line)):
        source = match[3] if match[3] is not None else match[4]
        return [
            Said(ClaimKind.span, "", match[5]), Said(ClaimKind.iteration, "", match[1]),
            Said(ClaimKind.line, "", match[2]), Said(ClaimKind.expression, "source", source),
            *(_read_effects(match[6]) if match[6] else []),
        ]  # fmt: skip
    if line.startswith("The loop ") and (match := _LOOP.match(line)):
        source = match[2] if match[2] is not None else match[3]
        return [
            Said(ClaimKind.line, "", match[1]), Said(ClaimKind.expression, "source", source),
            Said(ClaimKind.iteration, "", match[4]), *(_read_effects(match[5]) if match[5] else []),
        ]  # fmt: skip
    if " runs " in line and (match := _RUN.match(small(line))):
        said = [Said(ClaimKind.called, "", match[1]), Said(ClaimKind.lines, "", match[2])]
        for part in split_outside(match[3], ", ") if match[3] else []:
            said.append(read_effect(part) or Said(ClaimKind.unread, "", part))
        return [*said, Said(ClaimKind.outcome, match[4], match[5])] if match[4] else said
    return None


_WENT = re.compile(r"([^\W\d]\w*) goes from (.*)\Z")
_HOLDS = re.compile(r"line (\d+) holds (\d+) times? of (\d+)\Z")
_CALLS = re.compile(rf"({LABEL}) is called (\d+) times?\Z")
_WRITTEN = re.compile(r"writes (\d+) characters\Z")


def _read_effects(text: str) -> list[Said]:
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
