"""Calls that a file shows of its own functions."""

from deskcheck_trainer.nlex.sources.calls import doctest_calls


def test_only_doctests_that_stand_on_their_own_are_calls() -> None:
    source = '''
import math
LIMIT = 3
def f(x, y=0):
    """
    >>> f(LIMIT, math.pi)
    3
    >>> z = 4
    >>> f(z)
    4
    >>> f([w for w in range(2)])
    [0, 1]
    >>> f(1) + 1
    2
    >>> f("a" * -1 / 2)
    Traceback (most recent call last):
    TypeError: no
    >>> print(f(2))
    2
    >>> f(LIMIT, math.pi)
    3
    >>> f(key=lambda k: k)
    """
    return x
'''
    assert doctest_calls(source) == ["f(LIMIT, math.pi)", "f([w for w in range(2)])", "f(key=lambda k: k)"]
    assert doctest_calls("def f(:") == [] and doctest_calls('def f():\n    """>>>bad"""') == []
