"""The candidate's side of a check: answer the calls that come over the line, one line each, until it ends.

A question is the text of (name, texts of the arguments, texts of the keyword arguments by name); an answer that of
("returned", texts of changed arguments by place, text of the value) or ("raised", changed arguments, names of its class
and bases, arguments, text). The candidate never meets the check's code nor what it expects: arguments are all that
comes. Standard library only: runs inside the jail.
"""

from __future__ import annotations

import builtins
import contextlib
import os
from typing import Any

from .carried import read, written

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
    name, texts, named_texts = read(question)
    arguments, named = list(map(read, texts)), {key: read(text) for key, text in named_texts.items()}
    try:
        if name not in namespace:
            raise NameError(f"name {name!r} is not defined")
        value = namespace[name](*arguments, **named)
        kind, *rest = "returned", written(value)
    except BaseException as error:
        kind, *rest = "raised", *_raised(error)
    return written((kind, _changed([*texts, *named_texts.values()], [*arguments, *named.values()]), *rest))


def _changed(texts: list[str], items: list[Any]) -> dict[int, str]:
    """The arguments that the call has changed, by place. An iterator is used up, and nobody can tell."""
    return {
        place: now
        for place, (text, item) in enumerate(zip(texts, items, strict=True))
        if ("[" in text or "{" in text or "bytearray(" in text)
        and "iter(" not in text
        and (now := written(item)) != text
    }


def _raised(error: BaseException) -> tuple[list[str], Any, str]:
    names = [kind.__name__ for kind in type(error).__mro__ if _BUILTINS.get(kind.__name__) is kind]
    try:
        told = [str(type(error).__name__), *names], error.args, str(error)
        written(told)
        return told
    except BaseException:
        return names, (), ""
