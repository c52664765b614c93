"""The report as one HTML page: nothing is loaded from anywhere, and it follows the reader's light or dark colours."""

from importlib.resources import files

from deskcheck_agent.page.look import environment, style
from markupsafe import Markup

from deskcheck_evals.formats.columns import is_too_wide, kinds
from deskcheck_evals.page import Document
from deskcheck_evals.tables import Table


def html(document: Document) -> str:
    """The whole page as text."""
    own = files("deskcheck_evals").joinpath("templates/report.css").read_text(encoding="utf-8")
    drawn = [[Markup(drawing.inline()) for drawing in chapter.drawings] for chapter in document.chapters]
    template = environment(False, ("deskcheck_evals", "templates")).get_template("report.html.j2")
    asked = {"kinds": kinds, "is_too_wide": is_too_wide, "barred": barred}
    return template.render(document=document, drawn=drawn, style=style(own), **asked)


def barred(table: Table) -> list[bool]:
    """Whether intervals are drawn in a column, so that a cell without one keeps their place."""
    return [any(row[place].interval is not None for row in table.rows) for place in range(len(table.columns))]
