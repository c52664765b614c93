"""The report as one HTML page: nothing is loaded from anywhere, and it follows the reader's light or dark colours."""

from importlib.resources import files

from deskcheck_agent.page.look import environment, style
from markupsafe import Markup

from deskcheck_evals.page import Document
from deskcheck_evals.tables import Table

LONG = 40
"""Characters from which a cell may be broken into lines; shorter ones are kept on one."""


def html(document: Document) -> str:
    """The whole page as text."""
    own = files("deskcheck_evals").joinpath("templates/report.css").read_text(encoding="utf-8")
    drawn = [[Markup(drawing.inline()) for drawing in chapter.drawings] for chapter in document.chapters]
    template = environment(False, ("deskcheck_evals", "templates")).get_template("report.html.j2")
    return template.render(document=document, drawn=drawn, style=style(own), kinds=column_kinds)


def column_kinds(table: Table) -> list[str]:
    """How each column is set: `number`, `long` (may wrap), or plain."""
    kinds = []
    for place in range(len(table.columns)):
        cells = [row[place] for row in table.rows]
        is_long = any(len(cell.text) > LONG for cell in cells)
        kinds.append("number" if any(cell.is_number for cell in cells) else "long" if is_long else "")
    return kinds
