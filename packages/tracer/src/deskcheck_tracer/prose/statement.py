"""What a text states: one statement is a kind, the words that make it, and the ticks of the run at which it is true."""

from dataclasses import dataclass
from enum import StrEnum


class Matter(StrEnum):
    """What a statement is about."""

    binding = "value"
    """A name or an expression has a value, or gets one."""
    comparison = "comparison"
    """A condition is true or false of values."""
    branch = "branch"
    """The program's condition held or not; a block ran or was skipped."""
    iteration = "iteration"
    """Which round of a loop it is, or how many there were."""
    call = "call"
    returned = "returned"
    printed = "printed"
    naming = "name"
    """Something is taken for a name of the program."""
    mention = "mention"
    """A value is mentioned, and nothing says of what."""
    line = "line"
    """A line of the program is mentioned; it only places what stands beside it."""
    exception = "exception"
    output = "output"


HEAVY = 0.95
"""The weight of an item that a bullet begins with: the text is about the round of that item, or it is false."""

CHECKED = frozenset(Matter) - {Matter.line}
"""What can be false; a line is quoted for many reasons."""


@dataclass(frozen=True, eq=False)
class Scope:
    """Words that say where in the run their neighbours are: a round, the time while a loop variable has a value."""

    windows: tuple[tuple[int, int], ...]
    """Stretches of ticks, one of which is meant."""
    text: str
    lines: frozenset[int] = frozenset()
    """The loops it speaks of, by their lines."""

    def window_of(self, tick: int) -> int:
        """Which window a tick lies in; -1 for none."""
        return next((number for number, (start, stop) in enumerate(self.windows) if start <= tick < stop), -1)

    @property
    def ticks(self) -> frozenset[int]:
        """All ticks of all windows."""
        return frozenset(tick for start, stop in self.windows for tick in range(start, stop))


@dataclass(eq=False)
class Statement:
    """One thing stated, with where it is true."""

    matter: Matter
    start: int
    end: int
    where: frozenset[int] | bool
    """Ticks at which it is true; True or False where time does not matter."""
    why: str = ""
    """What the trace says, should it be false."""
    scope: Scope | None = None
    sentence: int = 0
    counted: frozenset[int] | None = None
    """For how often a loop went round: where it did so in one run; what counts beside a scope around that loop."""
    lines: frozenset[int] = frozenset()
    """The loops that are counted."""
    weight: float = 1.0
    """What it costs to give it no place; one of less than 1 is no claim but a hint of where the text is."""
    sticky: bool = False
    """Whether it says nothing of when by itself: then it is about what the text speaks of just now."""
    opposite: frozenset[int] = frozenset()
    """For a verdict on a condition: where it came out the other way."""
    free: bool = False
    """Whether the words say that the text leaves the run's order: initially, in total, at the end."""
    follows: bool = False
    """Whether the words say that the run has gone on: then, next."""
