"""Harvested functions do alone what they do in their module; what cannot is skipped with the reason."""

import ast
import warnings
from pathlib import Path

import pytest
from deskcheck_trainer.nlex.sources.calls import doctest_calls, literal_calls
from deskcheck_trainer.nlex.sources.harvest import MAX_MODULE, Harvested, Skipped, harvest

EXAMPLES = Path(__file__).parents[4] / "examples/programs"

MODULE = '''\
"""Everything a function may lean on."""
from __future__ import annotations

import math, os.path as path
from collections import Counter, defaultdict as dd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nowhere import Thing

UNIT, SCALE = 2, 3.5   # a pair
HALF = UNIT / 2
TABLE = {"a": 1}
TABLE["b"] = 2
EXTRA = TABLE.setdefault("c", 3)
UNUSED = print("on import")
COUNT = 0
COUNT += 4


class Shape:
    sides = UNIT

    def area(self):
        return scaled(self.sides)


def scaled(x: Thing, y: Counter = None):
    """Ünits.

    >>> scaled(2)
    7.0
    >>> scaled(HALF)
    3.5
    """
    return x * SCALE


def area(n):
    shape = Shape()
    shape.sides = n
    return shape.area() + math.floor(HALF)


def look(key):
    return [TABLE[k] for k in sorted(TABLE) if k >= key]


@staticmethod
def counted(text, /, *, least=1):
    found = dd(int)
    for letter in text:
        found[letter] += 1
    return {k: v for k, v in found.items() if v >= least}, COUNT


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


def base(name): return path.basename(name)


if __name__ == "__main__":
    print(area(int(input())))
'''

CALLS = {
    "scaled": ["scaled(2)"],
    "area": ["area(4)"],
    "look": ["look('a')", "look('b')"],
    "counted": ["counted('hello')", "counted('hello', least=2)"],
    "even": ["even(7)"],
    "odd": ["odd(7)"],
    "base": ["base('a/b')"],
}


def value(source: str, call: str) -> str:
    namespace: dict = {"__name__": "module"}
    with warnings.catch_warnings(action="ignore"):
        return _value(source, call, namespace)


def _value(source: str, call: str, namespace: dict) -> str:
    exec(compile(source, "<module>", "exec", dont_inherit=True), namespace)
    return repr(eval(call, namespace))


def harvested(source: str, imports: tuple[str, ...] = ()) -> dict[str, Harvested]:
    return {f.name: f for f in harvest(source, imports) if isinstance(f, Harvested)}


def why(source: str, name: str = "f", imports: tuple[str, ...] = ()) -> str:
    (one,) = [f for f in harvest(source, imports) if f.name == name]
    return one.why if isinstance(one, Skipped) else "taken"


def test_every_function_gives_alone_what_it_gives_in_its_module(capsys) -> None:
    found = harvested(MODULE)
    assert set(found) == set(CALLS)
    for name, calls in CALLS.items():
        for call in calls:
            whole = value(MODULE, call)
            capsys.readouterr()
            assert value(found[name].source, call) == whole
            assert capsys.readouterr().out == "", "only what the function needs may run"


def test_a_harvested_module_is_the_text_of_what_is_needed_in_its_order() -> None:
    assert (
        harvested(MODULE)["area"].source
        == '''\
from __future__ import annotations
import math
from collections import Counter

UNIT, SCALE = 2, 3.5
HALF = UNIT / 2


class Shape:
    sides = UNIT

    def area(self):
        return scaled(self.sides)


def scaled(x: Thing, y: Counter = None):
    """Ünits.

    >>> scaled(2)
    7.0
    >>> scaled(HALF)
    3.5
    """
    return x * SCALE


def area(n):
    shape = Shape()
    shape.sides = n
    return shape.area() + math.floor(HALF)
'''
    )


def test_functions_of_our_examples_do_the_same_alone() -> None:
    checked = 0
    for path in sorted(EXAMPLES.glob("*.py")):
        source = path.read_text()
        found = harvested(source)
        calls = [*doctest_calls(source), *(c for cs in literal_calls(source, set(found)).values() for c in cs)]
        for call in calls:
            name = call.partition("(")[0]
            if name in found and not found[name].is_generator:
                assert value(found[name].source, call) == value(source, call), call
                checked += 1
    assert checked >= 8


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import numpy as np\ndef f(x): return np.abs(x)", "needs numpy, neither of the standard library nor in"),
        ("def f(x):\n    import numpy\n    return x", "needs numpy"),
        ("from . import a\ndef f(x): return a(x)", r"relative import (from . import a)"),
        ("def f(x):\n    from .b import c\n    return c(x)", "relative import"),
        ("from numpy import *\ndef f(x): return x + pi", "needs numpy"),
        ("def f(x): return missing(x)", "missing is not defined"),
        ("def f(x): return __file__ + x", "__file__ is not defined"),
        ("def f(x): return eval(x)", "eval()"),
        ("try:\n    import a\nexcept ImportError:\n    a = None\ndef f(x): return a", "a is bound by a statement that"),
        ("for i in range(3):\n    last = i\ndef f(x): return last", "last is bound by"),
        ("T = 1\ndel T\ndef f(x): return T", "T is bound by"),
        ("T = []\nfor i in range(3):\n    T.append(i)\ndef f(x): return T[x]", "T may be changed by statements"),
        ("T = []\ndef put(x): T.append(x)\nput(1)\ndef f(x): return T[x]", "T may be changed"),
        ("n = 0\ndef step():\n    global n\n    n += 1\nstep()\ndef f(x): return n", "n may be changed"),
        ("async def f(x): return x", "async"),
        ("def f(): return 1", "no parameters"),
        (f"T = {'1' * 3000}\nU = '{'x' * MAX_MODULE}'\ndef f(x): return T, U", "characters with all it needs"),
        ("class f:\n    def m(self): ...\n    async def n(self): ...", "2 methods"),
    ],
)
def test_what_cannot_stand_alone_is_skipped_with_the_reason(source: str, reason: str) -> None:
    assert reason in why(source)


@pytest.mark.parametrize(
    ("source", "call"),
    [
        ("import numpy as np\ndef f(x): return int(np.abs(x))", "f(-2)"),
        ("from math import *\ndef f(x): return floor(x) + pow(2, 2)", "f(1.5)"),
        ("LIMIT = 3\nprint(LIMIT)\ndef f(x): return x < LIMIT", "f(2)"),  # a number: print cannot change it
        ("T = []\ndef put(x): T.append(x)\nQ = put(1)\ndef f(x): return T[x]", "f(0)"),  # Q comes along
        ("n = 0\ndef f(x):\n    global n, m\n    m = n = n + x\n    return n + m", "f(4)"),
        ("def f(x): return x\nold = f\ndef f(x): return old(x) + 1", "f(2)"),
        ("import xml.sax, xml.dom\ndef f(x): return xml.dom.__name__ + x", "f('a')"),
        ("type Pair[T] = tuple[T, T]\ndef f[T](x: Pair[T]) -> T: return x[0]", "f((1, 2))"),
        ("a = b = [1]\r\ndef f(x):\r\n    return a + b + [x]\r\n", "f(1)"),
        ("é = 'ü'; g = 2; h = '''a\nb'''\ndef f(x): return é * g + h + x", "f('x')"),
        ("class A:\n    pass\nA.size = 4\ndef f(x): return A.size + x", "f(1)"),
        ("def f(x):\n    '''\\d'''\n    return [y for y in x if (z := y)] + [z]", "f([1])"),
    ],
)
def test_harder_modules_are_taken_right(source: str, call: str) -> None:
    taken = harvested(source, imports=("numpy",))["f"]
    assert value(taken.source, call) == value(source, call)
    assert "f" in taken.bound


def test_generators_are_told_from_functions_that_hold_one() -> None:
    found = harvested(
        "def f(x):\n    for i in x:\n        yield i\ndef g(x):\n    def h(): yield x\n    return list(h())"
    )
    assert (found["f"].is_generator, found["g"].is_generator) == (True, False)


@pytest.mark.parametrize("source", ["def f(:", "\0", "(" * 5000, "def f(x):\n    nonlocal x"])
def test_what_does_not_compile_is_an_error_of_a_known_kind(source: str) -> None:
    with pytest.raises((SyntaxError, ValueError, RecursionError, MemoryError)):
        harvest(source)


def test_calls_with_literals_are_found_wherever_they_stand() -> None:
    source = '''
def f(x, y=0):
    """
    >>> print(f(7))
    7
    >>> f("a", -1)
    Traceback (most recent call last):
    ValueError
    """
    return f(x - 1) if x else f(-3, y=[1, {"a": (None,)}])
assert f(1) == m.f(2) == other.f(3)
f(*[1]); f(**{"x": 1}); f(x); f(1 + 1)
'''
    assert literal_calls(source, {"f"}, module="m") == {"f": ["f(1)", "f(2)", "f(-3, y=[1, {'a': (None,)}])", "f(7)"]}
    assert literal_calls("f(", {"f"}) == {}
    assert all(isinstance(ast.parse(call), ast.Module) for call in literal_calls(source, {"f"})["f"])
