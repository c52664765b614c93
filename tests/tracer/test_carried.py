"""Values written as text and read back: the same value and type, and nothing that runs."""

import collections
import math
from fractions import Fraction
from typing import Any

import pytest
from deskcheck_tracer.canonical import canonical
from deskcheck_tracer.carried import Opaque, Unreadable, read, written
from hypothesis import given
from hypothesis import strategies as st

HASHABLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary(),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)
VALUES = st.recursive(
    HASHABLE | st.sets(HASHABLE, max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner) | st.just(()) | st.dictionaries(HASHABLE, inner, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert canonical(read(canonical(value))) == canonical(value)  # nan equals nan as text, -0.0 is not 0.0
    assert canonical(read(written(value))) == canonical(value)


@given(st.text(alphabet="'\"\\b<>()[]{},:j1.eux \n", max_size=30))
def test_any_other_text_is_refused_in_one_way(text: str) -> None:
    try:
        read(text)
    except Unreadable:
        return
    written(read(text))


@pytest.mark.parametrize(
    "text",
    [
        *("", "1 2", "[1", "(1,", "{1: 2, 3}", "{[1]}", "__import__('os')", "open('/etc/passwd')", "f(1)", "'a"),
        *("[" * 5000, "1 + 1", "x", "range('a')", "{1: 2", "[1 2]", "lambda: 1", "9" * 5000),
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


def test_values_equal_to_built_in_ones_become_them() -> None:
    for value in (collections.Counter("aab"), collections.OrderedDict(a=1), collections.defaultdict(list, {1: [2]})):
        got = read(written(value))
        assert type(got) is type(value) and got == value
    assert read(written(collections.defaultdict(list)))["new"] == []
    assert read(written({1: "a"}.keys())) == {1} and list(read(written({1: "a"}.values()))) == ["a"]
    assert read(written(range(1, 9, 3))) == range(1, 9, 3)
    assert read(written(collections.deque([1]))) == collections.deque([1])
    assert read(written(Fraction(1, 3))) == Fraction(1, 3)
    assert read(written(2**20000)) == 2**20000 and read(written(-(10**5000))) == -(10**5000)


def test_iterators_stay_iterators() -> None:
    for value in (map(str, [1, 2]), iter("12"), (c for c in "12"), filter(None, ["1", "2"])):
        got = read(written(value))
        assert got != ["1", "2"] and list(got) == ["1", "2"]


def test_what_cannot_be_carried_equals_nothing() -> None:
    class Friendly:
        def __eq__(self, other: object) -> bool:
            return True

    class Empty:
        def __len__(self) -> int:
            return 0

    for value in (Friendly(), object(), len):
        got = read(written([value]))[0]
        assert type(got) is Opaque and got != 3 and got != got and bool(got)
    assert not read(written(Empty())) and math.isnan(read("nan"))
    endless = read(written(iter(int, 1)))
    assert next(endless) == 0
    with pytest.raises(RuntimeError, match="only the first"):
        list(endless)
    lost: list[Any] = []
    assert "function" in written({1: [lambda: 0]}, lost) and len(lost) == 1


def test_a_value_of_a_derived_class_is_its_value() -> None:
    class Number(int):
        def __eq__(self, other: object) -> bool:
            return True

    class Row(list):
        def __iter__(self) -> Any:
            return iter(["other"])

    for value, plain in ((Number(3), "3"), (Row([1, 2]), "[1, 2]"), (type("S", (str,), {})("a"), "'a'")):
        assert written(value) == plain
    minus = type("F", (float,), {})(-0.0)
    assert written(minus) == "-0.0"
