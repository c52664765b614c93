"""CWM rows: the tracer's own text in two parts, for programs whose prompt holds their whole input."""

import pytest
from deskcheck_agent.prompts import Prompts
from deskcheck_tracer.cwm import Reset, cwm_text
from deskcheck_tracer.trace import EventKind
from deskcheck_trainer.nlex import Reason, Rejected, Row
from deskcheck_trainer.nlex.renderings import Context, RenderPlan
from deskcheck_trainer.nlex.renderings.cwm import cwm

from tests.trainer.nlex.renderings.again import subject

PROMPTS = Prompts.load("default")
SOURCE = "def g(n):\n    return n + 1\n\ndef f(xs):\n    s = 0\n    for x in xs:\n        s += g(x)\n    return s\n"


@pytest.mark.parametrize("reset", [each.value for each in Reset])
def test_the_two_parts_are_the_text_of_the_tracer(reset: str) -> None:
    about = subject(SOURCE, call="f([1, 2])")
    row = cwm(about, Context(PROMPTS, plan=RenderPlan(cwm_reset=reset)))
    assert isinstance(row, Row)
    prompt, frames = row.prompt[0]["content"], row.completion[0]["content"]
    assert prompt + frames == cwm_text(about.trace, reset=reset)
    assert prompt.endswith("<|frame_sep|><|call_sep|>{}<|action_sep|>def main():\n<|frame_sep|>")
    assert frames.endswith('<|arg_sep|>"5"<|frame_sep|><|end_of_text|>')


@pytest.mark.parametrize(("name", "start"), [("f", "g"), ("main", "main")])
def test_a_script_starts_at_main_or_at_the_first_function_it_calls(name: str, start: str) -> None:
    source = SOURCE.replace("f(", f"{name}(") + f"print(g(1), {name}([3]))\n"
    row = cwm(subject(source), Context(PROMPTS))
    assert isinstance(row, Row)
    [marked] = [line for line in row.prompt[0]["content"].split("\n") if "START_OF_TRACE" in line]
    assert f"def {start}(" in marked
    given = {"g": '{"n": "1"}', "main": '{"xs": "[3]"}'}[start]
    assert f"<|call_sep|>{given}<|action_sep|>def {start}(" in row.prompt[0]["content"]


@pytest.mark.parametrize(
    ("source", "stdin"),
    [("x = 1\ny = x\nprint(y)", ""), ("def f():\n    return input()\nx = f()\nprint(x)", "a\n")],
    ids=["no function", "standard input"],
)
def test_what_the_format_cannot_show_gives_no_row(source: str, stdin: str) -> None:
    assert cwm(subject(source, stdin), Context(PROMPTS)) is None


def test_a_source_that_holds_a_special_token_is_kept_aside() -> None:
    outcome = cwm(subject("def f():\n    x = '<|frame_sep|>'\n    return x\n", call="f()"), Context(PROMPTS))
    assert isinstance(outcome, Rejected) and outcome.reason is Reason.misread and "<|frame_sep|>" in outcome.detail


def test_another_value_in_the_last_frame_is_blocked() -> None:
    about = subject(SOURCE, call="f([1, 2])")
    *_, ends, _ = about.trace.events
    assert (ends.kind, ends.value, about.trace.returned) == (EventKind.return_, "5", "5")
    ends.value = "6"  # as if the two records of the value disagreed
    outcome = cwm(about, Context(PROMPTS))
    assert isinstance(outcome, Rejected) and outcome.reason is Reason.wrong_output and "'6'" in outcome.detail
