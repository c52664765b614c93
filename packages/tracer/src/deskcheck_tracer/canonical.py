"""A value as text, by which the results of calls are compared: type and content count, the order of a set does not.

Standard library only: this file runs inside the jail, beside programs that would like to be taken for right.
"""

from __future__ import annotations

from typing import Any

_LONG = 1 << 2000
"""Beyond it an int is hex: repr has a limit that programs may set, to 640 digits at the least."""


def canonical(value: Any, other: Any = None) -> str:
    """repr() for values built from exact builtin types, sets sorted by text; anything else is `<type name>`, equal
    to nothing.

    So a subclass of int or an object with a friendly `__eq__` or `__repr__` is never taken for the value it imitates.
    `other(value, again)` may write what is not built in, `again` being this function; an int too long for repr is hex.
    """
    kind = type(value)
    if kind in _PLAIN:
        return _PLAIN[kind](value)
    again = canonical if other is None else lambda item: canonical(item, other)
    if kind is list:
        return "[" + ", ".join(map(again, value)) + "]"
    if kind is tuple:
        return "(" + ", ".join(map(again, value)) + (",)" if len(value) == 1 else ")")
    if kind is dict:
        return "{" + ", ".join(f"{again(key)}: {again(item)}" for key, item in value.items()) + "}"
    if kind in (set, frozenset):
        inner = "{" + ", ".join(sorted(map(again, value))) + "}" if value else "set()"
        return inner if kind is set else ("frozenset(" + (inner if value else "") + ")")
    return f"<{kind.__name__}>" if other is None else other(value, again)


def _digits(value: int) -> str:
    return repr(value) if -_LONG < value < _LONG else hex(value)


_PLAIN = {int: _digits, float: repr, complex: repr, bool: repr, str: repr, bytes: repr, type(None): repr}
