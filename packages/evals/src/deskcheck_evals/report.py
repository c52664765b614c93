"""`deskcheck-report runs=[a,b]`: tables in the terminal (stdout), and the report as HTML, Markdown and LaTeX.

Reads the rows that deskcheck-eval stored and computes everything anew: k, the rule of combination and the bootstrap
can be changed here without a model. Beside the page goes a viewer of each run's items. Runs of scripted samplers are
refused unless `allow_scripted=true`, and marked where they are shown.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from deskcheck_conf import Run, command
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from deskcheck_evals.choices import Choices
from deskcheck_evals.errors import EvalError
from deskcheck_evals.formats import place, write
from deskcheck_evals.measures import Statistics
from deskcheck_evals.page import Chosen, Document, document
from deskcheck_evals.paper import placed
from deskcheck_evals.report_config import Format, ReportConfig
from deskcheck_evals.results import Result, last_run, read_runs
from deskcheck_evals.row_check import check_rows
from deskcheck_evals.tables import Options, Table
from deskcheck_evals.tracked import track_report
from deskcheck_evals.training import Training, read_training
from deskcheck_evals.versus import paired
from deskcheck_evals.viewer import planned, write_viewers

HASHES = ("config", "data")
NAMES = {".html": "page", ".md": "markdown", ".tex": "latex"}
PLAIN_WIDTH = 160
"""Columns of the tables where stdout is not a terminal."""


def report(config: ReportConfig, run: Run) -> None:
    """Show the runs."""
    results = chosen(config)
    for result in results:
        check_rows(result)
    page = Path(config.html) if config.html else run.folder / "report.html"
    first = next(each for each in Format if each in config.formats)
    viewers = planned(results, place(page, first), config.samples)
    pairs = paired(config.pairs, results)
    asked = Chosen(
        pairs=pairs,
        placed=placed(results, config.paper, pairs),
        temperature_chosen=config.temperature_chosen,
        links={viewer.result.label: viewer.links for viewer in reversed(viewers)},
        pages={str(viewer.result.folder): viewer.href for viewer in viewers},
        training=trained(config),
    )
    options = Options(
        config.combine,
        tuple(sorted(set(config.ks))),
        Statistics(config.resamples, config.seed),
        Choices.of(config, config.checker),
    )
    told = document(config.title, results, options, asked)
    written = write(told, page, config.formats)
    written += write_viewers(viewers, config.combine)
    show(told)
    for path in (path for path in written if path.parent == page.parent):
        print(f"{NAMES[path.suffix]}: {path}")
    track_report(run, told, written)
    shown_runs = [each for result in results for each in result.runs]
    hashes = [{"folder": str(each.folder), **{key: each.header.get(key) for key in HASHES}} for each in shown_runs]
    run.finish({"page": str(page), "runs": [str(each.folder) for each in shown_runs], "hashes": hashes})


def chosen(config: ReportConfig) -> list[Result]:
    """The runs to show; EvalError for equal labels, or for a scripted run that was not allowed."""
    folders = config.runs
    if not folders and not config.training:
        folders = [str(last_run(Path(config.output_root)))]
    labels = _labels(folders, config.labels, "labels")
    results = [read_runs(folder, label) for folder, label in zip(folders, labels, strict=True)]
    allowed = not config.runs if config.allow_scripted is None else config.allow_scripted
    scripted = [result.label for result in results if result.scripted]
    if scripted and not allowed:
        raise EvalError(
            f"{', '.join(scripted)} was answered by a scripted sampler, not by a model: leave it out, or pass "
            "allow_scripted=true to show it, marked as scripted"
        )
    return results


def trained(config: ReportConfig) -> list[Training]:
    """The training runs to show; EvalError for equal labels, or where there is no run."""
    labels = _labels(config.training, config.training_labels, "training_labels")
    return [read_training(pattern, label) for pattern, label in zip(config.training, labels, strict=True)]


def _labels(folders: Sequence[str], labels: Sequence[str], key: str) -> Sequence[str]:
    names = labels or [Path(folder).name for folder in folders]
    if len(set(names)) < len(names):
        raise EvalError(f"the runs are called {', '.join(names)}, expected different names: pass {key}=[a,b]")
    return names


def show(told: Document) -> None:
    """The tables of the report, on stdout."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    for text in told.warnings:
        console.print(text, style="bold yellow")
    for chapter in told.chapters:
        console.print(Text(f"\n{chapter.title}", style="bold"))
        for table in (table for table in chapter.tables if not table.is_long):
            console.print(rich_table(_narrow(table)))
    console.print(Text(told.lead, style="dim"))


def _narrow(table: Table) -> Table:
    """A table without versions and commands: those are in the files, and too long for a terminal."""
    kept = [i for i, name in enumerate(table.columns) if name not in ("versions", "command")]
    rows = [[row[i] for i in kept] for row in table.rows]
    return replace(table, columns=[table.columns[i] for i in kept], rows=rows)


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
