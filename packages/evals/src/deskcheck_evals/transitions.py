"""First program against submitted program: how often fixing helped and how often it hurt (the paper's table 5).

Four shares over trajectories: FF (wrong, still wrong), FP (fixed), PF (broken), PP (right, still right). Two
identities tie the table to the metrics, PF + PP = pass rate of the first program and FP + PP = pass rate of the
submitted one; `require` asserts them in exact fractions against rates that were computed elsewhere, so a table of
other rows than the metrics' cannot appear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Transitions:
    """Counts of (first, submitted): F failed, P passed."""

    FF: int
    FP: int
    PF: int
    PP: int

    @classmethod
    def of(cls, first: Sequence[bool], submitted: Sequence[bool]) -> "Transitions":
        """Count one pair a trajectory; ValueError when the lists differ in length."""
        counts = {(a, b): 0 for a in (False, True) for b in (False, True)}
        for before, after in zip(first, submitted, strict=True):
            counts[bool(before), bool(after)] += 1
        return cls(counts[False, False], counts[False, True], counts[True, False], counts[True, True])

    @property
    def total(self) -> int:
        return self.FF + self.FP + self.PF + self.PP

    def share(self, name: str) -> float:
        """Share of trajectories in cell `name`; 0.0 of none."""
        return getattr(self, name) / self.total if self.total else 0.0

    @property
    def first_rate(self) -> Fraction:
        return Fraction(self.PF + self.PP, self.total)

    @property
    def submitted_rate(self) -> Fraction:
        return Fraction(self.FP + self.PP, self.total)

    def require(self, first_rate: Fraction, submitted_rate: Fraction) -> None:
        """AssertionError unless both identities hold exactly: then the table and the metrics saw different rows."""
        if self.first_rate != first_rate:
            raise AssertionError(f"PF + PP = {self.first_rate}, but first programs pass at {first_rate}")
        if self.submitted_rate != submitted_rate:
            raise AssertionError(f"FP + PP = {self.submitted_rate}, but submitted programs pass at {submitted_rate}")
