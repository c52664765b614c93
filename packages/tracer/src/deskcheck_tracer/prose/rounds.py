# ruff: noqa: RUF001 - people write dashes, quotes and signs of all kinds
"""Rounds in prose: "in the third pass", "iteration 2", "the last round", "the loop runs four times".

A round that is told by its number gives its neighbours a scope; how often a loop went round is counted.
"""

import ast
from collections import Counter
from itertools import pairwise

from .literal import TIMES
from .page import Page
from .statement import Matter, Scope
from .tokens import Kind
from .vocabulary import words

_ROUND = words("iteration pass round cycle lap loop repetition trip time go turn")

_ROUNDS = words("iterations passes rounds cycles laps repetitions trips")

_NUMBERED = words("iteration pass round cycle lap")

_RUNS = words(
    "run runs ran iterate iterates iterated execute executes executed repeat repeats repeated go goes went loop "
    "loops looped gone running iterating executing looping makes make made needs need takes took spins happens times"
)


def read_rounds(page: Page) -> None:
    """Scopes of a sentence, and how often things happened."""
    for index, token in enumerate(page.tokens):
        if index in page.used:
            continue
        low = token.low
        if token.kind is Kind.ordinal or (low in ("last", "final") and page.is_word(index)):
            _read_ordinal(page, index)
        elif low in _ROUNDS and page.is_value(index + 1):
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
            and page.low(index + 1) in (_ROUNDS | {"times", "round", "iteration", "pass"})
            and not (page.low(index + 1) == "passes" and _is_verb(page, index))
        ):
            _read_count(page, index, index + 1, token.value)
        elif token.low in TIMES and page.is_word(index) and page.low(index + 1) in ("", ".", ",", ";", ")", "and"):
            _read_count(page, index, index, TIMES[token.low])


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


def _loops(page: Page, index: int) -> frozenset[int]:
    """The lines of the loops that words near a place mean: outer, inner, while, `for`."""
    near = set(page.lows(page.clause_start(index), page.clause_end(index)))
    found = page.course.run_counts()
    nodes = [node for node in ast.walk(page.course.tree) if isinstance(node, ast.For | ast.While)]
    inner = {
        part.lineno
        for node in nodes
        for child in node.body
        for part in ast.walk(child)
        if isinstance(part, ast.For | ast.While)
    }
    lines = {node.lineno for node in nodes}
    low = page.lows(page.clause_start(index), page.clause_end(index))
    for number, word in enumerate(("first", "second", "third")):
        if word in low and low[low.index(word) + 1 : low.index(word) + 2] == ["loop"]:
            lines = set(sorted(lines)[number : number + 1])
    if near & {"outer", "outermost"}:
        lines -= inner
    if near & {"inner", "innermost"}:
        lines &= inner
    if "while" in near:
        lines &= {node.lineno for node in nodes if isinstance(node, ast.While)}
    if "for" in near and any(token.low == "for" and token.quoted for token in page.tokens):
        lines &= {node.lineno for node in nodes if isinstance(node, ast.For)}
    lines &= set(found) | lines
    return frozenset(lines) if lines != {node.lineno for node in nodes} else frozenset()


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
    ) in (_ROUND | _ROUNDS | {"outer", "inner", "loop", "last", "final"}):
        at += 1
    low = page.low(at)
    if low not in _ROUND and low not in _ROUNDS:
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
    scopes = [page.places.laps.rounds(number, _loops(page, index)) for number in numbers]
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
    _place(page, index, at, [page.places.laps.rounds(number, _loops(page, index))])


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
    _place(page, index, last, [page.places.laps.rounds(number, _loops(page, index)) for number in numbers])


def _is_verb(page: Page, index: int) -> bool:
    """Whether a number does the passing: "7 passes: ...", "3 passes the test"."""
    begins = index == page.clause_start(index) or page.low(index - 1) in ("and", "but", "the", "so")
    return page.low(index + 2) in ("the", "a", "this") or (begins and page.low(index + 2) in (":", ",", ".", "", "and"))


_HAPPENS = words("happens happened occurs occurred is was")
_IN_ALL = words("total altogether overall all whole")


def _read_count(page: Page, first: int, last: int, number: int) -> None:
    """How often a loop went round, a function was called, a line ran."""
    near = set(page.lows(page.clause_start(first), page.clause_end(first)))
    in_all = page.lows(last + 1, last + 3) in (["in", "total"], ["in", "all"])
    restricted = not in_all and page.low(last + 1) in ("in", "where", "that", "which", "with", "when") and last > first
    low = page.lows(page.clause_start(first), page.clause_end(first))
    near -= {word for word, after in pairwise(low) if after == "loop"} & {"first", "last", "next"}
    if (
        restricted
        or near & {"first", "last", "leaves", "remaining", "other", "next", "more", "another", "least", "most", "every"}
        or page.low(first - 1) in ("these", "than", "those")
    ):
        page.used.update(range(first, last + 1))
        return
    course = page.course
    loop = near & {
        "loop",
        "loops",
        "while",
        "iterations",
        "rounds",
        "passes",
        "iterates",
        "body",
        "outer",
        "inner",
        "outermost",
    }
    if loop and near & (_RUNS | _ROUNDS | {"in"}):
        lines = _loops(page, first)
        counts = {
            count
            for line, runs in course.run_counts().items()
            if not lines or line in lines
            for count in (*runs, sum(runs))
        }
        windows = [
            (run.starts[0], run.end)
            for run in course.runs
            if run.starts and (not lines or run.line in lines) and len(run.starts) == number
        ]
        totals = number in {sum(runs) for line, runs in course.run_counts().items() if not lines or line in lines}
        where: frozenset[int] | bool = number in counts
        inside = lines and len({len(run.starts) for run in course.runs if run.line in lines}) > 1
        if where and windows and not totals and inside:
            where = frozenset(
                tick for start, stop in windows for tick in range(max(0, start - 2), min(stop + 1, len(course.ticks)))
            )
        if not where and not near & (_RUNS | _IN_ALL):
            where = page.places.laps.done(number, lines)
        why = f"the loops ran {sorted(counts)} times"
        found = page.add(Matter.iteration, first, last, where, why, sticky=not isinstance(where, bool))
        if found is not None and lines:
            found.lines = lines
            found.counted = frozenset(tick for start, stop in windows for tick in range(max(0, start - 2), stop))
        return
    counts = {count for runs in course.run_counts().values() for count in (*runs, sum(runs))}
    counts |= set(Counter(tick.moment.line for tick in course.ticks if tick.moment.what.value == "step").values())
    counts |= set(Counter(call.function for call in course.calls).values())
    counts |= set(Counter((course.ticks[index].moment.line, held) for index, held in course.outcomes).values())
    if near & {"called", "calls", "runs", "ran", "executed", "prints", "printed"} and number > 1:
        page.add(Matter.iteration, first, last, number in counts, f"nothing happened {number} times")
