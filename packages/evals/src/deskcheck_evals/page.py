"""The report as data: chapters of figures and tables, in the order a reader asks for them.

`document` is what every format is written from (formats/): the same tables and drawings, whatever they are shown in.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deskcheck_evals.diagnostic_tables import chosen_table, prediction_tables, selection_tables
from deskcheck_evals.figures import Drawing, bars_figure, curves_figure
from deskcheck_evals.measures import MAIN_SCORES, Measure, accuracy_by_length, curve_measures, gain_measures
from deskcheck_evals.paper import Placed, paper_tables
from deskcheck_evals.protocol import protocol_table
from deskcheck_evals.results import Result, length_unit, pools, predictions
from deskcheck_evals.rows import is_torn
from deskcheck_evals.shards import row_files
from deskcheck_evals.tables import (
    Options,
    Table,
    confusion_table,
    control_table,
    ends_table,
    measured,
    measures_table,
    runs_table,
    seeds_table,
    shown,
    status_table,
    transition_table,
    true_input_table,
)
from deskcheck_evals.versus import Links, Pair, counts_table, flips_table, pair_table, settings_table

HEADLINES = {
    "output_prediction": ("pass@1",),
    "input_prediction": ("pass@1",),
    "self_verify": ("pass@1", "best@{k} simulate", "best@{k} exec"),
    "self_fix": ("submitted pass@1",),
    "no_regression": MAIN_SCORES,
}
Panel = Mapping[str, Mapping[int, Measure]]
"""Selector -> k -> measure."""
MOST_TILES = 12
PAPER_LEAD = (
    "The published numbers, and ours below them. Models and problems differ: read the shape (what helps, what hurts, "
    "by how much) and not the height."
)
PROVENANCE_LEAD = (
    "Every number above belongs to one of these runs, by its label. The folders hold config.yaml, starts.jsonl (every "
    "command that worked on the run) and rows.jsonl, from which this report was computed with no model."
)


@dataclass
class Chapter:
    """One part of the page."""

    title: str
    lead: str
    drawings: list[Drawing] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


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


def document(title: str, results: Sequence[Result], options: Options, chosen: Chosen) -> Document:
    """Everything there is to say about these runs."""
    told = chapters(results, options, chosen)
    return Document(title, lead(options), warnings(results), _tiles(results, options), told)


def chapters(results: Sequence[Result], options: Options, chosen: Chosen) -> list[Chapter]:
    """The chapters that these runs give something to say in; how it was done and where it comes from are the last."""
    writers = {
        "output_prediction": _prediction_chapter,
        "input_prediction": _input_chapter,
        "self_verify": _verify_chapter,
        "self_fix": _fix_chapter,
        "no_regression": _no_regression_chapter,
    }
    written = []
    for task, write in writers.items():
        if runs := [result for result in results if result.task == task]:
            chapter = write(runs, options)
            if (seeds := seeds_table(runs, _headlines(task, runs[0], options), options)).rows:
                chapter.tables.append(seeds)
            written.append(chapter)
    if tables := paper_tables(chosen.placed, options):
        written.append(Chapter("Beside the paper", PAPER_LEAD, [], tables))
    if chosen.pairs:
        written.append(_pairs_chapter(chosen.pairs, options, chosen.links))
    protocol = [protocol_table(results, options, chosen.temperature_chosen)]
    if (temperatures := chosen_table(results)).rows:
        protocol.append(temperatures)
    written.append(
        Chapter("Protocol", "What was asked, how, and every choice that the paper leaves open.", [], protocol)
    )
    written.append(Chapter("Provenance", PROVENANCE_LEAD, [], [runs_table(results, chosen.pages)]))
    return written


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


def _prediction_chapter(results: Sequence[Result], options: Options) -> Chapter:
    lead = "The model reads a program and its input and says what comes out."
    drawings = _prediction_drawings(results, options, "Share of programs whose output is predicted exactly.")
    tables = [measures_table("Predicted right", results, options), status_table(results)]
    return Chapter("Output prediction", lead, drawings, [*tables, *prediction_tables(results, options)])


def _input_chapter(results: Sequence[Result], options: Options) -> Chapter:
    lead = "The model reads a program and its output and names an input; every input that gives that output is right."
    drawings = _prediction_drawings(
        results, options, "Share of programs for which an input was named that gives the output."
    )
    tables = [measures_table("Predicted right", results, options), ends_table(results), status_table(results)]
    return Chapter("Input prediction", lead, drawings, [*tables, true_input_table(results)])


def _prediction_drawings(results: Sequence[Result], options: Options, caption: str) -> list[Drawing]:
    """All measures, and pass@1 by the lines that the programs execute, where those were counted."""
    made = {result.label: measured(result, options) for result in results}
    drawings = [bars_figure(made, caption, "right, %")]
    lengths = {r.label: accuracy_by_length(predictions(r, options.choices), options.statistics) for r in results}
    if counted := {label: bins for label, bins in lengths.items() if bins}:
        drawings.append(bars_figure(counted, _length_caption(next(iter(counted.values()))), "right, %"))
    return drawings


def _length_caption(bins: Mapping[str, Measure]) -> str:
    """What the bars are, and how many programs each stands on."""
    programs = ", ".join(f"{name}: {len(measure.values)}" for name, measure in bins.items())
    return f"pass@1 by the number of lines the program executes (programs: {programs})."


def _verify_chapter(results: Sequence[Result], options: Options) -> Chapter:
    found = {r.label: pools(r, options.choices) for r in results}
    curves = {
        name: curve_measures(each, options.combine, options.ks, options.statistics) for name, each in found.items()
    }
    caption = (
        "Which of k sampled programs to submit: chosen by simulation, by real runs of the public tests, by length; "
    )
    drawings = [curves_figure(curves, caption + "pass@k is what a perfect choice would give.")]
    gains = {label: gain_measures(lines, options.statistics) for label, lines in curves.items()}
    if all(gains.values()) and max(options.ks) > 1:
        drawings.append(curves_figure(gains, GAINS_CAPTION, ylabel="gain over pass@1, points", gains=True))
    drawings += _simulator_figures(results, curves)
    lead = "The model writes candidates, simulates them on the public tests and submits the one predicted to pass most."
    names = shown(results, options)
    solved = measures_table("Solved", results, options, names)
    units = ", ".join(f"{length_unit(r, options.choices.length_unit)} ({r.label})" for r in results)
    solved.notes.append(f"short1 counts {units}.")
    solved.notes += _left_out_ks(curves, options)
    tables = [solved, control_table(results, options), confusion_table(results, options)]
    return Chapter("Self-verification", lead, drawings, [*tables, *selection_tables(results, options)])


GAINS_CAPTION = (
    "What choosing adds to a random pick, paired by problem: where the bands of the first figure overlap, these still "
    "tell whether a choice is better on the very same problems."
)


def _simulator_figures(results: Sequence[Result], curves: Mapping[str, Panel]) -> list[Drawing]:
    """One simulator on the candidates of several solvers, a panel a solver (the paper's figures 5 and 7 to 9).

    Drawn for a simulator that has looked at programs it did not write, its own programs beside them.
    """
    drawings = []
    for simulator in dict.fromkeys(result.header["simulator"] for result in results):
        runs = [result for result in results if result.header["simulator"] == simulator]
        solvers = [_solver(run) for run in runs]
        if set(solvers) == {simulator}:
            continue
        titles = [s if solvers.count(s) == 1 else f"{s}: {r.label}" for s, r in zip(solvers, runs, strict=True)]
        panels = {title: curves[run.label] for title, run in zip(titles, runs, strict=True)}
        caption = f"{simulator} simulates the candidates of other solvers, a panel each (as figures 5 and 7 to 9)."
        drawings.append(curves_figure(panels, caption))
    return drawings


def _solver(result: Result) -> str:
    """Who wrote the candidates; where they were taken from another run, that run's solver."""
    sources = result.header.get("sources") or [result.header]
    return sources[0]["solver"]


def _left_out_ks(curves: Mapping[str, Panel], options: Options) -> list[str]:
    """Which k are not there, and why."""
    notes = []
    for label, lines in curves.items():
        if missing := [str(k) for k in options.ks if k not in lines["pass@k"]]:
            most = max(lines["pass@k"])
            notes.append(f"{label}: k = {', '.join(missing)} left out, as there are {most} candidates a problem.")
    return notes


def _fix_chapter(results: Sequence[Result], options: Options) -> Chapter:
    lead = "The model reads the feedback on its program and submits it or writes another one."
    shown = ("first pass@1", "submitted pass@1")
    bars = {r.label: {name: measured(r, options)[name] for name in shown} for r in results}
    drawing = bars_figure(bars, "Pass rate on private tests of the first and of the submitted program.", "passed, %")
    tables = [measures_table("Solved", results, options), transition_table(results, options)]
    return Chapter("Self-fixing", lead, [drawing], tables)


def _pairs_chapter(pairs: Sequence[Pair], options: Options, links: Links) -> Chapter:
    lead = "The same problems under two runs; what makes a problem hard for both cancels."
    tables = [pair_table(pairs, options), settings_table(pairs), counts_table(pairs, options)]
    listed = flips_table(pairs, options, links)
    return Chapter("Run against run", lead, [], [*tables, listed] if listed.rows else tables)


def _no_regression_chapter(results: Sequence[Result], options: Options) -> Chapter:
    by_benchmark: dict[str, list[Result]] = {}
    for result in results:
        by_benchmark.setdefault(result.header["benchmark"], []).append(result)
    tables = [measures_table(benchmark, runs, options) for benchmark, runs in by_benchmark.items()]
    lead = "Other benchmarks, asked and scored by lm-evaluation-harness; programs ran in the sandbox."
    return Chapter("No regression", lead, [], tables)


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
