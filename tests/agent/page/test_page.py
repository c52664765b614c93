"""The page of a run: what stands on it, that it is whole, that nothing in a text becomes HTML, that secrets stay away."""

import json
import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from deskcheck_agent.feedback import FeedbackSource
from deskcheck_agent.problem import Problem
from deskcheck_tracer import Sandbox, TestCase
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.agent.page.material import RIGHT, SUM, WRONG, Parsed, Run, fenced, parsed, told

SUBMIT = "```\n#SUBMIT\n```"
FALSE = told(WRONG, "1 2\n").replace("total = 1 + int('2') = 3", "total = 1 + int('2') = 7").replace("\n4\n", "\n8\n")
"""A narration of the wrong program with a slip in it."""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(isolation="process", workers=1) as opened:  # our own programs alone
        yield opened


def fixed(folder: Path) -> Run:
    """Two turns: a wrong program, predicted to fail, then a right one that is submitted."""
    predictions = [FALSE, told(WRONG, "1 2\n"), told(WRONG, "5\n"), "I cannot tell."]
    right = [told(RIGHT, stdin) for stdin in ("1 2\n", "1 2\n", "5\n", "5\n")]
    return Run(folder).fix(SUM, [fenced(WRONG), fenced(RIGHT), SUBMIT], [*predictions, *right])


def is_whole(page: Parsed) -> bool:
    """Every tag closed in its place, no name twice, nothing loaded, nothing run but our one script."""
    assert not page.faults and not [page.elements[place][0] for place in page.open]
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    names = [name for name, _, _ in page.elements]
    assert names.count("script") == 1 and names.count("style") == 1
    assert not {"img", "iframe", "object", "embed", "link", "base", "form", "svg", "video", "audio"} & set(names)
    asked = {key for _, attributes, _ in page.elements for key in attributes}
    assert not {"src", "srcset", "action", "background"} & asked and not any(key.startswith("on") for key in asked)
    hrefs = [attributes["href"] or "" for _, attributes, _ in page.elements if "href" in attributes]
    assert not [href for href in hrefs if href.split(":")[0] in ("javascript", "data", "vbscript", "file")]
    return True


def test_turns_show_program_change_and_what_was_predicted(tmp_path):
    page = fixed(tmp_path).read()
    assert is_whole(page)
    assert [" ".join(text.split()) for text in page.texts("li")][-3:] == ["1writes", "2changes", "3submits"]
    assert page.texts("div", klass="gone") == ["5\u2212print(total + 1)"]
    assert page.texts("div", klass="new") == ["5+print(total)"]
    assert "Let me see." in "".join(page.texts("pre")) and page.texts("strong") == ["sum"]


def test_tests_show_votes_and_where_outputs_differ(tmp_path):
    page = fixed(tmp_path).read()
    first = page.texts("details", klass="test")[0]
    assert "expected 3 predicted 8" in " ".join(first.split()) and "0 of 2 predictions pass; score 0.00." in first
    assert [text.strip() for text in page.texts("span", klass="differs")][:2] == ["3", "8"]
    votes = [" ".join(text.split()) for text in page.texts("details", klass="vote")]
    assert votes[0].startswith("prediction 1 8") and "states no output" in votes[3]


def test_without_a_sandbox_nothing_is_executed_and_the_page_says_so(tmp_path):
    page = fixed(tmp_path).read()
    assert "Not executed" in page.text and "Really" not in page.text
    assert not page.texts("div", klass="pair")


def test_with_a_sandbox_the_first_false_statement_is_marked_beside_the_real_run(tmp_path, sandbox):
    page = fixed(tmp_path).read(sandbox)
    assert is_whole(page) and "Not executed" not in page.text
    first = page.texts("div", klass="first")[0]
    assert "total = 1 + int('2') = 7" in first and "total = 1 + int('2') = 3" in first and "it was 3" in first
    assert page.texts("section", klass="verdict")[0].count("passes") == 4  # two tests, believed and really


def test_a_belief_that_is_wrong_is_said_to_be(tmp_path, sandbox):
    run = Run(tmp_path).verify(SUM, [fenced(WRONG)], ["<output>\n3\n</output>", "<output>\n5\n</output>"], n=1)
    page = run.read(sandbox)
    assert page.texts("span", klass="tag").count("really wrong output") == 2
    assert page.texts("section", klass="verdict")[0].count("wrong output") == 2


def test_what_cannot_be_run_is_not_known(tmp_path, sandbox):
    problem = replace(SUM, public_tests=(TestCase("\ud800", "3\n"),))
    page = Run(tmp_path).fix(problem, [fenced(WRONG), SUBMIT], [FALSE]).read(sandbox)
    assert "the sandbox failed" in page.texts("section", klass="verdict")[0]
    assert not [text for text in page.texts("span", klass="tag") if text.startswith("really")]


def test_executed_feedback_shows_verdicts_and_the_run_in_words(tmp_path, sandbox):
    run = Run(tmp_path).fix(
        SUM, [fenced(WRONG), fenced("print(1 // 0)\n"), SUBMIT], feedback=FeedbackSource.executed, sandbox=sandbox
    )
    run.config.feedback.source = FeedbackSource.executed
    page = run.read(sandbox)
    assert "wrong output" in page.text and "runtime error" in page.text and "ZeroDivisionError" in page.text


def test_proposed_inputs_and_what_the_solver_was_told_besides(tmp_path):
    run = Run(tmp_path).verify(SUM, [fenced(WRONG)], ["<output>\n3\n</output>"], n=1)
    path = tmp_path / "rankings.jsonl"
    row = json.loads(path.read_text())
    row["candidates"][0]["feedback"][1] |= {"generated": True, "narration": "x became 5 <b>"}
    path.write_text(json.dumps(row) + '\n{"problem_id": "sum", "cand')  # and a line that a kill tore
    tests = run.read().texts("details", klass="test")
    assert "Proposed input 2" in tests[1] and "Most candidates say" in tests[1] and "x became 5 <b>" in tests[1]
    assert "Proposed" not in tests[0]


def test_rankings_fold_equal_programs_and_say_ties(tmp_path):
    other = RIGHT.replace("total", "s")
    predictions = ["<output>\n3\n</output>", "<output>\n5\n</output>"]
    run = Run(tmp_path).verify(SUM, [fenced(RIGHT), fenced(other), fenced(RIGHT), "I do not know."], predictions, n=1)
    page = run.read()
    assert is_whole(page)
    places = [" ".join(text.split()) for text in page.texts("details", klass="place")]
    assert len(places) == 3 and "no fenced block" in places[2]
    assert sum("candidates 1, 3" in place for place in places) == 1
    assert all("same score as 1 other" in place for place in places[:2])
    assert "4 candidates, 2 different programs; 2 share the best score" in " ".join(page.text.split())


def test_private_tests_are_in_no_file(tmp_path, sandbox):
    marks = [secrets.token_hex(8) for _ in range(2)]
    problem = replace(SUM, private_tests=(TestCase(marks[0], marks[1]),))
    run = Run(tmp_path).fix(problem, [fenced(WRONG), SUBMIT], [FALSE])
    for most in (10**9, 0):
        run.page(sandbox, one_page=most)
        for path in tmp_path.rglob("*.html"):
            assert not [mark for mark in marks if mark in path.read_text("utf-8")]


def test_many_problems_get_an_index_and_a_page_each(tmp_path):
    run = Run(tmp_path)
    for name in ("a/b", "../../etc", "<i>", "ä" * 300):
        run.fix(replace(SUM, id=name), [fenced(WRONG), SUBMIT], [FALSE])
    index = parsed(run.page(one_page=0).read_text("utf-8"))
    links = [attributes["href"] or "" for name, attributes, _ in index.elements if name == "a"]
    assert is_whole(index) and len(links) == 4 and all((tmp_path / link).is_file() for link in links)
    assert sorted(path.name for path in (tmp_path / "solve").iterdir()) == sorted(Path(link).name for link in links)
    assert all(is_whole(parsed((tmp_path / link).read_text("utf-8"))) for link in links)
    run.page()
    assert not (tmp_path / "solve").exists()  # pages of an earlier start do not stay behind


def test_what_a_budget_cut_is_said_in_the_index_and_with_the_problem(tmp_path):
    run = Run(tmp_path).fix(SUM, [fenced(WRONG), SUBMIT], [FALSE]).fix(replace(SUM, id="two"), ["?"])
    assert "left out" not in run.read().text
    run.rows[1] = replace(run.rows[1], cut={"solver": 1, "simulator": 1_200}, skipped=15)
    page = run.read()
    said = "1 answer, 1,200 predictions (budget); 15 candidates (one was sure)"
    assert said in page.texts("table", klass="index")[0] and said in page.texts("section", klass="verdict")[1]
    assert "no program" in page.texts("table", klass="index")[0]


def test_unfinished_trajectories_empty_answers_and_model_errors(tmp_path):
    run = Run(tmp_path).fix(SUM, [fenced(WRONG), ""], [FALSE], ends=False)
    run.fix(replace(SUM, id="two"), [""]).fix(replace(SUM, id="three"), ["```python\nprint(1)"])
    page = run.read()
    assert is_whole(page)
    assert "unfinished" in page.text and "the answer is empty" in page.text and "its block is never closed" in page.text
    assert "nothing was written" in page.text


def test_huge_outputs_and_narrations_are_cut_with_a_mark(tmp_path):
    lines = "".join(f"{number}\n" for number in range(100_000))
    problem = Problem("big", "x" * 500_000, (TestCase("1 " * 100_000, lines.replace("70000\n", "x\n")),))
    said = f"{'so x = 1, ' * 20_000}\n<output>\n{lines}</output>"
    path = Run(tmp_path).fix(problem, [fenced("#" * 300_000 + "\n" + "a\n" * 5_000), SUBMIT], [said]).page()
    page = parsed(path.read_text("utf-8"))
    assert is_whole(page) and path.stat().st_size < 1_000_000
    assert "characters left out" in page.text and "lines left out" in page.text
    assert [text.strip() for text in page.texts("span", klass="differs")] == ["x", "70000"]
    assert "line 70001: expected x, got 70000" in page.text


def test_a_statement_in_markdown_keeps_html_as_text_and_pictures_as_links(tmp_path):
    text = "# Title\n\none\ntwo\n\n---\n\n<script>alert(1)</script> <b>x</b> ![p](http://a.example/p.png) [y](javascript:alert(1)) `1 < 2`"
    page = Run(tmp_path).fix(replace(SUM, statement=text), [fenced(WRONG), SUBMIT], [FALSE]).read()
    assert is_whole(page) and page.texts("div", klass="statement")[0].startswith("Title")
    assert "<script>alert(1)</script> <b>x</b>" in page.text and page.texts("code").count("1 < 2") == 1


def test_a_problem_without_tests_and_one_with_a_function(tmp_path):
    bare = Problem("bare", "Do it.")
    call = Problem("call", "Add <b>one</b>.", (TestCase("3", "4"),), entry_point="add")
    run = (
        Run(tmp_path).fix(bare, [fenced(WRONG), SUBMIT]).fix(call, [fenced("def add(n):\n    return n + 1\n"), SUBMIT])
    )
    page = run.read()
    assert is_whole(page) and "No public tests" in page.text and "Arguments 1" in page.text
    assert "Add <b>one</b>." in page.text


HOSTILE = st.text(max_size=40) | st.sampled_from(
    [
        "<script>alert(1)</script>", "</pre></details><img src=x onerror=alert(1)>", "\ud800 \udfff", "\x00\x1b[31m\r",
        "![x](http://a.example/x.png)", "[x](javascript:alert(1))", '"><i onclick="x">', "</script></style><svg/onload=1>",
        "\u202eabc\u2066", "{{ config }} {% raw %}", "```\n<b>\n```", "&lt;b&gt;", "<!-- ", "]]>", "#SUBMIT", "\ufeff\u2028\u0085",
    ]
)  # fmt: skip


OURS = set(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "header",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "p",
        "b",
        "i",
        "span",
        "em",
        "mark",
        "code",
        "pre",
        "div",
        "section",
        "article",
        "footer",
        "details",
        "summary",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ol",
        "li",
        "a",
        "button",
        "input",
        "output",
        "kbd",
        "script",
    ]
)
MARKDOWN = {"ul", "strong", "hr", "br", "blockquote"}


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    id=HOSTILE,
    statement=HOSTILE,
    given=HOSTILE,
    expected=HOSTILE,
    code=HOSTILE,
    said=HOSTILE,
    heading=st.sampled_from(["", "# h\n\n"]),
)
def test_no_text_becomes_html(tmp_path_factory, id, statement, given, expected, code, said, heading):
    problem = Problem(id or "x", heading + statement, (TestCase(given, expected),))
    source = code.replace("`", "") + "\nprint(1)\n"
    run = Run(tmp_path_factory.mktemp("run"))
    predictions = [f"{said}\n<output>\n{said}\n</output>", said]
    run.fix(problem, [f"{said}\n{fenced(source)}", f"<think>{said}</think>{said}"], predictions)
    run.verify(problem, [fenced(source), said], predictions)
    page = run.read()
    assert is_whole(page)
    assert {name for name, _, _ in page.elements} <= OURS | MARKDOWN
