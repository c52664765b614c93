"""The chapters of a report, each written from the runs of one task, or from pairs of runs, or from training runs.

Which chapters there are, in which order, is page.py's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deskcheck_evals.diagnostic_tables import prediction_tables, selection_tables
from deskcheck_evals.figures import Drawing, bars_figure, curves_figure
from deskcheck_evals.measures import Measure, accuracy_by_length, curve_measures, gain_measures
from deskcheck_evals.paper import Placed, paper_tables
from deskcheck_evals.results import Result, length_unit, pools, predictions
from deskcheck_evals.selection import Pool
from deskcheck_evals.tables import (
    Options,
    Table,
    confusion_table,
    control_table,
    ends_table,
    measured,
    measures_table,
    shown,
    status_table,
    transition_table,
    true_input_table,
)
from deskcheck_evals.training import Training, training_drawings, training_table, validation_table
from deskcheck_evals.versus import Links, Pair, counts_table, flips_table, pair_table, settings_table

Panel = Mapping[str, Mapping[int, Measure]]
"""Selector -> k -> measure."""
PAPER_LEAD = (
    "The published numbers, and ours below them. Models and problems differ: read the shape (what helps, what hurts, "
    "by how much) and not the height."
)
TRAINING_LEAD = (
    "What happened during training, from what the runs logged. A band goes from the lowest seed to the highest; it is "
    "no confidence interval."
)


@dataclass
class Chapter:
    """One part of the page."""

    title: str
    lead: str
    drawings: list[Drawing] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def prediction_chapter(results: Sequence[Result], options: Options) -> Chapter:
    lead = "The model reads a program and its input and says what comes out."
    drawings = _prediction_drawings(results, options, "Share of programs whose output is predicted exactly.")
    tables = [measures_table("Predicted right", results, options), status_table(results)]
    return Chapter("Output prediction", lead, drawings, [*tables, *prediction_tables(results, options)])


def input_chapter(results: Sequence[Result], options: Options) -> Chapter:
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


def verify_chapter(results: Sequence[Result], options: Options) -> Chapter:
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
    solved.notes += _left_out_ks(found, options)
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


def _left_out_ks(found: Mapping[str, Sequence[Pool]], options: Options) -> list[str]:
    """Which k are not there, and why: no estimate exists for k > n."""
    notes = []
    for label, pools_of_run in found.items():
        smallest = min(len(pool.candidates) for pool in pools_of_run)
        if missing := [str(k) for k in options.ks if k > smallest]:
            notes.append(f"{label}: k = {', '.join(missing)} left out, as there are {smallest} candidates a problem.")
    return notes


def fix_chapter(results: Sequence[Result], options: Options) -> Chapter:
    lead = "The model reads the feedback on its program and submits it or writes another one."
    shown = ("first pass@1", "submitted pass@1")
    bars = {r.label: {name: measured(r, options)[name] for name in shown} for r in results}
    drawing = bars_figure(bars, "Pass rate on private tests of the first and of the submitted program.", "passed, %")
    tables = [measures_table("Solved", results, options), transition_table(results, options)]
    return Chapter("Self-fixing", lead, [drawing], tables)


def pairs_chapter(pairs: Sequence[Pair], options: Options, links: Links) -> Chapter:
    lead = "The same problems under two runs; what makes a problem hard for both cancels."
    tables = [pair_table(pairs, options), settings_table(pairs), counts_table(pairs, options)]
    listed = flips_table(pairs, options, links)
    return Chapter("Run against run", lead, [], [*tables, listed] if listed.rows else tables)


def training_chapter(runs: Sequence[Training]) -> Chapter:
    """Curves over training steps."""
    return Chapter("Training", TRAINING_LEAD, training_drawings(runs), [validation_table(runs), training_table(runs)])


def paper_chapter(placed: Placed, options: Options) -> Chapter:
    """Empty where no run stands in a table of the paper."""
    return Chapter("Beside the paper", PAPER_LEAD, [], paper_tables(placed, options))


def no_regression_chapter(results: Sequence[Result], options: Options) -> Chapter:
    by_benchmark: dict[str, list[Result]] = {}
    for result in results:
        by_benchmark.setdefault(result.header["benchmark"], []).append(result)
    tables = [measures_table(benchmark, runs, options) for benchmark, runs in by_benchmark.items()]
    lead = "Other benchmarks, asked and scored by lm-evaluation-harness; programs ran in the sandbox."
    return Chapter("No regression", lead, [], tables)
