"""Evidence that a docstring gives: the kinds of parameters in the Google, NumPy and Sphinx manners.

`xs (list of int): ...`, `xs : list of int`, `:type xs: list`, `:param int n:`. Words, not code: good evidence, not
certain. Texts quoted on the line of a parameter (`one of 'add', 'mul'`) are values worth trying.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from deskcheck_trainer.nlex.shapes.shape import Shape

WEIGHT = 5.0
MAX_CHARACTERS = 5_000

_KINDS = {
    "int": r"int|ints|integer|integers|whole number|count",
    "float": r"float|floats|double|decimal|number|numbers|numeric",
    "str": r"str|strs|string|strings|text|char|character",
    "bool": r"bool|bools|boolean|booleans",
    "dict": r"dict|dicts|dictionary|dictionaries|mapping|map",
    "list": r"list|lists|array|arrays|sequence|iterable|ndarray|matrix|2d list",
    "tuple": r"tuple|tuples|pair|pairs",
    "set": r"set|sets",
}
_KIND = re.compile("|".join(f"(?P<{kind}>\\b(?:{words})\\b)" for kind, words in _KINDS.items()), re.IGNORECASE)
_QUOTED = re.compile(r"""(?<![\w])['"`]([^'"`\s]{1,30})['"`]""")


def docstring_hints(text: str, parameters: Mapping[str, Shape]) -> None:
    """Add what a docstring says of the parameters."""
    for line in text[:MAX_CHARACTERS].splitlines():
        if found := re.match(r"\s*[-*]?\s*`?(\w+)`?\s*(?:\(([^()]*(?:\([^()]*\))?[^()]*)\)|:)\s*:?\s*(.*)", line):
            name, kind, rest = found[1], found[2], found[3]
            if name in parameters:
                _described(parameters[name], kind or rest[:30] if kind else _before_dash(rest), line)
        if found := re.match(r"\s*:(?:type\s+(\w+)\s*:\s*(.*)|param\s+(\w+)\s+(\w+)\s*:.*)", line):
            name, kind = (found[1], found[2]) if found[1] else (found[4], found[3])
            if name in parameters:
                _described(parameters[name], kind, line)


def _before_dash(text: str) -> str:
    """NumPy's `x : int, optional`; the prose of `x: the number of ...` says no kind."""
    words = text.split(",")[0]
    return words if len(words.split()) <= 4 and not words.lower().startswith(("the ", "a ", "an ")) else ""


def _described(shape: Shape, kind: str, line: str) -> None:
    for found in _KIND.finditer(kind):
        name = found.lastgroup or ""
        shape.vote(name, WEIGHT)
        if name not in ("list", "tuple", "set"):
            break
        if name == "tuple" and "pair" in found[0].lower():
            shape.mark("unpacked").part(1)
        shape = shape.part("item")
    if shape.kind() == "str":
        for text in _QUOTED.findall(line.split(":", 1)[-1])[:8]:
            shape.constant(text)
