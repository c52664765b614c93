"""Comparing what a call returned with what it should, for benchmarks that compare by Python's `==` or within 1e-6.

The tracer's own comparison of calls takes type and value. Published benchmarks are laxer, each in its own way; their
rules are written here once, as the source of a checker, which runs in the sandbox after the program. True is still not
1, here as elsewhere. Both sides are canonical texts; what is no literal (nan, an object) is compared as text.
"""

from deskcheck_tracer.checker import Checker

_SOURCE = """
import ast

ATOL, PLAIN_LISTS, WRAPPED = {settings!r}

def same(want, have):
    if PLAIN_LISTS:
        want, have = (list(side) if isinstance(side, tuple) else side for side in (want, have))
    if type(want) in (int, float) and type(have) in (int, float):
        is_near = ATOL > 0 and abs(want - have) <= ATOL + 1e-7 * abs(want)
        return want == have or (float in (type(want), type(have)) and is_near)
    if type(want) is not type(have):
        return False
    if isinstance(want, (list, tuple)):
        return len(want) == len(have) and all(map(same, want, have))
    if isinstance(want, dict):
        return want.keys() == have.keys() and all(same(want[key], have[key]) for key in want)
    return want == have

def check(input, output, answer):
    if output == answer:
        return True
    try:
        want, have = ast.literal_eval(answer), ast.literal_eval(output)
    except (ValueError, SyntaxError, RecursionError):
        return False
    is_wrapped = WRAPPED and isinstance(want, list) and len(want) == 1
    return same(want, have) or (is_wrapped and same(want[0], have))
"""


def value_checker(atol: float = 0.0, *, plain_lists: bool = False, wrapped: bool = False) -> Checker:
    """Numbers equal as numbers, floats within `atol` (plus 1e-7 of the expected one, if `atol` is not 0).

    `plain_lists`: a tuple is a list. `wrapped`: an expected list of one value may stand for the value.
    """
    return Checker(_SOURCE.format(settings=(atol, plain_lists, wrapped)), pure=True)
