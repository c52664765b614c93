"""A predicted narration beside the real run: which statements are false, and which is the first.

A narration in the narrator's own grammar is read by `claims`, checked by `check`, and laid line by line beside the real
narration in the same style: both count the program's steps, so the n-th stands by the n-th. Free prose is checked by
`verify`, sentence by sentence, and stands beside the real narration without being aligned. What the recording did not
reach, because it was stopped at its limit, is not called false.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from deskcheck_tracer.checks import ClaimCheck
from deskcheck_tracer.claims import OUTPUT_OPEN, Claim, stated_output
from deskcheck_tracer.facts import ClaimKind
from deskcheck_tracer.narrate import Narrator
from deskcheck_tracer.prose import verify
from deskcheck_tracer.prose.verification import Check
from deskcheck_tracer.trace import EndReason, Trace
from markupsafe import Markup, escape

from deskcheck_agent.page.texts import one_line, visible, with_gaps

LONGEST = 400_000
"""Characters of a narration that is checked."""
MOST_PROSE = 400_000
"""Characters of prose times events of the run. Checking prose takes 1 to 2 microseconds for each (measured on 300 and
5,800 events, on a busy machine); a narration in the grammar takes half a second for 100,000 characters."""
MOST_ROWS = 120
_HEAD, _AROUND, _TAIL = 24, 10, 6
_NO_STRUCTURE = (ClaimKind.expression, ClaimKind.unread)
_STOPPED = (EndReason.events, EndReason.bytes)


@dataclass(frozen=True)
class Row:
    """One line as predicted (None: the prediction has none there) and as it really was; `mark` is "", "false" or
    "first"; a gap has `left_out` rows."""

    said: Markup | None
    real: str | None
    mark: str = ""
    why: str = ""
    left_out: int = 0


@dataclass(frozen=True)
class Annotated:
    """A narration with its false statements marked. `beside` is the real one where the two are not aligned."""

    rows: list[Row]
    words: str
    """What came out, in a sentence."""
    is_true: bool | None
    """None: nothing could be checked."""
    beside: str | None = None


def annotate(narration: str, run: Trace | Narrator) -> Annotated:
    """Check a predicted narration against what the program really did."""
    narrator = run if isinstance(run, Narrator) else Narrator(run)
    if len(narration) > LONGEST:
        return Annotated([], f"{len(narration):,} characters: too long to check.", None)
    checks = narrator.check(narrator.claims(narration))
    return _by_steps(narration, checks, narrator) if _is_grammar(checks) else _by_sentences(narration, narrator)


def _is_grammar(checks: Sequence[ClaimCheck]) -> bool:
    """Whether it is in the narrator's words. The scratchpad's grammar reads any line as an expression: there, half of
    the claims must hold or be of another kind."""
    said = [check for check in checks if check.claim.moment >= 0]
    if not said:
        return False
    if said[0].claim.style != "compact":
        return sum(check.claim.kind is ClaimKind.unread for check in said) * 2 < len(said)
    return sum(check.holds or check.claim.kind not in _NO_STRUCTURE for check in said) * 2 >= len(said)


def _by_steps(narration: str, checks: Sequence[ClaimCheck], narrator: Narrator) -> Annotated:
    style = checks[0].claim.style
    real = narrator.narrate(style)
    ours = _placed(narration, [check.claim for check in checks])
    faults = _faults(checks, narrator, ours)
    rows: list[Row] = []
    first = min(faults, default=None)
    for place, real_line in _beside(ours, _placed(real, narrator.claims(real))):
        if place is None:
            rows.append(Row(None, real_line))
        else:
            mark = "first" if place == first else "false" if place in faults else ""
            rows.append(Row(escape(visible(ours[place][0])), real_line, mark, faults.get(place, "")))
    rows += _output_rows(narration, checks, narrator, is_first=first is None)
    return Annotated(_shortened(rows), _words(rows, len(checks), narrator), not any(row.mark for row in rows))


def _placed(text: str, found: Sequence[Claim]) -> list[tuple[str, int]]:
    """The lines of a narration with the step that each is about; lines about the whole run come after all steps."""
    body = text[: text.rfind(OUTPUT_OPEN)] if stated_output(text) is not None else text
    placed: list[tuple[str, int]] = []
    at, step = 0, 0
    for line in filter(None, body.split("\n")):
        said = list(takewhile(lambda claim, line=line: claim.text == line, islice(found, at, None)))
        at += len(said)
        step = step + 1 if not said else _AFTER_ALL if said[0].moment < 0 else said[0].moment
        placed.append((line, step))
    return placed


_AFTER_ALL = 10**9


def _faults(checks: Sequence[ClaimCheck], narrator: Narrator, lines: list[tuple[str, int]]) -> dict[int, str]:
    """Why lines are false, by their place. Of a line that is told twice, the step says which one is meant."""
    place_of = {placed: place for place, placed in enumerate(lines)}
    stopped = narrator.trace.end.reason in _STOPPED
    faults: dict[int, str] = {}
    for claim, holds, why in checks:
        beyond = stopped and ("did no more" in why or claim.moment < 0)
        if holds or beyond or claim.kind is ClaimKind.unread or claim.text == OUTPUT_OPEN:
            continue
        place = place_of.get((claim.text, claim.moment if claim.moment >= 0 else _AFTER_ALL))
        if place is not None:
            faults.setdefault(place, why)
    return faults


def _beside(ours: list[tuple[str, int]], real: list[tuple[str, int]]) -> Iterator[tuple[int | None, str | None]]:
    """Places of our lines and the real lines, merged by step."""
    at = 0
    for place, (_, step) in enumerate(ours):
        while at < len(real) and real[at][1] < step:
            yield None, real[at][0]
            at += 1
        if at < len(real) and real[at][1] == step:
            yield place, real[at][0]
            at += 1
        else:
            yield place, None
    yield from ((None, line) for line, _ in real[at:])


def _output_rows(narration: str, checks: Sequence[ClaimCheck], narrator: Narrator, *, is_first: bool) -> Iterator[Row]:
    """The output that the narration states, as one row."""
    if not checks or checks[-1].claim.kind is not ClaimKind.output:
        return
    claim, holds, _ = checks[-1]
    real = stated_output(narrator.narrate(claim.style)) or ""
    unknown = holds or narrator.trace.end.reason in _STOPPED
    mark = "" if unknown else "first" if is_first else "false"
    said = Markup("<b>output</b> {}").format(visible(claim.value[:_MOST_OUTPUT]))
    yield Row(said, "output " + real[:_MOST_OUTPUT], mark, "" if unknown else "the output is another")


_MOST_OUTPUT = 2_000


def _by_sentences(narration: str, narrator: Narrator) -> Annotated:
    beside = narrator.narrate("step", max_tokens=800)
    events = len(narrator.trace.events)
    if len(narration) * events > MOST_PROSE:
        words = f"{len(narration):,} characters of prose on a run of {events:,} events: too much to check."
        return Annotated([], words, None, beside)
    checks = verify(narration, narrator.trace).checks
    false = sorted((check for check in checks if not check.holds), key=lambda check: check.start)
    rows: list[Row] = []
    at = 0
    for line in narration.split("\n"):
        here = [check for check in false if at <= check.start < at + len(line) + 1]
        mark = "" if not here else "first" if here[0] is false[0] else "false"
        rows.append(Row(_marked(line, at, here), None, mark, here[0].why if here else ""))
        at += len(line) + 1
    return Annotated(_shortened(rows), _words(rows, len(checks), narrator), not false if checks else None, beside)


def _marked(line: str, at: int, false: list[Check]) -> Markup:
    """The line with its false statements in marks."""
    parts: list[Markup] = []
    done = 0
    for check in false:
        start, end = max(check.start - at, done), min(check.end - at, len(line))
        if end > start:
            parts += [escape(visible(line[done:start])), Markup("<mark>{}</mark>").format(visible(line[start:end]))]
            done = end
    return Markup("").join([*parts, escape(visible(line[done:]))])


def _words(rows: Sequence[Row], count: int, narrator: Narrator) -> str:
    """What came out, in a sentence; of prose the first false words are those in the first mark."""
    first = next((row for row in rows if row.mark == "first"), None)
    reason = narrator.trace.end.reason
    stopped = reason in _STOPPED
    limit = f" The recording stopped at its limit of {reason.value}; nothing later is checked." if stopped else ""
    if first is not None:
        line = first.said or Markup("")
        marked = Markup(line.partition("<mark>")[2].partition("</mark>")[0])
        said = one_line((marked or line).striptags(), 60)
        return f"First false statement: {said} \u2013 {visible(first.why)}.{limit}"
    if not count:
        return "Nothing in it could be checked."
    return (f"All {count} statements that were read hold." if count > 1 else "The one statement read holds.") + limit


def _shortened(rows: list[Row]) -> list[Row]:
    """Many rows keep their ends and what surrounds the first false one."""
    if len(rows) <= MOST_ROWS:
        return rows
    first = next((place for place, row in enumerate(rows) if row.mark == "first"), 0)
    kept = {*range(_HEAD), *range(first - _AROUND, first + _AROUND + 1), *range(len(rows) - _TAIL, len(rows))}
    return with_gaps(rows, kept, lambda count: Row(None, None, left_out=count))
