"""From a recorded run to rows: narrate, verify, render.

Nothing unverified becomes a row: every claim of a narration must hold in the trace, and its output block must be what
the program printed or returned.
"""

from __future__ import annotations

from deskcheck_agent.prompts import Prompts
from deskcheck_tracer import Narrator, Trace, stated_output
from deskcheck_tracer.claims import true_output
from deskcheck_tracer.facts import ClaimKind

from deskcheck_trainer.nlex.recording import Fault, Recorded, executed_lines, rejected
from deskcheck_trainer.nlex.row import Messages, Reason, Rejected, Row, Task, answer, messages, words_and_symbols


class Telling:
    """Rows of recorded runs, told by the template narrator."""

    def __init__(self, prompts: Prompts, style: str = "step", max_tokens: int | None = None) -> None:
        self.prompts, self.style, self.max_tokens = prompts, style, max_tokens

    def __call__(self, recorded: Recorded) -> list[Row | Rejected]:
        narrator = Narrator(recorded.trace)
        text = narrator.narrate(self.style, self.max_tokens)
        if fault := narration_fault(text, narrator, self.max_tokens):
            return [rejected(recorded.item, fault, narration=text)]
        prompt = messages(self.prompts.explain(recorded.item.program))
        return [about(recorded, Task.explain, prompt, answer(text), style=self.style)]


def about(recorded: Recorded, task: Task, prompt: Messages, completion: Messages, style: str = "") -> Row:
    """A row about a recorded run."""
    item, trace = recorded.item, recorded.trace
    return Row(
        task=task,
        prompt=prompt,
        completion=completion,
        source=item.program.source,
        stdin=item.program.stdin,
        call=item.program.call,
        output=output_of(trace),
        style=style,
        events=len(trace.events),
        lines=executed_lines(trace),
        origin=item.origin,
        licence=item.licence,
    )


def output_of(trace: Trace) -> str:
    """True stdout, or the repr of the call's value."""
    return trace.stdout if trace.program.call is None else trace.returned or ""


def narration_fault(text: str, narrator: Narrator, max_tokens: int | None) -> Fault | None:
    """What is wrong with a narration of a trace: too long, nothing claimed, a false claim, another output."""
    if max_tokens is not None and (size := words_and_symbols(text)) > max_tokens:
        return Reason.too_long, f"{size} words and symbols, expected at most {max_tokens}"
    stated, true = stated_output(text), true_output(narrator.trace)
    if stated != true:
        return Reason.wrong_output, f"states {stated!r}, true is {true!r}"
    checks = narrator.check(narrator.claims(text))
    if all(c.claim.kind is ClaimKind.output for c in checks):
        return Reason.no_claims, "no statement about a step that could be checked"
    if false := next((c for c in checks if not c.holds), None):
        return Reason.claim_false, f"{false.claim.text!r}: {false.reason}"
    return None
