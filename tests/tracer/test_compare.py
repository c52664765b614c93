"""Comparators: what answers a test and what does not, and where two outputs first differ."""

import pytest
from deskcheck_tracer import InputError, compare
from hypothesis import given, settings
from hypothesis import strategies as st

ANSWERS = [
    ("tokens", "6", "6"),
    ("tokens", "6\n", "6 \r\n\n"),
    ("tokens", "1 2\n3", "1\t2 3"),
    ("tokens", "0.3333333333", "0.333333"),
    ("tokens", "100000.0", "100000.5"),
    ("tokens", "1e3", "1000"),
    ("tokens", "", " \n\n"),
    ("tokens", "nan", "nan"),
    ("tokens_ci", "YES", "yes"),
    ("lines", "1 2\n3\n", "1 2 \n3\n\n"),
    ("exact", "6\n", "6\n"),
    ("lcb_compat", "10", "1_0"),
    ("lcb_compat", "10", "1e1"),
    ("lcb_compat", " 1 2 \n3", "1 2\n3"),
]
NO_ANSWERS = [
    ("tokens", "6", "0_6"),
    ("tokens", "6", "+6"),
    ("tokens", "6", "6.0"),
    ("tokens", "6", "6e0"),
    ("tokens", "6", "\uff16"),
    ("tokens", "6.0", "\uff16.0"),
    ("tokens", "1000000007", "1000000008"),
    ("tokens", "0.5", "nan"),
    ("tokens", "0.5", "inf"),
    ("tokens", "1e999", "2e999"),
    ("tokens", "0.5", "0.50002"),
    ("tokens", "1\n2\n3", "1"),
    ("tokens", "1", "1\n2"),
    ("tokens", "1\n2", "2\n1"),
    ("tokens", "YES", "Yes"),
    ("tokens", "", "6"),
    ("tokens", "a b", "a\u00a0b"),
    ("lines", "1 2\n3", "1\n2 3"),
    ("lines", "1  2", "1 2"),
    ("exact", "6\n", "6"),
    ("lcb_compat", "1\n2", "1\n\n2"),
]


@pytest.mark.parametrize(("checker", "expected", "actual"), ANSWERS)
def test_answers(checker: str, expected: str, actual: str) -> None:
    assert compare(expected, actual, checker) is None


@pytest.mark.parametrize(("checker", "expected", "actual"), NO_ANSWERS)
def test_no_answers(checker: str, expected: str, actual: str) -> None:
    assert compare(expected, actual, checker) is not None


def test_first_difference_names_line_and_token() -> None:
    difference = compare("1 2\n3 4\n5\n", "1 2\n3 9\n5\n")
    assert difference is not None
    assert (difference.line, difference.token, difference.expected, difference.actual) == (2, 2, "4", "9")
    assert str(difference) == "line 2, token 2: expected '4', got '9'"


def test_missing_and_extra_tokens_are_counted() -> None:
    missing = compare("1\n2\n3", "1")
    extra = compare("1", "1\n7")
    assert missing is not None and missing.reason == "3 tokens expected, 1 printed" and missing.line == 2
    assert extra is not None and extra.actual == "7"


def test_long_texts_are_cut() -> None:
    difference = compare("x" * 10_000, "y" * 10_000)
    assert difference is not None and len(difference.expected) == len(difference.actual) == 200


def test_tolerance_is_a_choice() -> None:
    assert compare("0.5", "0.501") is not None
    assert compare("0.5", "0.501", tolerance=0.01) is None


def test_unknown_checker_lists_the_choices() -> None:
    with pytest.raises(InputError, match=r"'fuzzy', expected one of exact, lines, tokens"):
        compare("1", "1", "fuzzy")


@settings(deadline=None)  # a busy machine is no reason to fail
@given(st.text(), st.sampled_from(["exact", "lines", "tokens", "tokens_ci"]))
def test_every_text_answers_itself(text: str, checker: str) -> None:
    assert compare(text, text, checker) is None


@settings(deadline=None)
@given(st.lists(st.integers(), min_size=1), st.data())
def test_a_changed_integer_is_seen(values: list[int], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(values) - 1))
    changed = [value + (index == place) for index, value in enumerate(values)]
    difference = compare(" ".join(map(str, values)), " ".join(map(str, changed)))
    assert difference is not None and difference.token == place + 1
