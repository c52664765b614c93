"""Constructs are read from the syntax tree."""

import pytest
from deskcheck_evals.constructs import constructs


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1", set()),
        ("for a in b:\n    print(a)", {"for loop"}),
        ("for a in b:\n    while a:\n        a -= 1", {"for loop", "while loop", "nested loops"}),
        ("def f(n):\n    return n and f(n - 1)", {"function", "recursion"}),
        ("def f(n):\n    return n.f(n)", {"function"}),
        ("class A:\n    def f(self):\n        return self.f()", {"class", "function", "recursion"}),
        ("[a for a in b if a]", {"comprehension"}),
        ("try:\n    raise E\nexcept E:\n    pass", {"exception handling", "raise"}),
        ("def broken(:", set()),
        ("\0", set()),
        ("(" * 5000 + ")" * 5000, set()),
    ],
)
def test_what_a_program_uses(source: str, expected: set[str]) -> None:
    assert constructs(source) == expected
