"""Where the words of a sentence place its statements.

A scope (a round by number, a loop variable's value) holds for its sentence. Words of order (then, next) let the text go
on, words of overview (initially, overall) let it leave the order of the run.
"""

from itertools import pairwise

from .literal import UNKNOWN
from .page import Page
from .places import Where
from .statement import Matter, Scope
from .tokens import Kind
from .vocabulary import words

_FOLLOWS = words("then next after afterwards finally later until subsequently lastly eventually remaining following")

_FREE = words(
    "initially start starts started begin begins originally earlier previously recall before overall altogether "
    "summary throughout always never had been"
)


def place_statements(page: Page, number: int, inherited: Scope | None, *, opens: bool) -> Scope | None:
    """Give the statements of a sentence their scopes; gives the scope that goes on after it.

    What `opens` a paragraph may leave the order of the run.
    """
    tokens = page.tokens
    scopes = _nested(sorted(page.scopes + _value_scopes(page), key=lambda one: one[0]))
    words = [token.low for token in tokens]
    if not scopes and (scope := _after_loop(page)) is not None:
        scopes, inherited = [(0, scope, False)], None
    leaves = _leaves(words) or any(token.kind is Kind.ordinal for token in tokens)
    around = [(-1, inherited, False)] if inherited is not None else []
    _check_nested(page, around + scopes)
    names = [scope.text.partition(" = ")[0] for _, scope, is_told in page.scopes + _value_scopes(page) if not is_told]
    page.is_summary = page.is_summary or len(names) > len(set(names))
    for one in page.found:
        first = next((index for index, token in enumerate(tokens) if token.start >= one.start), 0)
        one.sentence = number
        clause = words[page.clause_start(first) : first + 1]
        one.follows = bool(_FOLLOWS & set(clause)) or (page.sentence.begins_line and one is page.found[0])
        one.free = bool(_FREE & set(words)) or opens or page.is_summary
        if one.matter is Matter.binding and isinstance(one.where, frozenset) and _looks_back(page, first):
            one.where = (one.where.after if isinstance(one.where, Where) else one.where) & page.places.laps.ends
        one.scope = _scope_of(first, scopes, page)
        if one.scope is None and not scopes and not leaves and one.matter is not Matter.mention:
            one.scope = inherited
        if (
            one.scope is None
            and one.matter is Matter.binding
            and isinstance(one.where, frozenset)
            and _is_start(words, first)
        ):
            one.where = one.where & page.places.laps.outside
        if one.scope is not None and one.counted is not None and not one.scope.lines & one.lines:
            one.where = one.counted
        if one.scope is not None and isinstance(one.where, Where):
            one.where = one.where.after
    if scopes:
        first = scopes[0][1]
        lasts = scopes[0][0] < 4 and len(first.windows) == 1 and page.sentence.begins_line
        return first if lasts and all(scope.windows == first.windows for _, scope, _ in scopes) else None
    return None if leaves else inherited


_OVER = words("over done ends ended finished finishes complete completed exits")


def _after_loop(page: Page) -> Scope | None:
    """ "After the loop", "when the loop is over": from the end of the program's one loop on."""
    low = [token.low for token in page.tokens]
    if "loop" not in low[:5] or len({run.line for run in page.course.runs}) != 1 or len(page.course.runs) != 1:
        return None
    at = low.index("loop")
    over = low[0] == "after" or (low[0] in ("when", "once") and bool(_OVER & set(low[at : at + 4])))
    if not over or not page.course.runs[0].starts:
        return None
    return Scope(((max(page.course.runs[0].end - 1, 0), len(page.course.ticks)),), "after the loop")


def _nested(scopes: list[tuple[int, Scope, bool]]) -> list[tuple[int, Scope, bool]]:
    """Scopes in the order of the text, each narrowed to the one before it where they speak of two loops."""
    found: list[tuple[int, Scope, bool]] = []
    for at, scope, told in scopes:
        if found and _speak_together(found[-1], (at, scope, told)):
            inside = tuple(
                (max(start, outer), min(stop, end))
                for start, stop in scope.windows for outer, end in found[-1][1].windows
                if max(start, outer) < min(stop, end)
            )  # fmt: skip
            if not inside and found[-1][1].lines & scope.lines:
                continue  # what is said of the same loop must be true in the round that was told
            scope = Scope(inside, scope.text, scope.lines) if inside else scope
        found.append((at, scope, told))
    return found


def ground(page: Page) -> None:
    """What is mentioned beside a round that is told by its number must be touched in that round."""
    for one in page.found:
        if one.matter is not Matter.mention or one.scope is None or not isinstance(one.where, frozenset):
            continue
        index = next(index for index, token in enumerate(page.tokens) if token.start == one.start)
        where = one.where
        if page.low(index - 1) == "to" and isinstance(page.tokens[index].value, int):  # "shoots up to 16"
            where = page.places.touches.fresh(page.tokens[index].value) or where
        if len(one.scope.windows) != 1 or where & one.scope.ticks:
            continue
        told = [at for at, scope, is_told in page.scopes if is_told and scope.windows == one.scope.windows]
        if any(_is_beside(page, at, index) for at in told):
            one.where, one.weight, one.why = False, 1.0, f"{page.tokens[index].text} is not touched in that round"


_PARTS = words(", ; and or but then so while")


def _is_beside(page: Page, at: int, index: int) -> bool:
    """Whether nothing parts a value from the round that begins at a token, but a comma right after it."""
    between = page.lows(min(at, index) + 1, max(at, index))
    if at < index and between[:3].count(","):
        between.remove(",")
    return not _PARTS & set(between)


def _check_nested(page: Page, scopes: list[tuple[int, Scope, bool]]) -> None:
    """A round told of an inner loop must be one within the round that its sentence speaks of."""
    for before, after in pairwise(scopes):
        if not after[2] or not before[1].lines or not after[1].lines or before[1].lines & after[1].lines:
            continue
        for one in page.found:
            if (
                one.matter is Matter.iteration
                and one.start == page.tokens[after[0]].start
                and isinstance(one.where, frozenset)
            ):
                one.where = one.where & before[1].ticks


def _speak_together(before: tuple[int, Scope, bool], scope: tuple[int, Scope, bool]) -> bool:
    """Whether the second scope is within the first, and does not replace it."""
    if not before[1].lines or not scope[1].lines:
        return False
    if not before[1].lines & scope[1].lines:
        return True
    return not scope[2] and before[1].text.partition(" = ")[0] != scope[1].text.partition(" = ")[0]


def _leaves(words: list[str]) -> bool:
    """Whether a sentence may speak of another round than the one before it."""
    said = {word for word, after in pairwise([*words, ""]) if (word, after) != ("after", "which")}
    return bool(_LEAVES & said) or ("loop" in said and "inner" not in said)


_LEAVES = words(
    "then next after finally eventually later return returns returned remaining rest until other others another "
    "every each both all again earlier previous before last"
)


def _is_start(words: list[str], first: int) -> bool:
    """Whether a sentence says that it tells of the beginning, and has not drawn a conclusion from it yet."""
    if "so" in words[:first]:
        return False
    text = " ".join(words[:7])
    return "initially" in words or "at the start" in text or "before the loop" in text or "to begin with" in text


def _looks_back(page: Page, first: int) -> bool:
    """Whether a state is told as of the end of a round: "after that step", "at the end of this round"."""
    start = page.clause_start(first)
    after = page.lows(first, page.clause_end(first))
    if any(after[at : at + 3] == ["end", "of", which] for at in range(len(after)) for which in ("this", "that")):
        return True
    if any(
        after[at] in ("once", "when", "after") and after[at + 1] in ("that", "this") and after[at + 2] in _SPANS
        for at in range(len(after) - 2)
    ):
        return True
    words = page.lows(max(0, start - 8), first)
    for index in range(len(words) - 1):
        pair = words[index : index + 2]
        if pair in (["after", "that"], ["after", "this"], ["end", "of"], ["after", "the"]) and index + 2 < len(words):
            return any(word in _SPANS for word in words[index + 2 : index + 5])
    return False


_SPANS = words("step round iteration pass turn")


def _scope_of(first: int, scopes: list[tuple[int, Scope, bool]], page: Page) -> Scope | None:
    before = [one for one in scopes if one[0] <= first]
    if before:
        at, scope, _ = before[-1]
        between = page.lows(at + 1, first)
        if any(word in ("then", "next", "afterwards", "finally", "until", "later", "after") for word in between):
            return None
        return scope
    if len(scopes) == 1 and scopes[0][2]:
        return scopes[0][1] if not {",", ";"} & set(page.lows(first, scopes[0][0])) else None
    is_line = page.tokens[first].kind is Kind.line and not page.tokens[first].quoted
    if len(scopes) == 1 and is_line and page.low(scopes[0][0] - 1) in ("for", "when", "at"):
        return scopes[0][1]
    return None


def _value_scopes(page: Page) -> list[tuple[int, Scope, bool]]:
    """The rounds that a loop variable's value tells, for what is said after it."""
    found: list[tuple[int, Scope, bool]] = []
    for one in page.found:
        if one.matter is not Matter.binding or not isinstance(one.where, frozenset) or not one.where:
            continue
        indexes = [index for index, token in enumerate(page.tokens) if one.start <= token.start < one.end]
        name = page.tokens[indexes[0]]
        value = page.tokens[indexes[-1]]
        if name.kind is not Kind.identifier or name.text not in page.course.loop_variables or value.value is UNKNOWN:
            continue
        windows = page.places.laps.loop_windows(name.text, value.value)
        if windows and page.places.laps.is_set_by_loops(name.text):
            lines = frozenset(one.line for one in page.course.rounds if (one.start, one.stop) in windows)
            found.append((indexes[0], Scope(windows, f"{name.text} = {value.text}", lines), False))
    return found
