# ruff: noqa: RUF001 - people write dashes, quotes and signs of all kinds
"""The pieces of a text: tokens, and the sentences that hold them."""

import ast
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from .literal import UNKNOWN


class Kind(StrEnum):
    """What a token is."""

    word = "word"
    literal = "literal"
    """A literal, `value`."""
    identifier = "identifier"
    """A name of the program."""
    expression = "expression"
    """`node` can be evaluated."""
    line = "line"
    """A statement, or the head of one, that the program has: `lines`."""
    code = "code"
    """Something in backticks that is none of these."""
    ordinal = "ordinal"
    mark = "mark"
    """An operator or punctuation."""


@dataclass
class Token:
    """A piece of a sentence."""

    kind: Kind
    text: str
    start: int
    end: int
    value: Any = UNKNOWN
    node: ast.expr | None = None
    lines: list[int] = field(default_factory=list)
    quoted: bool = False
    """Written in backticks."""

    @cached_property
    def low(self) -> str:
        """The word without its case."""
        return self.text.lower().replace("’", "'")

    @property
    def is_term(self) -> bool:
        """Whether it stands for a value."""
        return self.kind in (Kind.literal, Kind.identifier, Kind.expression)


@dataclass
class Sentence:
    """One sentence, bullet or heading."""

    tokens: list[Token]
    start: int
    end: int
    text: str
    begins_line: bool
    begins_paragraph: bool
    indent: int = 0
    header: list[str] | None = None
    """For a row of a table: the names of its columns."""
    is_bullet: bool = False
    heading: bool = False
    """Nothing but an introduction: it ends in a colon or is marked as a heading."""
