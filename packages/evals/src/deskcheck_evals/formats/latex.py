"""The report as LaTeX: a document that pdflatex compiles as it is, and tables to copy into a paper (booktabs).

Columns of long texts wrap (tabularx); a table that is wider than the page is scaled down to it, and one of many columns
with long texts, as that of the runs, is a list.
"""

import re
from collections.abc import Callable, Iterator

from deskcheck_evals.chapters import Chapter
from deskcheck_evals.formats.columns import is_too_wide, kinds
from deskcheck_evals.formats.escape import for_latex
from deskcheck_evals.page import Document
from deskcheck_evals.tables import Table

LETTERS = {"number": "r", "long": "L", "": "l"}
MOST_ROWS = 40
"""Rows of one table on a page; a longer one goes on in another."""
HEAD = r"""\documentclass[10pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{textcomp,booktabs,tabularx,array,graphicx}
\usepackage[margin=2.2cm]{geometry}
\usepackage[hidelinks]{hyperref}
\newcolumntype{L}{>{\raggedright\arraybackslash}X}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
\newsavebox{\deskchecktable}
\newcommand{\fitted}[1]{\sbox{\deskchecktable}{#1}%
  \ifdim\wd\deskchecktable>\linewidth\resizebox{\linewidth}{!}{\usebox{\deskchecktable}}\else\usebox{\deskchecktable}\fi}
"""


def latex(document: Document, figure: Callable[[int, int], str]) -> str:
    """The whole document; `figure(chapter, drawing)` is the path of a drawing's file."""
    return HEAD + "\n".join(_lines(document, figure)) + "\n"


def _lines(document: Document, figure: Callable[[int, int], str]) -> Iterator[str]:
    yield rf"\title{{{for_latex(document.title)}}}\author{{}}\date{{}}"
    yield r"\begin{document}\maketitle"
    yield for_latex(document.lead)
    for warning in document.warnings:
        yield rf"\par\textbf{{{for_latex(warning)}}}"
    for at, chapter in enumerate(document.chapters):
        yield from _chapter(chapter, at, figure)
    yield r"\end{document}"


def _chapter(chapter: Chapter, at: int, figure: Callable[[int, int], str]) -> Iterator[str]:
    yield from ("", rf"\section*{{{for_latex(chapter.title)}}}", for_latex(chapter.lead))
    for place, drawing in enumerate(chapter.drawings):
        yield r"\begin{center}"
        yield rf"\fitted{{\includegraphics{{{figure(at, place)}}}}}\\"
        yield rf"{{\small {for_latex(drawing.caption)}}}"
        yield r"\end{center}"
    for table in chapter.tables:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    """As many tables as there are pages of rows; a list where columns would not fit."""
    if is_too_wide(table):
        yield from _listed(table)
        return
    pages = range(0, len(table.rows), MOST_ROWS)
    for start in pages:
        more = f" ({start // MOST_ROWS + 1} of {len(pages)})" if len(pages) > 1 else ""
        yield r"\begin{center}\begin{minipage}{\linewidth}\centering\small"  # a title stays with its table
        yield rf"\textbf{{{for_latex(table.title + more)}}}\\[4pt]"
        yield from _tabular(table, start)
        if start == pages[-1]:
            yield from (rf"\\[2pt]{{\footnotesize {for_latex(note)}}}" for note in table.notes)
        yield r"\end{minipage}\end{center}"


def _listed(table: Table) -> Iterator[str]:
    """Each row as a paragraph that names its columns."""
    yield rf"\textbf{{{for_latex(table.title)}}}\par"
    for row in table.rows:
        named = (rf"\emph{{{for_latex(c)}}} {_breakable(e.text)}" for c, e in zip(table.columns, row, strict=True))
        yield r"{\small\raggedright " + "; ".join(named) + r"\par}"
    yield from (rf"{{\footnotesize {for_latex(note)}\par}}" for note in table.notes)


def _breakable(text: str) -> str:
    """Escaped, and long words such as paths may be broken."""
    return re.sub(r"(?<=[/=,.])(?=\S)", r"\\allowbreak{}", for_latex(text))


def _tabular(table: Table, start: int) -> Iterator[str]:
    letters = "".join(LETTERS[kind] for kind in kinds(table))
    wraps = "L" in letters
    yield rf"\begin{{tabularx}}{{\linewidth}}{{{letters}}}" if wraps else rf"\fitted{{\begin{{tabular}}{{{letters}}}"
    yield rf"\toprule {_row(table.columns)} \midrule"
    for place, row in enumerate(table.rows[start : start + MOST_ROWS], start):
        if place in table.breaks and place > start:
            yield r"\midrule"
        yield _row([cell.text for cell in row])
    yield r"\bottomrule \end{tabularx}" if wraps else r"\bottomrule \end{tabular}}"


def _row(texts: list[str]) -> str:
    return " & ".join(map(for_latex, texts)) + r" \\"
