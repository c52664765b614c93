"""A text read as statements about a run, sentence by sentence: what is stated, where, how much is told."""

from dataclasses import dataclass, field
from itertools import pairwise

from .bindings import read_bindings
from .branches import read_branches
from .calls import read_calls
from .changing import read_changes
from .conditions import read_conditions
from .course import Course
from .mentioned import read_lines, read_mentions
from .mentions import Mentions
from .naming import read_names
from .page import Page, Topic
from .places import Places, Where
from .rounds import read_rounds
from .scopes import ground, place_statements
from .sentences import sentences
from .statement import CHECKED, Matter, Scope, Statement
from .tables import Column, read_row, settle
from .tokens import Kind, Sentence


@dataclass
class Reading:
    """All statements of a text in order, and the share of its telling sentences that state something."""

    statements: list[Statement] = field(default_factory=list)
    telling: int = 0
    told: int = 0

    @property
    def coverage(self) -> float:
        """See `Verification.coverage`."""
        return self.told / self.telling if self.telling else 0.0


def read(text: str, course: Course) -> Reading:
    """Read a text about a run."""
    reading, places, mentions = Reading(), Places(course), Mentions(course)
    topic: Topic | None = None
    spoken_of: str | None = None
    scope: Scope | None = None
    columns: dict[str, Column] = {}
    for number, sentence in enumerate(sentences(text, course)):
        if sentence.header is None and columns:
            settle(columns)
            columns = {}
        if sentence.header is not None:
            rows = read_row(sentence, sentence.header, places, number, columns)
            reading.telling += 1
            reading.told += bool(rows)
            reading.statements += rows
            continue
        page = Page(sentence, places, topic)
        _read_page(page, mentions, spoken_of)
        spoken_of = next((token.text for token in sentence.tokens if token.kind is Kind.identifier), spoken_of)
        topic = page.topic
        if sentence.begins_paragraph:
            scope = None
        page.found.sort(key=lambda one: one.start)
        scope = place_statements(page, number, scope)
        ground(page, mentions)
        checked = any(one.matter in CHECKED for one in page.found)
        if _tells(sentence):
            reading.telling += 1
            reading.told += checked
        reading.statements += page.found
    settle(columns)
    return reading


def _at_one_time(page: Page) -> None:
    """ "x is 3 and y is 4", "x = 3, y = 4": states told side by side are of one moment."""
    values = [one for one in page.found if one.matter is Matter.binding and isinstance(one.where, Where)]
    for one, other in pairwise(sorted(values, key=lambda one: one.start)):
        if not isinstance(one.where, Where) or not isinstance(other.where, Where):
            continue
        between = [token for token in page.tokens if one.end <= token.start < other.start]
        subjects = [next(token for token in page.tokens if token.start == each.start) for each in (one, other)]
        if [token.low for token in between] not in ([","], ["and"], [",", "and"]) or subjects[0].text == subjects[
            1
        ].text:
            continue
        if all(subject.kind is Kind.identifier for subject in subjects) and one.where.after and other.where.after:
            both = Where(one.where.after & other.where.after)
            both.after = both
            other.where = both


def _read_page(page: Page, mentions: Mentions, spoken_of: str | None) -> None:
    read_rounds(page)
    read_changes(page, spoken_of)
    read_calls(page)
    read_bindings(page)
    _at_one_time(page)
    read_conditions(page)
    read_branches(page)
    read_names(page)
    read_lines(page)
    read_mentions(page, mentions)


def _tells(sentence: Sentence) -> bool:
    """Whether a sentence speaks of the run."""
    return any(token.kind is not Kind.word and token.kind is not Kind.mark for token in sentence.tokens)
