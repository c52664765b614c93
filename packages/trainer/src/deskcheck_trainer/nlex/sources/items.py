"""What sources yield: items to make rows of, and what a source is.

`Explain` is a program with its input, to be recorded and narrated; `Explore` is a function that inputs are still to be
made for; `Solve` and `Fix` are about problems; `Rejected` is what cannot even be read. Nothing runs in a source:
programs that are not ours run in the jail alone, where the rows are made (build.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from deskcheck_agent.problem import Problem
from deskcheck_tracer.errors import InputError
from deskcheck_tracer.program import Program

from deskcheck_trainer.nlex.row import Reason, Rejected


class Malformed(StrEnum):
    """What to do with a line or file that cannot be read."""

    stop = "stop"
    skip = "skip"
    """Count it and go on."""


@dataclass(frozen=True, kw_only=True)
class Explain:
    """Record this program and narrate it."""

    program: Program
    origin: str
    licence: str | None = None


@dataclass(frozen=True, kw_only=True)
class Explore:
    """Make inputs for this function; record those that take it along new paths and narrate them."""

    source: str
    """A module that defines `entry_point`."""
    entry_point: str
    calls: tuple[str, ...] = ()
    """Call expressions known from doctests, tests and call sites: tried first."""
    generator: str | None = None
    """Source text that defines `generate_inputs(rng)`, which returns keyword arguments by name."""
    origin: str
    licence: str | None = None


@dataclass(frozen=True, kw_only=True)
class Solve:
    """Show the reference program as the answer to the problem."""

    problem: Problem
    reference: str
    origin: str
    licence: str | None = None


@dataclass(frozen=True, kw_only=True)
class Fix:
    """Show what to answer to `candidate` after its public tests were executed."""

    problem: Problem
    reference: str
    candidate: str
    origin: str
    licence: str | None = None


Item = Explain | Explore | Solve | Fix


class Source(Protocol):
    """Yields the items to make rows of, in a fixed order."""

    def items(self) -> Iterator[Item | Rejected]: ...

    def count(self) -> int | None:
        """About how many items there are, for the progress bar; None if not known."""
        ...


def unreadable(malformed: Malformed, where: Path | str, what: str, origin: str) -> Rejected:
    """The rejected item, or InputError where `malformed` is `stop`."""
    if malformed is Malformed.stop:
        raise InputError(f"{where}: {what}. Correct it, or set source.malformed=skip to count such entries and go on.")
    return Rejected(reason=Reason.unreadable, detail=what, origin=origin)


def short(text: str) -> str:
    """The beginning of a text, for messages."""
    return text if len(text) <= 80 else text[:77] + "..."
