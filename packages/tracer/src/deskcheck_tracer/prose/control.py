"""Rounds, branches, calls, returns and printing in prose.

"In the third pass", "iteration 2", "the last round" give their neighbours a scope. "The loop runs four times" counts.
"The condition fails", "skips the `if`", "takes the else branch" say how a condition came out.
"""

import ast
from collections import Counter

from ..claims import true_output
from .lexer import Kind
from .literal import NUMBERS, TIMES, UNKNOWN, key, same, value_of
from .page import NEGATIONS, Page
from .statement import Matter, Scope
from .vocabulary import words

_ROUND = words("iteration pass round cycle lap loop repetition trip time go turn")
_ROUNDS = words("iterations passes rounds cycles laps repetitions trips")
_NUMBERED = words("iteration pass round cycle lap")
_RUNS = words(
    "run runs ran iterate iterates iterated execute executes executed repeat repeats repeated go goes went loop "
    "loops looped running iterating executing looping makes make made needs need takes took spins happens times"
)
_SKIPS = words("skip skips skipped skipping bypass bypasses bypassed avoid avoids")
_TAKES = words(
    "take takes taken taking took enter enters entered entering run runs ran execute executes executed executing "
    "fires applies follow follows followed hit hits choose chooses reach reached fall falls fell drop go goes "
    "land lands use uses used into to via"
)
_RETURNS = words("return returns returned returning")
_PRINTS = words("print prints printed printing outputs displays displayed emits emitted writes")


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
        elif low in _NUMBERED and page.is_value(index + 1 + (page.low(index + 1) in ("#", "number"))):
            _read_number(page, index)
    for index, token in enumerate(page.tokens):
        if (
            token.kind is Kind.literal
            and isinstance(token.value, int)
            and page.low(index + 1) in (_ROUNDS | {"times", "round", "iteration", "pass"})
        ):
            _read_count(page, index, index + 1, token.value)
        elif token.low in TIMES and page.is_word(index) and page.low(index + 1) in ("", ".", ",", ";", ")", "and"):
            _read_count(page, index, index, TIMES[token.low])


def _loops(page: Page, index: int) -> frozenset[int]:
    """The lines of the loops that words near a place mean: outer, inner, while, `for`."""
    words = set(page.lows(page.clause_start(index), page.clause_end(index)))
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
    if "outer" in words:
        lines -= inner
    if "inner" in words:
        lines &= inner
    if "while" in words:
        lines &= {node.lineno for node in nodes if isinstance(node, ast.While)}
    if "for" in words and any(token.low == "for" and token.quoted for token in page.tokens):
        lines &= {node.lineno for node in nodes if isinstance(node, ast.For)}
    lines &= set(found) | lines
    return frozenset(lines) if lines != {node.lineno for node in nodes} else frozenset()


def _read_ordinal(page: Page, index: int) -> None:
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
    if low == "time" and page.low(at + 1) not in ("through", "around", "round", "the"):
        return
    if low in ("time", "go", "turn") and not page.course.rounds:
        return
    scopes = [page.places.rounds(number, _loops(page, index)) for number in numbers]
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
        _place(page, index, index, [page.places.rounds(numbers[0], page.scopes[-1][1].lines)])
        return
    if not page.is_word(index + 1) or page.low(index + 1) in ("to", "of", "is", "was", "in", "time"):
        return
    scope = page.places.rounds(numbers[0])
    if scope is not None and len(numbers) == 1:
        page.add(Matter.line, index, index, scope.ticks, weight=0.6)


def _place(page: Page, first: int, last: int, scopes: list[Scope | None]) -> None:
    page.used.update(range(first, last + 1))
    if any(scope is None for scope in scopes):
        if page.course.rounds or page.course.run_counts():
            page.add(Matter.iteration, first, last, False, "there is no such round")
        return
    windows = tuple(window for scope in scopes if scope for window in scope.windows)
    lines = frozenset(line for scope in scopes if scope for line in scope.lines)
    scope = Scope(windows, " ".join(page.lows(first, last + 1)), lines)
    page.scopes.append((first, scope, True))
    page.add(Matter.iteration, first, last, scope.ticks, "there is no such round")


def _read_number(page: Page, index: int) -> None:
    at = index + 1 + (page.low(index + 1) in ("#", "number"))
    number = page.tokens[at].value
    if not isinstance(number, int) or isinstance(number, bool):
        return
    if number == 0:
        page.used.update((index, at))
        return
    if page.is_value(at + 2) and page.low(at + 1) in ("and", "–", "-", "to", ","):
        return
    _place(page, index, at, [page.places.rounds(number, _loops(page, index))])


def _read_numbers(page: Page, index: int) -> None:
    """ "Rounds 1, 2 and 5"."""
    numbers, at = list[int](), index + 1
    while page.is_value(at) and isinstance(page.tokens[at].value, int):
        numbers.append(page.tokens[at].value)
        last = at
        at += 1
        while page.low(at) in (",", "and"):
            at += 1
        if page.low(at) in ("to", "-", "–", "through") or not page.is_value(at):
            break
    if not numbers or page.low(at) in ("to", "-", "–", "through") or 0 in numbers:
        return
    _place(page, index, last, [page.places.rounds(number, _loops(page, index)) for number in numbers])


def _read_count(page: Page, first: int, last: int, number: int) -> None:
    """How often a loop went round, a function was called, a line ran."""
    words = set(page.lows(page.clause_start(first), page.clause_end(first)))
    if words & {"first", "last", "remaining", "other", "next", "more", "another", "least", "most", "every"} or page.low(
        first - 1
    ) in ("these", "than", "those"):
        page.used.update(range(first, last + 1))
        return
    course = page.course
    loop = words & {"loop", "loops", "while", "iterations", "rounds", "passes", "iterates", "body", "outer", "inner"}
    if loop and words & (_RUNS | _ROUNDS | {"in"}):
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
        page.add(
            Matter.iteration,
            first,
            last,
            where,
            f"the loops ran {sorted(counts)} times",
            sticky=not isinstance(where, bool),
        )
        return
    counts = {count for runs in course.run_counts().values() for count in (*runs, sum(runs))}
    counts |= set(Counter(tick.moment.line for tick in course.ticks if tick.moment.what.value == "step").values())
    counts |= set(Counter(call.function for call in course.calls).values())
    counts |= set(Counter((course.ticks[index].moment.line, held) for index, held in course.outcomes).values())
    if words & {"called", "calls", "runs", "ran", "executed", "prints", "printed"} and number > 1:
        page.add(Matter.iteration, first, last, number in counts, f"nothing happened {number} times")


def read_branches(page: Page) -> None:
    """How conditions came out, where the condition itself is not told."""
    for index, token in enumerate(page.tokens):
        low = token.low
        if (
            low in ("condition", "test", "check", "comparison", "guard")
            and token.kind is Kind.word
            and index not in page.used
        ):
            _read_condition(page, index)
        elif low in ("break", "breaks", "broke") and index not in page.used:
            _read_jump(page, index, "break")
        elif low == "else" or (token.kind is Kind.code and token.text in ("if", "else", "elif")):
            _read_block(page, index)
        elif low in ("branch", "block", "body") and page.low(index - 1) in ("if", "then", "true", "false"):
            _read_block(page, index - 1)


_ENDS = frozenset(
    (
        "",
        ".",
        ",",
        ";",
        "so",
        ":",
        "and",
        ")",
        "here",
        "again",
        "this",
        "for",
        "because",
        "since",
        "as",
        "once",
        "in",
        "on",
        "at",
        "both",
        "every",
        "too",
        "now",
        "—",
        "-",
        "with",
        "when",
    )
)


def _read_jump(page: Page, index: int, kind: str) -> None:
    """ "so it breaks": a `break` ran there."""
    before = set(page.lows(page.clause_start(index), index))
    if (
        before
        & (
            NEGATIONS
            | {"if", "whether", "would", "without", "by", "unless", "when", "the", "until", "each", "every", "to"}
        )
        or not page.places.jumps[kind]
    ):
        return
    page.add(Matter.branch, index, index, page.places.jumps[kind], f"no {kind} ran there", sticky=True)


def _read_condition(page: Page, index: int) -> None:
    if page.low(index - 1) in ("loop", "while", "exit", "stop", "stopping"):
        kinds = frozenset({"while"})
    else:
        kinds = frozenset({page.low(index - 1)} & {"if", "elif", "while"})
    at, negated = index + 1, bool({"neither", "none", "no"} & set(page.lows(index - 3, index)))
    while at < len(page.tokens) and at < index + 6:
        low = page.low(at)
        if low in NEGATIONS:
            negated = not negated
        elif low in (
            "true",
            "false",
            "holds",
            "hold",
            "fails",
            "failed",
            "fail",
            "satisfied",
            "met",
            "passes",
            "passed",
            "held",
            "succeeds",
            "succeeded",
        ):
            held = (low not in ("false", "fails", "fail", "failed")) != negated
            if set(page.lows(page.clause_start(index), at)) & {
                "if",
                "whether",
                "until",
                "while",
                "when",
                "unless",
                "as",
                "every",
                "whenever",
                "once",
                "once",
            }:
                return
            lines: frozenset[int] = frozenset(
                line for token in page.tokens[max(0, index - 3) : at] for line in token.lines
            )
            page.add(
                Matter.branch,
                index,
                at,
                page.places.outcome(held, kinds=kinds, lines=lines),
                "no condition came out so there",
                sticky=True,
            )
            return
        elif (
            low
            not in (
                "is",
                "was",
                "does",
                "did",
                "are",
                "again",
                "therefore",
                "now",
                "then",
                "also",
                "still",
                "thus",
                "evaluates",
                "to",
                "turns",
                "out",
                "comes",
                "came",
                "immediately",
            )
            and not page.tokens[at].quoted
        ):
            return
        at += 1


def _read_block(page: Page, index: int) -> None:
    """`else` or `if` beside a word that says whether its block ran."""
    low = page.low(index)
    start, end = page.clause_start(index), page.clause_end(index)
    before, after = page.lows(max(start, index - 4), index), page.lows(index + 1, min(end, index + 6))
    words = before + after
    if not set(words) & {"branch", "block", "body", "clause", "path", "side", "part", "arm"} and not set(before) & (
        _TAKES | _SKIPS
    ):
        return
    if set(words) & {
        "if",
        "when",
        "whenever",
        "would",
        "only",
        "loop",
        "while",
        "for",
        "try",
        "instead",
        "each",
        "never",
    } - {low}:
        return
    skipped = bool(set(words) & _SKIPS)
    taken = bool(set(words) & _TAKES)
    if not skipped and not taken:
        return
    runs = not skipped != (bool(set(words) & NEGATIONS))
    held = runs != (low in ("else", "false"))
    where = page.places.outcome(held, with_else=low == "else")
    page.add(Matter.branch, index, index, where, "no such branch was taken there", sticky=True)


def read_calls(page: Page) -> None:
    """Calls with their arguments, what functions returned, what was printed, exceptions."""
    for index, token in enumerate(page.tokens):
        if token.kind is Kind.expression and isinstance(token.node, ast.Call):
            _read_call(page, index)
    for index, token in enumerate(page.tokens):
        if token.kind in (Kind.word, Kind.code) and index not in page.used:
            if token.low in _RETURNS or (
                token.low in ("result", "answer") and page.low(index + 1) in ("is", "=", ":", "was")
            ):
                _read_value(page, index, Matter.returned)
            elif token.low in _PRINTS or (token.low == "output" and page.low(index + 1) in ("is", "=", ":", "was")):
                _read_value(page, index, Matter.printed)


def _read_call(page: Page, index: int) -> None:
    token, course = page.tokens[index], page.course
    node = token.node
    if not isinstance(node, ast.Call) or node.keywords:
        return
    name = (
        node.func.id
        if isinstance(node.func, ast.Name)
        else node.func.attr
        if isinstance(node.func, ast.Attribute)
        else ""
    )
    if name not in course.functions:
        return
    skipped = int(isinstance(node.func, ast.Attribute))
    from .evaluate import evaluate

    arguments = [evaluate(part, lambda _: UNKNOWN, lambda *_: UNKNOWN) for part in node.args]
    if any(argument is UNKNOWN for argument in arguments) or not arguments:
        return
    calls = [call for call in course.calls if call.function.rpartition(".")[2] == name]
    if not calls or len(calls[0].arguments) - skipped != len(arguments):
        return
    found = [
        call for call in calls
        if all(same(one, value_of(text)) for one, text in zip(arguments, list(call.arguments.values())[skipped:], strict=False))
    ]  # fmt: skip
    where = frozenset(tick for call in found for tick in range(max(0, call.start - 1), call.stop + 1))
    page.add(Matter.call, index, index, where, f"{name} was not called so")
    page.used.discard(index)
    page.calls[index] = found


_BETWEEN = words(
    "the value of a an is was then so its now which equals = : to back just simply immediately finally and "
    "therefore as string number list tuple boolean integer result final `"
)


def _read_value(page: Page, index: int, matter: Matter) -> None:
    at = index + 1
    if page.low(index - 1) in NEGATIONS | {"to", "would", "will", "should", "must"} or page.low(index - 2) in NEGATIONS:
        return
    while page.low(at) in _BETWEEN and at < len(page.tokens) and not page.is_term(at):
        at += 1
    if not page.is_term(at) or at in page.used:
        return
    token = page.tokens[at]
    after = page.low(at + 1)
    if after in (
        "times",
        "lines",
        "line",
        "elements",
        "items",
        "values",
        "numbers",
        "if",
        "when",
        "entries",
        "more",
        "times",
        "or",
        "followed",
    ) or (token.kind is not Kind.literal and not page.is_value(at)):
        return
    if page.low(index) == "output":
        told = " ".join(true_output(page.course.trace).split())
        if str(token.value) not in (told, *told.split()) and repr(token.value) != told:
            page.add(matter, index, at, False, f"the output is {told[:80]!r}")
        return
    if matter is Matter.printed:
        page.add(matter, index, at, page.places.printed(token), f"printed was {page.course.trace.stdout[:80]!r}")
    else:
        functions = frozenset(page.lows(page.clause_start(index), index)) & page.course.functions
        functions |= {token.text for token in page.tokens[page.clause_start(index) : index]} & page.course.functions
        where = page.places.returned(token, functions)
        named = [calls for at, calls in page.calls.items() if page.clause_start(index) <= at < index]
        if named:
            where = frozenset(
                call.stop for call in named[-1] if call.value is not None and same(token.value, value_of(call.value))
            )
        if not where and page.low(index) in ("result", "answer"):
            where = frozenset(
                tick.index
                for tick in page.course.ticks
                if any(same(token.value, value_of(text or "?")) for text in tick.moment.changes.values())
            )
        page.add(matter, index, at, where, "nothing returned that")


__all__ = ["NUMBERS", "key", "read_branches", "read_calls", "read_rounds"]
