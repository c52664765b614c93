"""The transition table, and that its identities can fail."""

from fractions import Fraction

import pytest
from deskcheck_evals.transitions import Transitions


def test_the_identities_hold_for_the_rows_the_table_was_made_of():
    first, submitted = [True, False, False, True, False], [True, True, False, False, True]
    table = Transitions.of(first, submitted)
    table.require(Fraction(2, 5), Fraction(3, 5))
    assert [table.share(name) for name in ("FF", "FP", "PF", "PP")] == [0.2, 0.4, 0.2, 0.2]


def test_a_table_of_other_rows_is_refused():
    table = Transitions.of([False, True], [True, True])
    assert (table.FF, table.FP, table.PF, table.PP) == (0, 1, 0, 1)
    with pytest.raises(AssertionError, match="FP \\+ PP = 1"):
        table.require(Fraction(1, 2), Fraction(1, 2))
    with pytest.raises(AssertionError, match="PF \\+ PP"):
        table.require(Fraction(1), Fraction(1))


def test_lists_of_different_lengths_are_refused():
    with pytest.raises(ValueError):
        Transitions.of([True], [])
