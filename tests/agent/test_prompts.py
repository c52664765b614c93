"""Prompts: exact micro text, errors that name the file, and no way in for what a model may not see."""

import os
import tomllib
from pathlib import Path

import deskcheck_agent
import pytest
from deskcheck_agent.errors import PromptError
from deskcheck_agent.feedback import TestFeedback
from deskcheck_agent.parse import parse_input
from deskcheck_agent.predict_input import predict_inputs
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import LENT, NAMES, LineAsked, Prompts, ordinal
from deskcheck_agent.sampler import ScriptedSampler
from deskcheck_tracer import Program, TestCase, check, claims, narrate, record, stated_output

GOLDEN = Path(__file__).parent.parent / "golden/prompts"
SHIPPED = Path(deskcheck_agent.__file__).parent / "prompts"
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


@pytest.mark.parametrize("mode", ["step_by_step", "direct"])
def test_few_shot_prompts_are_exactly_these(mode):
    """Rewrite with DESKCHECK_UPDATE_GOLDEN=1 and read the difference."""
    prompts = Prompts.load("few_shot")
    if mode == "direct":
        prompts = prompts.direct()
    call, reader = Program("def f(n):\n    return n * 'ab'\n", call="f(2)"), Program("print(int(input()) + 1)\n", "4\n")
    as_golden(f"few_shot.{mode}.txt", prompts.simulate(call), prompts.simulate(reader))
    as_golden(f"few_shot.input.{mode}.txt", prompts.find_input(call, "'abab'"), prompts.find_input(reader, "5\n"))


@pytest.mark.parametrize("mode", ["step_by_step", "direct"])
def test_default_asks_for_inputs_in_exactly_these_words(mode):
    prompts = Prompts.load("default") if mode == "step_by_step" else Prompts.load("default").direct()
    call, reader = Program("def f(n):\n    return n * 'ab'\n", call="f(2)"), Program("print(int(input()) + 1)\n", "4\n")
    as_golden(f"default.input.{mode}.txt", prompts.find_input(call, "'abab'"), prompts.find_input(reader, "5\n"))


def as_golden(name, called, reading):
    assert reading[:-1] == called[:-1]
    text = "".join(f"[{message['role']}]\n{message['content']}\n" for message in [*called, reading[-1]])
    golden = GOLDEN / name
    if os.environ.get("DESKCHECK_UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text()


def test_few_shot_asks_for_programs_as_default_does():
    few_shot, default = Prompts.load("few_shot"), Prompts.load("default")
    assert few_shot.solve(PROBLEM) == default.solve(PROBLEM)
    assert few_shot.submit_or_fix(PROBLEM, "print(3)\n", TOLD) == default.submit_or_fix(PROBLEM, "print(3)\n", TOLD)


def test_every_worked_answer_is_true():
    shown = tomllib.loads((SHIPPED / "few_shot/examples.toml").read_text())["example"]
    assert len(shown) == 5
    for example in shown:
        trace = record(Program(example["source"], call=example["call"]), isolation="process")
        checks = check(claims(example["answer"]), trace)
        assert len(checks) > 3 and all(each.holds for each in checks), example["call"]
        assert stated_output(example["answer"]) == trace.returned


def test_every_worked_input_is_true():
    """The told run is the run of the stated input, claim by claim, and gives the output that was asked for."""
    shown = tomllib.loads((SHIPPED / "few_shot/inputs.toml").read_text())["example"]
    assert len(shown) == 5
    for example in shown:
        given, _ = parse_input(example["answer"])
        assert given == example["call"]
        trace = record(Program(example["source"], call=given), isolation="process")
        assert trace.returned == example["output"]
        told = "".join(example["answer"].strip("\n").partition("Line 1,")[1:]).partition("\n<input>")[0]
        checks = check(claims(told), trace)
        assert len(checks) > 3 and all(each.holds for each in checks), example["call"]


async def test_inputs_are_asked_for_without_a_trace_of_the_true_one():
    program = Program("def f(a):\n    return len(a)\n", call="f('q8Zk2LwX0vN4tRb7')")
    for prompts in (Prompts.load(name) for name in ("default", "few_shot", "micro")):
        sampler = ScriptedSampler(["so\n<input>\nf('abc')\n</input>", "f(3)"])
        [found] = await predict_inputs([(program, "16")], sampler, n=2, prompts=prompts)
        assert [(each.input, each.status.value) for each in found] == [("f('abc')", "ok"), (None, "missing")]
        assert sampler.prompts == [prompts.find_input(program, "16")] and "q8Zk" not in str(sampler.prompts)
        assert prompts.predict_input(program, "16") == prompts.direct().find_input(program, "16")


def test_the_micro_prompt_for_an_input_is_exactly_this():
    prompts, program = Prompts.load("micro"), Program("print(input())\n", "4\n")
    assert only(prompts.find_input(program, "4\n")) == "input\nprint(input())\noutput\n4"
    assert prompts.find_input(program, "4\n") == prompts.predict_input(program, "4\n")


def test_a_worked_input_without_its_block_is_named(tmp_path):
    with pytest.raises(PromptError, match=r"inputs\.toml: example 1: the answer holds no <input> block"):
        own_set(tmp_path, inputs_toml=EXAMPLE)


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


def own_set(folder, **more):
    """A set that takes over default's prompts, and has files of its own."""
    for name in NAMES:
        (folder / f"{name}.j2").write_text('{% include "default/' + name + '.j2" %}')
    for name, text in more.items():
        (folder / name.replace("_", ".")).write_text(text)
    return Prompts.load(folder)


EXAMPLE = """[[example]]
source = '''
print(input() * 2)
'''
stdin = "ab"
answer = '''
prints abab
<output>
abab
</output>
'''
"""


def test_a_template_taken_over_is_the_same_prompt(tmp_path):
    prompts, default = own_set(tmp_path), Prompts.load("default")
    program = Program("print(1)\n", "in\n")
    assert prompts.simulate(program) == default.simulate(program)
    assert prompts.solve(PROBLEM) == default.solve(PROBLEM)
    assert prompts.submit_or_fix(PROBLEM, "print(3)\n", TOLD) == default.submit_or_fix(PROBLEM, "print(3)\n", TOLD)


def test_direct_asks_for_the_output_alone_and_changes_no_other_prompt(tmp_path):
    default, program = Prompts.load("default"), Program("def f(): pass", call="f()")
    said = only(default.direct().simulate(program))
    assert "Answer at once" in said and "f()" in said
    assert default.direct().explain(program) == default.explain(program)
    assert Prompts.load("micro").direct().simulate(program) == default.direct().simulate(program), (
        "default lends its own"
    )
    mine = own_set(tmp_path, direct_j2="now: {{ call }}").direct()
    assert only(mine.simulate(program)) == "now: f()"


def test_worked_examples_are_earlier_turns_asked_in_the_same_words(tmp_path):
    prompts = own_set(
        tmp_path,
        examples_toml=EXAMPLE,
        direct_j2="{% block system %}s{% endblock %}{% block user %}{{ stdin }}{% endblock %}",
    )
    program = Program("print(1)", "in")
    asked = only(Prompts.load("default").simulate(Program("print(input() * 2)\n", "ab")))
    assert prompts.simulate(program) == [
        {"role": "user", "content": asked},
        {"role": "assistant", "content": "prints abab\n<output>\nabab\n</output>"},
        *Prompts.load("default").simulate(program),
    ]
    assert [message["content"] for message in prompts.explain(program)][1] == "prints abab\n<output>\nabab\n</output>"
    assert [tuple(message.values()) for message in prompts.direct().simulate(program)] == [
        ("system", "s"),
        ("user", "ab"),
        ("assistant", "<output>\nabab\n</output>"),
        ("user", "in"),
    ]
    assert len(prompts.solve(PROBLEM)) == 1


def test_translate_shows_the_record_also_of_its_worked_examples(tmp_path):
    told = EXAMPLE.replace("answer =", "record = 'RECORD'\nanswer =")
    prompts, program = own_set(tmp_path, translations_toml=told), Program("print(1)", "in")
    question, answer, last = prompts.translate(program, "x = 1")
    assert "\nRECORD\n" in question["content"] and "print(input() * 2)" in question["content"]
    assert answer == {"role": "assistant", "content": "prints abab\n<output>\nabab\n</output>"}
    assert [last] == Prompts.load("default").translate(program, "x = 1") and "\nx = 1\n" in last["content"]
    assert len(prompts.explain(program)) == 1


def test_the_shipped_translations_tell_true_records():
    shown = tomllib.loads((SHIPPED / "few_shot/translations.toml").read_text())["example"]
    for example in shown:
        trace = record(Program(example["source"].strip("\n"), call=example["call"]), isolation="process")
        assert example["record"].strip("\n") == narrate(trace, "compact")
        assert stated_output(example["answer"]) == trace.returned
    few = Prompts.load("few_shot").translate(Program("def f(): pass", call="f()"), "TOLD")
    assert len(few) == 2 * len(shown) + 1 and "\nTOLD\n" in few[-1]["content"]


def test_propose_names_the_function_and_how_many_calls():
    said = only(Prompts.load("micro").propose("def f(x): return x", "f", 7))
    assert "Write 7 calls of the function `f`" in said and "def f(x): return x" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[example]\n", "examples.toml: Expected"),
        ("", "examples.toml holds nothing, expected tables [[example]]"),
        ("[[exmaple]]\nsource = ''", "holds exmaple, expected tables [[example]]"),
        ("[example]\nsource = ''", "holds example, expected tables [[example]]"),
        (EXAMPLE.replace("stdin", "input"), "example 1 has input; expected text in source, answer, and call or stdin"),
        (EXAMPLE + "[[example]]\nsource = ''", "example 2 has no answer; expected"),
        (EXAMPLE.replace('"ab"', "3"), "example 1: stdin is 3; expected text"),
        (EXAMPLE.replace("</output>", "<output>"), "example 1: the answer holds no <output> block"),
    ],
)
def test_an_example_that_is_none_is_named(tmp_path, text, words):
    with pytest.raises(PromptError) as caught:
        own_set(tmp_path, examples_toml=text)
    assert words in str(caught.value)


def test_an_include_that_is_not_there_is_named(tmp_path):
    own_set(tmp_path)
    (tmp_path / "simulate.j2").write_text('{% include "defualt/simulate.j2" %}')
    with pytest.raises(PromptError, match=r"simulate\.j2: TemplateNotFound: .*defualt/simulate\.j2"):
        Prompts.load(tmp_path).simulate(Program("print(1)"))


def test_errors_name_what_is_wrong(tmp_path):
    with pytest.raises(PromptError, match="neither shipped \\(default, few_shot, micro\\)"):
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


def test_explain_has_other_words_in_the_default_set_and_the_first_stays():
    default, program = Prompts.load("default"), Program("print(input())\n", "in\n")
    assert default.phrasings == 10 and Prompts.load("micro").phrasings == Prompts.load("few_shot").phrasings == 1
    texts = [only(default.explain(program, number)) for number in range(1, 11)]
    assert len({*texts}) == 10 and texts[0] == only(default.explain(program))
    for text in texts:
        assert "print(input())\n```" in text and "Standard input:\n```\nin\n```" in text
        assert text.count("<output>") == text.count("</output>") == 1


def test_other_words_are_asked_after_the_same_examples(tmp_path):
    prompts = own_set(tmp_path, explain_2_j2="Tell {{ source }}", examples_toml=EXAMPLE)
    question = prompts.explain(Program("x", ""), 2)
    assert [message["content"] for message in question][::2] == ["Tell print(input() * 2)\n", "Tell x"]


def test_other_words_without_a_gap(tmp_path):
    with pytest.raises(PromptError, match=r"has explain\.3\.j2, expected explain\.2\.j2"):
        own_set(tmp_path, explain_3_j2="x")


def test_numbered_programs():
    program = Program("if 1:\n\n    x = 2\n" + "y = 3\n" * 7, "4")
    for prompts in (Prompts.load("micro").numbered(), Prompts.load("micro").direct().numbered().direct()):
        assert " 1  if 1:\n 2\n 3      x = 2\n" in only(prompts.explain(program))
        assert "10  y = 3\ninput\n" in only(prompts.explain(program))
        assert " 1  if 1:" in only(prompts.simulate(program))
        assert only(prompts.solve(PROBLEM)) == only(Prompts.load("micro").solve(PROBLEM))


def test_questions_about_a_line_name_it():
    program, asked = Program("def f(x):\n    x += 1\n", call="f(1)"), LineAsked(2, "x += 1", 3, "f")
    default = Prompts.load("default")
    text = only(default.next_state(program, asked, ["x = 1", "y = 2"]))
    assert "Line 2, `x += 1`, is about to run for the 3rd time" in text and "x = 1\ny = 2\n```" in text
    assert "variables of `f`" in text and "(none)" in only(default.next_state(program, LineAsked(2, "x", 1), []))
    assert "which line of `f` runs next" in only(default.branch(program, asked))
    assert {"next_state", "branch"} <= {*LENT}


def test_ordinals():
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 113)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "113th",
    ]  # fmt: skip
