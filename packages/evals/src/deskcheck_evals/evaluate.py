"""`deskcheck-eval`: run one task on one benchmark with one model, resumably, and print what came out.

Rows go to rows.jsonl in the run folder as problems finish; killed at any point, the same command goes on where it
was. When all rows are there the numbers are computed from them, printed, logged and stored as the run's summary.
Without further arguments it is a smoke run on a few micro problems with a scripted sampler, which is marked as such
everywhere.
"""

import sys
from dataclasses import asdict
from typing import cast

from deskcheck_conf import Run, SamplerConfig, SamplerKind, command, progress
from omegaconf import OmegaConf
from rich.console import Console

from deskcheck_evals.benchmarks import BenchmarkConfig, BenchmarkName
from deskcheck_evals.config import PREDICTING, EvalConfig, TaskName
from deskcheck_evals.measures import Measure, Statistics
from deskcheck_evals.page import warnings
from deskcheck_evals.report import rich_table
from deskcheck_evals.results import ROWS, read_result
from deskcheck_evals.rows import Json, Rows, content_key
from deskcheck_evals.runner import Runner
from deskcheck_evals.tables import Options, measured, measures_table, shown
from deskcheck_evals.tasks.gathering import Unscored
from deskcheck_evals.tasks.linting import lint_benchmark
from deskcheck_evals.tracked import track_result

KS = tuple(range(1, 11))
FREE_KEYS = ("run_name", "output_root", "wandb", "resamples", "max_unscored")
"""Settings that do not decide what is in a row."""


def evaluate(config: EvalConfig, run: Run) -> float:
    """Do what is left of the task, then say what came out; returns the headline number, for sweeps."""
    if config.task is TaskName.lint:
        return lint_benchmark(config, run)
    runner = Runner(config, run.folder)
    keys = runner.keys()
    rows = Rows(run.folder / ROWS, header_of(config, keys))
    left = sum(key not in rows for key in keys)
    unscored = Unscored(config.max_unscored)
    if left:
        with progress(config.task.value, len(keys), done=len(keys) - left) as advance:
            runner.fill(rows, unscored, advance)
    return conclude(config, run, unscored)


def header_of(config: EvalConfig, keys: list[str]) -> Json:
    """What the rows are rows of. `keys` stand for the data: other data makes another header."""
    settings = cast(Json, OmegaConf.to_container(OmegaConf.structured(config), enum_to_str=True))
    settings = {key: value for key, value in settings.items() if key not in FREE_KEYS} | {"data": content_key(keys)}
    return {
        "config": content_key(settings),
        "task": config.task.value,
        "benchmark": _benchmark_label(config.benchmark),
        "solver": _sampler_label(config.sampler),
        "simulator": None if config.task in (*PREDICTING, TaskName.no_regression) else _sampler_label(config.simulator),
        "seed": config.seed,
        "scripted": SamplerKind.scripted in (config.sampler.kind, config.simulator.kind),
        "degraded": config.degraded,
        "settings": settings,
    }


def conclude(config: EvalConfig, run: Run, unscored: Unscored) -> float:
    """Print the table, log the numbers, finish the run."""
    result = read_result(run.folder)
    options = Options(config.combine, KS, Statistics(config.resamples, config.seed))
    measures = measured(result, options)
    run.log({f"eval/{name}": measure.interval.mean for name, measure in measures.items()})
    intervals = {name: asdict(measure.interval) for name, measure in measures.items()}
    track_result(run, result, measures)
    run.finish({"task": config.task.value, "unscored": len(unscored.problems), "measures": intervals})
    console = Console(file=sys.stdout)
    for text in warnings([read_result(run.folder)]):
        console.print(text, style="bold yellow")
    title = f"{config.task}: {result.header['benchmark']}"
    console.print(rich_table(measures_table(title, [result], options, shown([result], options))))
    print(f"rows: {run.folder / ROWS}")
    return headline(measures)


def headline(measures: dict[str, Measure]) -> float:
    """pass@1 of predictions, the largest best@k simulate of pools, pass@1 of submitted programs; else the last."""
    selected = [name for name in measures if name.startswith("best@") and name.endswith(" simulate")]
    for name in (*reversed(selected), "submitted pass@1", "pass@1"):
        if name in measures:
            return measures[name].interval.mean
    return list(measures.values())[-1].interval.mean


def _benchmark_label(config: BenchmarkConfig) -> str:
    if config.name is BenchmarkName.micro:
        return f"micro {config.split} (seed {config.seed})"
    return f"{config.name} {config.path}{' (public tests only)' if config.public_only else ''}"


def _sampler_label(config: SamplerConfig) -> str:
    if config.kind is SamplerKind.scripted:
        return f"scripted {config.script or 'twin'}"
    file = f" {config.model.gguf_file}" if config.model.gguf_file else ""
    return f"{config.model.path}{file} ({config.kind})"


main = command("eval", EvalConfig, evaluate)
