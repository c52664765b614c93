"""A report as files: one document, written as HTML, Markdown and LaTeX from the same tables and drawings.

Each format is a function from the document to a text.

    html.py        one page that loads nothing; figures inside it follow its colours
    markdown.py    tables with pipes, figures as SVG files beside it
    latex.py       a document that compiles with pdflatex, figures as PDF files beside it
    columns.py     how columns are set, and which tables are too wide for them
    escape.py      what a label may hold, made harmless in Markdown and LaTeX
"""

from collections.abc import Callable, Collection
from pathlib import Path

from deskcheck_conf import write_atomic

from deskcheck_evals.formats.html import html
from deskcheck_evals.formats.latex import latex
from deskcheck_evals.formats.markdown import markdown
from deskcheck_evals.page import Document, slug
from deskcheck_evals.report_config import Format

__all__ = ["beside", "place", "write"]

Named = Callable[[int, int], str]
"""(chapter, drawing), both from 0 -> the path of a figure's file, relative to the document."""


SUFFIXES = {Format.html: ".html", Format.markdown: ".md", Format.latex: ".tex"}


def place(page: Path, each: Format) -> Path:
    """Where a format goes: the page's own place, with the format's suffix."""
    return page.with_suffix(SUFFIXES[each])


def beside(page: Path) -> Path:
    """The folder of what belongs to a page and is not in it: `report_files` beside `report.html`."""
    return page.with_name(f"{page.stem}_files")


def write(document: Document, page: Path, formats: Collection[Format]) -> list[Path]:
    """Write the chosen formats, each with its own suffix in the place of the page's, and their figures; returns the
    files."""
    page.parent.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    if Format.html in formats:
        written.append(_written(place(page, Format.html), html(document)))
    if Format.markdown in formats:
        written += _figures(document, page, ".svg")
        written.append(_written(place(page, Format.markdown), markdown(document, _namer(document, page, ".svg"))))
    if Format.latex in formats:
        written += _figures(document, page, ".pdf")
        written.append(_written(place(page, Format.latex), latex(document, _namer(document, page, ".pdf"))))
    return written


def _namer(document: Document, page: Path, suffix: str) -> Named:
    """Names by chapter, so that a figure is found by what it shows: report_files/self-verification-1.svg."""
    slugs = [slug(chapter.title) for chapter in document.chapters]
    return lambda chapter, place: f"{beside(page).name}/{slugs[chapter]}-{place + 1}{suffix}"


def _figures(document: Document, page: Path, suffix: str) -> list[Path]:
    name, made = _namer(document, page, suffix), []
    for at, chapter in enumerate(document.chapters):
        for place, drawing in enumerate(chapter.drawings):
            path = page.parent / name(at, place)
            path.parent.mkdir(exist_ok=True)
            drawing.write(path)
            made.append(path)
    return made


def _written(path: Path, text: str) -> Path:
    write_atomic(path, text.encode("utf-8", "backslashreplace"))  # a lone surrogate in a label
    return path
