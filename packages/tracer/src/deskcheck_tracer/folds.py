"""Spans of a telling in one sentence: rounds of a loop that are left out, whole loops, whole calls.

    Iterations 3 to 9 of line 4, `for x in a`, are left out (14 lines): s goes from 6 to 45.
    The loop on line 4, `for x in a`, runs 12 times: s goes from 0 to 66; line 5 holds 6 times of 12.
    fact runs 9 lines with n = 4 and returns 24.

The first kind stands in a step or block narration when the budget asks for it and says for how many lines it stands;
the others are the summary's.
"""

import re
from dataclasses import dataclass

from .clauses import LABEL, Clause, capital, join, small
from .facts import ClaimKind, Said, Told, effect_texts, read_effect, shown, split_outside, variable
from .moment import What
from .sentences import QUOTED, normal, quote
from .spans import Span, counts, effects, read_effects, times_text

_LEFT_OUT = re.compile(
    rf"Iterations (\d+ to \d+) of line (\d+), {QUOTED}, are left out \((\d{{1,9}}) lines\)(?:: (.*))?\.\Z"
)
_LOOP = re.compile(rf"The loop on line (\d+), {QUOTED}, runs (\d+) times?(?:: (.*))?\.\Z")
_RUN = re.compile(
    rf"((?:The body of )?{LABEL}) runs (\d+) lines?(?: with (.*?))?(?: and (returns|yields|is left by) (.*))?\.\Z"
)
_LEAVES = {What.return_: "returns", What.yield_: "yields", What.unwind: "is left by", What.body_end: ""}


def tell_left_out(span: Span) -> Told:
    """The sentence that stands for some rounds of a loop."""
    parts, rounds, lines = effects(span), _rounds(span), str(span.stop - span.start)
    start = f"Iterations {rounds} of line {span.head.line}, {quote(span.head.statement)}, are left out ({lines} lines)"
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
    source = Said(ClaimKind.expression, "source", normal(span.head.statement))
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
    start = f"The loop on line {loop.head.line}, {quote(loop.head.statement)}, runs {times_text(times)}"
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
            *(read_effects(match[6]) if match[6] else []),
        ]  # fmt: skip
    if line.startswith("The loop ") and (match := _LOOP.match(line)):
        source = match[2] if match[2] is not None else match[3]
        return [
            Said(ClaimKind.line, "", match[1]), Said(ClaimKind.expression, "source", source),
            Said(ClaimKind.iteration, "", match[4]), *(read_effects(match[5]) if match[5] else []),
        ]  # fmt: skip
    if " runs " in line and (match := _RUN.match(small(line))):
        said = [Said(ClaimKind.called, "", match[1]), Said(ClaimKind.lines, "", match[2])]
        for part in split_outside(match[3], ", ") if match[3] else []:
            said.append(read_effect(part) or Said(ClaimKind.unread, "", part))
        return [*said, Said(ClaimKind.outcome, match[4], match[5])] if match[4] else said
    return None
