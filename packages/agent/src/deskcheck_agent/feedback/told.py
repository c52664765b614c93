"""What feedback is: per public test the input, what was expected, and what was observed or predicted.

Everything that can tell how programs do on a problem's public tests has the shape of `Feedback`. Self-verify ranks by
it and self-fix shows it to the solver, whichever it is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from deskcheck_agent.problem import Problem
from deskcheck_agent.simulate import Prediction


class FeedbackSource(Enum):
    """Where feedback comes from."""

    executed = "executed"
    """Real runs of the public tests."""
    simulated = "simulated"
    """The simulator's predictions."""
    scheduled = "scheduled"
    """Executed with probability p, else simulated (training)."""
    none = "none"
    """No feedback: the first candidate, a single turn."""


@dataclass(frozen=True)
class TestFeedback:
    """One public test: what was expected and what was observed (or predicted)."""

    __test__ = False  # pytest would take the name for a test class

    input: str
    expected: str
    observed: str | None
    """Printed or predicted output; None where there is none to show."""
    passed: bool | None
    """None where nothing is known: our sandbox failed, or the budget was spent."""
    score: float
    """In [0, 1]: share of belief that the test passes; 0 or 1 when executed."""
    verdict: str | None = None
    """Executed feedback: the judge's verdict. SE is our fault and never a score."""
    predictions: tuple[Prediction, ...] = field(default=(), repr=False)
    """Simulated feedback: what it was combined from."""
    narration: str | None = None
    """Rich feedback of a test that fails: what happened around the first difference."""
    unanimous: bool = False
    """Simulated feedback: whether every prediction asked for was made and passes."""
    generated: bool = False
    """Whether the input is a model's, and `expected` what most candidates' outputs were (agreement.py)."""

    @property
    def confidence(self) -> float:
        """The share of predictions that say `observed`; 1 where it was really observed, 0 where nothing is known."""
        if not self.predictions:
            return float(self.observed is not None and self.passed is not None)
        said = Counter(each.output.strip() for each in self.predictions if each.output is not None)
        return said[self.observed or ""] / len(self.predictions) if self.observed is not None else 0.0


class Feedback(Protocol):
    """Anything that can tell how programs do on a problem's public tests."""

    source: FeedbackSource

    async def observe(self, sources: Sequence[str], problem: Problem) -> list[list[TestFeedback]]:
        """One list a program, one TestFeedback a public test, in the problem's order."""
        ...


class NoFeedback:
    """Nothing is looked at: every program comes back without a single TestFeedback."""

    source = FeedbackSource.none

    async def observe(self, sources: Sequence[str], problem: Problem) -> list[list[TestFeedback]]:
        return [[] for _ in sources]
