"""What output and input prediction ask about: a program with its input, and what it really prints or returns."""

from dataclasses import dataclass

from deskcheck_tracer import Program


@dataclass(frozen=True)
class PredictionItem:
    """One question. Which answers are right is decided in `deskcheck_evals.tasks`."""

    id: str
    program: Program
    output: str
    """True stdout, or, where `program.call` is set, the repr of the call's value."""
    problem: str = ""
    """What to resample for intervals: items of one problem stand or fall together. Empty: the item is its own."""

    @property
    def owner(self) -> str:
        """The problem this item belongs to."""
        return self.problem or self.id
