"""One benchmark as a task of lm-eval: its definition, over rows of the hub or of local files, with our scorer.

A local file goes in by lm-eval's own way, the `json` (or `parquet`) builder with data_files; a folder may hold several
splits, as GSM8k needs for its examples.
"""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskcheck_evals.benchmarks.config import BenchmarkConfig, BenchmarkName
from deskcheck_evals.errors import EvalError
from deskcheck_evals.harness.definitions import FILES, PROGRAMS, definition
from deskcheck_evals.harness.programs import HUMANEVAL_COLUMNS, MBPP_COLUMNS, METRIC, Scorer, passed
from deskcheck_evals.hub import is_hub_id
from deskcheck_evals.jsonl import read_jsonl

if TYPE_CHECKING:
    from lm_eval.api.task import ConfigurableTask

INSTALL = "pip install 'deskcheck-evals[harness]'"
STRUCTURE = ("tag", "group", "task_list")
"""Keys of lm-eval's YAML that place a task among others."""


def harness_task(benchmark: BenchmarkConfig, scorer: Scorer, *, chat: bool, max_tokens: int) -> "ConfigurableTask":
    """lm-eval's task for a benchmark, its rows loaded.

    Raises:
        EvalError: lm-eval is not installed, it has no such task, or the rows cannot be had.
    """
    if benchmark.name not in FILES:
        raise EvalError(
            f"benchmark.name={benchmark.name} is no task of lm-eval here: use one of {', '.join(FILES)} with "
            "task=no_regression"
        )
    if benchmark.exclude or benchmark.exclude_ids or benchmark.max_tests:
        raise EvalError(
            "benchmark.exclude, exclude_ids and max_tests are for deskcheck's own tasks: lm-eval asks every question"
        )
    if importlib.util.find_spec("lm_eval") is None:
        raise EvalError(f"task=no_regression runs lm-evaluation-harness, which is not installed: {INSTALL}")
    defined = definition(_shape(benchmark), chat=chat)
    config = {key: value for key, value in defined.items() if key not in STRUCTURE}
    config |= {"task": str(benchmark.name), **_rows(benchmark)}
    config["generation_kwargs"] = {**defined["generation_kwargs"], "max_gen_toks": max_tokens}
    if benchmark.name in PROGRAMS:
        config |= _scored_here(config, scorer)
    return _loaded(benchmark, config)


def _shape(benchmark: BenchmarkConfig) -> BenchmarkName:
    """Whose definition fits the rows: MBPP is also written in HumanEval's columns."""
    path = Path(str(benchmark.path))
    if benchmark.name is not BenchmarkName.mbpp or not path.is_file() or path.suffix not in (".jsonl", ".gz"):
        return benchmark.name
    row = next((row for _, row in read_jsonl(path)), {})
    is_humaneval = row.keys() >= HUMANEVAL_COLUMNS and not row.keys() >= MBPP_COLUMNS
    return BenchmarkName.humaneval if is_humaneval else benchmark.name


def _rows(benchmark: BenchmarkConfig) -> dict[str, Any]:
    path = Path(str(benchmark.path))
    if path.is_file():
        builder = "parquet" if path.suffix == ".parquet" else "json"
        return {
            "dataset_path": builder, "dataset_name": None, "dataset_kwargs": {"data_files": {"test": str(path)}}
        }  # fmt: skip
    if path.is_dir():
        return {"dataset_path": str(path), "dataset_name": None}
    if not is_hub_id(str(path)):
        raise EvalError(f"benchmark.path={path}: no such file or folder, and no hub id such as openai/gsm8k")
    return {"dataset_path": str(path)}


def _scored_here(config: dict[str, Any], scorer: Scorer) -> dict[str, Any]:
    """lm-eval's filters make a program of an answer; ours comes last and judges it."""
    [chain] = config.get("filter_list") or [{"name": "none", "filter": []}]
    judged = {"function": "custom", "filter_fn": scorer.judged}
    return {
        "filter_list": [{"name": chain["name"], "filter": [*chain["filter"], judged]}],
        "process_results": passed,
        "metric_list": [{"metric": METRIC, "aggregation": "mean", "higher_is_better": True}],
        "unsafe_code": False,  # nothing of it runs in this process
    }


def _loaded(benchmark: BenchmarkConfig, config: dict[str, Any]) -> "ConfigurableTask":
    from lm_eval.api.task import ConfigurableTask

    try:
        return ConfigurableTask(config=config)
    except EvalError:
        raise
    except Exception as error:  # `datasets` raises a dozen types; all mean that the rows did not come
        said = str(error).strip().partition("\n")[0][:300]
        raise EvalError(
            f"benchmark.path={benchmark.path}: {benchmark.name} could not be loaded, so it was not run "
            f"({type(error).__name__}: {said}): expected a local file, or a hub that can be reached"
        ) from error
