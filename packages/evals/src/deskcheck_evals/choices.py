"""What the paper leaves open, by name: choices made when numbers are computed from rows, with no model.

They never decide what is in a row, so a report can show one run under any of them, and prints the ones it used. How the
predictions of one test combine is `deskcheck_agent.feedback.Combine`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Ties(StrEnum):
    """Which of the candidates with the best score is picked."""

    average = "average"
    """Any of them, averaged exactly over all orders (the paper breaks ties at random)."""
    length = "length"
    """The shortest response; of equally short ones any, averaged exactly."""
    first = "first"
    """The one that was sampled first."""


class LengthUnit(StrEnum):
    """What the length of a response is counted in, for short1@k and ties by length."""

    auto = "auto"
    """Tokens, or characters where the sampler did not say how many tokens a response has."""
    tokens = "tokens"
    characters = "characters"


class Capped(StrEnum):
    """How a response that was cut at max_tokens enters short1@k."""

    by_length = "by_length"
    """As any other: by its length, if it holds a whole program."""
    last = "last"
    """After all that ended by themselves, with those that hold no program."""


class NoPublicTests(StrEnum):
    """What becomes of a problem without a public test, on which nothing can be ranked."""

    random_pick = "random_pick"
    """All its programs are tied: best@k is the pick of any of them."""
    leave_out = "leave_out"
    """It is left out of every measure of selection, and counted."""


class Checker(StrEnum):
    """How a printed output is compared with the expected one (deskcheck_tracer.compare); a call's value is always
    compared as a literal."""

    tokens = "tokens"
    """Token by token, floats within 1e-5: the paper's rule."""
    exact = "exact"
    """As text, but for one newline at the end."""
    lines = "lines"
    """As text, but for blanks at the ends of lines and of the whole."""
    tokens_ci = "tokens_ci"
    """As tokens, upper case and lower case alike."""
    lcb_compat = "lcb_compat"
    """As LiveCodeBench's harness compares."""


@dataclass(kw_only=True)
class SelectionConfig:
    """The open choices, as configuration."""

    ties: Ties = Ties.average
    length_unit: LengthUnit = LengthUnit.auto
    capped: Capped = Capped.by_length
    no_public_tests: NoPublicTests = NoPublicTests.random_pick


@dataclass(frozen=True)
class Choices:
    """The open choices, as values. The defaults are the configuration's."""

    ties: Ties = Ties.average
    length_unit: LengthUnit = LengthUnit.auto
    capped: Capped = Capped.by_length
    no_public_tests: NoPublicTests = NoPublicTests.random_pick
    checker: Checker | None = None
    """Compare stored outputs anew in this way; None: as the run did."""

    @classmethod
    def of(cls, config: SelectionConfig, checker: Checker | None = None) -> "Choices":
        return cls(config.ties, config.length_unit, config.capped, config.no_public_tests, checker)

    def told(self) -> str:
        """The choices in words, for the head of a report."""
        ties = {
            Ties.average: "equal scores are averaged over all orders",
            Ties.length: "of equal scores the shortest response is picked",
            Ties.first: "of equal scores the first response is picked",
        }
        public = {
            NoPublicTests.random_pick: "a problem without public tests is a random pick",
            NoPublicTests.leave_out: "problems without public tests are left out of selection",
        }
        cut = {
            Capped.by_length: "responses cut at max_tokens enter short1 by their length",
            Capped.last: "responses cut at max_tokens rank last in short1",
        }
        parts = [
            ties[self.ties],
            "responses without a program rank last",
            cut[self.capped],
            public[self.no_public_tests],
        ]
        if self.checker is not None:
            parts.append(f"printed outputs are compared anew by {self.checker}, private grades stay the run's")
        return "; ".join(parts)


DEFAULTS = Choices()
