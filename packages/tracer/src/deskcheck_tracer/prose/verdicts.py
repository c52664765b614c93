# ruff: noqa: RUF001 - people write dashes, quotes and signs of all kinds
"""Verdicts on conditions: "is true", "comes out false", "did not hold" after one, "fails the test" before one.

Right after its condition many words are verdicts; behind other words ("comes out true") only those that are nothing
else.
"""

from .page import NEGATIONS, Page
from .tokens import Kind
from .vocabulary import words

ADVERBS = words(
    "indeed actually clearly also again still now itself currently not even then already just strictly exactly in "
    "fact obviously certainly definitely both always never neither no longer is"
) - {"even"}
_TRUE = words(
    "true yes holds hold held succeeds succeeded passes passed satisfied met pass succeed truthy hits fires "
    "fulfilled case"
)
_FALSE = words("false no fails fail untrue falsy nope nah violated failed")
_ADJECTIVAL = words("true false case satisfied met fulfilled truthy falsy untrue violated")
"""Verdicts that stay verdicts behind other words: "comes out true"."""
_OTHER_WORDS = 4
_UNSURE = words("if whether when whenever until unless while would or every each once so which that to as because")
LINKS = words(
    "is are was evaluates evaluated evaluating to gives giving returns yields comes out be = : → -> ? ( , which "
    "that it this and therefore thus also clearly indeed still again now the condition check test comparison "
    "result answer so as does do did has have had been turns being immediately of course both - — –"
)
ENDS = words(", . ; : ) → -> - — – and so but") | {""}


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
            or (index == at and page.low(index + 1) in ENDS)
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
        elif low not in LINKS | ADVERBS and not page.is_arrow(index):
            others += 1
            if not page.is_word(index) or low in _UNSURE or others > _OTHER_WORDS:
                return None
    return None


_PASSES = words("passes pass passed satisfies satisfied meets met fulfils fulfills fails fail failed")
_SUPPOSED = words("if whether when whenever until unless would only must to")
_TESTS = words("the test check condition comparison question guard a")


def passed(page: Page, index: int) -> bool | None:
    """The verdict before a condition: "7 fails the test `n % 2 == 0`"; None if there is none."""
    at = index - 1
    while at > 0 and page.low(at) in _TESTS:
        at -= 1
    before = set(page.lows(page.clause_start(at), at))
    if at < 0 or page.low(at) not in _PASSES or before & _SUPPOSED or not page.is_word(at):
        return None
    return (page.low(at) not in ("fails", "fail", "failed")) != bool(NEGATIONS & before)
