"""Does a program's output answer the test? Comparators, and where two outputs first differ.

`tokens` (default): CRLF is LF, blank runs and line ends separate tokens; there must be equally many and each must
match: equal text, or, where the *expected* token is written as a decimal fraction (with `.`, `e` or `E`), a number
within 1e-5 absolute or relative. Integers are always exact; nan and inf equal nothing but are never floats, so as
text they match themselves. `tokens_ci` ignores case. `lines` keeps the line structure: blanks at line ends and blank
lines at the end are dropped. `exact` takes every character. `lcb_compat` does what LiveCodeBench's grader does
(lines stripped and equally many, else all tokens equal as decimal numbers), to reproduce its verdicts.

Sources: the paper's 1e-5 tolerance; LiveCodeBench's lcb_runner for `lcb_compat`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from .errors import InputError

TOLERANCE = 1e-5
_CUT = 200
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)


@dataclass(frozen=True)
class Difference:
    """The first place where two outputs differ; texts cut to 200 characters."""

    line: int
    """Counted from 1, in the expected output where it is long enough."""
    token: int | None
    """Counted from 1 within the line; None when lines are compared whole or counts differ."""
    expected: str
    actual: str
    reason: str = ""

    def __str__(self) -> str:
        place = f"line {self.line}" + (f", token {self.token}" if self.token is not None else "")
        return f"{place}: expected {self.expected!r}, got {self.actual!r}" + (
            f" ({self.reason})" if self.reason else ""
        )


def compare(expected: str, actual: str, checker: str = "tokens", *, tolerance: float = TOLERANCE) -> Difference | None:
    """The first difference, or None if `actual` answers the test; InputError on an unknown checker."""
    if checker == "exact":
        return _exact(expected, actual)
    if checker == "lines":
        return _lines(expected, actual)
    if checker == "tokens":
        return _tokens(expected, actual, lambda want, got: _same_token(want, got, tolerance))
    if checker == "tokens_ci":
        return _tokens(expected.lower(), actual.lower(), lambda want, got: _same_token(want, got, tolerance))
    if checker == "lcb_compat":
        return _lcb(expected, actual)
    raise InputError(f"checker is {checker!r}, expected one of {', '.join(CHECKERS)}")


CHECKERS = ("exact", "lines", "tokens", "tokens_ci", "lcb_compat")


def _exact(expected: str, actual: str) -> Difference | None:
    if expected == actual:
        return None
    wanted, got = expected.split("\n"), actual.split("\n")
    return _first_line(wanted, got) or _lengths(wanted, got)


def _lines(expected: str, actual: str) -> Difference | None:
    wanted, got = _stripped_lines(expected), _stripped_lines(actual)
    if wanted == got:
        return None
    return _first_line(wanted, got) or _lengths(wanted, got)


def _stripped_lines(text: str) -> list[str]:
    return [line.rstrip(" \t") for line in text.replace("\r\n", "\n").rstrip("\r\n \t").split("\n")]


def _first_line(wanted: list[str], got: list[str]) -> Difference | None:
    for number, (want, have) in enumerate(zip(wanted, got, strict=False), 1):
        if want != have:
            return Difference(number, None, want[:_CUT], have[:_CUT])
    return None


def _lengths(wanted: list[str], got: list[str]) -> Difference:
    shared = min(len(wanted), len(got))
    want, have = wanted[shared] if len(wanted) > shared else "", got[shared] if len(got) > shared else ""
    return Difference(shared + 1, None, want[:_CUT], have[:_CUT], f"{len(wanted)} lines expected, {len(got)} printed")


def _tokens(expected: str, actual: str, same: Callable[[str, str], bool]) -> Difference | None:
    wanted, got = _split(expected), _split(actual)
    if wanted == got:
        return None
    for place, (want, have) in enumerate(zip(wanted, got, strict=False)):
        if not same(want, have):
            return Difference(*_place(expected, place), want[:_CUT], have[:_CUT])
    if len(wanted) == len(got):
        return None
    shared = min(len(wanted), len(got))
    want, have = wanted[shared] if len(wanted) > shared else "", got[shared] if len(got) > shared else ""
    line, _ = _place(expected, shared) if len(wanted) > shared else _place(actual, shared)
    return Difference(line, None, want[:_CUT], have[:_CUT], f"{len(wanted)} tokens expected, {len(got)} printed")


def _split(text: str) -> list[str]:
    """On ASCII blanks alone: an exotic space is part of an answer."""
    return re.split(r"[ \t\r\n]+", text.strip(" \t\r\n")) if text.strip(" \t\r\n") else []


def _place(text: str, token: int) -> tuple[int, int]:
    """Line and token number, both from 1, of the token with this index."""
    for number, line in enumerate(text.split("\n"), 1):
        count = len(_split(line))
        if token < count:
            return number, token + 1
        token -= count
    return text.count("\n") + 1, token + 1


def _same_token(want: str, have: str, tolerance: float) -> bool:
    if want == have:
        return True
    if not any(mark in want for mark in ".eE") or not _NUMBER.fullmatch(want) or not _NUMBER.fullmatch(have):
        return False
    wanted, got = float(want), float(have)
    if wanted in (float("inf"), float("-inf")) or got in (float("inf"), float("-inf")):
        return False  # 1e999 overflows: only its own text equals it
    return abs(wanted - got) <= tolerance * max(1.0, abs(wanted))


def _lcb(expected: str, actual: str) -> Difference | None:
    wanted = [line.strip() for line in expected.strip().split("\n")]
    got = [line.strip() for line in actual.strip().split("\n")]
    if len(wanted) != len(got):
        return _lengths(wanted, got)
    for number, (want, have) in enumerate(zip(wanted, got, strict=True), 1):
        if want != have and not _equal_decimals(want, have):
            return Difference(number, None, want[:_CUT], have[:_CUT])
    return None


def _equal_decimals(want: str, have: str) -> bool:
    try:
        return [Decimal(token) for token in want.split()] == [Decimal(token) for token in have.split()]
    except InvalidOperation:
        return False
