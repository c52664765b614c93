"""A text read as statements about a run, sentence by sentence: what is stated, where its words place it, how much is told.

Words place a statement in three ways. A scope (a round by number, a loop variable's value) holds for its sentence, and
for those after it until the text goes on. Words of order (then, next) let it go on, words of overview (initially,
in total, finally) let it leave the order.
"""

import ast
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from .bindings import read_bindings
from .changing import read_changes
from .conditions import read_conditions
from .control import read_branches, read_calls, read_rounds
from .course import Course
from .lexer import Kind, Sentence, sentences
from .literal import UNKNOWN
from .mentions import Mentions
from .naming import read_names
from .page import Page, Topic
from .places import Places, Where
from .statement import CHECKED, HEAVY, Matter, Scope, Statement
from .tables import Column, read_row, settle
from .vocabulary import words

_FOLLOWS = words("then next after afterwards finally later until subsequently lastly eventually remaining following")
_FREE = words(
    "initially start starts started begin begins originally earlier previously recall before overall altogether "
    "summary throughout always never"
)


HINT, HEAD = 0.12, 0.4
"""What it costs to give a value that is only mentioned no place; the second for one that begins a sentence."""


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
        scope = _place(page, number, scope)
        _ground(page, mentions)
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
    _read_lines(page)
    _read_mentions(page, mentions)


def _read_lines(page: Page) -> None:
    for index, token in enumerate(page.tokens):
        if token.kind is Kind.line and index not in page.used:
            page.add(Matter.line, index, index, page.places.lines(token.lines) or True, weight=HINT)


def _read_mentions(page: Page, mentions: Mentions) -> None:
    for index, token in enumerate(page.tokens):
        if index in page.used:
            _read_made_up(page, index, mentions)
            continue
        if token.kind is Kind.expression:
            _read_made_up(page, index, mentions)
        if token.kind is Kind.code and token.text in mentions.text:
            _read_hint(page, index, token.text, mentions.where(token.text))
        elif token.kind is Kind.code and _PLAIN.match(token.text) and _has_digit(token.text) and " " in token.text:
            page.add(Matter.mention, index, index, False, f"{token.text} does not occur in the run")
        if token.kind is not Kind.literal:
            continue
        if not token.quoted and token.text.replace("-", "").isalpha():
            known = mentions.knows(token.value)
            page.add(Matter.mention, index, index, known, "" if known else f"{token.text} does not occur in the run")
            continue
        if isinstance(token.value, str) and token.text[0] == '"' and not token.quoted and " " in token.value:
            if _has_digit(token.value) and token.value not in mentions.text:
                page.add(Matter.mention, index, index, False, f"{token.text} does not occur in the run")
            continue
        known = mentions.knows(token.value)
        if not known and isinstance(token.value, tuple) and not token.quoted:
            continue
        if not known:
            page.add(Matter.mention, index, index, False, f"{token.text} does not occur in the run")
            continue
        where = mentions.where(token.value)
        if isinstance(token.value, list | tuple | dict | set) and where and len(token.value) > 1:
            page.add(Matter.mention, index, index, where, f"{token.text} is no value of anything there")
        else:
            _read_hint(page, index, token.value, where)


_PLAIN = re.compile(r"[A-Za-z][\w .:,!-]+\Z")


def _has_digit(text: str) -> bool:
    return any(char.isdigit() for char in text)


def _read_hint(page: Page, index: int, value: Any, where: frozenset[int]) -> None:
    """A value that places the text: where it is new; the rounds of an item that a bullet begins with."""
    rounds = page.places.item_ticks(value)
    if rounds and _is_head(page, index):
        page.add(Matter.mention, index, index, rounds, "the words after it are not true of that round", weight=HEAVY)
    else:
        page.add(Matter.mention, index, index, where or True, weight=HEAD if index < 3 else HINT)


def _is_head(page: Page, index: int) -> bool:
    """Whether a value opens a bullet ("- 'b': ..."), or a sentence as in "For 9, ..."."""
    after = page.low(index + 1)
    if page.sentence.begins_line and index == 0 and not page.sentence.begins_paragraph:
        return after in (":", "→", "->", "–", "—", "-", "(", "=", ",")
    if index == 1 and page.is_word(0) and not page.sentence.begins_paragraph:
        return after in (":", "→", "->")
    return index <= 2 and page.low(index - 1) == "for" and after == ","


def _read_made_up(page: Page, index: int, mentions: Mentions) -> None:
    """A number in a condition or in arithmetic that occurs nowhere: "16 is not less than 10"."""
    token = page.tokens[index]
    if token.kind is Kind.literal:
        values = [token.value]
    elif token.kind is Kind.expression and token.node is not None and not token.lines:
        values = [part.value for part in ast.walk(token.node) if isinstance(part, ast.Constant)]
    else:
        return
    if not isinstance(token.node, ast.Compare) and any(
        one.matter is Matter.comparison and one.start <= token.start < one.end for one in page.found
    ):
        return _read_compared(page, index, mentions)
    if isinstance(token.node, ast.Compare) and len(values) > 1 and not mentions.together(values):
        page.add(Matter.mention, index, index, False, f"{token.text}: these values never meet")
        return
    for value in values:
        if isinstance(value, int | float) and not mentions.knows(value) and not any(
            one.start <= token.start < one.end and one.where is False for one in page.found
        ):  # fmt: skip
            page.add(Matter.mention, index, index, False, f"{value} does not occur in the run")


def _read_compared(page: Page, index: int, mentions: Mentions) -> None:
    """Values that are compared must be there together: "5 is greater than 4"."""
    one = next(
        one for one in page.found if one.matter is Matter.comparison and one.start <= page.tokens[index].start < one.end
    )
    values = [
        token.value
        for token in page.tokens
        if one.start <= token.start < one.end and isinstance(token.value, int | float)
    ]
    values = [value for value in values if not isinstance(value, bool)]
    if page.tokens[index].start == one.start and values and not mentions.together(values):
        page.add(Matter.mention, index, index, False, f"{values} never meet")


def _tells(sentence: Sentence) -> bool:
    """Whether a sentence speaks of the run."""
    return any(token.kind is not Kind.word and token.kind is not Kind.mark for token in sentence.tokens)


def _place(page: Page, number: int, inherited: Scope | None) -> Scope | None:
    """Give the statements of a sentence their scopes; gives the scope that goes on after it."""
    tokens = page.tokens
    scopes = _nested(sorted(page.scopes + _value_scopes(page), key=lambda one: one[0]))
    words = [token.low for token in tokens]
    leaves = bool(_LEAVES & set(words[:12]))
    _check_nested(page, scopes)
    for one in page.found:
        first = next((index for index, token in enumerate(tokens) if token.start >= one.start), 0)
        one.sentence = number
        clause = words[page.clause_start(first) : first + 1]
        one.follows = bool(_FOLLOWS & set(clause)) or (page.sentence.begins_line and one is page.found[0])
        one.free = bool(_FREE & set(words)) or page.sentence.begins_paragraph or page.is_summary
        if one.matter is Matter.binding and isinstance(one.where, frozenset) and _looks_back(page, first):
            one.where = (one.where.after if isinstance(one.where, Where) else one.where) & page.places.ends
        one.scope = _scope_of(first, scopes, page)
        if one.scope is None and one.matter is Matter.binding and isinstance(one.where, frozenset) and _is_start(words):
            one.where = one.where & page.places.outside
        if one.scope is not None and isinstance(one.where, Where):
            one.where = one.where.after
    if scopes:
        return None
    return None if leaves else inherited


def _nested(scopes: list[tuple[int, Scope, bool]]) -> list[tuple[int, Scope, bool]]:
    """Scopes in the order of the text, each narrowed to the one before it where they speak of two loops."""
    found: list[tuple[int, Scope, bool]] = []
    for at, scope, told in scopes:
        if found and _speak_together(found[-1], (at, scope, told)):
            inside = tuple(
                (max(start, outer), min(stop, end))
                for start, stop in scope.windows for outer, end in found[-1][1].windows
                if max(start, outer) < min(stop, end)
            )  # fmt: skip
            if not inside and found[-1][1].lines & scope.lines:
                continue  # what is said of the same loop must be true in the round that was told
            scope = Scope(inside, scope.text, scope.lines) if inside else scope
        found.append((at, scope, told))
    return found


def _ground(page: Page, mentions: Mentions) -> None:
    """What is mentioned of a round that is told by its number must occur in that round."""
    told = {scope.windows for _, scope, is_told in page.scopes if is_told}
    for one in page.found:
        if one.matter is not Matter.mention or one.scope is None or one.scope.windows not in told or one.where is False:
            continue
        token = next(token for token in page.tokens if token.start == one.start)
        value = token.text if token.kind is Kind.code else token.value
        if isinstance(value, bool) or value in (0, 1, "") or len(one.scope.windows) != 1:
            continue
        if not mentions.occurs(value, *one.scope.windows[0]):
            one.where, one.weight, one.why = False, 1.0, f"{token.text} does not occur in that round"


def _check_nested(page: Page, scopes: list[tuple[int, Scope, bool]]) -> None:
    """A round told of an inner loop must be one within the round that its sentence speaks of."""
    for before, after in pairwise(scopes):
        if not after[2] or not before[1].lines or not after[1].lines or before[1].lines & after[1].lines:
            continue
        for one in page.found:
            if (
                one.matter is Matter.iteration
                and one.start == page.tokens[after[0]].start
                and isinstance(one.where, frozenset)
            ):
                one.where = one.where & before[1].ticks


def _speak_together(before: tuple[int, Scope, bool], scope: tuple[int, Scope, bool]) -> bool:
    """Whether the second scope is within the first, and does not replace it."""
    if not before[1].lines or not scope[1].lines:
        return False
    if not before[1].lines & scope[1].lines:
        return True
    return not scope[2] and before[1].text.partition(" = ")[0] != scope[1].text.partition(" = ")[0]


_LEAVES = words("then next after finally loop return returns remaining rest")


def _is_start(words: list[str]) -> bool:
    """Whether a sentence says that it tells of the beginning."""
    text = " ".join(words)
    return "initially" in words or "at the start" in text or "to begin with" in text


def _looks_back(page: Page, first: int) -> bool:
    """Whether a state is told as of the end of a round: "after that step", "at the end of this round"."""
    start = page.clause_start(first)
    words = page.lows(max(0, start - 8), first)
    for index in range(len(words) - 1):
        pair = words[index : index + 2]
        if pair in (["after", "that"], ["after", "this"], ["end", "of"], ["after", "the"]) and index + 2 < len(words):
            return any(word in _SPANS for word in words[index + 2 : index + 5])
    return False


_SPANS = words("step round iteration pass turn")


def _scope_of(first: int, scopes: list[tuple[int, Scope, bool]], page: Page) -> Scope | None:
    before = [one for one in scopes if one[0] <= first]
    if before:
        at, scope, _ = before[-1]
        between = page.lows(at + 1, first)
        if any(word in ("then", "next", "afterwards", "finally", "until", "later", "after") for word in between):
            return None
        return scope
    if len(scopes) == 1 and scopes[0][2]:
        return scopes[0][1]
    return None


def _value_scopes(page: Page) -> list[tuple[int, Scope, bool]]:
    """The rounds that a loop variable's value tells, for what is said after it."""
    found: list[tuple[int, Scope, bool]] = []
    for one in page.found:
        if one.matter is not Matter.binding or not isinstance(one.where, frozenset) or not one.where:
            continue
        indexes = [index for index, token in enumerate(page.tokens) if one.start <= token.start < one.end]
        name = page.tokens[indexes[0]]
        value = page.tokens[indexes[-1]]
        if name.kind is not Kind.identifier or name.text not in page.course.loop_variables or value.value is UNKNOWN:
            continue
        windows = page.places.loop_windows(name.text, value.value)
        if windows:
            lines = frozenset(one.line for one in page.course.rounds if (one.start, one.stop) in windows)
            found.append((indexes[0], Scope(windows, f"{name.text} = {value.text}", lines), False))
    return found
