"""The paper's tables with our rows beside the published ones.

A run stands in a table by what it is: its task, its benchmark, its feedback, its turns. What no setting says is said
by the configuration: `paper={T2: [label], T8: ['with RL:SFT only']}`; tables T4, T7 and T8 compare two runs, named as
in `pairs`. A list replaces what would have been placed, an empty one leaves the table out, and a table without a run
of ours does not appear. Our numbers have intervals over problems; the paper prints none.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace

from deskcheck_evals.errors import EvalError
from deskcheck_evals.measures import PAPER_KS, Measure, difference, main_score, transition_measures, transitions
from deskcheck_evals.published import PAPER, SOURCE, Published
from deskcheck_evals.report_config import PaperConfig
from deskcheck_evals.results import Result, fixes
from deskcheck_evals.self_execution import execution_measures, simulated
from deskcheck_evals.settings import differences, settings_of
from deskcheck_evals.tables import Cell, Options, Table, measured, number
from deskcheck_evals.versus import Pair, pair_of, paired, signed_cell

TASKS = {
    "F3": ("output_prediction",),
    "F5": ("self_verify",),
    "T1": ("output_prediction",),
    "T2": ("output_prediction", "self_verify"),
    "T3": ("self_verify", "self_fix"),
    "T4": ("self_fix",),
    "T5": ("self_fix",),
    "T6": ("self_verify",),
    "T7": ("no_regression", "input_prediction", "output_prediction", "self_verify", "self_fix"),
    "T8": ("output_prediction",),
    "T9": ("self_fix",),
}
"""The tasks whose runs can fill a table."""
OF_PAIRS = ("T4", "T7", "T8")
"""Tables that compare two runs; T4 also takes one, whose first programs are its single turns."""
OURS = {
    "self_verify": {"public": "public pass@1"},
    "self_fix": {
        "pass@1": "submitted pass@1",
        "pass@5": "submitted pass@5",
        "pass@10": "submitted pass@10",
        "public": "submitted public",
    },
}
"""Our names of the measures of a column, where they are not the column's."""

ENDS = {"private": ("first pass@1", "submitted pass@1"), "public": ("first public", "submitted public")}
"""Tests -> our measures of the first and of the submitted program."""
Placed = dict[str, list[Result | Pair]]


def placed(results: Sequence[Result], named: PaperConfig | None, pairs: Sequence[Pair] = ()) -> Placed:
    """Which runs, or pairs of runs, stand in which table; none at all where `named` is None.

    Of `pairs`, those on other tasks than the method's stand in table 7 by themselves.

    Raises:
        EvalError: a label that no run has, or a run of a task that the table is not about.
    """
    if named is None:
        return {}
    found = {table: _placed(table, results, labels) for table, labels in asdict(named).items()}
    others: list[Result | Pair] = [pair for pair in pairs if pair.ours.task in ("no_regression", "input_prediction")]
    return found if named.T7 is not None else found | {"T7": others}


def _placed(table: str, results: Sequence[Result], names: Sequence[str] | None) -> list[Result | Pair]:
    if names is None:
        runs = [result for result in results if _belongs(table, result)]
        return [_against_single_turn(run, results) for run in runs] if table == "T4" else [*runs]
    return [_named(table, name, results) for name in names]


def _named(table: str, name: str, results: Sequence[Result]) -> Result | Pair:
    """The run or the pair that a table's list names."""
    where = f"paper.{table}"
    by_label = {result.label: result for result in results}
    if name in by_label and table not in ("T7", "T8"):
        found = by_label[name]
    elif table in OF_PAIRS:
        [found] = paired([name], results, where)
    else:
        raise EvalError(f"{where}: {name!r}, expected some of the labels {', '.join(by_label)}")
    run = found.ours if isinstance(found, Pair) else found
    if run.task not in TASKS[table]:
        wanted = " or ".join(TASKS[table])
        raise EvalError(f"{where}: {run.label!r} is a run of {run.task}, expected one of {wanted}")
    return found


def _belongs(table: str, result: Result) -> bool:
    """Whether a run stands in a table by itself. T8 is never filled unasked: no setting says enough."""
    settings = settings_of(result)
    is_cruxeval = settings.get("benchmark.name") == "cruxeval_o"
    source = settings.get("feedback.source")
    looks = source not in (None, "none")
    match table:
        case "F3":
            return result.task == "output_prediction" and is_cruxeval
        case "T1":
            return result.task == "output_prediction" and not is_cruxeval and not _is_of_its_own(result)
        case "T2":
            return result.task in TASKS["T2"] and _is_of_its_own(result)
        case "F5":
            return result.task == "self_verify" and bool(simulated(result)) and not _is_of_its_own(result)
        case "T3":
            return result.task in TASKS["T3"]
        case "T4":
            return result.task == "self_fix" and source == "simulated"
        case "T5":
            return result.task == "self_fix" and looks
        case "T6":
            return result.task == "self_verify"
        case "T9":
            return result.task == "self_fix" and looks and settings.get("max_turns") == 3
    return False


def _is_of_its_own(result: Result) -> bool:
    """Whether the programs whose outputs are predicted were written by the model that predicts them."""
    sources = result.header.get("sources") or []
    if result.task == "self_verify":
        writers = sources or [result.header]
        return bool(simulated(result)) and all(one["solver"] == result.header["simulator"] for one in writers)
    return bool(sources) and all(one["solver"] == result.header["solver"] for one in sources)


def _against_single_turn(ours: Result, results: Sequence[Result]) -> Result | Pair:
    """A run of self-fix with the one single-turn run that differs in nothing but the scaffold; alone without one."""
    runs = [result for result in results if settings_of(result).get("feedback.source") == "none"]
    found = [run for run in runs if run.task == ours.task and _same_but_scaffold(ours, run)]
    return pair_of(ours, found[0], f"paper.T4: {ours.label}, {found[0].label}") if len(found) == 1 else ours


def _same_but_scaffold(ours: Result, theirs: Result) -> bool:
    """Whether two runs are on one benchmark, and differ in who looks, for how long, and in nothing else."""
    free = ("feedback", "max_turns", "simulator", "simulating")
    others = [key for key, _, _ in differences(ours, theirs) if key.partition(".")[0] not in free]
    return not others and ours.header["solver"] == theirs.header["solver"]


def paper_tables(placing: Placed, options: Options) -> list[Table]:
    """The tables that a run of ours stands in."""
    options = replace(options, ks=tuple(sorted({*options.ks, *PAPER_KS})))
    return [_table(name, runs, options) for name, runs in placing.items() if runs]


def _table(name: str, runs: Sequence[Result | Pair], options: Options) -> Table:
    published = PAPER[name]
    table = Table(published.title, ["whose", "run", "benchmark", *published.columns])
    for row in published.rows:
        table.add(
            "paper", row.run, row.benchmark, *(_their_cell(row.values.get(c), c, published) for c in published.columns)
        )
    table.breaks.append(len(table.rows))
    for run in runs:
        for cells in _our_rows(name, run, options):
            table.add("ours", *cells)
        if isinstance(run, Pair):
            table.notes.append(f"{run.name}: {_change(run, options).text}, paired by problem.")
    table.notes += [published.note] if published.note else []
    table.notes.append(f"The paper ({SOURCE}) prints no intervals; ours are 95 % over problems. {_counts(runs)}")
    return table


def _their_cell(value: float | None, column: str, published: Published) -> Cell:
    if value is None:
        return Cell("-", None, True)
    if column == "turns used":
        return Cell(f"{value:.2f}", None, True)
    return Cell(f"{value:+.1f}" if column in published.signed else f"{value:.1f}", None, True)


def _our_rows(name: str, run: Result | Pair, options: Options) -> list[list[Cell | str]]:
    """The rows of one run, or of one pair, from the run's name on."""
    if isinstance(run, Pair):
        match name:
            case "T4":
                name = f"{run.ours.label}, against {run.theirs.label}"
                return [[name, _benchmark(run.ours), _change(run, options)]]
            case "T7":
                cells = [_cell("pass@1", arm, options) for arm in (run.theirs, run.ours)]
                return [[run.ours.label, _benchmark(run.ours), *cells]]
        return [[arm.label, _benchmark(arm), _cell("pass@1", arm, options)] for arm in (run.theirs, run.ours)]
    if name == "T4":
        return [[f"{run.label}, against its own first programs", _benchmark(run), _first_to_submitted(run, options)]]
    if name == "T5":
        return _transition_rows(run, options)
    if name in ("F5", "T2") and run.task == "self_verify":
        made = execution_measures(run, options.statistics)
        return [[run.label, _benchmark(run), *(_told(made.get(column)) for column in PAPER[name].columns)]]
    return [[run.label, _benchmark(run), *(_cell(column, run, options) for column in PAPER[name].columns)]]


def _transition_rows(run: Result, options: Options) -> list[list[Cell | str]]:
    """Public tests and private ones; `transitions` asserts both identities on the way."""
    rows, made = fixes(run), measured(run, options)
    told = []
    for tests in reversed(transitions(rows, made)):
        first, submitted = ENDS[tests]
        shares = transition_measures(rows, tests, options.statistics)
        cells = [_told(measure) for measure in (*shares.values(), made[first], made[submitted])]
        told.append([f"{run.label}, {tests} tests", _benchmark(run), *cells])
    return told


def _cell(column: str, run: Result, options: Options) -> Cell:
    return _told(_measure(column, run, options))


def _told(measure: Measure | None) -> Cell:
    """A number with its interval in words; drawn ones would stand beside the paper's bare numbers."""
    return Cell("-", None, True) if measure is None else replace(number(measure), interval=None)


def _measure(column: str, run: Result, options: Options) -> Measure | None:
    made = measured(run, options)
    if run.task == "no_regression" and column == "pass@1":
        return made[main_score(made)]
    return made.get(OURS.get(run.task, {}).get(column, column))


def _change(pair: Pair, options: Options) -> Cell:
    """ours - theirs in pass@1, paired."""
    ours, theirs = (_measure("pass@1", run, options) for run in (pair.ours, pair.theirs))
    assert ours is not None and theirs is not None, "every task measures pass@1"
    return signed_cell(difference(ours, theirs, options.statistics))


def _first_to_submitted(run: Result, options: Options) -> Cell:
    return _told(measured(run, options)["submitted - first"])


def _benchmark(run: Result) -> str:
    return run.header["benchmark"]


def _counts(runs: Sequence[Result | Pair]) -> str:
    """How many problems our numbers stand on."""
    arms = [run.ours if isinstance(run, Pair) else run for run in runs]
    counts = {arm.label: len({row.get("problem", row["id"]) for row in arm.rows}) for arm in arms}
    return "Problems: " + ", ".join(f"{label} {count}" for label, count in counts.items()) + "."
