"""How much of a run a narration tells: the share of all changes of state that it claims.

A change is a name that an executed line or a call bound, unbound or changed. The step style claims all of them; a block
that sets a name twice claims the last value only; a summary claims what loops and calls come to.
"""

import re
from collections.abc import Iterable

from .facts import ClaimKind, Said
from .moment import Form, Moment, What

_WORDS = {"step": "step by step", "block": "in blocks", "summary": "in summary"}
_LINE = re.compile(rf"Told ({'|'.join(_WORDS.values())}): (\d+ of \d+) changes of state\.\Z")
_CHANGES = (ClaimKind.variable, ClaimKind.length, ClaimKind.unbound)
KINDS = frozenset({*_CHANGES, ClaimKind.stays})
"""Kinds of claims that tell of changes, or that there was none."""


def changes_of(moment: Moment) -> int:
    """The changes that a moment brought about."""
    count = len(moment.changes) - len(moment.stays & moment.changes.keys())
    if moment.form is Form.define and moment.what is not What.begin and not moment.verb:
        name = moment.target.partition(" ")[2]
        count += name in moment.assigned and name not in moment.changes
    return count


def changes_in(said: Iterable[Said]) -> int:
    """The changes that one sentence claims."""
    said = list(said)
    stays = {one.name for one in said if one.kind is ClaimKind.stays}
    return len({one.name for one in said if one.kind in _CHANGES} - stays)


def write(style: str, told: int, total: int) -> str:
    """The line that says so."""
    return f"Told {_WORDS[style]}: {told} of {total} changes of state."


def read(line: str) -> tuple[str, str] | None:
    """The style and `told of total` of such a line; None if it is none."""
    match = _LINE.match(line) if line.startswith("Told ") else None
    return None if match is None else (next(s for s, words in _WORDS.items() if words == match[1]), match[2])
