"""Compare a trace with what the oracle saw of the same program: every step, every value, every exit of a frame.

Texts must be equal, except that objects are numbered by each recorder on its own (the numbering must be one to one over
the whole run) and that a text the tracer cut must be longer than its limit, begin alike, and have been told as changed
whenever the whole value changed.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, permutations, product
from typing import Any

from deskcheck_tracer import EndReason, EventKind, Trace
from deskcheck_tracer.values import LIMIT, is_elided

_EXITS = {EventKind.return_: "return", EventKind.yield_: "yield", EventKind.unwind: "unwind"}
_WHOLE = {EndReason.finished, EndReason.raised, EndReason.exited}


class Difference(AssertionError):
    """The trace is not what the oracle saw."""


@dataclass
class Compared:
    """What was compared and found equal."""

    steps: int = 0
    values: int = 0
    exits: int = 0
    labels: dict[str, str] = field(default_factory=dict)


def compare(trace: Trace, seen: dict[str, Any]) -> Compared:
    """Counts of what is equal; Difference at the first thing that is not."""
    done = Compared()
    texts = seen["texts"]
    states = [
        {texts_name: texts[state[at + 1]] for at, texts_name in enumerate(state) if at % 2 == 0}
        for state in seen["states"]
    ]
    steps, expected = list(trace.steps()), seen["steps"]
    threads = any(event.thread for event in trace.events)
    whole = trace.end.reason in _WHOLE and seen["end"] != "steps"
    if whole and len(steps) != len(expected):
        at = next(
            (i for i, (a, b) in enumerate(zip(steps, expected, strict=False)) if (a.frame, a.line) != (b[0], b[1])), -1
        )
        raise Difference(f"{len(steps)} steps, the oracle saw {len(expected)}; apart from step {at}")
    if threads:  # they take turns as they like: each frame is compared alone, as far as both were seen
        frames = sorted({step.frame for step in steps} & {row[0] for row in expected})
        pairs = [([s for s in steps if s.frame == each], [r for r in expected if r[0] == each]) for each in frames]
        cut = [list(zip(ours, theirs, strict=False)) for ours, theirs in pairs]
        steps, expected = [one for part in cut for one, _ in part], [other for part in cut for _, other in part]
    told_input = "".join(row[4] for row in expected) == "".join(step.stdin for step in steps)
    before: dict[int, dict[str, str]] = {}
    for step, (frame, line, state, stdout, stdin) in zip(steps, expected, strict=False):
        where = f"step {step.index}, line {step.line}, {step.function}"
        _same(f"{where}: place", (step.frame, step.line), (frame, line))
        done.steps += 1
        if not step.complete or state is None:
            continue
        after = states[state]
        _same(f"{where}: names", sorted(step.locals), sorted(after))
        for name, text in after.items():
            if not _alike(step.locals[name], text, done.labels):
                raise Difference(f"{where}: {name} is {step.locals[name]}, the oracle saw {text[:300]!r}")
            changed = frame in before and before[frame].get(name) != text
            if changed and is_elided(step.locals[name]) and name not in step.changes:
                raise Difference(f"{where}: a change of {name} beyond what is shown was missed")
            done.values += 1
        before[frame] = after
        _same(f"{where}: stdout", step.stdout, stdout)
        if told_input:
            _same(f"{where}: stdin", step.stdin, stdin)
    _compare_frames(trace, seen)
    done.exits = _compare_exits(trace, seen, done.labels, whole)
    return done


def _compare_frames(trace: Trace, seen: dict[str, Any]) -> None:
    calls = [[event.function, event.parent] for event in trace.events if event.kind is EventKind.call]
    for index, (ours, theirs) in enumerate(zip(calls, seen["frames"], strict=False)):
        _same(f"frame {index}", ours, theirs)


def _compare_exits(trace: Trace, seen: dict[str, Any], labels: dict[str, str], whole: bool) -> int:
    outside = {event.frame for event in trace.events if event.function == "<call>"}
    ours = [event for event in trace.events if event.kind in _EXITS and event.frame not in outside]
    theirs = seen["exits"]
    if whole:
        _same("number of exits", len(ours), len(theirs))
    if any(event.thread for event in trace.events):
        ours, theirs = sorted(ours, key=lambda event: event.frame), sorted(theirs, key=lambda row: row[0])
    for index, (event, (frame, how, value)) in enumerate(zip(ours, theirs, strict=False)):
        _same(f"exit {index}", (event.frame, _EXITS[event.kind]), (frame, how))
        if value is not None and not _alike(event.value or "", seen["texts"][value], labels):
            raise Difference(f"exit {index}: {how} {event.value}, the oracle saw {seen['texts'][value][:300]!r}")
    return len(ours)


def _same(what: str, ours: Any, theirs: Any) -> None:
    if ours != theirs:
        raise Difference(f"{what}: {ours!r}, the oracle saw {theirs!r}")


def _alike(ours: str, theirs: str, labels: dict[str, str]) -> bool:
    """Whether a text of the tracer says what the oracle's says; learns the numbers of objects in passing."""
    whole = ours, theirs
    ours, theirs = _without_order(ours, theirs, labels)
    if not is_elided(ours):
        pairs = [(ours, theirs), whole] if (ours, theirs) != whole else [whole]
        return any(_matches(one, text, labels, "") for one, other in pairs for text in _orders(other, one))
    if ours[:1] in "'\"" or ours[:2] in ("b'", 'b"'):
        return _begins_alike(ours, theirs)
    shown = re.sub(r" \(len \d+\)\Z", "", ours)
    shown = re.sub(
        r"['\"]?\.\.\..*\Z", "", shown, flags=re.DOTALL
    )  # up to the first mark, a cut string's quote before it
    longer = len(re.sub("\x01\\d+\x01", "100", theirs)) > LIMIT
    shown, theirs = (
        shown.replace('"', "'"),
        theirs.replace('"', "'"),
    )  # a cut string may have lost what decides its quotes
    return longer and any(_matches(shown, _cut_like(text, shown), labels, ".*") for text in _orders(theirs, shown))


_OUR_SET, _THEIR_SET = (re.compile(rf"\{{{one}(?:, {one})+\}}") for one in (r"\w+#\d+", "\\w+#\x01\\d+\x01"))


def _without_order(ours: str, theirs: str, labels: dict[str, str]) -> tuple[str, str]:
    """The texts without the sets of objects in them that have the same members, whose order each decides by itself.

    Members that are new to us are not told apart: then as many of the same class will do.
    """
    for one, other in zip(_OUR_SET.findall(ours), _THEIR_SET.findall(theirs), strict=False):
        found, numbers = sorted(one[1:-1].split(", ")), re.findall("\x01(\\d+)\x01", other)
        if all(number in labels for number in numbers):
            same = found == sorted(labels[number] for number in numbers)
        else:
            same = sorted(re.findall(r"\w+(?=#)", one)) == sorted(re.findall(r"\w+(?=#)", other))
        if same:
            ours, theirs = ours.replace(one, "{}", 1), theirs.replace(other, "{}", 1)
    return ours, theirs


def _orders(theirs: str, ours: str) -> Iterator[str]:
    """A text as it is, and for a set of objects with its members, as far as ours shows them, in every other order."""
    yield theirs
    if found := _SET_OF_OBJECTS.match(theirs):
        before, after = found[1] or "", ")" if found[1] else ""
        items = _items(theirs[len(before) + 1 : -1 - len(after)])
        count = len(_items(ours[len(before) + 1 :]))
        for order in islice(permutations(items, min(count, len(items))), 1_000):
            yield before + "{" + ", ".join(order) + ("}" + after if count == len(items) else "")
    yield from islice(_arrangements(theirs), 1_000)


def _arrangements(text: str) -> Iterator[str]:
    """A text with the members of every set of objects in it, sets in sets included, in every order."""
    found = re.search("\\{\\w+#\x01", text)
    if found is None:
        yield text
        return
    start, end = found.start(), _closing(text, found.start())
    for after in _arrangements(text[end:]):
        for order in permutations(_items(text[start + 1 : end - 1])):
            for members in product(*([*islice(_arrangements(member), 24)] for member in order)):
                yield text[:start] + "{" + ", ".join(members) + "}" + after


def _closing(text: str, start: int) -> int:
    """Behind the bracket that closes the one at `start`."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth == 0:
            return at + 1
    return len(text)


_SET_OF_OBJECTS = re.compile("(frozenset\\()?\\{\\w+#\x01")


def _items(shown: str) -> list[str]:
    """The text between the commas that are in no bracket. (A bracket in a string misleads it, and no more.)"""
    items, depth, start = [], 0, 0
    for at, mark in enumerate(shown):
        depth += (mark in "([{") - (mark in ")]}")
        if mark == "," and depth == 0:
            items.append(shown[start:at])
            start = at + 2
    return [*items, shown[start:]]


def _begins_alike(ours: str, theirs: str) -> bool:
    """Whether a string that was cut is the beginning of the oracle's, and its length is given truly."""
    shown, _, length = ours.rpartition("... (len ")
    whole = ast.literal_eval(theirs)
    return whole.startswith(ast.literal_eval(shown)) and len(whole) == int(length[:-1]) and len(theirs) > LIMIT


def _cut_like(theirs: str, shown: str) -> str:
    """The oracle's text up to about where the tracer's was cut: as many labels, as many characters after the last."""
    pieces = re.split("(\x01\\d+\x01)", theirs)
    text, left = "", len(shown)
    for piece in pieces:
        if left <= 0:
            break
        if piece.startswith("\x01"):
            number = re.match(r"\d+", shown[len(shown) - left :])
            if number is None:
                break
            text, left = text + piece, left - len(number[0])
        else:
            text, left = text + piece[:left], left - len(piece)
    return text


def _together(theirs: str) -> set[str]:
    """The objects in a text that share a set with others, whose order each recorder decides by itself."""
    found: set[str] = set()
    for match in re.finditer("\\{\\w+#\x01", theirs):
        members = theirs[match.start() + 1 : _closing(theirs, match.start()) - 1]
        if len(_items(members)) > 1:
            found.update(re.findall("\x01(\\d+)\x01", members))
    return found


def _matches(ours: str, theirs: str, labels: dict[str, str], tail: str) -> bool:
    if "\x01" not in theirs:
        return ours == theirs
    pieces = re.split("\x01(\\d+)\x01", theirs)
    pattern = "".join(re.escape(piece) if at % 2 == 0 else r"(\d+)" for at, piece in enumerate(pieces))
    found = re.fullmatch(pattern, ours, re.DOTALL)
    if found is None:
        return False
    learnt: dict[str, str] = {}
    together = _together(theirs)
    for at, number in enumerate(pieces[1::2], 1):
        name = re.findall(r"\w+(?=#$)", pieces[2 * at - 2])
        label = f"{name[0] if name else ''}#{found[at]}"
        if number in together and number not in labels and label not in labels:
            continue  # it may be any other of the set: to be learnt where it stands alone
        for one, other in ((number, label), (label, number)):
            if labels.get(one, other) != other or learnt.setdefault(one, other) != other:
                return False
    labels.update(learnt)
    return True
