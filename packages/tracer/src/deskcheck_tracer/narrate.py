"""A trace in words: `step` tells it in sentences, `compact` as a terse scratchpad. Both end with the output.

Every line states facts of the trace alone, so that `claims` reads them back and `check` finds them all true. With a
token budget the middle is left out, and a line says how much.
"""

import re
from collections.abc import Callable

from .claims import left_out, output_block, true_output
from .errors import InputError
from .facts import end_text
from .styles import STYLES
from .trace import Trace

_TOKEN = re.compile(r"\w+|[^\w\s]")


def narrate(
    trace: Trace,
    style: str = "step",
    max_tokens: int | None = None,
    count_tokens: Callable[[str], int] | None = None,
) -> str:
    """Tell what the program did.

    `max_tokens` bounds the text as counted by `count_tokens` (words and symbols if None) by leaving out lines of the
    middle; the output is always told, also where it alone is longer. Raises InputError on an unknown style.
    """
    if style not in STYLES:
        raise InputError(f"style is {style!r}, expected one of {', '.join(STYLES)}")
    told = STYLES[style]
    lines = [told.write(unit) for unit in told.units(trace)]
    end = end_text(trace.end)
    tail = ([told.end_word + end] if end is not None else []) + [output_block(true_output(trace))]
    if max_tokens is None:
        return "\n".join(lines + tail)
    return _within(lines, tail, max_tokens, count_tokens or count_words)


def count_words(text: str) -> int:
    """Words and symbols of a text."""
    return len(_TOKEN.findall(text))


def _within(lines: list[str], tail: list[str], budget: int, count: Callable[[str], int]) -> str:
    """Keep as many lines as fit, equally many at both ends."""
    whole = "\n".join(lines + tail)
    if count(whole) <= budget:
        return whole

    def keeping(kept: int) -> str:
        first, last = (kept + 1) // 2, kept // 2
        middle = left_out(len(lines) - kept)
        return "\n".join([*lines[:first], middle, *lines[len(lines) - last :], *tail])

    low, high = 0, len(lines) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(keeping(middle)) <= budget else (low, middle - 1)
    return keeping(low)
