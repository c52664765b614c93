# ruff: noqa: RUF001 - people write dashes, quotes and signs of all kinds
"""Rounds in prose: "in the third pass", "iteration 2", "the last round", "the loop runs four times".

A round that is told by its number gives its neighbours a scope; how often a loop went round is counted.
"""

from .counts import ROUNDS, loops_meant, read_count
from .literal import TIMES
from .page import Page
from .statement import Matter, Scope
from .tokens import Kind
from .vocabulary import words

_ROUND = words("iteration pass round cycle lap loop repetition trip time go turn")

_NUMBERED = words("iteration pass round cycle lap")

_HAPPENS = words("happens happened occurs occurred is was")


def read_rounds(page: Page) -> None:
    """Scopes of a sentence, and how often things happened."""
    for index, token in enumerate(page.tokens):
        if index in page.used:
            continue
        low = token.low
        if token.kind is Kind.ordinal or (low in ("last", "final") and page.is_word(index)):
            _read_ordinal(page, index)
        elif low in ROUNDS and page.is_value(index + 1):
            _read_numbers(page, index)
        elif (
            low in _NUMBERED
            and page.low(index - 1) not in ("the", "a")
            and page.is_value(index + 1 + (page.low(index + 1) in ("#", "number")))
        ):
            _read_number(page, index)
    for index in range(len(page.tokens)):
        _read_after(page, index)
    for index, token in enumerate(page.tokens):
        if (
            index not in page.used
            and token.kind is Kind.literal
            and isinstance(token.value, int)
            and page.low(index + 1) in (ROUNDS | {"times", "round", "iteration", "pass"})
            and not (page.low(index + 1) == "passes" and _is_verb(page, index))
        ):
            read_count(page, index, index + 1, token.value)
        elif token.low in TIMES and page.is_word(index) and page.low(index + 1) in ("", ".", ",", ";", ")", "and"):
            read_count(page, index, index, TIMES[token.low])


def _read_after(page: Page, index: int) -> None:
    """ "After four words": when so many rounds of the program's one loop are done."""
    if page.low(index) != "after" or not page.is_value(index + 1) or not page.is_word(index + 2):
        return
    number, noun = page.tokens[index + 1].value, page.low(index + 2)
    one_loop = len({run.line for run in page.course.runs}) == 1 == len(page.course.runs)
    if not one_loop or type(number) is not int or not noun.endswith("s") or noun in ("is", "was", "has", "this"):
        return
    done = page.places.laps.done(number)
    if done and isinstance(done, frozenset):
        page.used.update((index, index + 1, index + 2))
        page.scopes.append((index, Scope(((min(done), max(done) + 1),), f"after {number} {noun}"), False))


def _read_ordinal(page: Page, index: int) -> None:
    if page.low(index - 1) == "no" or {"never", "without", "since"} & set(page.lows(index - 4, index)):
        page.used.add(index)
        return  # "there is no fifth round", "it has been there since the second"
    at = index + 1
    numbers = [page.tokens[index].value if page.tokens[index].kind is Kind.ordinal else None]
    while page.low(at) in ("and", ",", "or", "to", "through") or (
        at < len(page.tokens) and page.tokens[at].kind is Kind.ordinal
    ):
        if page.tokens[at].kind is Kind.ordinal:
            numbers.append(page.tokens[at].value)
        at += 1
    while page.low(at) in ("and", "final", "last", "full", "outer", "inner", "while", "for", "loop", "(") and page.low(
        at + 1
    ) in (_ROUND | ROUNDS | {"outer", "inner", "loop", "last", "final"}):
        at += 1
    low = page.low(at)
    if low not in _ROUND and low not in ROUNDS:
        _hint(page, index, numbers)
        return
    if low in ("loop", "turn", "go", "trip") and page.low(index - 1) not in ("the", "on", "our"):
        return
    if low == "loop" and page.low(at + 1) not in ("iteration", "pass", "round", "cycle"):
        return
    if low == "time" and page.low(at + 1) not in ("through", "around", "round"):
        return
    if low in ("time", "go", "turn") and not page.course.rounds:
        return
    scopes = [page.places.laps.rounds(number, loops_meant(page, index)) for number in numbers]
    _place(page, index, at, scopes)


def _hint(page: Page, index: int, numbers: list[int | None]) -> None:
    """ "The third number": most likely the third round, if there is one loop."""
    if len({run.line for run in page.course.runs}) != 1 or page.low(index - 1) not in ("the", "our", ""):
        return
    if (
        page.scopes
        and page.scopes[-1][2]
        and page.low(index - 1) == "the"
        and len(numbers) == 1
        and page.is_word(index + 1)
    ):
        _place(page, index, index, [page.places.laps.rounds(numbers[0], page.scopes[-1][1].lines)])
        return
    if not page.is_word(index + 1) or page.low(index + 1) in ("to", "of", "is", "was", "in", "time"):
        return
    scope = page.places.laps.rounds(numbers[0])
    if scope is not None and len(numbers) == 1:
        page.add(Matter.line, index, index, scope.ticks, weight=0.6)


def _place(page: Page, first: int, last: int, scopes: list[Scope | None]) -> None:
    page.used.update(range(first, last + 1))
    if any(scope is None for scope in scopes):
        several = len(page.course.run_counts()) > 1 and not page.is_value(last)
        if (not several and page.course.rounds) or page.course.run_counts():
            page.add(Matter.iteration, first, last, False, "there is no such round")
        return
    windows = tuple(window for scope in scopes if scope for window in scope.windows)
    lines = frozenset(line for scope in scopes if scope for line in scope.lines)
    scope = Scope(windows, " ".join(page.lows(first, last + 1)), lines)
    page.scopes.append((first, scope, True))
    found = page.add(Matter.iteration, first, last, scope.ticks, "there is no such round")
    if found is not None and first > 2 and page.low(0) in ("this", "that") and page.low(1) in _HAPPENS:
        found.opposite = page.places.laps.other_rounds(scope)


def _read_number(page: Page, index: int) -> None:
    at = index + 1 + (page.low(index + 1) in ("#", "number"))
    number = page.tokens[at].value
    if not isinstance(number, int) or isinstance(number, bool):
        return
    number += page.counts_from_zero
    if number == 0:
        page.used.update((index, at))
        return
    if page.is_value(at + 2) and page.low(at + 1) in ("and", "–", "-", "to", ","):
        return
    _place(page, index, at, [page.places.laps.rounds(number, loops_meant(page, index))])


def _read_numbers(page: Page, index: int) -> None:
    """ "Rounds 1, 2 and 5"."""
    numbers, at, last = list[int](), index + 1, index
    while page.is_value(at) and isinstance(page.tokens[at].value, int):
        numbers.append(page.tokens[at].value + page.counts_from_zero)
        last = at
        at += 1
        while page.low(at) in (",", "and"):
            at += 1
        if page.low(at) in ("to", "-", "–", "through") or not page.is_value(at):
            break
    if not numbers or page.low(at) in ("to", "-", "–", "through") or 0 in numbers:
        return
    _place(page, index, last, [page.places.laps.rounds(number, loops_meant(page, index)) for number in numbers])


def _is_verb(page: Page, index: int) -> bool:
    """Whether a number does the passing: "7 passes: ...", "3 passes the test"."""
    begins = index == page.clause_start(index) or page.low(index - 1) in ("and", "but", "the", "so")
    return page.low(index + 2) in ("the", "a", "this") or (begins and page.low(index + 2) in (":", ",", ".", "", "and"))
