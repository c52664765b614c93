"""Task input_prediction as a function: what it asks, what becomes of an item that the sandbox fails on, its baselines."""

import pytest
from deskcheck_agent import Prompts, SamplingParams, ScriptedSampler
from deskcheck_evals.benchmarks import PredictionItem
from deskcheck_evals.errors import EvalError
from deskcheck_evals.rows import Rows
from deskcheck_evals.tasks.gathering import Unscored
from deskcheck_evals.tasks.input_prediction import check, majority_input, predict_all
from deskcheck_evals.tasks.output_prediction import Asking, key_of
from deskcheck_tracer import Program, RunResult
from deskcheck_tracer.outcome import Outcome


def item(name: str, call: str) -> PredictionItem:
    return PredictionItem(name, Program("def f(x):\n    return x\n", call=call), call[2:-1])


class BrokenFor:
    """A sandbox that fails where the source holds a word, and returns 7 otherwise."""

    def __init__(self, word: str) -> None:
        self.word = word

    async def arun(self, program, limits):
        if self.word in program.source:
            return RunResult(Outcome.sandbox, detail="a worker died twice")
        return RunResult(Outcome.ok, returned="7")


async def test_a_sandbox_error_is_no_row_and_too_many_stop_the_run(tmp_path):
    bad = PredictionItem("b", Program("def f(x):\n    return bad\n", call="f(7)"), "7")
    items = [item("a", "f(7)"), bad, item("c", "f(8)")]
    asking = Asking(attempts=2, prompts=Prompts.load("micro"), params=SamplingParams(), checker="tokens")
    rows, unscored, done = Rows(tmp_path / "rows.jsonl", {"config": "x"}), Unscored(1), []
    sampler = ScriptedSampler(["<input>\nf(1)\n</input>", "<input>\nf(7)\n</input>"])
    await predict_all(items, sampler, BrokenFor("bad"), rows, asking, unscored, lambda n=1: done.append(n), common="")
    assert unscored.problems == ["b"] and len(done) == 3 and key_of(items[1]) not in rows
    assert [rows.rows[key_of(each)]["right"] for each in (items[0], items[2])] == [[True, True], [False, False]]
    with pytest.raises(EvalError, match="max_unscored=0"):
        await predict_all(items, sampler, BrokenFor("bad"), rows, asking, Unscored(0), lambda n=1: None, common="")


def test_the_majority_input_is_the_first_of_the_most_frequent_in_the_alphabet():
    items = [item("a", "f('b')"), item("b", "f('a')"), item("c", "f(0)"), item("d", "f('b')"), item("e", "f('a')")]
    assert majority_input(items) == "f('a')"
    assert majority_input([PredictionItem("e", Program("print(input())", "3\n"), "3\n")]) == "3"


def test_an_item_without_a_called_function_is_named():
    check([item("a", "f()"), PredictionItem("e", Program("print(input())", "3\n"), "3\n")])
    with pytest.raises(EvalError, match=r"item 'b' evaluates 'f\(1\)\[0\]'"):
        check([item("a", "f(1)"), item("b", "f(1)[0]")])
