"""Which inputs take a program along a new path.

A path is the set of moves from one executed line to the next in the same frame, calls and ends included: lines and
branches in one. Inputs are taken in order and kept while they show a move that none before them showed, as coverage
guided fuzzers do; the trace is there anyway.
"""

from __future__ import annotations

from collections.abc import Sequence

from deskcheck_tracer import Trace
from deskcheck_tracer.trace import EventKind

Move = tuple[str, int, int]
"""Function, line before (0 at its start), line after (-1 at its end, -2 where an exception left it)."""

_ENDS = {EventKind.return_: -1, EventKind.unwind: -2}


def moves(trace: Trace) -> set[Move]:
    """Every move between lines that the trace shows."""
    found: set[Move] = set()
    where: dict[int, tuple[str, int]] = {}
    for event in trace.events:
        if event.kind is EventKind.call:
            where[event.frame] = (f"{event.file or ''}:{event.function}", 0)
        elif event.kind is EventKind.line or event.kind in _ENDS:
            function, before = where.get(event.frame, ("", 0))
            after = _ENDS.get(event.kind, event.line)
            found.add((function, before, after))
            where[event.frame] = (function, after)
    return found


def new_paths(traces: Sequence[Trace], keep: int) -> list[bool]:
    """For each trace, whether it shows a move that none kept before it shows; at most `keep` are."""
    seen: set[Move] = set()
    kept: list[bool] = []
    for trace in traces:
        new = moves(trace) - seen if sum(kept) < keep else set()
        seen |= new
        kept.append(bool(new))
    return kept
