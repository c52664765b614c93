"""A text read as statements about a run, sentence by sentence: what is stated, where, how much is told."""

import re
from dataclasses import dataclass, field
from itertools import pairwise

from .bindings import read_bindings
from .branches import read_branches
from .calls import read_calls
from .changing import read_changes
from .conditions import read_conditions
from .course import Course
from .mentioned import read_lines, read_meetings, read_mentions
from .mentions import Mentions
from .naming import read_names
from .page import Page, Topic
from .places import Places, Where
from .raising import read_raising
from .rounds import read_rounds
from .scopes import ground, place_statements
from .sentences import labels, sentences
from .statement import CHECKED, Matter, Scope, Statement
from .tables import Column, read_row, settle
from .tokens import Kind, Sentence, Token
from .vocabulary import words

_FROM_ZERO = re.compile(r"\b(?:iteration|round|pass|cycle)\s+(?:#|number\s+)?0\b", re.IGNORECASE)


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
    reading, places = Reading(), Places(course)
    mentions = Mentions(course, places.touches)
    topic: Topic | None = None
    spoken_of: str | None = None
    scope: Scope | None = None
    columns: dict[str, Column] = {}
    names: list[Token] = []
    opens = below = False
    numbered = frozenset(labels(text))
    from_zero = _FROM_ZERO.search(text) is not None
    section: Scope | None = None
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
        page = Page(sentence, places, topic, names, from_zero, numbered)
        _read_page(page, mentions, spoken_of)
        spoken_of = next((token.text for token in sentence.tokens if token.kind is Kind.identifier), spoken_of)
        names = [token for token in sentence.tokens if token.kind is Kind.identifier and token.text in course.variables]
        topic = page.topic
        opens = opens or sentence.begins_paragraph
        if sentence.heading or (sentence.begins_paragraph and not sentence.is_bullet and below):
            section, below = None, False
        if sentence.begins_line:
            scope = section
        page.found = sorted(_real(page), key=lambda one: one.start)
        scope = place_statements(page, number, scope, opens=opens)
        opens = opens and not page.found
        if sentence.heading and sentence.begins_line:
            section = scope
        else:
            below = True
        ground(page)
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
            names = {subject.text for subject in subjects}
            both = Where(one.where.after & other.where.after & page.places.rest(names))
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
    read_raising(page)
    read_names(page)
    read_lines(page)
    read_mentions(page, mentions)
    read_meetings(page)


_IMAGINED = words("would wouldn't could couldn't might should shouldn't")


def _real(page: Page) -> list[Statement]:
    """The statements but those of clauses that speak of what did not happen: "with n = 0 it would divide by zero"."""
    unreal = [index for index, token in enumerate(page.tokens) if token.low in _IMAGINED and token.kind is Kind.word]
    if not unreal:
        return page.found
    spans = list[tuple[int, int]]()
    for index in unreal:
        start = page.clause_start(index)
        if start and page.low(page.clause_start(start - 1)) in _SUPPOSING:
            start = page.clause_start(start - 1)
        end = page.clause_end(index)
        if end + 1 < len(page.tokens) and page.low(page.clause_start(index)) in _SUPPOSING:
            end = page.clause_end(end + 1)
        spans.append((page.tokens[start].start, page.tokens[end - 1].end))
    return [one for one in page.found if not any(start <= one.start < end for start, end in spans)]


_SUPPOSING = words("if with had were suppose when without")


def _tells(sentence: Sentence) -> bool:
    """Whether a sentence speaks of the run."""
    return any(token.kind is not Kind.word and token.kind is not Kind.mark for token in sentence.tokens)
