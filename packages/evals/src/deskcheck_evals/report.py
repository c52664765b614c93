"""`deskcheck-report runs=[a,b]`: tables in the terminal (stdout), and one self-contained HTML page.

Reads the rows that deskcheck-eval stored and computes everything anew: k, the rule of combination and the bootstrap
can be changed here without a model. Runs of scripted samplers are refused unless `allow_scripted=true`, and marked
where they are shown.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from deskcheck_conf import Run, command, write_atomic
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from deskcheck_evals.choices import Choices
from deskcheck_evals.config import ReportConfig
from deskcheck_evals.errors import EvalError
from deskcheck_evals.measures import Statistics
from deskcheck_evals.page import Chapter, chapters, lead, render, warnings
from deskcheck_evals.results import Result, last_run, read_runs
from deskcheck_evals.tables import Options, Table, runs_table

HASHES = ("config", "data")
PLAIN_WIDTH = 160
"""Columns of the tables where stdout is not a terminal."""


def report(config: ReportConfig, run: Run) -> None:
    """Show the runs."""
    results = chosen(config)
    pairs = paired(config.pairs, results)
    options = Options(
        config.combine,
        tuple(sorted(set(config.ks))),
        Statistics(config.resamples, config.seed),
        Choices.of(config, config.checker),
    )
    page = Path(config.html) if config.html else run.folder / "report.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    written = chapters(results, pairs, options)
    write_atomic(page, render(config.title, results, written, options))
    show(results, written, options)
    print(f"page: {page}")
    shown_runs = [run for result in results for run in result.runs]
    hashes = [{"folder": str(one.folder), **{key: one.header.get(key) for key in HASHES}} for one in shown_runs]
    run.finish({"page": str(page), "runs": [str(one.folder) for one in shown_runs], "hashes": hashes})


def chosen(config: ReportConfig) -> list[Result]:
    """The runs to show; EvalError for equal labels, or for a scripted run that was not allowed."""
    folders = config.runs or [str(last_run(Path(config.output_root)))]
    labels = config.labels or [Path(folder).name for folder in folders]
    if len(set(labels)) < len(labels):
        raise EvalError(f"the runs are called {', '.join(labels)}, expected different names: pass labels=[a,b]")
    results = [read_runs(folder, label) for folder, label in zip(folders, labels, strict=True)]
    allowed = not config.runs if config.allow_scripted is None else config.allow_scripted
    scripted = [result.label for result in results if result.scripted]
    if scripted and not allowed:
        raise EvalError(
            f"{', '.join(scripted)} was answered by a scripted sampler, not by a model: leave it out, or pass "
            "allow_scripted=true to show it, marked as scripted"
        )
    return results


def paired(names: Sequence[str], results: Sequence[Result]) -> list[tuple[Result, Result]]:
    """The runs that `ours:theirs` name; EvalError for a name that no run has."""
    by_label = {result.label: result for result in results}
    pairs = []
    for name in names:
        ours, _, theirs = name.partition(":")
        if ours not in by_label or theirs not in by_label:
            raise EvalError(f"pairs: {name!r}, expected two of the labels {', '.join(by_label)} as ours:theirs")
        if by_label[ours].task != by_label[theirs].task:
            tasks = f"{by_label[ours].task} and {by_label[theirs].task}"
            raise EvalError(f"pairs: {name!r} are runs of {tasks}, expected two runs of one task")
        pairs.append((by_label[ours], by_label[theirs]))
    return pairs


def show(results: Sequence[Result], written: Sequence[Chapter], options: Options) -> None:
    """The tables of the page, on stdout."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    for text in warnings(results):
        console.print(Text(text, style="bold yellow"))
    for chapter in written:
        console.print(Text(f"\n{chapter.title}", style="bold"))
        for table in chapter.tables:
            console.print(rich_table(table))
    console.print(rich_table(_narrow(runs_table(results))))
    console.print(Text(lead(options), style="dim"))


def _narrow(runs: Table) -> Table:
    """The runs without versions and commands: those are on the page, and too long for a terminal."""
    kept = [i for i, name in enumerate(runs.columns) if name not in ("versions", "command")]
    return Table(runs.title, [runs.columns[i] for i in kept], [[row[i] for i in kept] for row in runs.rows])


def rich_table(table: Table) -> RichTable:
    """A table for the terminal."""
    drawn = RichTable(title=table.title, title_justify="left", title_style="bold", header_style="dim")
    for i, column in enumerate(table.columns):
        numeric = any(row[i].is_number for row in table.rows)
        drawn.add_column(column, justify="right" if numeric else "left", no_wrap=numeric)
    for row in table.rows:
        drawn.add_row(*(Text(cell.text) for cell in row))
    return drawn


main = command("report", ReportConfig, report)
