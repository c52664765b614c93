"""The parts of the reader: values as people write them, tokens, safe evaluation, alignment."""

import ast

import pytest
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.prose.align import align
from deskcheck_tracer.prose.course import Course
from deskcheck_tracer.prose.evaluate import evaluate
from deskcheck_tracer.prose.literal import UNKNOWN, same, value_of
from deskcheck_tracer.prose.sentences import sentences
from deskcheck_tracer.prose.statement import Matter, Scope, Statement
from deskcheck_tracer.prose.tokens import Kind

SOURCE = "total = 0\nfor i in range(3):\n    total += i * 2\nprint(total)\n"
COURSE = Course(record_here(SOURCE))


@pytest.mark.parametrize(
    ("told", "actual", "alike"),
    [
        (3, 3, True), (3, 3.0, True), (3.33, 10 / 3, True), (3.34, 10 / 3, False), (True, 1, False), (None, 0, False),
        ([1, 2], (1, 2), True), ([1, 2], [2, 1], False), ("a", "a", True), ({"a": 1}, {"a": 2}, False), (5, UNKNOWN, True),
    ],
)  # fmt: skip
def test_values_alike(told: object, actual: object, alike: bool) -> None:
    assert same(told, actual) is alike


def test_values_of_texts() -> None:
    assert value_of("[1, 'a']") == [1, "a"]
    assert value_of("deque([('a', 3)])") == [("a", 3)]
    assert value_of("<object>") is UNKNOWN
    assert value_of("[1, 2, ...] (len 90)") is UNKNOWN


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("total is 7.", [Kind.identifier, Kind.word, Kind.literal, Kind.mark]),
        ("`total = 4 + 3 = 7`", [Kind.identifier, Kind.mark, Kind.expression, Kind.mark, Kind.literal]),
        ("total + 3 > 5 holds", [Kind.expression, Kind.word]),
        ("the 2nd value isn't `print(total)`", [Kind.word, Kind.ordinal, Kind.word, Kind.word, Kind.expression]),
        ("seven plus 2", [Kind.expression]),
        ("`tally` - nothing", [Kind.code, Kind.mark, Kind.word]),
        ("balance -45", [Kind.word, Kind.literal]),
    ],
)
def test_tokens(text: str, kinds: list[Kind]) -> None:
    (sentence,) = sentences(text, COURSE)
    assert [token.kind for token in sentence.tokens] == kinds
    assert all(0 <= token.start < token.end <= len(text) for token in sentence.tokens)


def test_sentences_keep_their_places() -> None:
    text = "## Start\n- total is 0. Then `i` is 1.\n\n1. **i = 2**: e.g. the last."
    found = list(sentences(text, COURSE))
    assert [text[one.start : one.end].strip() for one in found] == [
        "Start", "total is 0.", "Then `i` is 1.", "i = 2**: e.g. the last.",
    ]  # fmt: skip
    assert [one.begins_paragraph for one in found] == [True, False, False, True]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("x + 1", 4), ("x ** 9999999", UNKNOWN), ("'a' * 10 ** 9", UNKNOWN), ("__import__('os')", UNKNOWN), ("xs[1:]", [5]),
        ("len(xs) == 2 and not x < 3", True), ("(1).__class__", UNKNOWN), ("'Ab'.lower()", "ab"), ("x / 0", UNKNOWN),
    ],
)  # fmt: skip
def test_evaluation_is_safe(source: str, value: object) -> None:
    names = {"x": 3, "xs": [4, 5]}
    found = evaluate(ast.parse(source, mode="eval").body, lambda name: names.get(name, UNKNOWN), lambda *_: UNKNOWN)
    assert found is value if value is UNKNOWN else found == value


def place(*where: int, sentence: int = 0, scope: Scope | None = None) -> Statement:
    return Statement(Matter.binding, 0, 1, frozenset(where), sentence=sentence, scope=scope)


def test_alignment_goes_forward_and_flags_what_goes_back() -> None:
    eras = [tick.era for tick in COURSE.ticks]
    early, late = eras.index(1), eras.index(3)
    places, cost = align([place(early), place(late, sentence=1)], COURSE)
    assert [one.tick for one in places] == [early, late]
    assert cost < 0.1
    places, cost = align([place(late), place(early, sentence=1)], COURSE)
    assert any(one.tick is None or one.back for one in places)
    assert cost >= 0.5


def test_statements_of_one_scope_share_a_window() -> None:
    eras = [tick.era for tick in COURSE.ticks]
    first, second = eras.index(1), eras.index(2)
    scope = Scope(((first, second), (second, eras.index(3))), "round")
    places, _ = align([place(first, scope=scope), place(second, scope=scope)], COURSE)
    assert [one.tick is None for one in places].count(True) == 1


def test_statements_true_nowhere_are_false() -> None:
    places, cost = align([place()], COURSE)
    assert places[0].tick is None
    assert cost == 1
