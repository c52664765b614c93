"""What every rendering makes of one run, word for word. Rewrite with DESKCHECK_UPDATE_GOLDEN=1 and read the difference."""

import os
from pathlib import Path

import pytest
from deskcheck_agent.prompts import Prompts
from deskcheck_trainer.collect_config import Rendering
from deskcheck_trainer.nlex import Row, Task
from deskcheck_trainer.nlex.renderings import RENDERINGS, Context, RenderPlan, Subject

from tests.trainer.nlex.renderings.again import subject

GOLDEN = Path(__file__).parents[3] / "golden/renderings"
SOURCE = """\
def clip(x, most):
    if x > most:
        return most
    return x

def total(prices, most):
    cents = 0
    for price in prices:
        cents += clip(price, most)
    return cents
"""
PLANS = {
    "plain": RenderPlan(),
    "numbered": RenderPlan(phrasings=10, line_numbers=True, cwm_reset="activation", seed=1),
}


def rendered(about: Subject, plan: RenderPlan, prompts: str = "default", max_tokens: int | None = None) -> dict:
    words = Prompts.load(prompts)
    context = Context(words.numbered() if plan.line_numbers else words, max_tokens=max_tokens, plan=plan)
    return {name: render(about, context) for name, render in RENDERINGS.items()}


def called() -> Subject:
    return subject(SOURCE, call="total([7, 12, 30], 10)")


@pytest.mark.parametrize("plan", PLANS)
def test_the_rows_of_one_run_are_exactly_these(plan: str) -> None:
    text = ""
    for name, row in rendered(called(), PLANS[plan]).items():
        assert isinstance(row, Row) and row.task == name
        text += f"#### {name}\n{row.prompt[0]['content']}\n----\n{row.completion[0]['content']}\n"
    golden = GOLDEN / f"{plan}.txt"
    if os.environ.get("DESKCHECK_UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("prompts", ["default", "few_shot", "micro"])
def test_every_prompt_set_can_ask_for_every_rendering(prompts: str) -> None:
    rows = rendered(called(), RenderPlan(line_numbers=True), prompts)
    assert all(isinstance(row, Row) for row in rows.values())
    for task, row in rows.items():
        is_numbered = "5  def total" in row.prompt[-1]["content"] or "6  def total" in row.prompt[-1]["content"]
        assert is_numbered == (task != Task.cwm)


def test_the_choices_of_the_configuration_are_the_renderings_there_are() -> None:
    assert [rendering.value for rendering in Rendering] == list(RENDERINGS)
    assert {*RENDERINGS} == {*Task} - {Task.solve, Task.fix}


def test_nothing_longer_than_the_budget_becomes_a_row() -> None:
    outcomes = rendered(called(), RenderPlan(), max_tokens=12)
    reasons = {name: None if isinstance(one, Row) else one.reason.value for name, one in outcomes.items()}
    fits = {name for name, reason in reasons.items() if reason is None}
    assert fits == {Task.predict_output, Task.branch} and {*reasons.values()} == {None, "too_long"}
    assert all(isinstance(row, Row) for row in rendered(called(), RenderPlan(), max_tokens=2000).values())
