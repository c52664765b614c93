"""Comparing a predicted value with a true one, both written as Python literals, without running anything.

CRUXEval's own scorer executes `assert <truth> == <prediction>`: it accepts `18 or True`, `17.0` for `17` and any
expression that computes the answer. Here both sides are read by `ast.literal_eval` and must be equal in value *and*
type, at every depth: bool, int and float are three types, the order of a dict's keys does not matter, nan equals nan.
"""

import ast
import math
import warnings
from typing import Any

LONGEST = 100_000
"""Characters; a longer prediction is not read. The longest true output of CRUXEval has a few hundred."""


def same_literal(expected: str, predicted: str) -> bool:
    """Whether `predicted` denotes the value of `expected`; a truth that is no literal is compared as text."""
    truth = _read(expected)
    if truth is None:
        return expected.strip() == predicted.strip()
    return _read(predicted) == truth


def is_literal(text: str) -> bool:
    """Whether `text` can be read as a value at all."""
    return _read(text) is not None


def parsed(text: str) -> ast.expr | None:
    """The expression that a stranger's text is, not evaluated; None if it is none, is too long or too deep."""
    if len(text) > LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # '\d' and `1 is 1` are a stranger's style, and no news for the user
            return ast.parse(text.strip(), mode="eval").body
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _read(text: str) -> tuple[str, Any] | None:
    expression = parsed(text)
    if expression is None:
        return None
    try:
        return _typed(ast.literal_eval(expression))
    except (ValueError, TypeError, MemoryError, RecursionError):
        return None


def _typed(value: Any) -> tuple[str, Any]:
    """The value with its type at every depth, hashable, so that == on it is equality of value and type."""
    kind = type(value).__name__
    if isinstance(value, float) and math.isnan(value):
        return kind, "nan"
    if isinstance(value, (list, tuple)):
        return kind, tuple(_typed(item) for item in value)
    if isinstance(value, (set, frozenset)):
        return kind, frozenset(_typed(item) for item in value)
    if isinstance(value, dict):
        return kind, frozenset((_typed(key), _typed(item)) for key, item in value.items())
    return kind, value
