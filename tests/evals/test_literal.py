"""Predicted literals: what the original CRUXEval scorer accepts and must not be, and what must be accepted."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from deskcheck_evals.literal import is_literal, same_literal
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_is_the_same_as_itself_unless_repr_is_no_literal(value):
    text = repr(value)
    if is_literal(text):  # inf and nan are names, not literals
        assert same_literal(text, f"  {text} \n")


@pytest.mark.parametrize(
    ("expected", "predicted"),
    [
        ("18", "18 or True"),
        ("17", "17.0"),
        ("1", "True"),
        ("[1, [2]]", "[1, [2.0]]"),
        ("(1,)", "[1]"),
        ("'a'", "'a' if True else 0"),
        ("6", "f(3)"),
        ("6", "__import__('os').getpid() and 6"),
        ("{1: 'a'}", "{True: 'a'}"),
        ("3", "3 # f("),  # a comment is no part of a value, but the value is right: see below
        ("1", ""),
        ("1", "(" * 5000),
    ],
)
def test_what_is_not_the_value_is_not_accepted(expected, predicted):
    assert same_literal(expected, predicted) is (predicted == "3 # f(")


@pytest.mark.parametrize(
    ("expected", "predicted"),
    [
        ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}"),
        ('"x"', "'x'"),
        ("{1, 2}", "{2, 1}"),
        ("-1", "- 1"),
        ("[1, 2]", "[1,2]"),
        ("<object>", "<object>"),
    ],
)
def test_other_spellings_of_the_value_are_accepted(expected, predicted):
    assert same_literal(expected, predicted)


@pytest.mark.skipif("DESKCHECK_DATA" not in os.environ, reason="the scored predictions are not part of the repository")
def test_the_official_scores_agree_but_for_looseness():
    """4,000 predictions of Code Llama 7B: the official scorer may accept more than we do, never less."""
    folder = Path(os.environ["DESKCHECK_DATA"]) / "cruxeval"
    truths = {row["id"]: row["output"] for row in _rows(folder / "cruxeval_dev.jsonl")}
    found: Counter[tuple[bool, bool]] = Counter()
    for row in _rows(folder / "codellama7b_t0.2_output_scored_dev.jsonl"):
        for text, official in zip(row["generations"], row["official_scores"], strict=True):
            found[official, same_literal(truths[row["id"]], text)] += 1
    assert found[False, True] == 0
    assert found[True, True] > 0 and found[False, False] > 0
    # What only the official scorer accepts, counted: expressions that compute the value, and values of another type.
    assert found[True, False] <= 0.01 * sum(found.values()), found


def _rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]
