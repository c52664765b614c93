"""Predicted narrations beside real runs: the first false statement, by steps and by sentences, and what is not known."""

import time

import pytest
from deskcheck_agent.page import annotate
from deskcheck_tracer import Limits, Program, narrate, record

SUM = "total = 0\nfor x in [4, 5]:\n    total += x\nprint(total)\n"
LOOP = "n = 0\nwhile True:\n    n += 1\n"


@pytest.fixture(scope="module")
def run():
    return record(Program(SUM), isolation="process")


@pytest.mark.parametrize("style", ["compact", "step", "block", "summary"])
def test_a_true_narration_in_any_style_has_no_mark(run, style):
    told = annotate(narrate(run, style), run)
    assert told.is_true and not [row for row in told.rows if row.mark] and told.beside is None
    assert all(row.said is not None and row.real is not None for row in told.rows)


@pytest.mark.parametrize(
    ("style", "true", "false"), [("compact", "4 + 5 = 9", "4 + 5 = 8"), ("step", "4 + 5 = 9", "4 + 5 = 8")]
)
def test_the_first_false_line_stands_beside_the_real_one(run, style, true, false):
    narration = narrate(run, style)
    told = annotate(narration.replace(true, false).replace("\n9\n", "\n8\n"), run)
    first = [row for row in told.rows if row.mark == "first"]
    assert len(first) == 1 and false in str(first[0].said) and true in (first[0].real or "")
    assert told.is_true is False and first[0].why == "it was 9" and first[0].why in told.words
    assert told.rows[-1].mark == "false"  # the output, which is wrong too, is not the first


def test_lines_that_one_side_lacks_leave_a_gap_on_it(run):
    lines = narrate(run, "compact").split("\n")
    short = annotate("\n".join([*lines[:3], *lines[-3:]]), run)
    assert [row.said is None for row in short.rows].count(True) >= 2
    long = annotate("\n".join([*lines[:-4], *["x = 6", "total = 9 + 6 = 15"] * 3, *lines[-3:]]), run)
    assert [row.real is None for row in long.rows].count(True) >= 2 and long.is_true is False


def test_only_the_output_is_false(run):
    told = annotate(narrate(run, "compact").replace("<output>\n9", "<output>\n7"), run)
    assert [row.mark for row in told.rows].count("first") == 1 and told.rows[-1].mark == "first"


def test_prose_is_marked_by_sentence_with_the_real_run_apart(run):
    text = (
        "First total is set to 0. In the first round x is 4, so total becomes 4.\nThen x is 5, and total becomes 11.\n"
    )
    told = annotate(text + "It prints 11.\n<output>\n11\n</output>", run)
    assert told.is_true is False and told.beside is not None and "total becomes 4 + 5 = 9" in told.beside
    marked = [row for row in told.rows if row.mark == "first"]
    assert len(marked) == 1 and "<mark>" in str(marked[0].said) and "11" in str(marked[0].said)


def test_a_text_without_statements_is_neither_true_nor_false(run):
    assert annotate("I am not sure about this.", run).is_true is None
    assert annotate(" ", run).is_true is None


def test_what_the_recording_did_not_reach_is_not_called_false():
    stopped = record(Program(LOOP), limits=Limits(max_events=200), isolation="process")
    honest = narrate(stopped, "compact").split("\n")
    steps = [line for line in honest[: honest.index("<output>")] if not line.startswith("end")]
    told = annotate("\n".join([*steps, "n = 100 + 1 = 101", "<output>\n7\n</output>"]), stopped)
    assert told.is_true and "limit of events" in told.words


def test_long_narrations_keep_what_surrounds_the_first_false_line(run):
    narration = "\n".join(["total = 0", "x = 4, left [5]", *["total = 0 + 4 = 5"] * 8_000, "<output>\n9\n</output>"])
    assert len(narration) > 100_000
    began = time.perf_counter()
    told = annotate(narration, run)
    assert time.perf_counter() - began < 20 and len(told.rows) < 130
    assert sum(row.left_out for row in told.rows) > 7_000 and [row.mark for row in told.rows].count("first") == 1
    assert "too much to check" in annotate("word " * 10_000, run).words
    assert "too long to check" in annotate("total = 0\n" * 50_000, run).words
