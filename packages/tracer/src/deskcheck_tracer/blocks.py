"""The block style: the lines that run straight through are one sentence, with what they changed in the end.

    Lines 1-3: a becomes [3, 1]; s becomes 0; r becomes [].
    Lines 4-7, iteration 2: x is 4 (left: []); line 5: yes, 4 > 2; s becomes 3 + 4 = 7; prints 7.

A block is a run of lines of one frame that begins no round of a loop but with its first line. A name that a block sets
twice is told once, so blocks tell a part of the changes only. Everything else is told as in the step style.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import sentences
from .clauses import Clause, clauses, join, note, printed
from .clauses import read as read_clauses
from .facts import ClaimKind, Said, Told, effect_texts
from .moment import Form, Moment, What

_LINES = re.compile(r"Lines (\d+-\d+)(?:, iteration (\d+))?: (.*)\.\Z")
_CHANGES = (ClaimKind.variable, ClaimKind.length, ClaimKind.unbound)


@dataclass
class Block:
    """At least two lines that ran one after the other in one frame."""

    steps: list[Moment]

    @property
    def head(self) -> Moment:
        """The first line."""
        return self.steps[0]

    @property
    def lines(self) -> str:
        """First and last line of the source, `4-7`."""
        numbers = [step.line for step in self.steps]
        return f"{min(numbers)}-{max(numbers)}"


Unit = Moment | Block


def head(unit: Unit) -> Moment:
    """The first moment of a unit."""
    return unit.head if isinstance(unit, Block) else unit


def steps_of(unit: Unit) -> list[Moment]:
    """The moments of a unit."""
    return unit.steps if isinstance(unit, Block) else [unit]


def grouped(moments: Iterable[Moment]) -> Iterator[Unit]:
    """Moments with runs of plain lines put together."""
    steps: list[Moment] = []
    for moment in moments:
        if steps and (moment.what is not What.step or _begins_block(moment, steps[-1])):
            yield _unit(steps)
            steps = []
        if moment.what is What.step:
            steps.append(moment)
        else:
            yield moment
    if steps:
        yield _unit(steps)


def _begins_block(moment: Moment, last: Moment) -> bool:
    ends_loop = moment.taken is False and (moment.form is Form.for_ or moment.target == "while")
    return moment.frame != last.frame or moment.round > 0 or ends_loop or moment.line <= last.line


def _unit(steps: list[Moment]) -> Unit:
    return Block(steps) if len(steps) > 1 else steps[0]


def tell(unit: Unit) -> Told:
    """One sentence."""
    if isinstance(unit, Moment):
        return sentences.tell(unit)
    parts = block_clauses(unit)
    known = _facts(unit, parts)
    start = f"Lines {unit.lines}" + (f", iteration {unit.head.round}" if unit.head.round else "") + ": "
    line = f"{start}{join(parts)}."
    said = read(line)
    if known == set(said):
        return Told(line, said, known)
    line = start + "; ".join(_plain_effects(unit) or ["done"]) + "."
    return Told(line, read(line), known)


def _plain_effects(block: Block) -> list[str]:
    """What changed, as `name = value`."""
    last = {name: step for step in block.steps for name in step.changes}
    return [
        text for step in block.steps for text in effect_texts(step, printed=False) if last.get(text.split()[0]) is step
    ]


def block_clauses(block: Block) -> list[Clause]:
    """What the lines of a block came to: last values, conditions by their line, all that was printed at the end."""
    last = {name: step for step in block.steps for name in _names(clauses(step))}
    parts: list[Clause] = []
    text = ""
    for step in block.steps:
        text += step.printed
        parts += [_placed(part, step) for part in clauses(step) if _is_told(part, step, last)]
    if text:
        parts.append(printed(text))
    return parts or [note("done")]


def _names(parts: list[Clause]) -> set[str]:
    return {said.name for part in parts for said in part.said if said.kind in _CHANGES}


def _is_told(part: Clause, step: Moment, last: dict[str, Moment]) -> bool:
    kinds = {said.kind for said in part.said}
    if kinds & {ClaimKind.stays, ClaimKind.printed}:
        return False
    if ClaimKind.note in kinds:
        return part.text == "not finished"
    return all(last[said.name] is step for said in part.said if said.kind in _CHANGES)


def _placed(part: Clause, step: Moment) -> Clause:
    """A condition with its line: a block may hold several."""
    if part.said[0].kind is not ClaimKind.branch:
        return part
    return Clause(f"line {step.line}: {part.text}", tuple(said._replace(name=str(step.line)) for said in part.said))


def facts(unit: Unit) -> set[Said]:
    """Everything that the sentence of a unit may state."""
    return sentences.facts(unit) if isinstance(unit, Moment) else _facts(unit, block_clauses(unit))


def _facts(block: Block, parts: list[Clause]) -> set[Said]:
    known = {said for part in parts for said in part.said}
    known.add(Said(ClaimKind.line, "", block.lines))
    if block.head.round:
        known.add(Said(ClaimKind.iteration, "", str(block.head.round)))
    return known


def read(line: str) -> list[Said]:
    """What a sentence states."""
    if match := _LINES.match(line):
        said = [Said(ClaimKind.line, "", match[1])]
        if match[2]:
            said.append(Said(ClaimKind.iteration, "", match[2]))
        return said + read_clauses(match[3])
    return sentences.read(line)


def looks_like(line: str) -> bool:
    """Whether a line is written in blocks."""
    return _LINES.match(line) is not None
