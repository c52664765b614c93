"""Prompts: exact micro text, errors that name the file, and no way in for what a model may not see."""

import pytest
from deskcheck_agent.errors import PromptError
from deskcheck_agent.feedback import TestFeedback
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import NAMES, Prompts
from deskcheck_tracer import Program, TestCase

PROBLEM = Problem(
    "p", "add them", (TestCase("1 2\n", "3\n"), TestCase("4\n5\n", "9\n")), (TestCase("7 7\n", "PRIVATE\n"),)
)
TOLD = [TestFeedback("1 2\n", "3\n", "3", True, 1.0), TestFeedback("4\n5\n", "9\n", None, False, 0.0)]


def only(messages):
    assert [message["role"] for message in messages] == ["user"]
    return messages[0]["content"]


def test_micro_prompts_are_exactly_these():
    prompts = Prompts.load("micro")
    program = Program("x = input()\nprint(x)\n", "3 4\n")
    assert only(prompts.simulate(program)) == "run\nx = input()\nprint(x)\ninput\n3 4"
    assert prompts.explain(program) == prompts.simulate(program)
    assert only(prompts.solve(PROBLEM)) == "solve\nadd them\n1 2: 3\n4 / 5: 9"
    assert only(prompts.submit_or_fix(PROBLEM, "print(3)\n", TOLD)) == (
        "fix\nadd them\nprint(3)\n1 2: 3, got 3 ok\n4 / 5: 9, got ? wrong"
    )


@pytest.mark.parametrize("name", ["default", "micro"])
def test_every_set_renders_every_prompt_and_never_the_private_tests(name):
    prompts = Prompts.load(name)
    texts = [
        only(prompts.explain(Program("print(1)", "in"))),
        only(prompts.simulate(Program("def f(): pass", call="f(1)"))),
        only(prompts.solve(PROBLEM)),
        only(prompts.submit_or_fix(PROBLEM, "print(3)", TOLD)),
    ]
    assert all(text and "PRIVATE" not in text for text in texts)
    assert "f(1)" in texts[1]


def test_template_markup_in_programs_stays_text():
    source = "print('{{ stdin }}{% raw %}')"
    assert source in only(Prompts.load("default").simulate(Program(source, "1")))


def test_a_folder_of_ones_own_with_roles(tmp_path):
    for name in NAMES:
        (tmp_path / f"{name}.j2").write_text("x")
    (tmp_path / "solve.j2").write_text(
        "{% block system %}be terse{% endblock %}{% block user %}{{ statement }}{% endblock %}"
    )
    assert Prompts.load(tmp_path).solve(PROBLEM) == [
        {"role": "system", "content": "be terse"},
        {"role": "user", "content": "add them"},
    ]


def test_errors_name_what_is_wrong(tmp_path):
    with pytest.raises(PromptError, match="neither shipped \\(default, micro\\)"):
        Prompts.load("mirco")
    with pytest.raises(PromptError, match=r"no explain\.j2"):
        Prompts.load(tmp_path)
    for name in NAMES:
        (tmp_path / f"{name}.j2").write_text("{{ expected }}")
    with pytest.raises(PromptError, match=r"simulate\.j2: 'expected' is undefined"):
        Prompts.load(tmp_path).simulate(Program("print(1)"))
    (tmp_path / "solve.j2").write_text("{% if %}")
    with pytest.raises(PromptError, match=r"solve\.j2:1"):
        Prompts.load(tmp_path)
