"""Tables about the simulator: where it is right, how well it knows, and what its errors cost.

Beside the scores of the other tables these say why they are what they are: accuracy by construct, agreement of attempts
against accuracy, predicted passes against real ones by share of attempts, changed selections, how answers ended, and
how the temperature was chosen.
"""

from collections import Counter
from collections.abc import Sequence

from deskcheck_evals.calibration import Calibration, Point, answer_points, calibration, pass_points
from deskcheck_evals.changes import selection_changes
from deskcheck_evals.measures import Maker, Measure, accuracy_by_construct
from deskcheck_evals.results import Result, pools, predictions, without_public_tests
from deskcheck_evals.tables import Cell, Options, Table, number

FEW = 5
"""A construct that fewer items use is not shown."""


def prediction_tables(results: Sequence[Result], options: Options) -> list[Table]:
    """What to put below the scores of output prediction."""
    return [table for table in (construct_table(results, options), agreement_table(results, options)) if table.rows]


def selection_tables(results: Sequence[Result], options: Options) -> list[Table]:
    """What to put below the scores of self-verification."""
    made = (share_table(results, options), change_table(results, options), ending_table(results))
    return [table for table in made if table.rows]


def by_construct(result: Result, options: Options) -> dict[str, Measure]:
    """Accuracy by construct, of those that enough items use."""
    made = accuracy_by_construct(predictions(result, options.choices), options.statistics)
    return {name: measure for name, measure in made.items() if len(measure.values) >= FEW}


def construct_table(results: Sequence[Result], options: Options) -> Table:
    """pass@1 by what a program uses."""
    made = {result.label: by_construct(result, options) for result in results}
    names = list(dict.fromkeys(name for measures in made.values() for name in measures))
    table = Table("Predicted right, by construct", ["construct", "programs", *made])
    for name in sorted(names):
        counts = {len(measures[name].values) for measures in made.values() if name in measures}
        shown = " / ".join(str(count) for count in sorted(counts))
        cells = [number(measures[name]) if name in measures else Cell("-") for measures in made.values()]
        table.add(name, Cell(shown, None, True), *cells)
    table.notes.append(f"pass@1; a program counts under every construct that it uses; of at least {FEW} programs.")
    return table


def agreement_table(results: Sequence[Result], options: Options) -> Table:
    """Whether attempts that agree are right."""
    table = Table("Agreement of attempts", ["run", "share of attempts", "items", "mean share", "answer is right"])
    for result in results:
        points, without = answer_points(predictions(result, options.choices))
        _add_bins(table, result.label, points, options)
        if without:
            table.notes.append(f"{result.label}: {without} items without any answer that could be read are left out.")
    table.notes.append(
        "Of an item's most frequent answer: the share of attempts that give it, and whether it is right."
    )
    return table


def share_table(results: Sequence[Result], options: Options) -> Table:
    """Predicted passes against real ones, by the share of attempts that predict a pass."""
    table = Table(
        "Predicted and real passes", ["run", "attempts predicting a pass", "tests", "mean share", "really passes"]
    )
    for result in results:
        _add_bins(table, result.label, pass_points(pools(result, options.choices)), options)
        if count := without_public_tests(result):
            table.notes.append(f"{result.label}: {count} problems have no public test.")
    table.notes.append("Every candidate with a program, on every public test.")
    return table


def _add_bins(table: Table, label: str, points: Sequence[Point], options: Options) -> None:
    made = calibration(points, options.statistics.resamples, options.statistics.seed)
    if made is None:
        return
    for each in made.bins:
        counts = [Cell(str(each.points), None, True), Cell(f"{100 * each.share:.1f}", None, True)]
        table.add(label, each.label, *counts, Cell(each.right.percent(), each.right, True))
    table.notes.append(f"{label}: {_sums(made)}.")


def _sums(made: Calibration) -> str:
    brier = made.brier
    interval = f"[{brier.low:.3f}, {brier.high:.3f}]"
    return f"expected calibration error {100 * made.ece:.1f} points, Brier score {brier.mean:.3f} {interval}"


def change_table(results: Sequence[Result], options: Options) -> Table:
    """How often the choice among all candidates is a wrong simulation's."""
    table = Table("Selections changed by wrong simulations", ["run", "measure", "share of problems"])
    for result in results:
        found, maker = pools(result, options.choices), Maker(options.statistics)
        for name, chances in selection_changes(found, options.combine).items():
            maker.add(name, chances, [pool.problem for pool in found])
            table.add(result.label, name, number(maker.made[name]))
    table.notes.append("Among all candidates of a problem, against the choice by real runs of the public tests.")
    return table


def ending_table(results: Sequence[Result]) -> Table:
    """How the responses of solver and simulator ended."""
    table = Table("How responses ended", ["run", "who", "status", "responses"])
    for result in results:
        candidates = [each for row in result.rows for each in row["candidates"]]
        written = Counter(each.get("status", "not recorded") for each in candidates)
        told = Counter(
            status for each in candidates for test in each.get("statuses", ()) for status in test
        )  # of an older run, or without a program: none
        for who, counts in (("solver", written), ("simulator", told)):
            for status, count in counts.most_common():
                share = f"{count} ({100 * count / counts.total():.1f} %)"
                table.add(result.label, who, status, Cell(share, None, True))
    table.notes.append("Whatever is not ok holds no program, or no prediction, and passes nothing.")
    return table


def chosen_table(results: Sequence[Result]) -> Table:
    """How temperatures were chosen, where they were."""
    table = Table(
        "Temperatures on validation problems", ["run", "temperature", "validation", "measure", "score", "chosen"]
    )
    runs = [run for result in results for run in result.runs if run.header.get("chosen")]
    for run in runs:
        chosen = run.header["chosen"]
        for temperature, score in chosen["scores"].items():
            interval = f"{100 * score['mean']:.1f} [{100 * score['low']:.1f}, {100 * score['high']:.1f}]"
            is_it = "yes" if float(temperature) == chosen["temperature"] else "no"
            cells = [Cell(temperature, None, True), chosen["benchmark"], chosen["measure"], Cell(interval, None, True)]
            table.add(run.label, *cells, is_it)
    return table
