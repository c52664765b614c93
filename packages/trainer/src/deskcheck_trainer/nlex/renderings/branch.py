"""One decision of the run: whether a condition held, and where its function went on.

Conditions that came out both ways in the run are asked about first; constant ones (`while True`) never.
"""

from __future__ import annotations

import ast

from deskcheck_agent.prompts import LineAsked
from deskcheck_tracer.describe import Describer

from deskcheck_trainer.nlex.renderings.blocks import block
from deskcheck_trainer.nlex.renderings.subject import Context, Subject
from deskcheck_trainer.nlex.renderings.visits import Visit, in_drawn_order, is_told_once
from deskcheck_trainer.nlex.row import Reason, Rejected, Row, Task


def branch(subject: Subject, context: Context) -> Row | Rejected | None:
    """A question about one evaluation of one condition; None where there is none."""
    asked_of = [visit for visit in subject.visits if _is_asked(subject, visit)]
    outcomes: dict[int, set[bool]] = {}
    for visit in asked_of:
        outcomes.setdefault(visit.line, set()).add(_held(subject, visit))
    both = [visit for visit in asked_of if len(outcomes[visit.line]) == 2]
    visit = next(in_drawn_order(both or asked_of, context.rng(subject, Task.branch)), None)
    if visit is None:
        return None
    text = block("branch", _answer(_held(subject, visit), visit.then))
    if text != (true := block("branch", _told(subject, visit))):
        return subject.rejected((Reason.claim_false, f"line {visit.line}: states {text!r}, true is {true!r}"), text)
    asked = LineAsked(visit.line, subject.statements[visit.line].text, visit.time, visit.function)
    return context.row(subject, Task.branch, context.prompts.branch(subject.trace.program, asked), text)


def _answer(held: bool | None, then: int | None) -> str:
    return f"{'yes' if held else 'no'}, {'end' if not then else f'line {then}'}"


def _is_asked(subject: Subject, visit: Visit) -> bool:
    statement = subject.statements.get(visit.line)
    node = statement.node if statement is not None else None
    if not isinstance(node, ast.If | ast.While):
        return False
    return is_told_once(node.test) and any(isinstance(part, ast.Name) for part in ast.walk(node.test))


def _held(subject: Subject, visit: Visit) -> bool:
    """By where the run went on: into the block of the statement or past it."""
    first, last = subject.statements[visit.line].body
    return visit.then is not None and first <= visit.then <= last


def _told(subject: Subject, visit: Visit) -> str:
    """The same by the narrator's reading of the steps."""
    describer = Describer(subject.trace)
    moment = describer.moment(describer.steps[visit.step])
    return _answer(moment.taken, describer.next_line.get(visit.step))
