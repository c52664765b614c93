# ruff: noqa: RUF001 - people write dashes, quotes and signs of all kinds
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
from .vocabulary import words

_ADVERBS = words(
    "indeed actually clearly also again still now itself currently not even then already just strictly exactly in "
    "fact obviously certainly definitely both always never neither no longer is"
) - {"even"}
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
_TRUE = words(
    "true yes holds hold held succeeds succeeded passes passed satisfied met pass succeed truthy hits fires "
    "fulfilled case"
)
_FALSE = words("false no fails fail untrue falsy nope nah violated failed")
_ADJECTIVAL = words("true false case satisfied met fulfilled truthy falsy untrue violated")
"""Verdicts that stay verdicts behind other words: "comes out true"."""
_OTHER_WORDS = 4
_UNSURE = words("if whether when whenever until unless while would or every each once so which that to as because")
_LINKS = words(
    "is are was evaluates evaluated evaluating to gives giving returns yields comes out be = : → -> ? ( , which "
    "that it this and therefore thus also clearly indeed still again now the condition check test comparison "
    "result answer so as does do did has have had been turns being immediately of course both - — –"
)
_ENDS = words(", . ; : ) → -> - — – and so but") | {""}


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
    while page.low(at) in _ADVERBS | _BE | NEGATIONS | {"does", "n't", "value"} and page.is_word(at):
        has_be = has_be or page.low(at) in _BE
        negated = negated != (page.low(at) in NEGATIONS or page.low(at) in ("longer",))
        at += 1
    if page.low(at) == "n't":
        at += 1
    if has_be or page.low(at - 1) in _ADVERBS:
        for words, relation in _COMPARATIVES:
            if page.lows(at, at + len(words)) == list(words) and page.is_term(at + len(words)) and has_be:
                return _relation(page, token, page.tokens[at + len(words)], relation), at + len(words) + 1, negated
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
            if page.is_word(index + 1) and page.low(index + 1) not in _ENDS | _LINKS:
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
    passed = _passed(page, index)
    if passed is not None and found is None:
        page.topic = None
        _state(page, test, index, stop - 1, passed != negated)
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


_PASSES = words("passes pass passed satisfies satisfied meets met fulfils fulfills fails fail failed")
_SUPPOSED = words("if whether when whenever until unless would only must to")
_TESTS = words("the test check condition comparison question guard a")


def _passed(page: Page, index: int) -> bool | None:
    """The verdict before a condition: "7 fails the test `n % 2 == 0`"; None if there is none."""
    at = index - 1
    while at > 0 and page.low(at) in _TESTS:
        at -= 1
    before = set(page.lows(page.clause_start(at), at))
    if at < 0 or page.low(at) not in _PASSES or before & _SUPPOSED or not page.is_word(at):
        return None
    return (page.low(at) not in ("fails", "fail", "failed")) != bool(NEGATIONS & before)


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
    other = (
        page.places.asked.outcome(not held, lines=frozenset(lines)) if lines else page.places.where(_unless(test, held))
    )
    named = any(token.kind is not Kind.literal for token in page.tokens[first : first + 1])
    found = page.add(Matter.comparison, first, last, where, "it was the other way round there", sticky=named)
    if found is not None and other is not None:
        found.opposite = other


def verdict(page: Page, at: int) -> tuple[bool, int] | None:
    """(held, end) of the verdict that follows a condition."""
    negated, others = False, 0
    for index in range(at, min(at + 10, len(page.tokens))):
        token = page.tokens[index]
        low = token.low
        if token.kind is Kind.literal and isinstance(token.value, bool):
            return token.value != negated, index + 1
        if low in ("yes", "no") and not (
            page.low(index - 1) in ("?", ":", "(", "—", "-", "–", "→", "->", "answer")
            or (index == at and page.low(index + 1) in _ENDS)
        ):
            return None
        if (low in _TRUE or low in _FALSE) and (not others or low in _ADJECTIVAL):
            return (low in _TRUE) != negated, index + 1
        if low in NEGATIONS and low != "neither":
            if low == "no":
                return negated, index + 1
            negated = not negated
            if low in ("isn't", "doesn't", "not") and page.low(index + 1) in (",", ".", ")", ";", "so", ""):
                return False, index + 1
        elif low in ("so", "and", ",") and page.is_term(index + 1) and not page.is_value(index + 1):
            return None
        elif low not in _LINKS | _ADVERBS and not page.is_arrow(index):
            others += 1
            if not page.is_word(index) or low in _UNSURE or others > _OTHER_WORDS:
                return None
    return None


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
    answers = page.low(at + 1) in _ENDS | ({"it", "that", "this"} if low in ("no", "yes") else set())
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
