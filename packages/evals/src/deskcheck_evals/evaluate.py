"""`deskcheck-eval`: run one task on one benchmark with one model, resumably, and print what came out.

Rows go to rows.jsonl in the run folder as problems finish; killed at any point, the same command goes on where it
was. When all rows are there the numbers are computed from them, printed, logged and stored as the run's summary. With
`shard=i/n` a process does its part; the command without it puts the parts together (shards.py).
Without further arguments it is a smoke run on a few micro problems with a scripted sampler, which is marked as such
everywhere.
"""

import sys
from dataclasses import asdict

from deskcheck_conf import Run, command
from rich.console import Console

from deskcheck_evals.choices import Choices
from deskcheck_evals.choose import KS, told_choice, with_chosen_temperature
from deskcheck_evals.config import EvalConfig, TaskName
from deskcheck_evals.errors import EvalError
from deskcheck_evals.local_shards import run_shards
from deskcheck_evals.measures import Statistics, headline, transitions
from deskcheck_evals.page import warnings
from deskcheck_evals.report import rich_table
from deskcheck_evals.results import fixes, read_result
from deskcheck_evals.rows import ROWS, Json, read_rows
from deskcheck_evals.runner import Runner
from deskcheck_evals.samplers import Samplers
from deskcheck_evals.shards import refuse_other_divisions, row_files, shards_in
from deskcheck_evals.tables import Options, measured, measures_table, shown
from deskcheck_evals.tasks.gathering import Unscored
from deskcheck_evals.tasks.linting import lint_benchmark
from deskcheck_evals.tracked import track_result


def evaluate(config: EvalConfig, run: Run) -> float | None:
    """Do what is left of the task, then say what came out; returns the headline number, for sweeps."""
    if config.task is TaskName.lint:
        return lint_benchmark(config, run)
    if config.shards > 1:
        run_shards(config.shards)
    home = run.folder if config.shard is None else run.folder.parent
    runner = with_chosen_temperature(Runner(config, run.folder, Samplers(run.folder)), home)
    if config.shard is None and shards_in(home):
        return conclude(runner, run, gathered(runner))
    refuse_other_divisions(home, runner.shard)
    unscored = Unscored(config.max_unscored)
    shard = f" {config.shard}" if config.shard else ""
    runner.complete(unscored, f"{config.task}{shard}")
    if config.shard is not None:
        return conclude_shard(runner, run, unscored.reasons)
    return conclude(runner, run, unscored.reasons)


def gathered(runner: Runner) -> dict[str, str]:
    """What the shards in the run's folder left out; EvalError unless they are all there, done and of this run."""
    result = read_result(runner.folder)
    if result.header["config"] != runner.header["config"]:
        raise EvalError(
            f"{runner.folder} holds shards of another configuration: pass another run_name, or go back to that one"
        )
    if result.summary is None:
        count = next(iter(shards_in(runner.folder))).count
        raise EvalError(
            f"{runner.folder}: {result.lacking}; the same command with shard=i/{count} does one part, with "
            f"shards={count} all that is left"
        )
    return result.summary["unscored_problems"]


def conclude_shard(runner: Runner, run: Run, unscored: dict[str, str]) -> None:
    """Finish a part: its numbers alone would say nothing."""
    _, rows = read_rows(run.folder / ROWS)
    run.finish(_facts(runner, len(rows), unscored))
    print(f"shard {runner.config.shard}: {run.folder / ROWS}")


def conclude(runner: Runner, run: Run, unscored: dict[str, str]) -> float:
    """Print the table, log the numbers, finish the run."""
    config, result = runner.config, read_result(run.folder)
    options = Options(config.combine, KS, Statistics(config.resamples, config.seed), Choices.of(config))
    measures = measured(result, options)
    if result.task == TaskName.self_fix:
        transitions(fixes(result), measures)  # asserts that table and measures are of the same rows
    run.log({f"eval/{name}": measure.interval.mean for name, measure in measures.items()})
    intervals = {name: asdict(measure.interval) for name, measure in measures.items()}
    choices = asdict(options.choices) | {"combine": config.combine}
    track_result(run, result, measures)
    run.finish(_facts(runner, len(result.rows), unscored) | {"choices": choices, "measures": intervals})
    console = Console(file=sys.stdout)
    for text in warnings([read_result(run.folder)]):
        console.print(text, style="bold yellow")
    title = f"{config.task}: {result.header['benchmark']}"
    console.print(rich_table(measures_table(title, [result], options, shown([result], options))))
    if runner.chosen is not None:
        print(told_choice(runner.chosen))
    for path in row_files(run.folder):
        print(f"rows: {path}")
    return headline(measures).interval.mean


def _facts(runner: Runner, rows: int, unscored: dict[str, str]) -> Json:
    """What a summary says beside the numbers."""
    header = runner.header
    names = ("task", "config", "data", "left_out", "chosen")
    return {
        **{name: header[name] for name in names if name in header},
        "rows": rows,
        "unscored": len(unscored),
        "unscored_problems": unscored,
        "moved_requests": runner.samplers.moved(),
    }


main = command("eval", EvalConfig, evaluate)
