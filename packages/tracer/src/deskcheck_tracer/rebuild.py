"""The states of a run, rebuilt from what a step narration claims and nothing else: a proof that it is complete.

A value that the trace itself cut is known by its length only, `len 300`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from .claims import Claim
from .facts import ClaimKind, shown
from .moment import What
from .running import CALL, Frames
from .trace import Trace


@dataclass
class State:
    """One executed line and what its frame held after it."""

    line: int
    frame: int
    locals: dict[str, str] = field(default_factory=dict)


def rebuild(claims: list[Claim]) -> list[State]:
    """The state after every executed line, in the order the lines began, from the claims of a whole step narration."""
    frames, last, entry = Frames(), dict[int, State](), dict[int, dict[str, str]]()
    states: list[State] = []
    for _, group in groupby((claim for claim in claims if claim.moment >= 0), key=lambda claim: claim.moment):
        sentence = list(group)
        what, label, leaves = _kind(sentence)
        if what is What.switch:
            frames.follow(what, label)
        elif what in (What.call, What.body) or (label == CALL and what is What.begin):
            if not frames.stack and label == CALL:
                frames.current  # noqa: B018 (the module had no line, and is frame 0 all the same)
            frames.follow(what, label)
            entry[frames.current] = dict(_changed({}, sentence))
        elif what in (What.step, What.begin):
            frame = frames.current
            before = last[frame].locals if frame in last else entry.get(frame, {})
            line = next(int(claim.value) for claim in sentence if claim.kind is ClaimKind.line)
            state = last[frame] = State(line, frame, _changed(before, sentence))
            states.append(state)
            frames.follow(what, "", leaves=leaves)
        elif what is What.effect:
            last[frames.current].locals = _changed(last[frames.current].locals, sentence)
            frames.follow(what, "", leaves=leaves)
        else:
            frames.follow(what, label)
    return states


def states(trace: Trace) -> Iterator[State]:
    """The same from the trace, for comparison."""
    for step in trace.steps():
        yield State(step.line, step.frame, {name: shown(value) for name, value in step.locals.items()})


def _kind(sentence: list[Claim]) -> tuple[What, str, bool]:
    """What a sentence tells, of which frame, and whether its line leaves the frame."""
    named = {claim.kind: claim for claim in sentence}
    event = [claim for claim in sentence if claim.kind is ClaimKind.event]
    inside = next((claim.value for claim in event if claim.name == "in"), "")
    if ClaimKind.called in named:
        return What.call, named[ClaimKind.called].value, False
    leaves = any(claim.kind is ClaimKind.outcome and claim.name.endswith((" returns", " yields")) for claim in sentence)
    for claim in event:
        if claim.name != "in":
            return What(claim.name), inside or claim.value, leaves
    return What.begin if ClaimKind.begins in named else What.step, "", leaves


def _changed(before: dict[str, str], sentence: list[Claim]) -> dict[str, str]:
    after = dict(before)
    for claim in sentence:
        if claim.kind is ClaimKind.variable:
            after[claim.name] = claim.value
        elif claim.kind is ClaimKind.length:
            after[claim.name] = f"len {claim.value}"
        elif claim.kind is ClaimKind.unbound:
            after.pop(claim.name, None)
    return after
