"""Values of names in prose: "`total` becomes 7", "x = 3", "sets best to 5", "i goes from 2 to 3", "a and b are 1, 2".

A subject (name or expression), words that bind and say nothing else, and a value make a statement. Words that would
make it something else (than, by, not, times) end the search.
"""

import ast

from .course import Tick
from .lexer import ENGLISH
from .literal import UNKNOWN, same
from .page import NEGATIONS, Page
from .statement import Matter
from .tokens import Kind, Token
from .vocabulary import words

_STATE = words(
    "is are was were equals equal = == hold holds held stay stays stayed remain remains remained has have had "
    "contains contain contained stand stands stood be being keeps kept keep still"
)
_CHANGE = words(
    "become becomes became becoming get gets got getting go goes went going reach reaches reached reaching set "
    "sets setting update updates updated updating rise rises rose rising grow grows grew growing drop drops "
    "dropped dropping fall falls fell falling climb climbs climbed climbing change changes changed turn turns "
    "turned move moves moved moving bump bumps bumped increase increases increased increasing decrease decreases "
    "decreased decreasing increment increments incremented decremented take takes took taking assign assigned "
    "assigns start starts started starting begin begins began initialised initialized initialises initializes "
    "initialise initialize receives received receive now :="
)
_LINKS = words(
    "to at as the value values of a an its now still currently again also just then therefore thus new current up "
    "down out back been exactly simply only already initially both final finally once more total text string list "
    "tuple dict set number integer all way even alone left from : -> → => ( respectively will would length"
) | {"index"}
_MAKES = words("makes making make leaves leaving leave left with keeps keep brings bringing gives giving")
_BARE_BINDERS = words("= == : → -> => ( :=")
_UNITS = words(
    "elements element items item entries entry characters character chars letters letter digits digit keys key "
    "words numbers members values long rows columns"
)
_NOT_VALUES = (
    words(
        "times time more less greater smaller bigger larger rounds round iterations iteration passes pass steps step "
        "st nd rd th % percent or and/or different distinct of"
    )
    | _UNITS
)
_BREAKS = NEGATIONS | words(
    "than by if whether when while because since so but which who that until unless after before compared times "
    "plus minus or smaller greater larger less more"
)
_ADDS = words(
    "add adds adding added append appends appending appended push pushes pushed subtract compare compares "
    "compared comparing return returns returned multiply multiplied"
)


_MAKE = words("make makes made give gives is are equals equal =")


def _read_sum(page: Page, index: int) -> None:
    """ "3 and 4 make 7"."""
    one, other, total = index, index + 2, index + 4
    if page.low(index + 1) != "and" or page.low(index + 3) not in _MAKE - {"is", "are", "equals", "equal", "="}:
        return
    if all(page.is_value(at) and isinstance(page.tokens[at].value, int | float) for at in (one, other, total)):
        holds = same(page.tokens[total].value, page.tokens[one].value + page.tokens[other].value)
        page.add(Matter.binding, one, total, holds, "the sum is another")
        page.used.difference_update((one, other, total))


def read_bindings(page: Page) -> None:
    """All values that a sentence gives to names and expressions."""
    for index in range(len(page.tokens)):
        _read_sum(page, index)
    for index, token in enumerate(page.tokens):
        if token.low in _PUTS and token.kind is Kind.word:
            _read_put(page, index)
    index = 0
    while index < len(page.tokens):
        token = page.tokens[index]
        if token.kind in (Kind.identifier, Kind.expression) and index not in page.used:
            index = max(_subject(page, index), index + 1)
        else:
            index += 1


_PUTS = words("reads read stores stored store assigns assign puts saves saved assigning storing reading")


def _read_put(page: Page, index: int) -> None:
    """ "reads 10 into n"."""
    if (
        not page.is_value(index + 1)
        or page.low(index + 2) not in ("into", "in", "to")
        or page.low(index - 1) in NEGATIONS
    ):
        return
    name = index + 3 + (page.low(index + 3) in ("the", "variable"))
    if (
        name < len(page.tokens)
        and page.tokens[name].kind is Kind.identifier
        and not _is_container(page, page.tokens[name])
    ):
        _state(page, name, index + 1, True, None)


def _subject(page: Page, index: int) -> int:
    """The statement about the subject at a place, if there is one; gives where reading goes on."""
    token = page.tokens[index]
    if (token.node is not None and isinstance(token.node, ast.Compare | ast.BoolOp)) or is_part(page, index):
        return index + 1
    subjects = _subjects(page, index)
    at = subjects[-1] + 1
    found = _value_after(page, subjects[0], at)
    if found is None:
        return subjects[-1] + 1 if len(subjects) == 1 else index + 1
    values, changes, old = found
    changes = changes or any(map(page.is_arrow, range(values[0], values[-1])))
    _bind(page, subjects, values, changes, old)
    _chain(page, values[-1])
    return values[-1] + (0 if page.tokens[values[-1]].kind is not Kind.literal else 1)


def _subjects(page: Page, index: int) -> list[int]:
    """`a`, `b` and `c`, or one name, or `a = b` (two names of one value)."""
    found = [index]
    at = index + 1
    while True:
        step = at
        while page.low(step) in (",", "and", "both", "=", "the"):
            step += 1
        if step == at or not (step < len(page.tokens) and page.tokens[step].kind is Kind.identifier):
            break
        found.append(step)
        at = step + 1
    if len(found) > 1 and (page.low(at) in (":", "(", ".", ";") or not {"and", "="} & set(page.lows(index, at))):
        return [index]
    if len(found) > 1 and page.low(at) == "=" and "=" not in page.lows(index, at):
        return [index]
    return found


def _value_after(page: Page, first: int, at: int) -> tuple[list[int], bool, int | None] | None:
    """(values, whether the words tell of a change, the old value) after a subject that ends before `at`."""
    bound, changes, old, start = False, False, None, at
    while at < len(page.tokens):
        token, low = page.tokens[at], page.low(at)
        if token.is_term:
            if low_before := page.low(at - 1):
                if low_before == "from" and not (changes or bound):
                    return None
                if low_before == "from":
                    old = at
                    at += 1
                    bound = True
                    continue
                if at == start:
                    bound = _makes(page, first) or _stands_beside(page, first, at)
                if low_before in _PUNCTUATION and token.kind is not Kind.literal:
                    return None
            if not bound or _is_no_value(page, at):
                return None
            return _values(page, at), changes, old
        if low in _BREAKS or (token.quoted and token.kind is not Kind.word):
            return None
        if low in _STATE or low in _CHANGE or low in _BARE_BINDERS:
            bound = True
            changes = changes or low in _CHANGE
        elif low in ("to", "at", "as"):
            if low == "to" and _verb_before(page, first) in _ADDS:
                return None
            bound = bound or _verb_before(page, first) != ""
            changes = changes or low == "to"
        elif low not in _LINKS:
            return None
        at += 1
    return None


def is_part(page: Page, index: int) -> bool:
    """Whether the words before a name speak of something else: "the rest of `a`", "none of the scores"."""
    before = page.lows(index - 4, index)
    if "none" in before or "neither" in before or "whether" in before[-2:]:
        return True
    while before and before[-1] in ("the", "variable", "our", "list", "current"):
        before.pop()
    return bool(before) and before[-1] == "of" and (len(before) < 2 or before[-2] not in ("value", "values"))


def _makes(page: Page, first: int) -> bool:
    return page.low(first - 1) in _MAKES or page.low(first - 2) in _MAKES


_PUNCTUATION = words(": -> → => ⇒ ( —")


def _stands_beside(page: Page, first: int, at: int) -> bool:
    """Notes leave the verb out: "balance 50"."""
    name, value = page.tokens[first], page.tokens[at]
    return (
        name.kind is Kind.identifier
        and value.kind is Kind.literal
        and not value.text.isalpha()
        and name.low not in ENGLISH
    )


_TRANSITIVE = words(
    "set sets setting bring brings bringing brought take takes taking push pushes pushing raise raises raising "
    "raised lift lifts lifting make makes making leave leaves leaving left update updates updating updated bump "
    "bumps bumping increase increases increasing increased decrease decreasing reset resets resetting initialize "
    "initializes initialise initialised initialises initialized initialising initializing change changes changing "
    "changed turn turns turning move moves moving moved drop drops dropping keep keeps keeping start starts "
    "starting with advance advances lowers lower reduce reduces rewrite"
)


def _verb_before(page: Page, first: int) -> str:
    """The verb that acts on the subject: "sets `best` to"."""
    for index in range(first - 1, max(-1, first - 5), -1):
        low = page.low(index)
        if low in _TRANSITIVE and NEGATIONS & set(page.lows(index - 3, index)):
            return ""
        if low in _TRANSITIVE or low in _ADDS:
            return low
        if page.tokens[index].kind is not Kind.word:
            return ""
    return ""


def _is_no_value(page: Page, at: int) -> bool:
    """Whether a number is a count of something, or begins a statement of its own."""
    after = page.low(at + 1)
    token = page.tokens[at]
    if token.kind is Kind.literal and isinstance(token.value, int | float) and not isinstance(token.value, bool):
        return after in _NOT_VALUES and not token.quoted and not (after == "or" or after == "of")
    return False


def _chain(page: Page, at: int) -> None:
    """What follows a value by another equals sign: `total = 4 + 3 = 7`."""
    while page.low(at + 1) in ("=", "==") and page.is_term(at + 2):
        left, right = page.tokens[at], page.tokens[at + 2]
        page.add(Matter.binding, at, at + 2, page.places.equal(left, right), f"{left.text} is not {right.text}")
        at += 2


def _values(page: Page, at: int) -> list[int]:
    """One value, or those of an enumeration: 0, 1 and 2."""
    found = [at]
    while True:
        step = at + 1
        while page.low(step) in (",", "and", "then", "/", "finally") or _leads_on(page, step):
            step += 1
        if step == at + 1 or not page.is_value(step) or page.low(step + 1) in _AFTER_SUBJECT:
            return found
        if page.low(step + 1) in _NOT_VALUES:
            return found
        found.append(step)
        at = step


def _leads_on(page: Page, at: int) -> bool:
    """Whether an arrow is one of several between numbers: `0 -> 4 -> 3`; a single one may lead to anything."""
    numbers = [index for index in (at - 1, at + 1) if page.is_value(index) and type(page.tokens[index].value) is int]
    return page.is_arrow(at) and len(numbers) == 2 and (page.is_arrow(at - 2) or page.is_arrow(at + 2))


_AFTER_SUBJECT = _STATE | _CHANGE | words("> < isn't")


def _bind(page: Page, subjects: list[int], values: list[int], changes: bool, old: int | None) -> None:
    """State what a subject is, or what several are."""
    if len(subjects) > 1:
        if len(values) == len(subjects):
            for one, value in zip(subjects, values, strict=True):
                _state(page, one, value, changes, old)
        elif len(values) == 1:
            for one in subjects:
                _state(page, one, values[0], changes, old)
        return
    if len(values) > 1 and not changes:
        if page.low(subjects[0] - 1) in (",", "and"):
            return
        values = values[:1]
        page.is_summary = True
    for number, value in enumerate(values):
        _state(page, subjects[0], value, changes, old if number == 0 else None)


def _state(page: Page, subject: int, value: int, changes: bool, old: int | None) -> None:
    name, token = page.tokens[subject], page.tokens[value]
    places = page.places
    first, last = min(subject, value), max(subject, value)
    if name.kind is Kind.expression and name.lines and token.kind is Kind.literal and isinstance(token.value, bool):
        return
    if name.kind is Kind.identifier and name.text not in page.course.variables:
        return
    if changes and name.kind is Kind.identifier and token.kind is Kind.literal:
        where = places.changes(name.text, token.value)
        if old is not None and page.is_term(old):
            before = places.value(page.tokens[old], page.course.ticks[0])
            if before is not UNKNOWN:
                where = places.went(name.text, before, token.value)
                page.used.add(old)
        elif not where:
            where = places.equal(name, token)
    else:
        where = places.equal(name, token)
    if (
        where is not None
        and not where
        and isinstance(token.value, str)
        and token.kind is Kind.literal
        and not token.quoted
    ):
        where = _loose_string(page, name, token) or where
    if where is not None and not where and isinstance(token.value, int) and not isinstance(token.value, bool):
        length = places.equal(_length(name), token)
        if length and name.kind is Kind.identifier and _is_container(page, name):
            where = length
    if (
        where is not None
        and not where
        and name.kind is Kind.identifier
        and token.kind is Kind.literal
        and not isinstance(token.value, list | tuple | dict)
    ):
        where = _of_element(page, name, token)
    page.add(Matter.binding, first, last, where, _why(page, name, token))
    page.used.update(range(first, last + 1))


def _of_element(page: Page, name: Token, token: Token) -> frozenset[int]:
    """Where an element of a dict or list has the value: "its stock is 0" with `stock` a dict."""

    def test(tick: Tick, before: bool) -> object:
        value = page.places.value(name, tick, before)
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else ()
        return any(same(token.value, item) for item in items)

    return page.places.where(test) or frozenset()


def _length(name: Token) -> Token:
    from .joining import parsed

    return Token(Kind.expression, f"len({name.text})", name.start, name.end, node=parsed(f"len({name.text})"))


def _is_container(page: Page, name: Token) -> bool:
    return any(
        isinstance(page.course.lookup(name.text, tick), list | tuple | dict | set | str) for tick in page.course.ticks
    )


def _loose_string(page: Page, name: Token, token: Token) -> frozenset[int]:
    """Quoted text may stand for another value's text: "7" for 7."""
    return (
        page.places.where(lambda tick, before: str(page.places.value(name, tick, before)) == token.value) or frozenset()
    )


def _why(page: Page, name: Token, token: Token) -> str:
    had: list[str] = []
    for tick in page.course.ticks:
        value = page.places.value(name, tick)
        if value is not UNKNOWN and repr(value) not in had:
            had.append(repr(value))
    return f"{name.text} is {', then '.join(had[:8])}{' ...' if len(had) > 8 else ''}, not {token.text} there"
