"""What output and input prediction ask about: a program with its input, and what it really prints or returns."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from deskcheck_tracer import Limits, Program

from deskcheck_evals.benchmarks.collection import Left
from deskcheck_evals.truth import Truths


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


@dataclass(frozen=True)
class Asked:
    """A program with its input, on the way to an item."""

    id: str
    where: str
    """The place that a message names."""
    program: Program
    problem: str = ""
    limits: Limits = field(default_factory=Limits)
    output: str | None = None
    """What the benchmark says that it puts out; None: nobody has said, our own run decides."""


def with_outputs(asked: Sequence[Asked], truths: Truths) -> tuple[list[PredictionItem], list[Left]]:
    """The items that have an output to predict, and what is left out, with the reason."""
    items: list[PredictionItem] = []
    left: list[Left] = []
    unknown = [one for one in asked if one.output is None]
    found = iter(truths([one.program for one in unknown], [one.limits for one in unknown]))
    for one in asked:
        truth = next(found) if one.output is None else None
        output = one.output if truth is None else truth.output
        if output is not None:
            items.append(PredictionItem(one.id, one.program, output, one.problem))
        elif truth is not None:
            left.append(Left(one.where, one.id, truth.fault))
    return items, left
