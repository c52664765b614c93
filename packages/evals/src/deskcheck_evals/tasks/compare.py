"""When a predicted output is right.

A program that prints: the tracer's own comparison, `tokens` by default (floats within 1e-5, as in the paper) or
`exact`. A call's value: equal as a literal, type included (deskcheck_evals.literal), whatever the checker.
"""

from deskcheck_tracer import compare

from deskcheck_evals.literal import same_literal


def right(expected: str, predicted: str | None, *, is_call: bool, checker: str = "tokens") -> bool:
    """Whether the prediction counts; None (no output could be read) never does."""
    if predicted is None:
        return False
    if is_call:
        return same_literal(expected, predicted)
    if checker == "exact":  # the output block leaves out the last newline, so it is no part of the question
        return expected.removesuffix("\n") == predicted.removesuffix("\n")
    return compare(expected, predicted, checker=checker) is None
