"""The styles of narration: what each tells (units), how a unit is written, read back, and what is true of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from . import facts, scratchpad, sentences
from .facts import Said
from .moments import moments
from .story import story
from .trace import Trace


@dataclass(frozen=True)
class Style:
    """One way of telling a trace."""

    units: Callable[[Trace], Iterable[Any]]
    """What is told, one line each."""
    write: Callable[[Any], str]
    read: Callable[[str], list[Said]]
    """What a line states; inverse of `write`."""
    facts: Callable[[Sequence[Any], int, int], set[Said]]
    """What is true of `span` units from a place on."""
    end_word: str = "The program ends: "


STYLES = {
    "step": Style(story, sentences.write, sentences.read, lambda units, place, span: sentences.facts(units[place])),
    "compact": Style(
        moments, scratchpad.write, scratchpad.read, lambda units, place, span: facts.facts(units[place]), "end "
    ),
}


def style_of(lines: list[str]) -> str:
    """The name of the style that lines of a narration are written in."""
    return "step" if any(sentences.looks_like(line) for line in lines) else "compact"
