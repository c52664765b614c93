"""One line of the run: the variables before it are given, those after it are asked for.

Asked are lines that change a variable: assignments (not of constants), deletions, calls and loop heads. Shown are
variables with plain values (visits.py); a line that changes one with another value is not asked about.
"""

from __future__ import annotations

import ast

from deskcheck_agent.prompts import LineAsked

from deskcheck_trainer.nlex.renderings.blocks import block, stated
from deskcheck_trainer.nlex.renderings.subject import Context, Subject
from deskcheck_trainer.nlex.renderings.visits import State, Visit, in_drawn_order, is_plain, is_told_once, plain
from deskcheck_trainer.nlex.row import Reason, Rejected, Row, Task

_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete, ast.Expr)


def next_state(subject: Subject, context: Context) -> Row | Rejected | None:
    """A question about one line that changes something; None where there is no such line."""
    rng = context.rng(subject, Task.next_state)
    candidates = [visit for visit in subject.visits if visit.before is not visit.after]
    visit = next((visit for visit in in_drawn_order(candidates, rng) if _is_informative(subject, visit)), None)
    if visit is None:
        return None
    text = block("state", "\n".join(_lines(plain(visit.after))))
    true = plain(subject.steps[visit.step].locals)
    if (read := read_state(text)) != true:
        return subject.rejected((Reason.claim_false, f"line {visit.line}: states {read}, true is {true}"), text)
    asked = LineAsked(visit.line, subject.statements[visit.line].text, visit.time, visit.function)
    prompt = context.prompts.next_state(subject.trace.program, asked, _lines(plain(visit.before)))
    return context.row(subject, Task.next_state, prompt, text)


def read_state(text: str) -> State | None:
    """The variables that an answer states; None if it has no state block or a line that is no variable."""
    inside = stated("state", text)
    parts = [line.partition(" = ") for line in (inside or "").split("\n")]
    return {name: value for name, _, value in parts} if all(equals for _, equals, _ in parts) else None


def _is_informative(subject: Subject, visit: Visit) -> bool:
    statement = subject.statements.get(visit.line)
    if statement is None or not _computes(statement.node):
        return False
    names = {*visit.before, *visit.after}
    changed = [name for name in names if visit.before.get(name) != visit.after.get(name)]
    values = [state[name] for name in changed for state in (visit.before, visit.after) if name in state]
    return bool(changed) and all(map(is_plain, values)) and bool(plain(visit.after))


def _computes(node: ast.AST | None) -> bool:
    """Whether a line does more than give names to constants, and runs once when it runs."""
    if isinstance(node, ast.For):
        return is_told_once(node.iter) and is_told_once(node.target)
    if not isinstance(node, _SIMPLE) or not is_told_once(node):
        return False
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return node.value is not None and any(isinstance(part, ast.Name) for part in ast.walk(node.value))
    return True


def _lines(state: State) -> list[str]:
    return [f"{name} = {value}" for name, value in state.items()]
