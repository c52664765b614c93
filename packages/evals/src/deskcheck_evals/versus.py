"""One run against another: on which problems both were asked, what else differs, and which problems flipped.

Problems are the same when their content is (statement, tests, limits, checker: the key of a row), not when their names
are: a benchmark that changed meanwhile keeps its names. What only one run has is left out of the comparison and
counted. Two runs without a problem in common are refused.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deskcheck_evals.errors import EvalError
from deskcheck_evals.intervals import Interval
from deskcheck_evals.measures import difference, main_score
from deskcheck_evals.results import Result
from deskcheck_evals.settings import differences
from deskcheck_evals.tables import BASELINES, Cell, Options, Table, measured, shown

MOST_FLIPS = 25
"""Problems gained, and problems lost, that are listed one by one."""

Links = Mapping[str, Mapping[str, str]]
"""Label of a run -> id of an item -> where the page shows it."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Two runs, cut to the problems that both have; `left` counts the rows that each had besides."""

    ours: Result
    theirs: Result
    left: tuple[int, int]

    @property
    def name(self) -> str:
        return f"{self.ours.label} - {self.theirs.label}"

    @property
    def settings(self) -> list[tuple[str, Any, Any]]:
        """What differs between the two, beside seeds."""
        return differences(self.ours, self.theirs)


def paired(names: Sequence[str], results: Sequence[Result], where: str = "pairs") -> list[Pair]:
    """The pairs that `ours:theirs` name; `where` is the key of the configuration that names them.

    Raises:
        EvalError: a name that no run has, runs of two tasks, or runs without a problem in common.
    """
    by_label = {result.label: result for result in results}
    return [pair_of(*_named(name, by_label, where), f"{where}: {name!r}") for name in names]


def pair_of(ours: Result, theirs: Result, where: str) -> Pair:
    """The two as a pair; `where` begins the message of an EvalError."""
    if ours.task != theirs.task:
        raise EvalError(f"{where} are runs of {ours.task} and {theirs.task}, expected two runs of one task")
    shared = set(_units(ours)) & set(_units(theirs))
    if not shared:
        raise EvalError(
            f"{where} have no problem in common: {ours.label} is on {_told(ours)}, {theirs.label} on {_told(theirs)}; "
            "compare two runs on the same problems"
        )
    cut_ours, cut_theirs = _cut(ours, shared), _cut(theirs, shared)
    return Pair(cut_ours, cut_theirs, (len(ours.rows) - len(cut_ours.rows), len(theirs.rows) - len(cut_theirs.rows)))


def _named(name: str, by_label: Mapping[str, Result], where: str) -> tuple[Result, Result]:
    """Both runs; a label may hold colons itself."""
    places = [place for place, sign in enumerate(name) if sign == ":"]
    for place in places:
        if name[:place] in by_label and name[place + 1 :] in by_label:
            return by_label[name[:place]], by_label[name[place + 1 :]]
    raise EvalError(f"{where}: {name!r}, expected two of the labels {', '.join(by_label)} as ours:theirs")


def _told(result: Result) -> str:
    return f"{result.header['benchmark']} ({len(result.rows)} rows)"


def _units(result: Result) -> list[str]:
    """A row each: what two rows must share to be about the same. Attempts of self-fix belong to a problem, for which
    the key of its first attempt stands."""
    if result.task != "self_fix":
        return [row["key"] for row in result.rows]
    first = {row["problem"]: row["key"] for row in result.rows if row["attempt"] == 0}
    return [first.get(row["problem"], row["key"]) for row in result.rows]


def _cut(result: Result, shared: set[str]) -> Result:
    """The result itself where nothing is left out, so that what was measured of it is used again."""
    rows = [row for row, unit in zip(result.rows, _units(result), strict=True) if unit in shared]
    return result if len(rows) == len(result.rows) else replace(result, rows=rows)


def item_values(result: Result, options: Options) -> tuple[str, dict[str, float]]:
    """The measure by which problems flip, and its value for each item that the viewer shows (an item, a problem)."""
    made = measured(result, options)
    match result.task:
        case "output_prediction" | "input_prediction":
            values: dict[str, list[float]] = defaultdict(list)
            for row in result.rows:
                values[row["id"]].append(sum(row["right"]) / len(row["right"]))
            return "pass@1", {item: sum(each) / len(each) for item, each in values.items()}
        case "no_regression":
            name = main_score(made)
            return name, made[name].by_problem
        case "self_verify":
            name = [name for name in made if name.startswith("best@") and name.endswith(" simulate")][-1]
            return name, made[name].by_problem
        case _:
            return "submitted pass@1", made["submitted pass@1"].by_problem


@dataclass(frozen=True)
class Flips:
    """Items that ours solves more often than not and theirs does not (gained), or the other way round (lost), the
    largest change first; `equal` counts the others."""

    measure: str
    gained: list[tuple[str, float, float]]
    """(item, theirs, ours)."""
    lost: list[tuple[str, float, float]]
    equal: int


def flips(pair: Pair, options: Options) -> Flips:
    """Which problems flipped."""
    name, ours = item_values(pair.ours, options)
    _, theirs = item_values(pair.theirs, options)
    both = sorted(ours.keys() & theirs.keys())
    flipped = [(item, theirs[item], ours[item]) for item in both if (ours[item] > 0.5) != (theirs[item] > 0.5)]
    changed = sorted(flipped, key=lambda change: -abs(change[2] - change[1]))
    gained = [change for change in changed if change[2] > change[1]]
    return Flips(name, gained, [change for change in changed if change[2] < change[1]], len(both) - len(changed))


def pair_table(pairs: Sequence[Pair], options: Options) -> Table:
    """Differences of the measures that two runs share, paired by problem."""
    table = Table("Paired differences", ["ours - theirs", "measure", "difference", "problems", "excludes 0"])
    for pair in pairs:
        first, second = measured(pair.ours, options), measured(pair.theirs, options)
        for name in (name for name in shown((pair.ours,), options) if name in second and name not in BASELINES):
            if not first[name].by_problem.keys() & second[name].by_problem.keys():
                continue
            gap = difference(first[name], second[name], options.statistics)
            cells = signed_cell(gap, is_share=first[name].is_share), Cell(str(gap.problems), None, True)
            table.add(pair.name, name, *cells, "no" if 0 in gap else "yes")
    for pair in (pair for pair in pairs if any(pair.left)):
        table.notes.append(
            f"{pair.name}: on what both have; {pair.left[0]} rows of {pair.ours.label} and {pair.left[1]} of "
            f"{pair.theirs.label} are left out, as they are on other problems."
        )
    for pair in pairs:
        ours, theirs = (sorted({run.header["seed"] for run in side.runs}) for side in (pair.ours, pair.theirs))
        if len(ours) != len(theirs):
            table.notes.append(
                f"{pair.name}: {len(ours)} seeds ({', '.join(map(str, ours))}) against {len(theirs)} "
                f"({', '.join(map(str, theirs))}): part of the difference may be the seeds'."
            )
    return table


def settings_table(pairs: Sequence[Pair]) -> Table:
    """What differs between two runs beside their seeds: a difference of measures is the effect of all of it."""
    table = Table("What differs", ["ours - theirs", "setting", "ours", "theirs"])
    for pair in pairs:
        for key, ours, theirs in pair.settings:
            table.add(pair.name, key, _text(ours), _text(theirs))
        if not pair.settings:
            table.add(pair.name, "nothing but seeds", "-", "-")
    return table


def counts_table(pairs: Sequence[Pair], options: Options) -> Table:
    """How many problems flipped."""
    table = Table("Gained and lost", ["ours - theirs", "by", "gained", "lost", "neither"])
    table.notes.append("Gained: ours solves it more often than not, and theirs does not. Lost: the other way round.")
    for pair in pairs:
        found = flips(pair, options)
        counts = (len(found.gained), len(found.lost), found.equal)
        table.add(pair.name, found.measure, *(Cell(str(count), None, True) for count in counts))
    return table


def flips_table(pairs: Sequence[Pair], options: Options, links: Links) -> Table:
    """The problems that flipped, one by one; each number leads to the item in its run."""
    table = Table("Problems gained and lost", ["ours - theirs", "", "problem", "theirs", "ours"], is_long=True)
    for pair in pairs:
        found = flips(pair, options)
        table.breaks.append(len(table.rows))
        for word, changes in (("gained", found.gained), ("lost", found.lost)):
            for item, before, after in changes[:MOST_FLIPS]:
                cells = [
                    Cell(f"{100 * value:.1f}", None, True, links.get(result.label, {}).get(item, ""))
                    for value, result in ((before, pair.theirs), (after, pair.ours))
                ]
                table.add(pair.name, word, item, *cells)
            if len(changes) > MOST_FLIPS:
                table.notes.append(f"{pair.name}: the {MOST_FLIPS} largest of {len(changes)} {word}.")
    return table


def signed_cell(gap: Interval, *, is_share: bool = True) -> Cell:
    """A difference with its interval: in points, or as it is."""
    return Cell(gap.signed() if is_share else f"{gap.mean:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]", None, True)


def _text(value: Any) -> str:
    return "-" if value is None else str(value)
