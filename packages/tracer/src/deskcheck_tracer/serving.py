"""The candidate's side of a check: answer the calls that come over the line, one line each, until it ends.

A question is the canonical text of (name, arguments, keyword arguments); an answer that of ("returned", value,
changed arguments by position) or ("raised", names of its class and bases, arguments, text). The candidate never meets
the check's code nor what it expects: arguments are all that comes. Standard library only: runs inside the jail.
"""

from __future__ import annotations

import builtins
import contextlib
import os
from typing import Any

from .carried import read, written

_CHANGEABLE = (list, dict, set, bytearray)
_BUILTINS = dict(vars(builtins))


def serve(descriptor: int, namespace: dict[str, Any]) -> None:
    """Call the functions of `namespace` that are asked for; returns when the check has hung up."""
    send = _sender(descriptor)
    with contextlib.suppress(OSError), open(descriptor, "rb", closefd=False) as questions:
        for question in questions:
            answer = _answer(namespace, question.decode("utf-8")).encode("utf-8", "backslashreplace")
            send(answer + b"\n")


def _sender(descriptor: int) -> Any:
    write = os.write  # the program may replace it

    def send(content: bytes) -> None:
        left = memoryview(content)
        while left:
            left = left[write(descriptor, left) :]

    return send


def _answer(namespace: dict[str, Any], question: str) -> str:
    name, arguments, named = read(question)
    given = [*arguments, *named.values()]
    before = [written(item) if type(item) in _CHANGEABLE else "" for item in given]
    try:
        if name not in namespace:
            raise NameError(f"name {name!r} is not defined")
        value = namespace[name](*arguments, **named)
        changed = {place: item for place, item in enumerate(given) if before[place] and written(item) != before[place]}
        return written(("returned", value, changed))
    except BaseException as error:
        return _raised(error)


def _raised(error: BaseException) -> str:
    names = [kind.__name__ for kind in type(error).__mro__ if _BUILTINS.get(kind.__name__) is kind]
    try:
        return written(("raised", [str(type(error).__name__), *names], error.args, str(error)))
    except BaseException:
        return written(("raised", names, (), ""))
