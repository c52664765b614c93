"""Views to HTML. The templates hold one idea a file; style and script stand inside every page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from deskcheck_agent.page.look import environment, solve_file, style
from deskcheck_agent.page.problem import ProblemView
from deskcheck_agent.page.texts import visible
from deskcheck_agent.page.words import SHORT

if TYPE_CHECKING:
    from deskcheck_agent.config import SolveConfig


@dataclass(frozen=True)
class Entry:
    """A problem and the HTML of all its details."""

    view: ProblemView
    html: Markup


class Renderer:
    """Makes the pages of one run."""

    def __init__(self, config: "SolveConfig", *, executes: bool) -> None:
        self.config, self.executes = config, executes
        self.settings = ""
        self._environment = environment(executes)

    def entry(self, view: ProblemView) -> Entry:
        """One problem with its details rendered."""
        return Entry(view, Markup(self._environment.get_template("problem.html.j2").render(problem=view)))

    def one_page(self, entries: Sequence[Entry]) -> str:
        """All problems on one page; a single one needs no index."""
        return self._page("all.html.j2", [entry.view for entry in entries], entries=entries)

    def index(self, told: Sequence[ProblemView]) -> str:
        """The index of problems that have pages of their own."""
        return self._page("index.html.j2", told)

    def problem_page(self, entry: Entry) -> str:
        """One problem's own page, which names the index."""
        return self._page("one.html.j2", [entry.view], entries=[entry])

    def _page(self, template: str, told: Sequence[ProblemView], **values: Any) -> str:
        html = self._environment.get_template(template).render(
            config=self.config,
            strategy=self.config.strategy.value.replace("_", "-") if self.config.program is None else "desk check",
            settings=visible(self.settings),
            problems=told,
            tiles=_tiles(told),
            statuses=_statuses(told),
            style=style(solve_file("page.css")),
            script=Markup(solve_file("page.js")),
            **values,
        )
        return html.encode("utf-8", "backslashreplace").decode()  # a lone surrogate in a path or a key of a message


def _tiles(told: Sequence[ProblemView]) -> list[tuple[str, str]]:
    """The headline numbers."""
    outcomes = [view.outcome for view in told]
    tiles = [("problems", f"{len(told):,}")]
    if any(outcome.believed is not None for outcome in outcomes):
        tiles.append(("believed", f"{sum(outcome.believed is True for outcome in outcomes):,}"))
    tiles.append(("with a program", f"{sum(outcome.status != SHORT['no_code'] for outcome in outcomes):,}"))
    if any(view.ran >= 0 for view in told):
        tiles.append(("really pass their public tests", f"{sum(view.ran == view.tests for view in told):,}"))
    tiles.append(("tokens a problem", f"{sum(outcome.tokens for outcome in outcomes) / max(1, len(told)):,.0f}"))
    return tiles


def _statuses(told: Sequence[ProblemView]) -> list[tuple[str, int]]:
    return Counter(view.outcome.status for view in told).most_common()
