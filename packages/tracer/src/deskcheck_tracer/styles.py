"""The styles of narration: what each tells (units), how a unit is told, read back, and what is true of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from . import blocks, coverage, facts, scratchpad, sentences, summary
from .facts import Said, Told
from .moment import Moment
from .moments import moments
from .story import story
from .trace import Trace


@dataclass(frozen=True)
class Style:
    """One way of telling a trace."""

    walk: Callable[[Trace], list[Moment]]
    """Goes through the trace, moment by moment."""
    units: Callable[[list[Moment], str], Iterable[Any]]
    """The moments (and the program's source) as what is told, one line each."""
    tell: Callable[[Any], Told]
    read: Callable[[str], list[Said]]
    """What a line states; inverse of `tell`."""
    facts: Callable[[Any], set[Said]]
    """What may be stated of a unit."""
    end_word: str = "The program ends: "
    folds: bool = False
    """Whether rounds of loops may be left out, with a sentence for them."""
    partial: bool = False
    """Whether even the whole narration tells a part of the changes, and says how large."""


def _each(moments: list[Moment], source: str) -> list[Moment]:
    return moments


def _in_blocks(moments: list[Moment], source: str) -> Iterable[blocks.Unit]:
    return blocks.grouped(moments)


STYLES = {
    "step": Style(story, _each, sentences.tell, summary.read, sentences.facts, folds=True),
    "block": Style(story, _in_blocks, blocks.tell, summary.read, blocks.facts, folds=True, partial=True),
    "summary": Style(story, summary.folded, summary.tell, summary.read, summary.facts, partial=True),
    "compact": Style(moments, _each, scratchpad.tell, scratchpad.read, facts.facts, "end "),
}


def style_of(lines: list[str]) -> str:
    """The name of the style that lines of a narration are written in."""
    for line in reversed(lines):
        if (found := coverage.read(line)) is not None:
            return found[0]
    if any(summary.looks_like(line) for line in lines):
        return "summary"
    if any(blocks.looks_like(line) for line in lines):
        return "block"
    step = any(sentences.looks_like(line) or line.startswith(STYLES["step"].end_word) for line in lines)
    return "step" if step else "compact"
