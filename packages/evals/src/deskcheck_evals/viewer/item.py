"""One item of a run as the viewer keeps it: a line for the list, what it is filtered by, and its HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deskcheck_agent.page.look import environment
from deskcheck_agent.page.texts import cut, visible

MOST_IN_TEXT = 8_000
"""Characters of one narration that the viewer shows; rows.jsonl has all."""


@dataclass(frozen=True)
class Item:
    """`share` is how far it came out right, from 0 to 1; `tags` are the statuses it can be found by."""

    id: str
    brief: str
    share: float
    tags: Sequence[str]
    html: str

    @property
    def kind(self) -> str:
        return "right" if self.share >= 1 else "wrong" if self.share <= 0 else "mixed"


def rendered(template: str, **values: Any) -> str:
    """A template of templates/viewer with the agent's macros at hand; everything in `values` is escaped."""
    return environment(False, ("deskcheck_evals", "templates/viewer")).get_template(template).render(**values)


def word(words: Mapping[str, str], name: str) -> str:
    """What the pages call a status."""
    return words.get(name, name)


def text(value: str | None) -> str:
    """A long text as it may stand in an item."""
    return cut(visible(value or ""), MOST_IN_TEXT)
