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
        ("1", ""),
        ("1", "(" * 5000),
    ],
)
def test_what_is_not_the_value_is_not_accepted(expected, predicted):
    assert not same_literal(expected, predicted)


@pytest.mark.parametrize(
    ("expected", "predicted"),
    [
        ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}"),
        ('"x"', "'x'"),
        ("{1, 2}", "{2, 1}"),
        ("-1", "- 1"),
        ("3", "3 # f("),  # the comment tricks the original scorer; here it is no part of the value
        ("[1, 2]", "[1,2]"),
        ("<object>", "<object>"),
    ],
)
def test_other_spellings_of_the_value_are_accepted(expected, predicted):
    assert same_literal(expected, predicted)


if "DESKCHECK_DATA" in os.environ:  # the real data is no part of the repository

    def test_the_official_scores_are_ours_row_by_row():
        """4,000 predictions of Code Llama 7B, scored by the benchmark's authors."""
        folder = Path(os.environ["DESKCHECK_DATA"]) / "cruxeval"
        truths = {row["id"]: row["output"] for row in _rows(folder / "cruxeval_dev.jsonl")}
        found: Counter[tuple[bool, bool]] = Counter()
        for row in _rows(folder / "codellama7b_t0.2_output_scored_dev.jsonl"):
            for text, official in zip(row["generations"], row["official_scores"], strict=True):
                found[official, same_literal(truths[row["id"]], text)] += 1
        # On these predictions the looseness of the official scorer never made a difference.
        assert set(found) == {(True, True), (False, False)} and sum(found.values()) == 4000, found


def _rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]
