"""The program's side of many calls: evaluate one after the other, and tell each answer as soon as it is there.

An answer is a line: `+` and the canonical text of the value, or `!` and what was raised. A call that raises ends alone;
what ends the process also ends the calls after it. Standard library only: runs inside the jail.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any

from .canonical import canonical

VALUE, RAISED = "+", "!"
_CUT = 300


def answer(send: Callable[[str], None], calls: list[str], code: CodeType, names: dict[str, Any]) -> None:
    """Run the module body, then answer the calls, which are expressions."""
    exec(code, names)
    for call in calls:
        try:
            said = VALUE + canonical(eval(call, names))
        except BaseException as error:
            said = RAISED + _text(error)
        send(said.replace("\n", "\\n") + "\n")  # only a class may have a line end in its name


def _text(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:_CUT]
    except BaseException:
        return type(error).__name__[:_CUT]
