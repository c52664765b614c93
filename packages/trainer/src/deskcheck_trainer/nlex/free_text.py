"""What is wrong with an explanation that a language model wrote about a recorded run.

First what needs no trace: nothing was answered, nothing ended it, it states no output, it is the record that the model
was shown, handed back. Then every statement is checked against the trace and the output compared, as for our own
narrations: a row is never better than its verifier.
"""

from __future__ import annotations

from deskcheck_agent.sampler import Completion, StopReason
from deskcheck_tracer import Trace, stated_output, verify
from deskcheck_tracer.claims import OUTPUT_CLOSE, OUTPUT_OPEN, true_output
from deskcheck_tracer.prose import Demands

from deskcheck_trainer.nlex.recording import Fault
from deskcheck_trainer.nlex.row import Reason

COPIED_SHARE = 0.5
"""A text with this share of its lines straight from the record is a copy."""


def explanation(completion: Completion) -> str:
    """The text up to its first output block, closed where the sampler cut the closing tag off as a stop string."""
    body, close, _ = completion.text.partition(OUTPUT_CLOSE)
    if close or (OUTPUT_OPEN in body and completion.stop is StopReason.stop):
        return f"{body.lstrip().removesuffix('\n')}\n{OUTPUT_CLOSE}"  # spaces at its end may be of the output
    return body.strip()


def answer_fault(completion: Completion, text: str, record: str, trace: Trace, demands: Demands) -> Fault | None:
    """Why `text`, the explanation of a completion to a prompt with `record` in it, becomes no row; None if it may."""
    if completion.stop is StopReason.error:
        return Reason.no_answer, "nothing could be sampled: the prompt overflows the model's context, or was refused"
    if not text:
        return Reason.empty_answer, "nothing but white space"
    if stated_output(text) is None:
        if completion.stop is StopReason.length:
            return Reason.cut_off, f"cut after {completion.tokens or 'max_tokens'} tokens, before any output"
        return Reason.no_output, f"ends without {OUTPUT_OPEN}...{OUTPUT_CLOSE}"
    if (share := copied_share(text, record)) >= COPIED_SHARE:
        return Reason.copied, f"{share:.0%} of its lines stand in the record"
    return free_text_fault(text, trace, demands)


def copied_share(text: str, record: str) -> float:
    """Share of the lines before the output block that stand in the record as they are; 0 without any."""
    lines = [line.strip() for line in text.partition(OUTPUT_OPEN)[0].split("\n") if line.strip()]
    shown = {line.strip() for line in record.split("\n")}
    return sum(line in shown for line in lines) / len(lines) if lines else 0.0


def free_text_fault(text: str, trace: Trace, demands: Demands) -> Fault | None:
    """What the verifier finds: another output (to the letter: it is what training asks for), a false statement, none,
    too few."""
    stated, true = stated_output(text), true_output(trace)
    if stated != true:
        return Reason.wrong_output, f"states {stated!r}, true is {true!r}"
    found = verify(text, trace, demands)
    if found.accepted:
        return None
    wrong = "; ".join(f"{check.words!r}: {check.why}" for check in found.false)
    lacks = f"{found.coverage:.0%} of its sentences about the run could be checked, and {found.told:.0%} of it is told"
    return Reason(found.reason.value), wrong or lacks
