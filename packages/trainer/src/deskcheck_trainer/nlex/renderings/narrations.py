"""The run in words: the explanation in the chosen style and phrasing, and the scratchpad.

Nothing unverified becomes a row: every claim of a narration must hold in the trace, and its output block must be what
the program printed or returned.
"""

from __future__ import annotations

from collections.abc import Callable

from deskcheck_tracer import Narrator, stated_output
from deskcheck_tracer.claims import true_output
from deskcheck_tracer.facts import ClaimKind

from deskcheck_trainer.nlex.recording import Fault
from deskcheck_trainer.nlex.renderings.subject import Context, Subject, too_long
from deskcheck_trainer.nlex.row import Reason, Rejected, Row, Task, words_and_symbols

SCRATCHPAD = "compact"


def explain(subject: Subject, context: Context) -> Row | Rejected:
    """The narration in the style asked for; the request in one of the first `phrasings` wordings."""
    phrasing = 1 + context.rng(subject, Task.explain).randrange(context.plan.phrasings)
    prompt = context.prompts.explain(subject.trace.program, phrasing)
    return _narration(subject, context, Task.explain, prompt, context.style)


def scratchpad(subject: Subject, context: Context) -> Row | Rejected:
    """A short line for each line that ran."""
    prompt = context.prompts.scratchpad(subject.trace.program)
    return _narration(subject, context, Task.scratchpad, prompt, SCRATCHPAD)


def _narration(subject: Subject, context: Context, task: Task, prompt: object, style: str) -> Row | Rejected:
    text = subject.narrator.narrate(style, context.max_tokens, context.count)
    if fault := narration_fault(text, subject.narrator, context.max_tokens, context.count):
        return subject.rejected(fault, text)
    return context.row(subject, task, prompt, text, style)


def narration_fault(
    text: str, narrator: Narrator, max_tokens: int | None, count: Callable[[str], int] = words_and_symbols
) -> Fault | None:
    """What is wrong with a narration of a trace: too long, nothing claimed, a false claim, another output."""
    if fault := too_long(text, max_tokens, count):
        return fault
    stated, true = stated_output(text), true_output(narrator.trace)
    if stated != true:
        return Reason.wrong_output, f"states {stated!r}, true is {true!r}"
    lines = narrator.read(text)
    if all(said.kind is ClaimKind.output for line in lines for said in line.said):
        return Reason.no_claims, "no statement about a step that could be checked"
    if false := narrator.first_false(lines):
        return Reason.claim_false, f"{false.claim.text!r}: {false.reason}"
    return None
