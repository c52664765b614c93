"""Values of names in prose: "`total` becomes 7", "x = 3", "sets best to 5", "i goes from 2 to 3", "a and b are 1, 2".

A subject (name or expression), words that bind and say nothing else, and a value make a statement. Words that would
make it something else (than, by, not, times) end the search.
"""

import ast

from .lexer import ENGLISH
from .literal import same
from .page import NEGATIONS, Page
from .places import Where
from .statement import Matter
from .stating import PUNCTUATION, bind, could_be, is_container, state
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
    "tuple dict set number integer all way even alone from : -> → => ( respectively will would length"
)
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
_BE = words("is was gets got")
_ADDS = words(
    "add adds adding added append appends appending appended push pushes pushed subtract compare compares "
    "compared comparing return returns returned multiply multiplied"
)


_MAKE = words("make makes made give gives is are equals equal =")


_GETS = words("gets get got getting makes has reaches")


def _read_sum(page: Page, index: int) -> None:
    """ "3 and 4 make 7"."""
    one, other, total = index, index + 2, index + 4
    if page.low(index + 1) != "and":
        return
    if page.low(index - 1) in ("add", "adds", "added", "adding") and page.lows(total - 1, total + 1)[:1] == ["and"]:
        total += page.low(total) in _GETS
    elif page.low(index + 3) not in _MAKE - {"is", "are", "equals", "equal", "="}:
        return
    if total >= len(page.tokens):
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
    for index, token in enumerate(page.tokens):
        if token.low == "it" and page.is_word(index):
            before = [one for one in page.tokens[:index] if _is_variable(page, one)]
            _read_it(page, index, before + page.spoken_of)
    index = 0
    while index < len(page.tokens):
        token = page.tokens[index]
        if token.kind in (Kind.identifier, Kind.expression) and index not in page.used:
            index = max(_subject(page, index), index + 1)
        else:
            index += 1


_PUTS = words("reads read stores stored store assigns assign puts saves saved assigning storing reading")


def _is_variable(page: Page, token: Token) -> bool:
    return token.kind is Kind.identifier and token.text in page.course.variables


_REACHES = words("reaches reached becomes became equals rises drops climbs falls grows goes jumps")


def _read_it(page: Page, index: int, known: list[Token]) -> None:
    """ "it reaches 3": a name that was spoken of just before does."""
    at = index + 1 + (page.low(index + 1) in ("now", "then"))
    if page.low(at) not in _REACHES or not known:
        return
    at += 1 + (page.low(at + 1) in ("to", "now"))
    if not page.is_value(at) or _is_no_value(page, at) or not isinstance(page.tokens[at].value, int | float):
        return
    wheres = [page.places.equal(name, page.tokens[at]) for name in known]
    if all(isinstance(where, Where) for where in wheres):
        after = frozenset().union(*(where.after for where in wheres if isinstance(where, Where)))
        if any(could_be(page, name, page.tokens[at]) for name in known):
            after |= page.places.touches.fresh(page.tokens[at].value)
            page.add(
                Matter.binding, index, at, after, f"none of {', '.join(name.text for name in known)} is that there"
            )


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
        and not is_container(page, page.tokens[name])
    ):
        state(page, name, index + 1, True, None)


def _subject(page: Page, index: int) -> int:
    """The statement about the subject at a place, if there is one; gives where reading goes on."""
    token = page.tokens[index]
    if (token.node is not None and isinstance(token.node, ast.Compare | ast.BoolOp)) or is_part(page, index):
        return index + 1
    if is_noun(page, index):
        return index + 1
    subjects = _subjects(page, index)
    at = subjects[-1] + 1
    found = _value_after(page, subjects[0], at)
    if found is None:
        return subjects[-1] + 1 if len(subjects) == 1 else index + 1
    values, changes, old = found
    changes = changes or any(map(page.is_arrow, range(values[0], values[-1])))
    bind(page, subjects, values, changes, old)
    _chain(page, values[-1])
    return values[-1] + (0 if page.tokens[values[-1]].kind is not Kind.literal else 1)


_BESIDE = words("below above under over beside before behind into among within than between besides beyond against")


_WHICH = words("last next other another each every only previous same following remaining")


def is_noun(page: Page, index: int) -> bool:
    """Whether an unquoted name is only a word: "four letters", "below the cutoff are"."""
    if page.tokens[index].quoted:
        return False
    if index and (page.tokens[index - 1].kind is Kind.ordinal or page.low(index - 1) in _WHICH):
        return True
    at = index - 1 - (page.low(index - 1) in ("the", "this", "that"))
    return page.low(at) in _BESIDE or (at == index - 1 and page.is_value(at) and page.tokens[at].text.isalnum())


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
            if isinstance(token.node, ast.Compare):
                return None
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
                if low_before in PUNCTUATION and token.kind is not Kind.literal:
                    return None
            if not bound or _is_no_value(page, at):
                return None
            return _values(page, at), changes, old
        if low in _BREAKS or (token.quoted and token.kind is not Kind.word):
            return None
        if low in _STATE or low in _CHANGE or low in _BARE_BINDERS:
            bound = True
            changes = changes or low in _CHANGE
        elif low in ("to", "at") and at > start and page.is_value(at + 1) and page.low(at - 1) not in _LINKS | _ADDS:
            bound = changes = True  # whatever the verb: "sinks to -2", "comes to 45"
        elif low in ("to", "at", "as"):
            if low == "to" and _verb_before(page, first) in _ADDS:
                return None
            bound = bound or _verb_before(page, first) != ""
            changes = changes or low == "to"
        elif low not in _LINKS and not (
            at - start == (page.low(start) in _BE)
            and page.low(at + 1) in ("to", "at")
            and page.is_value(at + 2)
            and _is_verb(page, at)
        ):
            return None
        at += 1
    return None


def _is_verb(page: Page, at: int) -> bool:
    """Whether a word may be a verb that tells of a value: none of comparing, adding, or a participle."""
    return page.is_word(at) and page.low(at) not in _ADDS and not page.low(at).endswith(("ing", "ly"))


_SUPPOSING = words("if whether unless until")


def is_part(page: Page, index: int) -> bool:
    """Whether the words before a name speak of something else: "the rest of `a`", "none of the scores"."""
    before = page.lows(index - 4, index)
    if "none" in before or "neither" in before or _SUPPOSING & set(before[-2:]):
        return True
    while before and before[-1] in ("the", "variable", "our", "list", "current"):
        before.pop()
    return bool(before) and before[-1] == "of" and (len(before) < 2 or before[-2] not in ("value", "values"))


def _makes(page: Page, first: int) -> bool:
    return page.low(first - 1) in _MAKES or page.low(first - 2) in _MAKES


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


_DONE_TO = words("added appended removed subtracted pushed popped deleted inserted dropped put taken")
"""What follows a thing that something was done with: "total gets 3 added"."""


def _is_no_value(page: Page, at: int) -> bool:
    """Whether a number is a count of something, or begins a statement of its own."""
    after = page.low(at + 1)
    token = page.tokens[at]
    if is_count(page, at) or after in _DONE_TO:
        return True
    if token.kind is Kind.literal and isinstance(token.value, int | float) and not isinstance(token.value, bool):
        return after in _NOT_VALUES and not token.quoted and not (after == "or" or after == "of")
    return False


def counts_things(page: Page, at: int) -> bool:
    """Whether a number stands before a noun: "10 comparisons"; of what there are so many, nobody can tell."""
    token = page.tokens[at]
    return not token.quoted and page.is_word(at + 1) and page.low(at + 1) not in _AFTER_NUMBER | _AFTER_SUBJECT


def is_count(page: Page, at: int) -> bool:
    """Whether a number in words counts what comes after it: "one trip"."""
    token = page.tokens[at]
    return token.text.isalpha() and isinstance(token.value, int) and page.is_word(at + 1) and (
        page.low(at + 1) not in _AFTER_NUMBER
    )  # fmt: skip


_AFTER_NUMBER = words(
    "and or so as at in on by after before when while since because with which that then now again here there for from "
    "to but if is was are does has gets becomes goes once too also already respectively this these those it the a an "
    "of not than until during instead"
)


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
