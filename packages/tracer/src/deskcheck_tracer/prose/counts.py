"""How often, in prose: "the loop runs four times", "`f` is called twice"; and which loops words near a place mean.

A number that a clause restricts ("three times where it is even") is left alone: what it counts is not known.
"""

import ast
from collections import Counter
from itertools import pairwise

from .page import Page
from .statement import Matter
from .vocabulary import words

ROUNDS = words("iterations passes rounds cycles laps repetitions trips")

_RUNS = words(
    "run runs ran iterate iterates iterated execute executes executed repeat repeats repeated go goes went loop "
    "loops looped gone running iterating executing looping makes make made needs need takes took spins happens times"
)


_IN_ALL = words("total altogether overall all whole")
_LOOP = words("loop loops while iterations rounds passes iterates body outer inner outermost")
_SELECTIVE = words("first last leaves remaining other next more another least most every")
_DONE = words("called calls runs ran executed prints printed")


def loops_meant(page: Page, index: int) -> frozenset[int]:
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


def read_count(page: Page, first: int, last: int, number: int) -> None:
    """How often a loop went round, a function was called, a line ran."""
    low = page.lows(page.clause_start(first), page.clause_end(first))
    near = set(low) - ({word for word, after in pairwise(low) if after == "loop"} & {"first", "last", "next"})
    if _is_restricted(page, first, last, near):
        page.used.update(range(first, last + 1))
    elif near & _LOOP and near & (_RUNS | ROUNDS | {"in"}):
        _count_rounds(page, first, last, number, near)
    elif near & _DONE and number > 1:
        page.add(Matter.iteration, first, last, number in _all_counts(page), f"nothing happened {number} times")


def _is_restricted(page: Page, first: int, last: int, near: set[str]) -> bool:
    in_all = page.lows(last + 1, last + 3) in (["in", "total"], ["in", "all"])
    follows = not in_all and page.low(last + 1) in ("in", "where", "that", "which", "with", "when") and last > first
    return follows or bool(near & _SELECTIVE) or page.low(first - 1) in ("these", "than", "those")


def _count_rounds(page: Page, first: int, last: int, number: int, near: set[str]) -> None:
    """A count of rounds holds if one run of a loop, or all of them together, had so many."""
    course, lines = page.course, loops_meant(page, first)
    by_line = [runs for line, runs in course.run_counts().items() if not lines or line in lines]
    counts = {count for runs in by_line for count in (*runs, sum(runs))}
    windows = [
        (run.starts[0], run.end)
        for run in course.runs
        if run.starts and (not lines or run.line in lines) and len(run.starts) == number
    ]
    totals = number in {sum(runs) for runs in by_line}
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


def _all_counts(page: Page) -> set[int]:
    """How often anything happened: rounds, lines, calls, outcomes of a condition."""
    course = page.course
    counts = {count for runs in course.run_counts().values() for count in (*runs, sum(runs))}
    counts |= set(Counter(tick.moment.line for tick in course.ticks if tick.moment.what.value == "step").values())
    counts |= set(Counter(call.function for call in course.calls).values())
    counts |= set(Counter((course.ticks[index].moment.line, held) for index, held in course.outcomes).values())
    return counts
