"""What sentences say of an executed line beyond what every telling says (describe.py).

The frame's name, the text of a lambda or generator expression, the outcome of `except` and `case` lines, short lists in
conditions, which round of its loop a loop line begins, and what lines do that change no name: `leaves the loop`.
"""

import ast
from functools import lru_cache

from .describe import Describer
from .moment import Form, Moment
from .statements import Statement, tree
from .substitute import substitute
from .trace import Step


class Remarks:
    """Describes the steps of one trace for the sentences, in order."""

    def __init__(self, describer: Describer) -> None:
        self._describer = describer
        self._rounds: dict[tuple[int, int], int] = {}
        self._last_line: dict[int, int] = {}

    def moment(self, step: Step, name: str) -> tuple[Moment, ast.AST | None]:
        """The step as a moment of the frame called `name`, and the syntax of its line where that is plain."""
        describer = self._describer
        moment, statement = describer.moment(step), describer.statement(step)
        node = statement.node if statement is not None else None
        moment.function = name
        if statement is None or node is None:
            moment.statement = self._inner_text(step) or moment.statement
            moment.form = Form.line
        elif step.line == describer.calls[step.frame].line and describer.is_class_body(step.frame):
            moment.form, moment.note = Form.line, "the body is set up"
        else:
            moment.note = _note(node, statement, describer.next_line.get(step.index))
            if isinstance(node, _BRANCHES):
                names = describer.names(step)
                moment.expression = substitute(describer.source, node.test, names, containers=True)
            if isinstance(node, _LOOPS):
                moment.round = self._round(step, statement, moment.taken)
        self._last_line[step.frame] = step.line
        return moment, node

    def _inner_text(self, step: Step) -> str | None:
        """The text of the lambda or generator expression that a step is in, if its line has one only."""
        if step.function not in ("<lambda>", "<genexpr>") or not self._describer.is_own(step.frame):
            return None
        return _inner_texts(self._describer.source).get((step.function, step.line))

    def _round(self, step: Step, statement: Statement, taken: bool | None) -> int:
        key = (step.frame, step.line)
        last = self._last_line.get(step.frame, 0)
        if not statement.span[0] <= last <= statement.span[1]:
            self._rounds[key] = 0
        if not taken:
            return 0
        self._rounds[key] = self._rounds.get(key, 0) + 1
        return self._rounds[key]


_BRANCHES, _CASES = (ast.If, ast.While), (ast.ExceptHandler, ast.match_case)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_NOTES: dict[type[ast.AST], str] = {
    ast.Pass: "nothing happens", ast.Break: "leaves the loop", ast.Continue: "goes on with the loop",
    ast.Try: "the block begins", ast.TryStar: "the block begins", ast.Assert: "it holds",
}  # fmt: skip


def _note(node: ast.AST, statement: Statement, following: int | None) -> str:
    if isinstance(node, _CASES) and following is not None:
        inside = statement.body[0] <= following <= statement.body[1]
        return "it matches" if inside else "it does not match"
    return _NOTES.get(type(node), "")


@lru_cache(maxsize=64)
def _inner_texts(source: str) -> dict[tuple[str, int], str]:
    """The text of a lambda's body and of a generator expression by the line it is on, where that is the only one."""
    found: dict[tuple[str, int], str] = {}
    double: set[tuple[str, int]] = set()
    for node in ast.walk(tree(source)):
        if not isinstance(node, ast.Lambda | ast.GeneratorExp):
            continue
        name, part = ("<lambda>", node.body) if isinstance(node, ast.Lambda) else ("<genexpr>", node)
        text = substitute(source, part, {})
        text = text.removeprefix("(").removesuffix(")") if name == "<genexpr>" and text[:1] == "(" else text
        for line in range(part.lineno, (part.end_lineno or part.lineno) + 1):
            if (name, line) in found:
                double.add((name, line))
            found[name, line] = text
    return {key: text for key, text in found.items() if key not in double}
