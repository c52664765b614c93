"""Predictions: an output block in the words of the agent's direct prompt, and the input that really gave an output."""

from pathlib import Path

import pytest
from deskcheck_agent import SamplingParams, ScriptedSampler
from deskcheck_agent.parse import parse_input
from deskcheck_agent.prompts import Prompts
from deskcheck_evals.benchmarks import PredictionItem
from deskcheck_evals.rows import Rows
from deskcheck_evals.tasks.gathering import Unscored
from deskcheck_evals.tasks.input_prediction import predict_all
from deskcheck_evals.tasks.output_prediction import Asking, predict_outputs
from deskcheck_tracer import Program, Sandbox
from deskcheck_tracer.claims import true_output
from deskcheck_trainer.nlex import Reason, Rejected, Row
from deskcheck_trainer.nlex.renderings import Context
from deskcheck_trainer.nlex.renderings.predictions import predict_input, predict_output

from tests.trainer.nlex.renderings.again import subject

CONTEXT = Context(Prompts.load("default"))
F = "def f(a, b=2):\n    c = a * b\n    return c\n"
READS = "n = int(input())\nm = int(input())\nprint(n * m)"


def test_an_output_is_asked_for_as_the_agent_asks_without_steps() -> None:
    about = subject(F, call="f('ab')")
    row = predict_output(about, CONTEXT)
    assert isinstance(row, Row) and row.completion[0]["content"] == "<output>\n'abab'\n</output>"
    assert row.prompt == CONTEXT.prompts.direct().simulate(about.trace.program)


@pytest.mark.parametrize("name", ["default", "few_shot", "micro"])
async def test_inputs_and_outputs_are_asked_for_as_evaluations_ask(name: str, tmp_path: Path) -> None:
    """The prompts of trained rows, and those that deskcheck-eval sends for the same program with mode=direct, byte by byte."""
    prompts = Prompts.load(name)
    asked = ScriptedSampler(["<input>\nf('ab')\n</input>", "<output>\n'abab'\n</output>"])
    asking = Asking(attempts=1, prompts=prompts.direct(), params=SamplingParams(), checker="tokens")
    about = subject(F, call="f('ab')")
    items = [PredictionItem("a", about.trace.program, true_output(about.trace))]
    with Sandbox() as sandbox:
        rows = Rows(tmp_path / "inputs.jsonl", {"config": "x"})
        await predict_all(items, asked, sandbox, rows, asking, Unscored(0), lambda n=1: None, common="")
    await predict_outputs(items, asked, Rows(tmp_path / "o.jsonl", {"config": "x"}), asking, lambda n=1: None)
    trained = [render(about, Context(prompts)) for render in (predict_input, predict_output)]
    assert [row.prompt for row in trained if isinstance(row, Row)] == asked.prompts
    assert [row["right"] for row in rows.rows.values()] == [[True]]


@pytest.mark.parametrize(
    ("source", "stdin", "call", "given"),
    [
        (F, "", " f(3, b=[1])", "f(3, b=[1])"),
        (READS, "3\n4\n", None, "3\n4"),
        (READS, "3\n4", None, "3\n4"),
    ],
)
def test_the_stated_input_gives_the_output_when_run_again(source: str, stdin: str, call: str, given: str) -> None:
    about = subject(source, stdin, call)
    row = predict_input(about, CONTEXT)
    assert isinstance(row, Row)
    told, _ = parse_input(row.completion[0]["content"])
    assert told == given and given not in row.prompt[0]["content"]
    again = subject(source, "" if call else told, told if call else None)
    assert true_output(again.trace) == true_output(about.trace) in row.prompt[0]["content"]


@pytest.mark.parametrize(
    ("source", "stdin", "call"),
    [
        ("x = 1\nprint(x)", "unread\n", None),
        ("def f():\n    return 1\n", "", "f()"),
        ("def f():\n    return [1]\n", "", "f()[0]"),
        ("def f(a):\n    return a + input()\n", "x\n", "f('a')"),
    ],
    ids=["reads nothing", "no arguments", "no call of a name", "arguments and standard input"],
)
def test_a_program_without_one_plain_input_gives_no_row(source: str, stdin: str, call: str | None) -> None:
    assert predict_input(subject(source, stdin, call), CONTEXT) is None


def test_an_input_or_output_that_holds_the_tag_is_kept_aside() -> None:
    echo = "text = input()\nprint(text)"
    for stdin in ("<input>\n1\n", "1\n</input>\n"):
        misread = predict_input(subject(echo, stdin), CONTEXT)
        assert isinstance(misread, Rejected) and misread.reason is Reason.misread
    wrong = predict_output(subject(echo, "1 </output> 2\n"), CONTEXT)
    assert isinstance(wrong, Rejected) and wrong.reason is Reason.wrong_output


def test_a_prompt_for_an_input_holds_none_of_it() -> None:
    sentinel = "Q7fK2mX9pLw4TzR1"
    program = Program("def f(a):\n    return len(a)\n", stdin=sentinel, call=f"f('{sentinel}')")
    assert sentinel not in str(CONTEXT.prompts.predict_input(program, "16"))
