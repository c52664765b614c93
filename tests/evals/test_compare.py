"""When a prediction is right: every way in which published scorers are known to say yes to a wrong one, or no to a right one.

One test each. The scorers: CRUXEval's own (`assert <truth> == <prediction>`, run), LiveCodeBench's, taco's (APPS), SandboxFusion's,
open-r1's, AlphaCodium's. What a candidate's process may do to its judge is the tracer's table of hostile programs.
"""

import pytest
from deskcheck_evals.literal import same_literal
from deskcheck_evals.metrics import pass_at_k
from deskcheck_evals.tasks.compare import right


def call(expected: str, predicted: str | None) -> bool:
    return right(expected, predicted, is_call=True)


def printed(expected: str, predicted: str, checker: str = "tokens") -> bool:
    return right(expected, predicted, is_call=False, checker=checker)


# ------------------------------------------------------------------------- CRUXEval's scorer, which runs the prediction


def test_an_expression_that_is_always_true_is_no_value():
    assert not call("18", "18 or True") and not call("17", "18 or True")


def test_a_call_of_the_function_is_no_prediction_of_its_output():
    """Refused there by the text `f(<input>)`, which a space gets round."""
    assert not call("17", "f (16)") and not call("17", "f(16)")


def test_nothing_in_a_prediction_is_evaluated():
    assert not call("17", "__import__('builtins').eval('f' + '(16)')") and not call("17", "16 + 1")


def test_an_object_that_equals_everything_is_no_value():
    assert not call("17", "type('X', (), {'__eq__': lambda *_: True})()")


@pytest.mark.parametrize(
    ("expected", "predicted"),
    [
        ("17", "17.0"),
        ("1", "True"),
        ("0.0", "0"),
        ("[1, (2,)]", "[1, [2]]"),
        ("{1: 0}", "{True: False}"),
        ("{1}", "{1.0}"),
    ],
)
def test_a_value_of_another_type_is_another_value(expected, predicted):
    assert not call(expected, predicted)


def test_a_comment_is_no_part_of_a_value():
    """There `f(` in a comment passes for a call; here it is neither a call nor in the way."""
    assert call("17", "17 # f(") and not call("18", "17 # f(")


def test_the_words_of_an_assertion_are_no_value():
    """There an answer is cut at `==`; here it is what stands between the tags, all of it."""
    assert not call("17", "f(16) == 17") and not call("17", "assert f(16) == 17")


def test_a_prediction_that_cannot_be_scored_still_counts_as_one():
    """A list from which such predictions are dropped makes pass@1 of ['17', junk, junk] a whole 1."""
    found = [call("17", text) for text in ("17", "f(16)", "junk")]
    assert found == [True, False, False] and pass_at_k(len(found), sum(found), 1) == pytest.approx(1 / 3)


def test_equal_values_in_another_spelling_are_right():
    assert call("{'a': 1, 'b': 2}", "{'b':2,'a':1}") and call("'it'", '"it"') and call("[1, 2]", " [1,\n 2] ")


def test_nan_is_the_value_that_it_is():
    """Where values are compared by ==, a right prediction of nan is wrong."""
    assert call("nan", "nan") and not call("nan", "0") and not call("[1]", "nan")


def test_a_truth_that_is_no_literal_is_compared_as_text():
    assert call("<Point>", "<Point>") and not call("<Point>", "Point()")


def test_a_prediction_that_breaks_the_parser_is_wrong(recwarn):
    for text in (
        "(" * 9000,
        "-" * 90_000 + "1",
        "1" + "+1" * 40_000,
        "[" * 199,
        "9" * 90_000,
        "'\ud800",
        "1\0",
        "x" * 200_000,
    ):
        assert not same_literal("1", text), text[:9]
    assert not call("'d'", r"'\d'") and not recwarn.list, "a stranger's escapes are no news for the user"


# -------------------------------------------------------------------------------------- scorers of printed outputs


def test_integers_are_exact_however_large():
    """SandboxFusion and taco compare them within a tolerance."""
    assert not printed("1000000007\n", "1000000008") and not printed("7\n", "7.0000001")


def test_floats_are_compared_within_the_papers_tolerance():
    """Too strict as text (LiveCodeBench), too loose within 1e-4 (AlphaCodium)."""
    assert printed("0.3333333333\n", "0.333333") and not printed("0.5\n", "0.50009")


@pytest.mark.parametrize("text", ["1_0", "1e1", "10.0", "+10", "010", "\uff11\uff10"])
def test_another_spelling_of_an_integer_is_not_what_was_printed(text):
    """LiveCodeBench compares tokens as decimal numbers."""
    assert not printed("10\n", text)


def test_nan_and_infinity_are_no_floats():
    assert not printed("0.5\n", "nan") and not printed("0.5\n", "inf")


def test_letters_keep_their_case():
    assert not printed("YES\n", "yes")


def test_lines_keep_their_order():
    """taco compares them as a set."""
    assert not printed("1\n2\n", "2\n1")


@pytest.mark.parametrize("text", ["1", "1\n2\n3", ""])
def test_the_number_of_tokens_counts(text):
    """open-r1 stops where the shorter output ends."""
    assert not printed("1\n2\n", text)


def test_no_output_is_right_only_where_there_is_none():
    assert printed("", "") and printed("\n", "") and not printed("", "0") and not printed("0\n", "")


def test_exact_is_exact_but_for_the_last_line_end():
    assert printed("a b\n", "a b", "exact") and not printed("a b\n", "a  b", "exact") and printed("a b\n", "a  b")


@pytest.mark.parametrize("is_call", [False, True])
def test_an_answer_without_an_output_is_wrong(is_call):
    assert not right("None", None, is_call=is_call) and not right("", None, is_call=is_call)
