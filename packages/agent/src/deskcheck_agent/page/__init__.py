"""The page of a `deskcheck-solve` run: every problem, every turn, what was predicted, and, where allowed, what is real.

`write_page` reads the run folder and writes `solve.html`, which opens from disk, loads nothing from anywhere, and reads
without JavaScript. A run that fits into ONE_PAGE characters is one page. A larger one is an index, `solve.html`, and a
page for each problem under `solve/`: Chromium takes a second to open 8 MB, and five to open 40.

    folder.py      what the run wrote, read back
    problem.py     one problem as a view, from
    attempts.py, places.py, tests.py    its trajectories, its ranking, its programs on its public tests
    real.py, annotate.py                what the programs really do, and which predicted statements are false
    code.py, texts.py, words.py         programs, texts and statuses as they may stand on a page
    look.py        colours and templates, which the report of deskcheck-evals shares
    render.py      views to HTML: templates/solve/
"""

import shutil
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from deskcheck_conf import progress, write_atomic
from deskcheck_tracer.sandbox import Sandbox

from deskcheck_agent.page.annotate import annotate as annotate
from deskcheck_agent.page.folder import read_folder
from deskcheck_agent.page.problem import ProblemView, problem_view
from deskcheck_agent.page.real import Runs
from deskcheck_agent.page.render import Entry, Renderer
from deskcheck_agent.problem import Problem

if TYPE_CHECKING:
    from deskcheck_agent.config import SolveConfig
    from deskcheck_agent.solver import Solved

__all__ = ["annotate", "write_page"]

ONE_PAGE = 8_000_000
"""Characters of all problems together up to which they share one page."""


def write_page(
    folder: Path,
    config: "SolveConfig",
    problems: Sequence[Problem],
    rows: Sequence["Solved"],
    sandbox: Sandbox | None = None,
    *,
    one_page: int = ONE_PAGE,
) -> Path:
    """Write `solve.html` (and `solve/`, if one page does not do) into the run folder; returns the path of the first.

    With a sandbox the shown programs run in it on the public tests: the page then has their verdicts, their narrations
    beside the predicted ones, and the first false statement of each prediction. Without one nothing is executed, and
    the page says so.
    """
    renderer = Renderer(config, executes=sandbox is not None)
    made = _made(renderer, folder, problems, rows, sandbox)
    entries: list[Entry] = []
    size = 0
    for entry in made:
        entries.append(entry)
        size += len(entry.html)
        if size > one_page:
            return _pages(renderer, folder, chain(entries, made))
    _forget(folder / "solve")
    return _written(folder / "solve.html", renderer.one_page(entries))


def _made(
    renderer: Renderer, folder: Path, problems: Sequence[Problem], rows: Sequence["Solved"], sandbox: Sandbox | None
) -> Iterator[Entry]:
    """Each problem as a view and its HTML, made when it is its turn: all of them at once may not fit into memory."""
    kept = read_folder(folder)
    renderer.settings = kept.config
    with progress("page", len(problems)) as advance:
        for number, (problem, row) in enumerate(zip(problems, rows, strict=True), 1):
            view = problem_view(number, problem, row, kept, Runs(problem, sandbox))
            yield renderer.entry(view)
            advance(1)


def _pages(renderer: Renderer, folder: Path, entries: Iterator[Entry]) -> Path:
    """A page a problem, and the index last: it never names a page that is not there."""
    inside = folder / "solve"
    _forget(inside)
    inside.mkdir()
    told: list[ProblemView] = []
    for entry in entries:
        _written(inside / entry.view.file, renderer.problem_page(entry))
        told.append(entry.view.without_details())
    return _written(folder / "solve.html", renderer.index(told))


def _forget(pages: Path) -> None:
    """Drop the pages of an earlier start, which may have had other problems."""
    if pages.is_dir():
        shutil.rmtree(pages)


def _written(path: Path, html: str) -> Path:
    write_atomic(path, html)
    return path
