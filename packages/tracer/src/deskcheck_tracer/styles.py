"""The styles of narration: what each tells (units), how a unit is written, read back, and what is true of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from . import blocks, coverage, facts, folds, scratchpad, sentences, summary
from .facts import Said
from .folds import Span
from .moment import Moment
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
    facts: Callable[[Any], set[Said]]
    """What may be stated of a unit."""
    end_word: str = "The program ends: "
    folds: bool = False
    """Whether rounds of loops may be left out, with a sentence for them."""
    partial: bool = False
    """Whether even the whole narration tells a part of the changes, and says how large."""

    def write_any(self, unit: Any) -> str:
        """A unit, or a span of units that is left out."""
        return folds.write_left_out(unit) if type(unit) is Span else self.write(unit)

    def facts_at(self, units: Sequence[Any], place: int, span: int) -> set[Said]:
        """What may be stated by a line that stands for `span` units."""
        if span == 1 or not self.folds:
            return self.facts(units[place])
        return folds.left_out_facts(Span(units, place, place + span))


def moments_of(unit: Any) -> list[Moment]:
    """The moments that any unit is made of."""
    return unit.moments if isinstance(unit, Span) else blocks.steps_of(unit)


STYLES = {
    "step": Style(story, sentences.write, summary.read, sentences.facts, folds=True),
    "block": Style(blocks.blocks, blocks.write, summary.read, blocks.facts, folds=True, partial=True),
    "summary": Style(summary.summary, summary.write, summary.read, summary.facts, partial=True),
    "compact": Style(moments, scratchpad.write, scratchpad.read, facts.facts, "end "),
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
