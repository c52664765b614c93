"""The check's side: run test code whose calls of the candidate go over the line, and tell how it ended.

The candidate's names are bound to functions that write their arguments as canonical text, send them, and read the
answer; the candidate's text is never evaluated (carried.py). How the check ended is told as one line of JSON on a pipe
of its own: `passed` is said only after the last line of the test code, so that one which leaves early has not passed.
Standard library only: runs inside the second jail, which never holds the candidate.
"""

from __future__ import annotations

import builtins
import json
import os
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from .carried import Opaque, Unreadable, become, read, written

CHECK_NAME = "<check>"
_CUT = 300


class _Broken(BaseException):
    """The line is of no use any more; no `except Exception` of the test code holds it up."""


class Line:
    """Questions to the candidate. `fault` says what broke it, `raised` are the exceptions of the candidate."""

    def __init__(self, descriptor: int, max_bytes: int | None) -> None:
        self._descriptor, self._max_bytes = descriptor, -1 if max_bytes is None else max_bytes
        self._answers = open(descriptor, "rb", closefd=False)  # noqa: SIM115
        self._lock = threading.Lock()
        self.fault = self.said = self.call = ""
        self.raised: list[BaseException] = []

    def proxy(self, name: str) -> Callable[..., Any]:
        """The candidate's function of this name."""

        def call(*arguments: Any, **named: Any) -> Any:
            lost: list[Any] = []
            texts = [written(item, lost) for item in (*arguments, *named.values())]  # an iterator may call us
            with self._lock:
                return self._call(name, arguments, named, texts, lost)

        call.__name__ = call.__qualname__ = name
        return call

    def _call(
        self, name: str, arguments: tuple[Any, ...], named: dict[str, Any], texts: list[str], lost: list[Any]
    ) -> Any:
        if self.fault:
            raise _Broken
        self._refuse(name, lost)
        keys = [""] * len(arguments) + [f"{key}=" for key in named]
        self.call = f"{name}({', '.join(key + text for key, text in zip(keys, texts, strict=True))})"[:_CUT]
        question = written((name, texts[: len(arguments)], dict(zip(named, texts[len(arguments) :], strict=True))))
        answer = self._asked(question.encode("utf-8", "backslashreplace") + b"\n")
        return self._taken(answer, (*arguments, *named.values()))

    def _refuse(self, name: str, lost: list[Any]) -> None:
        for item in lost:
            if isinstance(item, Opaque):  # the candidate's doing, and its loss
                raise TypeError(f"{name}() is given a {item.name} that the program returned")
            self._break("argument", f"{name}() is given a {type(item).__name__}, which cannot be carried")

    def _asked(self, question: bytes) -> bytes:
        try:
            left = memoryview(question)
            while left:
                left = left[os.write(self._descriptor, left) :]
            answer = self._answers.readline(self._max_bytes + 1 if self._max_bytes >= 0 else -1)
        except OSError:
            answer = b""
        if len(answer) > self._max_bytes >= 0:
            self._break("long", f"the answer to {self.call} is longer than {self._max_bytes} bytes")
        if not answer.endswith(b"\n"):
            self._break("gone", f"the program ended before {self.call} returned")
        return answer

    def _taken(self, answer: bytes, given: tuple[Any, ...]) -> Any:
        try:
            kind, changed, *rest = read(answer.decode("utf-8"))
            for place, text in changed.items():
                become(given[place], read(text))
            if kind == "returned":
                value = read(rest[0])
                self.said = f"{self.call} returned {rest[0][:_CUT]}"
                return value
            names, arguments, text = rest
            error = _exception(names, arguments, text)
            self.said = f"{self.call} raised {names[0]}: {text[:_CUT]}"
        except (Unreadable, UnicodeDecodeError, TypeError, ValueError, IndexError, KeyError, AttributeError) as fault:
            self._break("garbage", f"{self.call} was answered with no value: {fault}")
        self.raised.append(error)
        raise error

    def _break(self, fault: str, said: str) -> NoReturn:
        self.fault, self.said = fault, said
        raise _Broken


def _exception(names: list[str], arguments: tuple[Any, ...], text: str) -> BaseException:
    """The built-in exception of the first name that is one; an Exception for others.

    As in a generator (PEP 479), StopIteration is a RuntimeError here: it would end a loop of the test code in silence.
    """
    if {"StopIteration", "StopAsyncIteration"} & set(names):
        return RuntimeError(f"the program raised {names[0]}")
    for name in names:
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            try:
                return kind(*arguments) if kind is not Exception or len(names) == 1 else Exception(text)
            except Exception:
                return Exception(text)
    return Exception(text)


def run_check(descriptor: int, names: list[str], max_bytes: int | None, code: Any, namespace: dict[str, Any]) -> str:
    """Run the test code; how it ended, as JSON: `end`, `said` (the last call), `line` of the test code, `error`."""
    line = Line(descriptor, max_bytes)
    namespace.update({name: line.proxy(name) for name in names})
    try:
        exec(code, namespace)
    except BaseException as error:
        return json.dumps(_told(line, error))
    return json.dumps(_told(line, None))


def _told(line: Line, error: BaseException | None) -> dict[str, Any]:
    end = line.fault or ("passed" if error is None else _end(line, error))
    told: dict[str, Any] = {"end": end, "said": line.said[: 2 * _CUT], "line": 0, "error": ""}
    if error is not None and not isinstance(error, _Broken):
        told["error"] = f"{type(error).__name__}: {_text(error)}".removesuffix(": ")[:_CUT]
    trace = error.__traceback__ if error is not None else None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == CHECK_NAME:
            told["line"] = trace.tb_lineno
        trace = trace.tb_next
    return told


def _text(error: BaseException) -> str:
    """str(error), which fails for a number of many digits, for one."""
    try:
        return str(error)
    except Exception:
        return ""


def _end(line: Line, error: BaseException) -> str:
    if any(error is each for each in line.raised):
        return "raised"
    if isinstance(error, SystemExit):
        return "left" if error.code in (None, 0, False) else "failed"
    # No answer makes a module or a name missing: else every program would be wrong for want of an import. But an
    # exception of the program may have left a name of the test code without a value.
    missing = isinstance(error, (ModuleNotFoundError, NameError)) and not isinstance(error, UnboundLocalError)
    return "missing" if missing and not line.raised else "failed"
