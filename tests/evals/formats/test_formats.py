"""One document in three formats: the same numbers in each, whole and well formed, whatever a label holds."""

import re
from pathlib import Path

import pytest
from deskcheck_evals.chapters import Chapter
from deskcheck_evals.formats import write
from deskcheck_evals.formats.html import html
from deskcheck_evals.formats.latex import latex
from deskcheck_evals.formats.markdown import markdown
from deskcheck_evals.intervals import Interval
from deskcheck_evals.page import Document, Tile
from deskcheck_evals.report_config import Format
from deskcheck_evals.tables import Cell, Table

NASTY = "<script>alert(1)</script> | 50 % of_all \\ {x} \ud800"
INTERVAL = Interval(0.5, 0.25, 0.75, 4)


def document() -> Document:
    numbers = Table(f"Numbers {NASTY}", ["measure", NASTY], notes=[NASTY], breaks=[1])
    numbers.add("pass@1", Cell(INTERVAL.percent(), INTERVAL, True))
    numbers.add(NASTY, Cell("-", None, True))
    linked = Table("Links", ["", "problem"], is_long=True)
    linked.add("gained", Cell("p 1", link="report_files/1-run.html#p%201"))
    runs = Table("Runs", ["run", "a", "b", "command"])
    runs.add("x" * 30, "y" * 30, "z" * 30, "deskcheck-eval " + "word " * 30)
    long = Table("Many", ["n"])
    for number in range(95):
        long.add(Cell(str(number), None, True))
    chapters = [Chapter("First", NASTY, [], [numbers, linked]), Chapter("Second", "lead", [], [runs, long])]
    return Document(f"Title {NASTY}", "lead", [NASTY], [Tile("run", "pass@1", "50.0", "[25.0, 75.0]")], chapters)


def none(chapter: int, place: int) -> str:
    raise AssertionError("no drawing here")


def test_every_format_has_every_number():
    for text in (html(document()), markdown(document(), none).replace("\\", ""), latex(document(), none)):
        plain = re.sub(r"<[^>]*>|\{(?=[\[\]])|(?<=[\[\]])\}", "", text)
        assert "50.0 [25.0, 75.0]" in plain and "gained" in plain


def test_html_escapes_and_links():
    text = html(document())
    assert "<script" not in text and "&lt;script&gt;alert(1)" in text
    assert 'href="report_files/1-run.html#p%201"' in text and 'class="break"' in text
    assert text.index("First</h2>") < text.index("Second</h2>") and 'href="#chapter-2"' in text


def test_markdown_tables_are_rectangular():
    blocks = re.findall(r"(?:^\|.*\n)+", markdown(document(), none), re.MULTILINE)
    assert len(blocks) == 4
    for block in blocks:
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(counts) == 1, block
    assert "[p 1](<report_files/1-run.html#p%201>)" in "".join(blocks)


def test_latex_environments_are_closed_and_long_tables_go_on():
    text = latex(document(), none)
    open_: list[str] = []
    for word, name in re.findall(r"(?<!\\)\\(begin|end)\{(\w+)\}", text):
        open_.append(name) if word == "begin" else None
        assert word == "begin" or open_.pop() == name
    assert not open_ and text.count("Many (") == 3
    assert r"\emph{command} deskcheck-{}eval word" in text, "a table that is too wide is a list"
    assert r"\midrule" in text.split("pass@1")[1].split(r"\bottomrule")[0], "a break is a rule"


@pytest.mark.parametrize("formats", [[Format.html], [Format.markdown, Format.latex]])
def test_only_what_was_asked_for_is_written(tmp_path: Path, formats):
    written = write(document(), tmp_path / "report.html", formats)
    suffixes = {Format.html: ".html", Format.markdown: ".md", Format.latex: ".tex"}
    assert [path.name for path in written] == [f"report{suffixes[each]}" for each in formats]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in written)
    assert all("alert(1)" in path.read_text(encoding="utf-8") for path in written)
