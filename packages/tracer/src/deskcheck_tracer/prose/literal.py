"""Values as people write them, `7`, `seven`, `'ab'`, `[1, 2]`; and when two of them are the same.

A value that cannot be compared (an object, a text the trace cut) is UNKNOWN, and nothing is held against it.
"""

import ast
import re
import warnings
from functools import lru_cache
from typing import Any

from ..values import is_elided
from .vocabulary import in_order


class Unknown:
    """A value that nobody can compare."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()

_UNITS = in_order(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = in_order("twenty thirty forty fifty sixty seventy eighty ninety")
NUMBERS = {word: number for number, word in enumerate(_UNITS)} | {
    word: 10 * number for number, word in enumerate(_TENS, 2)
}
NUMBERS |= {
    f"{ten}-{unit}": 10 * number + digit
    for number, ten in enumerate(_TENS, 2)
    for digit, unit in enumerate(_UNITS[1:10], 1)
}
NUMBERS |= {"hundred": 100, "thousand": 1000}

ORDINALS = {
    word: number
    for number, word in enumerate(
        in_order(
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
            "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
        ),
        1,
    )
}
TIMES = {"once": 1, "twice": 2, "thrice": 3}
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)\Z")


def ordinal(word: str) -> int | None:
    """`third` or `3rd` as a number."""
    if match := _ORDINAL.match(word):
        return int(match[1])
    return ORDINALS.get(word)


_WRAPPED = re.compile(
    r"(?:deque|Counter|OrderedDict|defaultdict|frozenset|dict_keys|dict_values|dict_items)"
    r"\((?:[^()\[\]{}]*, )?([\[{(].*[\]})])(?:, maxlen=\d+)?\)\Z",
    re.S,
)


@lru_cache(maxsize=4096)
def value_of(text: str) -> Any:
    """The value a repr stands for; UNKNOWN for anything else."""
    if is_elided(text) or len(text) > 2000:
        return UNKNOWN
    if match := _WRAPPED.match(text):
        text = match[1]
    try:
        with warnings.catch_warnings(action="ignore"):  # of the parser, about texts such as "1and"
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return set() if text == "set()" else UNKNOWN


_OBJECT = re.compile(r"[\w.]+#\d+\((.*)\)\Z", re.S)


@lru_cache(maxsize=4096)
def fields_of(text: str) -> dict[str, Any]:
    """The attributes of an object as the trace writes it: `Account#1(owner='mia', balance=50)`."""
    match = _OBJECT.match(text)
    if match is None:
        return {}
    try:
        node = ast.parse(f"f({match[1]})", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return {}
    assert isinstance(node, ast.Call)
    return {part.arg: value_of(ast.unparse(part.value)) for part in node.keywords if part.arg}


def same(told: Any, actual: Any) -> bool:
    """Whether a told value is the actual one; rounded floats, and a list told for a tuple, are."""
    if told is UNKNOWN or actual is UNKNOWN:
        return True
    if isinstance(told, bool) or isinstance(actual, bool) or told is None or actual is None:
        return told is actual
    if isinstance(told, int | float) and isinstance(actual, int | float):
        return _same_number(told, actual)
    if isinstance(told, list | tuple) and isinstance(actual, list | tuple):
        return len(told) == len(actual) and all(same(one, other) for one, other in zip(told, actual, strict=True))
    if isinstance(told, dict) and isinstance(actual, dict):
        return list(map(repr, sorted(told, key=repr))) == list(map(repr, sorted(actual, key=repr))) and all(
            same(told[key], actual[key]) for key in told if key in actual
        )
    return type(told) is type(actual) and told == actual


def _same_number(told: float, actual: float) -> bool:
    if told == actual:
        return True
    if isinstance(told, int) or not isinstance(actual, float):
        return False
    text = repr(told)
    digits = len(text.partition(".")[2])
    return digits >= 1 and "e" not in text and abs(round(actual, digits) - told) < 1e-9


def key(value: Any) -> Any:
    """Something hashable that equal values share."""
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, list | tuple):
        return ("seq", *map(key, value))
    if isinstance(value, dict):
        return "{" + ", ".join(sorted(f"{one!r}: {other!r}" for one, other in value.items())) + "}"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(repr, value))) + "}"
    return value if isinstance(value, str) else repr(value)
