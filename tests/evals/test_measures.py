"""Baselines of output prediction, which read no program: what they answer, worked out by hand."""

import pytest
from deskcheck_evals.measures import Statistics, copied_input, majority_output, prediction_measures
from deskcheck_evals.results import Predicted


def row(given: str, expected: str, *, is_call: bool = True) -> Predicted:
    return Predicted("id", given, expected, given, is_call, None, (False,), ("ok",))


@pytest.mark.parametrize(
    ("given", "copy"),
    [
        ("f('a, b', 2)", "'a, b'"),
        ("f([(1, 2), {'k': 3}])", "[(1, 2), {'k': 3}]"),
        ("f((1, ), (2, 3))", "(1, )"),
        ("f('é', 1)", "'é'"),
        ("f()", None),
        ("f(x=3)", None),
        ("f(", None),
        ("3", None),
    ],
)
def test_a_copier_answers_the_first_argument_of_a_call(given, copy):
    assert copied_input(row(given, "")) == copy


def test_a_copier_of_standard_input_answers_all_of_it():
    assert copied_input(row("f(1)\n2\n", "", is_call=False)) == "f(1)\n2\n"


def test_baselines_of_four_calls():
    rows = [row("f([1,2])", "[1, 2]"), row("f('a', 'b')", "'a'"), row("f(0)", "False"), row("f('c')", "'a'")]
    measures = prediction_measures(rows, Statistics(resamples=10))
    assert measures["copy input"].interval.mean == pytest.approx(0.5), "another spelling is right, another type is not"
    assert majority_output(rows) == "'a'" and measures["majority output"].interval.mean == pytest.approx(0.5)
    assert measures["pass@1"].interval.mean == 0
