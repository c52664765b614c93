"""Branches in prose: "the condition fails", "skips the `if`", "takes the else branch", "so it breaks".

These say how some condition came out and not which: they are about what the text speaks of just now (`sticky`).
"""

from .page import NEGATIONS, Page
from .statement import Matter
from .tokens import Kind
from .vocabulary import words

_SKIPS = words("skip skips skipped skipping bypass bypasses bypassed avoid avoids")

_IF = frozenset({"if"})

_TAKES = words(
    "take takes taken taking took enter enters entered entering run runs ran execute executes executed executing "
    "fires applies follow follows followed hit hits choose chooses reach reached fall falls fell drop go goes "
    "land lands use uses used into to via"
)


def read_branches(page: Page) -> None:
    """How conditions came out, where the condition itself is not told."""
    for index, token in enumerate(page.tokens):
        low = token.low
        if token.kind is Kind.line and not token.quoted and index not in page.used:
            _read_line(page, index)
        elif (
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


_RUNS = words("runs ran executes executed fires reached run")


def _read_line(page: Page, index: int) -> None:
    """ "line 8 runs", "line 12 is reached"."""
    at = index + 1 + (page.low(index + 1) in ("is", "was", "then", "are"))
    asked = words("if when would every each time before until never once only not")
    if (
        page.low(index - 1) in ("on", "at", "of", "in", "by")
        or page.low(at) not in _RUNS
        or asked & set(page.lows(page.clause_start(index), at + 2))
    ):
        return
    page.add(Matter.branch, index, at, page.places.lines(page.tokens[index].lines), "it did not run there")


def _read_jump(page: Page, index: int, kind: str) -> None:
    """ "so it breaks": a `break` ran there."""
    before = set(page.lows(page.clause_start(index), index))
    if (
        before
        & (
            NEGATIONS
            | {"if", "whether", "would", "without", "by", "unless", "when", "the", "until", "each", "every", "to"}
        )
        or not page.places.asked.jumps[kind]
    ):
        return
    page.add(Matter.branch, index, index, page.places.asked.jumps[kind], f"no {kind} ran there", sticky=True)


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
        elif low in words(
            "true false holds hold fails failed fail satisfied met passes passed held succeeds succeeded"
        ):
            held = (low not in ("false", "fails", "fail", "failed")) != negated
            if set(page.lows(page.clause_start(index), at)) & words(
                "if whether until while when unless as every whenever once"
            ):
                return
            lines = frozenset(line for token in page.tokens[max(0, index - 3) : at] for line in token.lines)
            lines = lines or _meant(page, index, at, kinds)
            where = page.places.asked.outcome(held, kinds=kinds, lines=lines)
            found = page.add(Matter.branch, index, at, where, "no condition came out so there", sticky=True)
            if found is not None and lines:
                found.opposite = page.places.asked.outcome(not held, kinds=kinds, lines=lines)
            return
        elif (
            low
            not in words(
                "is was does did are again therefore now then also still thus evaluates to turns out comes came "
                "immediately for of on"
            )
            and not page.tokens[at].quoted
            and not (page.is_value(at) and isinstance(page.tokens[at].value, str))
        ):
            return
        at += 1


def _meant(page: Page, index: int, at: int, kinds: frozenset[str]) -> frozenset[int]:
    """The one condition that "the `elif` condition", "the check for '-'" can mean; none if there are several."""
    told = {token.text.strip("\"'`") for token in page.tokens[index + 1 : at] if token.is_term or token.quoted}
    found = page.places.asked.conditions(kinds, told)
    if len(found) != 1 and not told:
        near = {token.text for token in page.spoken_of + page.tokens[:index] if token.kind is Kind.identifier}
        found = page.places.asked.reading(found, near)
    return found if len(found) == 1 else frozenset()


def _read_block(page: Page, index: int) -> None:
    """`else` or `if` beside a word that says whether its block ran."""
    low = page.low(index)
    start, end = page.clause_start(index), page.clause_end(index)
    before, after = page.lows(max(start, index - 4), index), page.lows(index + 1, min(end, index + 6))
    near = before + after
    if not set(near) & {"branch", "block", "body", "clause", "path", "side", "part", "arm"} and not set(before) & (
        _TAKES | _SKIPS
    ):
        return
    if set(near) & words("if when whenever would only loop while try instead each never") - {low}:
        return
    skipped = bool(set(near) & _SKIPS)
    taken = bool(set(near) & _TAKES)
    if not skipped and not taken:
        return
    runs = skipped == bool(NEGATIONS & set(near))
    held = runs != (low in ("else", "false"))
    if low == "else" and page.places.asked.other_else:
        return
    where = page.places.asked.outcome(held, with_else=low == "else")
    found = page.add(Matter.branch, index, index, where, "no such branch was taken there", sticky=True)
    if found is not None and page.places.asked.one_condition:
        found.opposite = page.places.asked.outcome(not held, with_else=low == "else", kinds=_IF)
