"""Inputs that a model thinks up: read as literals and nothing else, counted, appended to what is known."""

import pytest
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import SamplingParams, ScriptedSampler
from deskcheck_tracer import Program
from deskcheck_trainer.nlex import Reason, Rejected, Row, Task
from deskcheck_trainer.nlex.propose import MAX_CHARACTERS, Proposer, Proposing, literal_call, proposed_lines
from deskcheck_trainer.nlex.sources import Explain, Explore

SOURCE = "def f(a, b=0):\n    return a\n"


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("f(1)", "f(1)"),
        ("f( [1,2], b = {'x': (None, -2.5)} )  # a comment", "f([1, 2], b={'x': (None, -2.5)})"),
        ("3. f('a;b')", "f('a;b')"),
        ("- `f(True)`", "f(True)"),
        ("f({1, 2})", "f({1, 2})"),
    ],
)
def test_a_call_on_literals_is_read(line: str, call: str) -> None:
    assert literal_call(line, "f") == call


@pytest.mark.parametrize(
    "line",
    [
        "g(1)",
        "m.f(1)",
        "f(f(1))",
        "f(__import__('os').system('id'))",
        "f(x)",
        "f([1] * 10**9)",
        "f(*[1])",
        "f(**{'a': 1})",
        "f(1); g(2)",
        "f(1)(2)",
        "x = f(1)",
        "print(f(1))",
        "f(1",
        "",
        "\0f(1)",
        "f(" + "[" * 200 + "]" * 200 + ")",
        "f('" + "a" * MAX_CHARACTERS + "')",
        "f(lambda: 1)",
    ],
)
def test_anything_else_is_not(line: str) -> None:
    assert literal_call(line, "f") is None


def test_the_last_block_is_read_also_where_it_is_never_closed() -> None:
    assert proposed_lines("Try:\n```python\nf(0)\n```\nor\n```python\nf(1)\n\nf(2)\n```\ndone") == ["f(1)", "f(2)"]
    assert proposed_lines("```\nf(1)\nf(2") == ["f(1)", "f(2"]
    assert proposed_lines("f(1)\n") == ["f(1)"] and proposed_lines("") == []


def test_calls_are_appended_in_order_and_counted() -> None:
    other = Explain(program=Program("print(1)"), origin="e")
    first = Explore(source=SOURCE, entry_point="f", calls=("f(1)",), origin="a")
    second = Explore(source=SOURCE.replace("f", "g"), entry_point="g", origin="b")
    sampler = ScriptedSampler(["```\nf(1)\nf(2)\nf(x)\nf(3)\nf(4)\n```", "I cannot."])
    proposer = Proposer(sampler, Prompts.load(), Proposing(model="m", params=SamplingParams(), count=3))
    found = proposer(7, [other, first, second])
    assert found[0] is other and found[2] == second
    assert isinstance(found[1], Explore) and found[1].calls == ("f(1)", "f(2)", "f(3)")
    assert "Write 3 calls of the function `f`" in sampler.prompts[0][0]["content"]
    row = Row(task=Task.explain, prompt=[], completion=[], source=SOURCE, call="f(3)")
    known = Row(task=Task.explain, prompt=[], completion=[], source=SOURCE, call="f(1)")
    blocked = Rejected(reason=Reason.raised, detail="", origin="a", source=SOURCE, call="f(2)")
    counts = proposer.counts(7, [row, known, blocked])
    assert counts == {"functions": 2, "proposed": 6, "valid": 4, "kept": 1}


def test_a_shard_without_functions_asks_nobody() -> None:
    sampler = ScriptedSampler(["f(1)"])
    proposer = Proposer(sampler, Prompts.load(), Proposing(model="m", params=SamplingParams(), count=3))
    proposer(0, [Explain(program=Program("print(1)"), origin="e")])
    assert sampler.calls == 0
