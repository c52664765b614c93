"""Predicted inputs in the real sandbox: every way of writing an input counts, and no way of writing the output does."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from deskcheck_evals.benchmarks import BenchmarkConfig, BenchmarkName, PredictionItem, load_items
from deskcheck_evals.literal import LONGEST
from deskcheck_evals.predicted_input import call_of, called_function, evaluated, evaluation, read_arguments
from deskcheck_evals.tasks.input_prediction import input_of
from deskcheck_evals.tasks.input_runs import InputEnd, ends_of
from deskcheck_tracer import Limits, Program, Sandbox

INCREMENT = PredictionItem("increment", Program("def f(x):\n    return x + 1\n", call="f(16)"), "17")
UPPER = PredictionItem("upper", Program("def f(x):\n    return x.upper()\n", call="f('a')"), "'ANSWER'")
LENGTH = PredictionItem("length", Program("def f(x, y=0):\n    return len(x)\n", call="f([1])"), "1")
GLOBAL = PredictionItem("global", Program("WORDS = ['a']\ndef f(i):\n    return WORDS[i]\n", call="f(0)"), "'b'")
APPLY = PredictionItem("apply", Program("def f(xs, g):\n    g(xs)\n    return xs\n", call="f([1, 2], 0)"), "[2, 1]")
ECHO = PredictionItem("echo", Program("print(int(input()) * 2)", "2\n"), "8\n")

RIGHT, WRONG, RAISED = InputEnd.right, InputEnd.wrong, InputEnd.raised
CASES = {
    INCREMENT: {
        # The whole call, or what stands between its parentheses, in any spelling.
        "f(16)": RIGHT, "f (16)": RIGHT, "16": RIGHT, " f(\n 16  # six\n) # yes": RIGHT, "f(16,)": RIGHT,
        "f(x=16)": RIGHT, "f(*[16])": RIGHT, "f(**{'x': 16})": RIGHT, "16 # f(": RIGHT,
        # Expressions are inputs; f itself may be called for one.
        "f(f(15))": RIGHT, "f(int('1' * 2) + 5)": RIGHT, "True + 15": RIGHT, "__import__('builtins').eval('16')": RIGHT,
        # Another value or type.
        "17": WRONG, "17 # f(": WRONG, "f(16.0)": WRONG, "f(16) or 1": WRONG, "(lambda: 17)()": WRONG,
        # No arguments of one call.
        "f(16": InputEnd.unparsable, "16)": InputEnd.unparsable, "f(16); f(3)": InputEnd.unparsable,
        "assert f(16) == 17": InputEnd.unparsable, "f(16) == 17)": InputEnd.unparsable, "\ud800": InputEnd.unparsable,
        "-" * 9000 + "1": InputEnd.unparsable, "9" * (LONGEST + 1): InputEnd.unparsable,
        # Answers that no run of f on a value gave.
        "f(setattr(f, '__code__', (lambda *a: 17).__code__))": RAISED,
        "f(globals().update(f=lambda *a: 17))": RAISED,
        "f((f := lambda x: 17) and 3)": WRONG,
        "f(type('X', (int,), {'__add__': lambda s, o: 17})(3))": WRONG,
        "f(type('X', (), {'__add__': lambda s, o: 17, '__repr__': lambda s: 'int'})())": InputEnd.not_plain,
        "f(type('X', (), {'__eq__': lambda s, o: True, '__repr__': lambda s: '3'})())": WRONG,
        "f([__import__('os').write(n, b'17') for n in range(3, 9)])": RAISED,
        "f(exit())": InputEnd.not_plain, "f(__import__('os')._exit(0))": InputEnd.not_plain,
        "f(1 / 0)": RAISED, "": RAISED, "f(g)": RAISED,
        "f(9 ** 9 ** 9)": InputEnd.timed_out,
    },
    UPPER: {
        "'answer'": RIGHT, "f(''.join(['ans', 'wer']))": RIGHT, "f('ans' 'wer')": RIGHT, 'f("""answer""")': RIGHT,
        "f(b'answer')": WRONG,
        "f(type('S', (), {'upper': lambda self: 'ANSWER'})())": InputEnd.not_plain,
        "f(type('S', (str,), {'upper': lambda self: 'ANSWER'})('b'))": WRONG,
    },
    LENGTH: {
        "range(3)[:1]": RIGHT, "dict(a=1)": RIGHT, "{float('inf')}": RIGHT, "[float('nan')] * 1": RIGHT,
        "frozenset([1])": RIGHT, "y=3, x=[1 + 2j]": RIGHT, "*[[0]], *(2,)": RIGHT, "[lambda x: x]": RIGHT,
        "[len]": InputEnd.not_plain, "[f]": InputEnd.not_plain, "iter([1])": InputEnd.not_plain,
        "[0], [0, lambda: len][1]": InputEnd.not_plain,
    },
    GLOBAL: {"WORDS.append('b') or 1": RAISED, "WORDS.__setitem__(0, 'b') or 0": WRONG},
    APPLY: {
        "[1, 2], lambda xs: xs.reverse()": RIGHT, "[1, 2], (lambda xs: xs.sort(reverse=True))": RIGHT,
        "sorted([2, 1]), lambda xs: xs.reverse()": RIGHT,
        "[1, 2], lambda xs: f": InputEnd.not_plain,
        "[1, 2], lambda xs, f=f: xs.reverse()": InputEnd.not_plain,
        "[1, 2], lambda xs: (g := xs).reverse()": InputEnd.not_plain,
        "[1, 2], lambda xs: [x.pop() for x in xs]": InputEnd.not_plain,
        "[1, 2], lambda xs: xs.__class__": InputEnd.not_plain,
        "[1, 2], lambda xs: '{0.__init__}'.format(xs)": InputEnd.not_plain,
        "[1, 2], lambda xs: __import__('os')": InputEnd.not_plain,
    },
    ECHO: {"4": RIGHT, " 4": RIGHT, "4\n5": RIGHT, "5": WRONG, "four": RAISED, "": RAISED, None: InputEnd.missing},
}  # fmt: skip


async def test_how_predicted_inputs_end():
    tries = {(item, text): end for item, cases in CASES.items() for text, end in cases.items()}
    with Sandbox() as sandbox:
        ends = await ends_of(list(tries), sandbox, limits=Limits(cpu_s=0.5, wall_s=10))
    found = dict(zip(tries, ends, strict=True))
    assert {key: end for key, end in found.items() if end is not tries[key]} == {}


async def test_the_input_of_each_item_is_right_and_equal_tries_are_run_once():
    items = [INCREMENT, LENGTH, PredictionItem("echo", Program("print(input() * 2)", "\n"), "\n")]
    with Sandbox() as sandbox:
        ends = await ends_of([(item, input_of(item)) for item in [*items, *items]], sandbox)
    assert ends == [RIGHT] * 6


def test_only_text_comes_back_from_an_expression():
    """Whatever returns from there is read as literals: it cannot be a call, or more arguments than were asked for."""
    asked = read_arguments("f(g(), 2, k=h())", "f")
    assert asked is not None and evaluation(asked) == "repr([(g()\n), (h()\n)])"
    assert call_of("f", evaluated(asked, repr("[1, inf]")) or []) == "f((1\n), (2\n), k=(1e309\n))"
    for forged in ("[1]", "[1, 2, 3]", "[1, f]", "[1, 2), f(3]", "1, 2", "[1, <X>]", "[1, (lambda: f)]", ""):
        assert evaluated(asked, repr(forged)) is None, forged
    for forged in ("[1, 2]", None, "", "f()"):
        assert evaluated(asked, forged) is None, forged


@pytest.mark.parametrize(
    ("call", "name"),
    [("f(1)", "f"), (" total( *x )", "total"), ("f(1)[0]", None), ("a.f(1)", None), ("f", None), ("(", None)],
)
def test_the_function_of_a_call(call, name):
    assert called_function(call) == name


if "DESKCHECK_DATA" in os.environ:  # the real data is no part of the repository

    async def test_true_inputs_of_cruxeval_that_are_no_literals():
        """No arguments, a join, a sum of strings, a slice of a global, two lambdas, dict(did=0); and some plain ones."""
        path = Path(os.environ["DESKCHECK_DATA"]) / "cruxeval" / "cruxeval_dev.jsonl"
        items = {item.id: item for item in load_items(BenchmarkConfig(name=BenchmarkName.cruxeval_i, path=str(path)))}
        chosen = [items[f"sample_{number}"] for number in (135, 152, 239, 258, 344, 364, 378, *range(8))]
        arguments = {row["id"]: row["input"] for row in map(json.loads, path.read_text().splitlines())}
        with Sandbox() as sandbox:
            ends = await ends_of(
                [(each, text) for each in chosen for text in (input_of(each), arguments[each.id])], sandbox
            )
        assert Counter(ends) == {RIGHT: 30}
