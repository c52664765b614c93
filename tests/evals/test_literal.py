"""Values as literals: every value is itself in any spelling, and no two values of different types are the same.

What published scorers get wrong: test_compare.py.
"""

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


@given(VALUES, VALUES)
def test_values_of_different_types_are_never_the_same(one, other):
    if type(one) is not type(other) and is_literal(repr(one)) and is_literal(repr(other)):
        assert not same_literal(repr(one), repr(other))


@given(st.dictionaries(st.text() | st.integers(), VALUES, min_size=2, max_size=4))
def test_the_order_of_a_dict_does_not_count(value):
    turned = dict(reversed(value.items()))
    assert same_literal(repr(value), repr(turned)) or not is_literal(repr(value))
