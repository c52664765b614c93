# ruff: noqa: RUF001 - people write dashes, quotes and signs of all kinds
"""One sentence while it is being read: its tokens, which of them are accounted for, and the statements found so far."""

from dataclasses import dataclass, field

from .course import Call, Course
from .joining import is_arrow
from .places import Places, Test
from .statement import Matter, Scope, Statement
from .tokens import Kind, Sentence, Token
from .vocabulary import words

NEGATIONS = words("not isn't doesn't don't aren't wasn't didn't cannot can't never no neither nor isnt doesnt won't")
STOPS = frozenset((".", ";", "!", "?"))


@dataclass
class Topic:
    """A condition that was asked about and may be answered later."""

    test: Test
    text: str


@dataclass
class Page:
    """A sentence in the light of a run."""

    sentence: Sentence
    places: Places
    topic: Topic | None = None
    spoken_of: list[Token] = field(default_factory=list)
    """The names of the sentence before."""
    counts_from_zero: bool = False
    """Whether the text numbers rounds from zero."""
    labels: frozenset[str] = frozenset()
    """Numbers of the text's own sections."""
    is_summary: bool = False
    """Whether the sentence enumerates: "for k = 2, 3 and 5"."""
    found: list[Statement] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    """Tokens that a statement accounts for."""
    calls: dict[int, list[Call]] = field(default_factory=dict)
    """The calls of the run that a token stands for."""
    scopes: list[tuple[int, Scope, bool]] = field(default_factory=list)
    """(token, scope, whether it is a round told by number) in order."""

    @property
    def tokens(self) -> list[Token]:
        """The sentence's tokens."""
        return self.sentence.tokens

    @property
    def course(self) -> Course:
        """The run."""
        return self.places.course

    def low(self, index: int) -> str:
        """The word at a place, in lower case; "" beyond the ends."""
        return self.tokens[index].low if 0 <= index < len(self.tokens) else ""

    def lows(self, start: int, stop: int) -> list[str]:
        """The words from start to stop."""
        return [self.low(index) for index in range(max(0, start), min(stop, len(self.tokens)))]

    def is_word(self, index: int) -> bool:
        """Whether there is a plain word."""
        return 0 <= index < len(self.tokens) and self.tokens[index].kind is Kind.word

    def is_term(self, index: int) -> bool:
        """Whether there is a term."""
        return 0 <= index < len(self.tokens) and self.tokens[index].is_term

    def is_value(self, index: int) -> bool:
        """Whether there is a literal."""
        return 0 <= index < len(self.tokens) and self.tokens[index].kind is Kind.literal

    def is_arrow(self, index: int) -> bool:
        """Whether there is an arrow."""
        return 0 <= index < len(self.tokens) and is_arrow(self.tokens[index])

    def add(
        self, matter: Matter, first: int, last: int, where: frozenset[int] | bool | None, why: str = "",
        *, sticky: bool = False, weight: float = 1.0,
    ) -> Statement | None:  # fmt: skip
        """Note a statement made by the tokens first..last; None if nobody can tell whether it is true."""
        self.used.update(range(first, last + 1))
        if where is None:
            return None
        tokens = self.tokens
        statement = Statement(matter, tokens[first].start, tokens[last].end, where, why, sticky=sticky, weight=weight)
        self.found.append(statement)
        return statement

    def clause_start(self, index: int) -> int:
        """Where the clause of a token begins."""
        while index > 0 and not (self.low(index - 1) in _CLAUSE_ENDS and not self.tokens[index - 1].quoted):
            index -= 1
        return index

    def clause_end(self, index: int) -> int:
        """Where the clause of a token ends (exclusive)."""
        while index < len(self.tokens) and not (self.low(index) in _CLAUSE_ENDS and not self.tokens[index].quoted):
            index += 1
        return index


_CLAUSE_ENDS = STOPS | words(", so because since but while whereas ( ) — – which therefore hence :")
