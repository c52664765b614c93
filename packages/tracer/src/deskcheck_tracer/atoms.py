"""The text of a number, string or other atom: its repr, cut where it is longer than a limit."""

from typing import Any

from .originals import BUILTINS as __builtins__  # noqa: F401


def atom_text(value: Any, limit: int) -> str:
    """A number, string or other atom in at most `limit` characters."""
    try:
        text = repr(value)
    except ValueError:  # an int beyond sys.get_int_max_str_digits()
        return huge_int(value)
    if len(text) <= limit:
        return text
    keep = limit * 4 // 5
    if type(value) is str or type(value) is bytes:
        return f"{beginning(value, keep - 10)} (len {len(value)})"
    return f"{text[:keep]}... (len {len(text)})"


def beginning(value: str | bytes, room: int) -> str:
    """The repr of a string if it takes at most `room` characters between its quotes, else of what fits, and `...`."""
    part = value[:room]
    while (length := len(text := repr(part)) - 2 - (type(value) is bytes)) > room:
        part = part[: len(part) * room // length]
    return text if len(part) == len(value) else f"{text}..."


def huge_int(value: int) -> str:
    """An int that Python refuses to print: its leading digits would cost too much, so its size in bits."""
    return f"<int of {int.bit_length(value)} bits>"
