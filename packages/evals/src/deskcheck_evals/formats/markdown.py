"""The report as Markdown (GitHub's): what can be pasted into an issue, a README or a card. Figures are SVG files."""

from collections.abc import Callable, Iterator

from deskcheck_evals.chapters import Chapter
from deskcheck_evals.formats.escape import for_markdown
from deskcheck_evals.page import Document
from deskcheck_evals.tables import Cell, Table


def markdown(document: Document, figure: Callable[[int, int], str]) -> str:
    """The whole text; `figure(chapter, drawing)` is the path of a drawing's file."""
    return "\n".join(_lines(document, figure)) + "\n"


def _lines(document: Document, figure: Callable[[int, int], str]) -> Iterator[str]:
    yield f"# {for_markdown(document.title)}"
    yield ""
    yield for_markdown(document.lead)
    for warning in document.warnings:
        yield from ("", f"> **{for_markdown(warning)}**")
    for at, chapter in enumerate(document.chapters):
        yield from _chapter(chapter, at, figure)


def _chapter(chapter: Chapter, at: int, figure: Callable[[int, int], str]) -> Iterator[str]:
    yield from ("", f"## {for_markdown(chapter.title)}", "", for_markdown(chapter.lead))
    for place, drawing in enumerate(chapter.drawings):
        caption = for_markdown(drawing.caption)
        yield from ("", f"![{caption}]({figure(at, place)})", "", f"*{caption}*")
    for table in chapter.tables:
        yield from ("", f"### {for_markdown(table.title)}", "", *_table(table))
        for note in table.notes:
            yield from ("", for_markdown(note))


def _table(table: Table) -> Iterator[str]:
    numeric = [any(row[place].is_number for row in table.rows) for place in range(len(table.columns))]
    yield _row(for_markdown(column) for column in table.columns)
    yield _row("---:" if is_number else ":---" for is_number in numeric)
    for row in table.rows:
        yield _row(_cell(cell) for cell in row)


def _row(cells: Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    text = for_markdown(cell.text)
    return f"[{text or 'open'}](<{cell.link}>)" if cell.link else text
