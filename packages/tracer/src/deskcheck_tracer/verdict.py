"""The eight verdicts of a judged test, spelt as contest judges spell them.

AC accepted, WA wrong answer, RE runtime error, TLE time limit (CPU or wall), MLE memory limit, OLE output limit, CE
does not compile or its source is over the size limit, SE sandbox error: our fault, retried, never a score and never
a reward.
"""

from __future__ import annotations

from enum import StrEnum

from .outcome import Outcome


class Verdict(StrEnum):
    """What became of one test, or of all tests of a program (the first one that is not AC)."""

    AC = "AC"
    WA = "WA"
    RE = "RE"
    TLE = "TLE"
    MLE = "MLE"
    OLE = "OLE"
    CE = "CE"
    SE = "SE"

    @property
    def is_score(self) -> bool:
        """False for SE alone: a sandbox error says nothing about the program."""
        return self is not Verdict.SE


OF_OUTCOME = {
    Outcome.error: Verdict.RE,
    Outcome.cpu: Verdict.TLE,
    Outcome.wall: Verdict.TLE,
    Outcome.memory: Verdict.MLE,
    Outcome.output: Verdict.OLE,
    Outcome.compile: Verdict.CE,
    Outcome.sandbox: Verdict.SE,
}
"""The verdict of a program that did not end well."""
