"""Conditions in prose: `7 > 5`, "3 is not greater than x", "x is even"; and verdicts on them: "which is false", "no".

A condition is stated unless it is asked about (if, whether, check ...); then the verdict that follows, in the same
sentence or at the start of the next, is what is stated.
"""

import ast
import operator
from collections.abc import Callable
from typing import Any

from .bindings import is_noun, is_part
from .course import Tick
from .literal import UNKNOWN
from .page import NEGATIONS, Page, Topic
from .places import Test
from .statement import Matter
from .tokens import Kind, Token
from .verdicts import ADVERBS, ENDS, LINKS, passed, verdict
from .vocabulary import words

_BE = words("is are was were isn't aren't wasn't being be isnt")
_COMPARATIVES: list[tuple[tuple[str, ...], Callable[[Any, Any], Any]]] = [
    (("greater", "than", "or", "equal", "to"), operator.ge), (("less", "than", "or", "equal", "to"), operator.le),
    (("smaller", "than", "or", "equal", "to"), operator.le), (("larger", "than", "or", "equal", "to"), operator.ge),
    (("greater", "than"), operator.gt), (("larger", "than"), operator.gt), (("bigger", "than"), operator.gt),
    (("more", "than"), operator.gt), (("higher", "than"), operator.gt), (("longer", "than"), operator.gt),
    (("less", "than"), operator.lt), (("smaller", "than"), operator.lt), (("lower", "than"), operator.lt),
    (("fewer", "than"), operator.lt), (("shorter", "than"), operator.lt), (("above",), operator.gt),
    (("over",), operator.gt), (("below",), operator.lt), (("under",), operator.lt), (("at", "least"), operator.ge),
    (("at", "most"), operator.le), (("equal", "to"), operator.eq), (("divisible", "by"), lambda a, b: a % b == 0),
    (("evenly", "divisible", "by"), lambda a, b: a % b == 0), (("a", "multiple", "of"), lambda a, b: a % b == 0),
    (("different", "from"), operator.ne), (("the", "same", "as"), operator.eq),
    (("present", "in"), lambda a, b: a in b), (("already", "in"), lambda a, b: a in b), (("in",), lambda a, b: a in b),
    (("found", "in"), lambda a, b: a in b), (("contained", "in"), lambda a, b: a in b), (("beyond",), operator.gt),
]  # fmt: skip
_VERBS: dict[str, Callable[[Any, Any], Any]] = {
    "exceeds": operator.gt, "exceed": operator.gt, "beats": operator.gt, "tops": operator.gt,
    "divides": lambda a, b: b % a == 0,
}  # fmt: skip
_ADJECTIVES: dict[str, Callable[[Any], Any]] = {
    "even": lambda a: a % 2 == 0, "odd": lambda a: a % 2 == 1, "positive": lambda a: a > 0, "negative": lambda a: a < 0,
    "nonzero": lambda a: a != 0, "zero": lambda a: a == 0, "empty": lambda a: len(a) == 0,
    "nonempty": lambda a: len(a) > 0, "truthy": bool, "falsy": lambda a: not a, "nonnegative": lambda a: a >= 0,
}  # fmt: skip
_ASKED = words(
    "if whether check checks checked checking test tests tested testing ask asks asking compare compares "
    "comparing until unless while when whenever does do is condition question see sees every each any all only "
    "would were should must verify determine decide needs requires first"
)
_ASSERTED = words("since because as so given thus hence therefore indeed")


def read_conditions(page: Page) -> None:
    """All conditions of a sentence with their verdicts."""
    _read_answer(page)
    index = 0
    while index < len(page.tokens):
        found = _proposition(page, index)
        if found is None:
            index += 1
            continue
        test, stop, negated = found
        index = _settle(page, test, index, stop, negated)
    _read_terse(page)


def _proposition(page: Page, index: int) -> tuple[Test, int, bool] | None:
    """(what it says, where its words end, whether it is negated) of a condition that begins here."""
    token = page.tokens[index]
    if token.kind is Kind.expression and isinstance(token.node, ast.Compare | ast.BoolOp | ast.UnaryOp):
        if isinstance(token.node, ast.UnaryOp) and not isinstance(token.node.op, ast.Not):
            return None
        return (lambda tick, before: _truth(page.places.value(token, tick, before))), index + 1, False
    if (
        token.kind is Kind.expression
        and isinstance(token.node, ast.Call)
        and isinstance(token.node.func, ast.Attribute | ast.Name)
        and verdict(page, index + 1) is not None
        and (page.places.asked.asking(token.text) or isinstance(page.places.value(token, page.course.ticks[-1]), bool))
    ):
        return (lambda tick, before: _truth(page.places.value(token, tick, before))), index + 1, False
    if token.kind is Kind.line and len(token.lines) == 1 and page.places.asked.asks(token.lines[0]):
        negated = bool({"neither", "nor"} & set(page.lows(page.clause_start(index), index)))
        return (lambda *_: UNKNOWN), index + 1, negated
    if not token.is_term or index in page.used or is_part(page, index) or is_noun(page, index):
        return None
    if token.kind is Kind.literal and page.low(index - 1) in _POSITIONS:
        return None
    at = index + 1
    if page.low(at) == ")" and page.low(index - 1) == "(" and token.kind is Kind.literal:
        at += 1  # "the first number (4) is even"
    if page.low(at) == ")" or page.low(at) == ",":
        return None
    has_be, negated = False, bool({"neither", "none"} & set(page.lows(page.clause_start(index), index)))
    while page.low(at) in ADVERBS | _BE | NEGATIONS | {"does", "n't", "value"} and page.is_word(at):
        has_be = has_be or page.low(at) in _BE
        negated = negated != (page.low(at) in NEGATIONS or page.low(at) in ("longer",))
        at += 1
    if page.low(at) == "n't":
        at += 1
    if has_be or page.low(at - 1) in ADVERBS:
        for words, relation in _COMPARATIVES:
            stop = at + len(words)
            if page.lows(at, stop) != list(words) or not has_be:
                continue
            stop += page.low(stop) in ("the", "its", "our") and page.is_term(stop + 1)
            if page.is_term(stop):
                return _relation(page, token, page.tokens[stop], relation), stop + 1, negated
        if has_be and page.low(at) in _ADJECTIVES and page.is_word(at):
            return _property(page, token, _ADJECTIVES[page.low(at)]), at + 1, negated
        if has_be and page.low(at) == "non" and page.low(at + 1) in _ADJECTIVES:
            return _property(page, token, _ADJECTIVES[page.low(at + 1)]), at + 2, not negated
    if page.low(at) in _VERBS and page.is_term(at + 1):
        return _relation(page, token, page.tokens[at + 1], _VERBS[page.low(at)]), at + 2, negated
    return None


_POSITIONS = words("position index place slot level row column round pass iteration step line")

_TERSE = words(": , → -> ( = ; which is that")


def _read_terse(page: Page) -> None:
    """ "x=4: even -> ...", "7, which is odd": an adjective on the value before it."""
    for index, token in enumerate(page.tokens):
        if token.low not in ("even", "odd", "negative", "positive") or index in page.used or not page.is_word(index):
            continue
        at, negated = index - 1, False
        while at > 0 and (page.low(at) in _TERSE or page.low(at) in NEGATIONS):
            negated = negated != (page.low(at) in NEGATIONS)
            at -= 1
        if (
            at >= 0
            and at < index - 1
            and page.is_value(at)
            and page.low(index + 1) not in ("number", "numbers", "index")
        ):
            if page.is_word(index + 1) and page.low(index + 1) not in ENDS | LINKS:
                continue  # "3, odd exponent": of something else
            plain = {"which", "that"} & set(page.lows(at, index))
            near = [page.tokens[at]] if plain else page.spoken_of + page.tokens[:index]
            near = [one for one in near if one.kind in (Kind.literal, Kind.identifier)]
            _state(page, _any_property(page, near, token.low, negated), at, index, True)


def _truth(value: Any) -> Any:
    return value if value is UNKNOWN else bool(value)


def _relation(page: Page, left: Token, right: Token, relation: Callable[[Any, Any], Any]) -> Test:
    def test(tick: Tick, before: bool) -> Any:
        return _ask(relation, page.places.value(left, tick, before), page.places.value(right, tick, before))

    return test


def _property(page: Page, token: Token, asked: Callable[[Any], Any]) -> Test:
    return lambda tick, before: _ask(asked, page.places.value(token, tick, before))


def _any_property(page: Page, near: list[Token], adjective: str, negated: bool) -> Test:
    """Whether one of the terms near an adjective is (or is not) so: any of them may be meant."""

    def test(tick: Tick, before: bool) -> Any:
        answers = [_ask(_ADJECTIVES[adjective], page.places.value(one, tick, before)) for one in near]
        known = [answer != negated for answer in answers if answer is not UNKNOWN]
        return any(known) if known else UNKNOWN

    return test


def _ask(question: Callable[..., Any], *values: Any) -> Any:
    if any(value is UNKNOWN for value in values):
        return UNKNOWN
    try:
        return bool(question(*values))
    except Exception:  # not a question for such values
        return UNKNOWN


def _settle(page: Page, test: Test, index: int, stop: int, negated: bool) -> int:
    """State the condition or its verdict, or keep it as the topic; gives where reading goes on."""
    text = page.sentence.text
    page.topic = Topic(_unless(test, negated), text)
    found = verdict(page, stop)
    before = passed(page, index)
    if before is not None and found is None:
        page.topic = None
        _state(page, test, index, stop - 1, before != negated)
        return stop
    if found is not None:
        held, end = found
        _state(page, test, index, end - 1, held != negated)
        page.topic = None
        return end
    if page.tokens[index].kind is Kind.line:
        return stop
    if _is_stated(page, index):
        _state(page, test, index, stop - 1, not negated)
    page.used.update(range(index, stop))
    return stop


def _unless(test: Test, negated: bool) -> Test:
    def opposite(tick: Tick, before: bool) -> Any:
        found = test(tick, before)
        return found if found is UNKNOWN else not found

    return opposite if negated else test


def _state(page: Page, test: Test, first: int, last: int, held: bool) -> None:
    token = page.tokens[first]
    if token.kind is Kind.expression and isinstance(token.node, ast.Call) and not token.lines:
        token.lines = page.places.asked.asking(token.text)
    lines = token.lines
    where = (
        page.places.asked.outcome(held, lines=frozenset(lines)) if lines else page.places.where(_unless(test, not held))
    )
    if not where and any(one.text in page.course.attributes for one in page.tokens[first : last + 1]):
        where = None  # of several objects, some of them as they were before: nobody can tell
    other = (
        page.places.asked.outcome(not held, lines=frozenset(lines)) if lines else page.places.where(_unless(test, held))
    )
    named = any(token.kind is not Kind.literal for token in page.tokens[first : first + 1])
    found = page.add(Matter.comparison, first, last, where, "it was the other way round there", sticky=named)
    if found is not None and other is not None:
        found.opposite = other


def _is_stated(page: Page, index: int) -> bool:
    """Whether a condition without verdict is said to hold."""
    if page.low(len(page.tokens) - 1) == "?":
        return False
    token = page.tokens[index]
    start = page.clause_start(index)
    before = page.lows(start - 1, index)
    if any(word in _ASKED for word in before) or any(_is_head(item) for item in page.tokens[start:index]):
        return bool(before) and before[-1] in _ASSERTED
    if token.kind is Kind.expression and (token.lines or (token.quoted and not _has_numbers_only(token))):
        return any(word in _ASSERTED for word in before)
    return True


def _is_head(token: Token) -> bool:
    """Whether a quotation begins a question: `if`, `while queue:`."""
    return token.kind is Kind.line or (token.kind is Kind.code and token.text.startswith(("if", "elif", "while")))


def _has_numbers_only(token: Token) -> bool:
    return token.node is not None and not any(isinstance(part, ast.Name) for part in ast.walk(token.node))


_ANSWERS = words("yes true no false nope yep yeah")


def _read_answer(page: Page) -> None:
    """A sentence that begins with the verdict on the condition before it: "No.", "It is not.", "That is true"."""
    if page.topic is None:
        return
    at = 0
    while page.low(at) in words("it that this which they and the condition answer here — - : so"):
        at += 1
    low = page.low(at)
    topic, page.topic = page.topic, None
    answers = page.low(at + 1) in ENDS | ({"it", "that", "this"} if low in ("no", "yes") else set())
    if page.lows(at, at + 3) in (["not", "the", "case"], ["not", "so", ","]):
        _state(page, topic.test, 0, at + 1, False)
    elif low in _ANSWERS and (low in ("true", "false") or (at == 0 and answers)):
        _state(page, topic.test, 0, at, low in ("yes", "true", "yep", "yeah"))
    elif low in ("is", "does", "isn't", "doesn't", "are", "aren't", "holds", "fails") and at > 0:
        after = page.low(at + 1)
        if low in ("holds", "fails"):
            _state(page, topic.test, 0, at, low == "holds")
        elif low in ("isn't", "doesn't", "aren't") and after in ("", ".", ",", "so", ";", "—", "-"):
            _state(page, topic.test, 0, at, False)
        elif after == "not" and page.low(at + 2) in ("", ".", ",", "so", ";", "—", "-"):
            _state(page, topic.test, 0, at + 1, False)
        elif after in ("", ".", ",", "so", ";", "—", "-"):
            _state(page, topic.test, 0, at, True)
        elif after in ("true", "false"):
            _state(page, topic.test, 0, at + 1, (after == "true") != (low in NEGATIONS))
