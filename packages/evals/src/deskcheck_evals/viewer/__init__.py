"""The viewer: one page a run, on which every item can be looked at (program, predictions, candidates, trajectories).

A page is one file that loads nothing. Items are rendered here, by templates that escape everything, packed a few
together (gzip, base64), and unpacked by the page when they are looked at: 800 items of 10 narrations open at once. Of
a run with more items than asked for, a share is shown that is drawn by the items' names, so that two runs on the same
items show the same ones.

    item.py                                                  one item as the page keeps it
    predicted.py, candidates.py, attempts.py, answered.py    items of the tasks
    pack.py                                                  packing, and the page around it
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from deskcheck_agent.feedback import Combine
from deskcheck_conf import progress, write_atomic

from deskcheck_evals.formats import beside
from deskcheck_evals.page import slug
from deskcheck_evals.results import Result
from deskcheck_evals.rows import Json, content_key
from deskcheck_evals.viewer.answered import answered_item
from deskcheck_evals.viewer.attempts import attempts_items
from deskcheck_evals.viewer.candidates import candidates_item
from deskcheck_evals.viewer.item import Item
from deskcheck_evals.viewer.pack import page
from deskcheck_evals.viewer.predicted import predicted_item

__all__ = ["Viewer", "planned", "write_viewers"]


@dataclass(frozen=True)
class Viewer:
    """The page of one run: where it goes, and which of the run's items are on it."""

    result: Result
    label: str
    """Of the run in the report, with its seed where several runs are pooled."""
    path: Path
    back: str
    """The report, relative to this page."""
    href: str
    """This page, relative to the report."""
    rows: dict[str, list[Json]]
    """Item -> its rows, of the items that are shown."""
    total: int

    @property
    def links(self) -> dict[str, str]:
        """Where the report leads for each item."""
        return {item: f"{self.href}#{quote(item, safe='')}" for item in self.rows}


def planned(results: Sequence[Result], report: Path, samples: int) -> list[Viewer]:
    """A viewer for every run, with at most `samples` items each; none for 0."""
    if not samples:
        return []
    viewers: list[Viewer] = []
    for label, run in _labelled(results):
        path = beside(report) / f"{len(viewers) + 1}-{slug(label)}.html"
        rows = _by_item(run)
        shown = _drawn(list(rows), samples)
        href = quote(f"{path.parent.name}/{path.name}")
        back = quote(f"../{report.name}")
        viewers.append(Viewer(run, label, path, back, href, {item: rows[item] for item in shown}, len(rows)))
    return viewers


def _labelled(results: Sequence[Result]) -> Iterator[tuple[str, Result]]:
    """Every single run, with its seed where it is one of several that the report pools."""
    for result in results:
        for run in result.runs:
            yield (f"{result.label}, seed {run.header['seed']}" if result.parts else result.label), run


def write_viewers(viewers: Sequence[Viewer], combine: Combine) -> list[Path]:
    """Write the pages; what was written."""
    if not viewers:
        return []
    with progress("viewer", sum(len(viewer.rows) for viewer in viewers)) as advance:
        for viewer in viewers:
            viewer.path.parent.mkdir(parents=True, exist_ok=True)
            items = []
            for item in _items(viewer, combine):
                items.append(item)
                advance(1)
            write_atomic(viewer.path, page(viewer.label, viewer.result, items, viewer.total, viewer.back))
    return [viewer.path for viewer in viewers]


def _items(viewer: Viewer, combine: Combine) -> Iterator[Item]:
    match viewer.result.task:
        case "output_prediction" | "input_prediction":
            return (predicted_item(row) for rows in viewer.rows.values() for row in rows[:1])
        case "self_verify":
            return (candidates_item(row, combine) for rows in viewer.rows.values() for row in rows[:1])
        case "no_regression":
            return (answered_item(row) for rows in viewer.rows.values() for row in rows[:1])
        case _:
            return attempts_items(viewer.result.folder, viewer.rows)


def _by_item(run: Result) -> dict[str, list[Json]]:
    """Rows by item, in natural order (p2 before p10): an item of output prediction, or a problem."""
    name = "problem" if run.task == "self_fix" else "id"
    found: dict[str, list[Json]] = {}
    for row in run.rows:
        found.setdefault(row[name], []).append(row)
    return {item: found[item] for item in sorted(found, key=_natural)}


def _drawn(items: list[str], most: int) -> list[str]:
    """At most so many of the items, in their order."""
    kept = set(sorted(items, key=content_key)[:most])
    return [item for item in items if item in kept]


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text)]
