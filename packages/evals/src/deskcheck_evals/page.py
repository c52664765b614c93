"""The report as data: chapters of figures and tables, in the order a reader asks for them.

`document` is what every format is written from (formats/): the same tables and drawings, whatever they are shown in.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deskcheck_evals.chapters import (
    Chapter,
    fix_chapter,
    input_chapter,
    no_regression_chapter,
    pairs_chapter,
    paper_chapter,
    prediction_chapter,
    training_chapter,
    verify_chapter,
)
from deskcheck_evals.diagnostic_tables import chosen_table
from deskcheck_evals.measures import MAIN_SCORES
from deskcheck_evals.paper import Placed
from deskcheck_evals.protocol import protocol_table
from deskcheck_evals.results import Result
from deskcheck_evals.rows import is_torn
from deskcheck_evals.shards import row_files
from deskcheck_evals.tables import Options, measured, runs_table, seeds_table
from deskcheck_evals.training import Training
from deskcheck_evals.versus import Links, Pair

HEADLINES = {
    "output_prediction": ("pass@1",),
    "input_prediction": ("pass@1",),
    "self_verify": ("pass@1", "best@{k} simulate", "best@{k} exec"),
    "self_fix": ("submitted pass@1",),
    "no_regression": MAIN_SCORES,
}
MOST_TILES = 12
PROVENANCE_LEAD = (
    "Every number above belongs to one of these runs, by its label. The folders hold config.yaml, starts.jsonl (every "
    "command that worked on the run) and rows.jsonl, from which this report was computed with no model."
)


@dataclass(frozen=True)
class Tile:
    """One headline number."""

    run: str
    name: str
    value: str
    interval: str


@dataclass(frozen=True)
class Document:
    """A whole report."""

    title: str
    lead: str
    warnings: list[str]
    tiles: list[Tile]
    chapters: list[Chapter]


@dataclass(frozen=True)
class Chosen:
    """What the reader of the configuration asked to see, beside the runs."""

    pairs: Sequence[Pair] = ()
    placed: Placed = field(default_factory=dict)
    temperature_chosen: str | None = None
    links: Links = field(default_factory=dict)
    """Where single items are shown."""
    pages: Mapping[str, str] = field(default_factory=dict)
    """Run folder -> the page of its items."""
    training: Sequence[Training] = ()
    """Training runs whose curves are shown."""


def document(title: str, results: Sequence[Result], options: Options, chosen: Chosen) -> Document:
    """Everything there is to say about these runs."""
    told = chapters(results, options, chosen)
    how = lead(options) if results else ""
    return Document(title, how, warnings(results), _tiles(results, options), told)


def chapters(results: Sequence[Result], options: Options, chosen: Chosen) -> list[Chapter]:
    """The chapters that these runs give something to say in; how it was done and where it comes from are the last."""
    writers = {
        "output_prediction": prediction_chapter,
        "input_prediction": input_chapter,
        "self_verify": verify_chapter,
        "self_fix": fix_chapter,
        "no_regression": no_regression_chapter,
    }
    written = []
    for task, write in writers.items():
        if runs := [result for result in results if result.task == task]:
            chapter = write(runs, options)
            if (seeds := seeds_table(runs, _headlines(task, runs[0], options), options)).rows:
                chapter.tables.append(seeds)
            written.append(chapter)
    if (paper := paper_chapter(chosen.placed, options)).tables:
        written.append(paper)
    if chosen.pairs:
        written.append(pairs_chapter(chosen.pairs, options, chosen.links))
    if chosen.training:
        written.append(training_chapter(chosen.training))
    return written + _how_chapters(results, options, chosen) if results else written


def _how_chapters(results: Sequence[Result], options: Options, chosen: Chosen) -> list[Chapter]:
    """How it was done, and where it comes from."""
    protocol = [protocol_table(results, options, chosen.temperature_chosen)]
    if (temperatures := chosen_table(results)).rows:
        protocol.append(temperatures)
    asked = "What was asked, how, and every choice that the paper leaves open."
    return [
        Chapter("Protocol", asked, [], protocol),
        Chapter("Provenance", PROVENANCE_LEAD, [], [runs_table(results, chosen.pages)]),
    ]


def slug(title: str) -> str:
    """A title or a label as a part of file names."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "run"


def lead(options: Options) -> str:
    """How the numbers were made, in one paragraph: the paper's open choices included."""
    return (
        f"Means with 95 % intervals from {options.statistics.resamples:,} bootstrap resamples of problems "
        f"(seed {options.statistics.seed}). Attempts at one test combine by {options.combine}; "
        f"{options.choices.told()}."
    )


def warnings(results: Sequence[Result]) -> list[str]:
    """What a reader must know before reading a number."""
    found = []
    scripted = [result.label for result in results if result.scripted]
    if scripted:
        found.append(
            f"Scripted sampler, not a model: {', '.join(scripted)}. These numbers say nothing about any model."
        )
    found += [
        f"{r.label} is unfinished: {len(r.rows)} rows so far{f' ({r.lacking})' if r.lacking else ''}."
        for r in results
        if not r.done
    ]
    found += [
        f"{r.label}: the last row of {run.folder.name} is half written and left out; run it again."
        for r in results
        for run in r.runs
        if any(map(is_torn, row_files(run.folder)))
    ]
    found += [
        f"{r.label}: {r.unscored} problems left out (sandbox errors); run it again." for r in results if r.unscored
    ]
    degraded = [result.label for result in results if result.header.get("degraded")]
    if degraded:
        found.append(f"Run in a degraded sandbox: {', '.join(degraded)}.")
    return found


def _headlines(task: str, result: Result, options: Options) -> list[str]:
    """The measures that say most about a run, at the largest k its pools have candidates for."""
    smallest = min((len(row.get("candidates", [])) for row in result.rows), default=0)
    k = max((k for k in options.ks if k <= smallest), default=1)
    return [name.format(k=k) for name in HEADLINES[task]]


def _tiles(results: Sequence[Result], options: Options) -> list[Tile]:
    tiles = []
    for result in results:
        made = measured(result, options)
        for name in _headlines(result.task, result, options):
            if name in made:
                interval = made[name].interval
                bounds = f"[{100 * interval.low:.1f}, {100 * interval.high:.1f}]"
                tiles.append(Tile(result.label, name, f"{100 * interval.mean:.1f}", bounds))
    return tiles if len(tiles) <= MOST_TILES else []
