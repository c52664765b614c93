"""The report as a page: chapters of figures and tables, in the order a reader asks for them, rendered to one HTML file.

Nothing is loaded from anywhere: styles and figures are inside the file, and it follows the reader's light or dark
theme.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from deskcheck_evals.figures import Drawing, bars_figure, curves_figure
from deskcheck_evals.measures import Measure, accuracy_by_length, curve_measures
from deskcheck_evals.results import Result, length_unit, pools, predictions
from deskcheck_evals.tables import (
    Options,
    Table,
    confusion_table,
    control_table,
    ends_table,
    measured,
    measures_table,
    pair_table,
    runs_table,
    seeds_table,
    shown,
    status_table,
    transition_table,
    true_input_table,
)

HEADLINES = {
    "output_prediction": ("pass@1",),
    "input_prediction": ("pass@1",),
    "self_verify": ("pass@1", "best@{k} simulate", "best@{k} exec"),
    "self_fix": ("submitted pass@1",),
    "no_regression": ("pass@1", "exact_match", "exact_match (flexible-extract)"),
}
MOST_TILES = 12


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


def chapters(results: Sequence[Result], pairs: Sequence[tuple[Result, Result]], options: Options) -> list[Chapter]:
    """The chapters that these runs give something to say in."""
    by_task = {task: [result for result in results if result.task == task] for task in HEADLINES}
    written = []
    if by_task["output_prediction"]:
        written.append(_prediction_chapter(by_task["output_prediction"], options))
    if by_task["input_prediction"]:
        written.append(_input_chapter(by_task["input_prediction"], options))
    if by_task["self_verify"]:
        written.append(_verify_chapter(by_task["self_verify"], options))
    if by_task["self_fix"]:
        written.append(_fix_chapter(by_task["self_fix"], options))
    if by_task["no_regression"]:
        written.append(_no_regression_chapter(by_task["no_regression"], options))
    for chapter, task in zip(written, (task for task in HEADLINES if by_task[task]), strict=True):
        headlines = _headlines(task, by_task[task][0], options)
        if (seeds := seeds_table(by_task[task], headlines, options)).rows:
            chapter.tables.append(seeds)
    if pairs:
        lead = "The same problems under two runs; what makes a problem hard for both cancels."
        written.append(Chapter("Run against run", lead, [], [pair_table(pairs, options)]))
    return written


def render(title: str, results: Sequence[Result], written: Sequence[Chapter], options: Options) -> str:
    """The whole page as HTML text."""
    template = files("deskcheck_evals").joinpath("templates/report.html.j2").read_text(encoding="utf-8")
    environment = Environment(undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(template).render(
        title=title,
        lead=lead(options),
        warnings=warnings(results),
        tiles=_tiles(results, options),
        chapters=written,
        runs=runs_table(results),
        footer="Made by deskcheck-report.",
    )


def lead(options: Options) -> str:
    """How the numbers were made, in one paragraph: the paper's open choices included."""
    return (
        f"Means with 95 % intervals from {options.statistics.resamples:,} bootstrap resamples of problems "
        f"(seed {options.statistics.seed}). Attempts at one test combine by {options.combine}; equal scores "
        "are averaged over all orders; responses without a program rank last; a problem without public tests is a "
        "random pick."
    )


def warnings(results: Sequence[Result]) -> list[str]:
    """What a reader must know before reading a number."""
    found = []
    scripted = [result.label for result in results if result.scripted]
    if scripted:
        found.append(
            f"Scripted sampler, not a model: {', '.join(scripted)}. These numbers say nothing about any model."
        )
    found += [f"{r.label} is unfinished: {len(r.rows)} rows so far." for r in results if not r.done]
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
    return Chapter("Output prediction", lead, drawings, tables)


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
    lengths = {r.label: accuracy_by_length(predictions(r), options.statistics) for r in results}
    if counted := {label: bins for label, bins in lengths.items() if bins}:
        drawings.append(bars_figure(counted, _length_caption(next(iter(counted.values()))), "right, %"))
    return drawings


def _length_caption(bins: Mapping[str, Measure]) -> str:
    """What the bars are, and how many programs each stands on."""
    programs = ", ".join(f"{name}: {len(measure.values)}" for name, measure in bins.items())
    return f"pass@1 by the number of lines the program executes (programs: {programs})."


def _verify_chapter(results: Sequence[Result], options: Options) -> Chapter:
    curves = {r.label: curve_measures(pools(r), options.combine, options.ks, options.statistics) for r in results}
    caption = (
        "Which of k sampled programs to submit: chosen by simulation, by real runs of the public tests, by length; "
    )
    drawing = curves_figure(curves, caption + "pass@k is what a perfect choice would give.")
    lead = "The model writes candidates, simulates them on the public tests and submits the one predicted to pass most."
    names = shown(results, options)
    solved = measures_table("Solved", results, options, names)
    solved.notes.append("short1 counts " + ", ".join(f"{length_unit(r)} ({r.label})" for r in results) + ".")
    tables = [solved, control_table(results, options), confusion_table(results)]
    return Chapter("Self-verification", lead, [drawing], tables)


def _fix_chapter(results: Sequence[Result], options: Options) -> Chapter:
    lead = "The model reads the feedback on its program and submits it or writes another one."
    shown = ("first pass@1", "submitted pass@1")
    bars = {r.label: {name: measured(r, options)[name] for name in shown} for r in results}
    drawing = bars_figure(bars, "Pass rate on private tests of the first and of the submitted program.", "passed, %")
    tables = [measures_table("Solved", results, options), transition_table(results, options)]
    return Chapter("Self-fixing", lead, [drawing], tables)


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
