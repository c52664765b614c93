"""`deskcheck-collect experiment=collect/solutions`: output-prediction items from a model's judged solutions.

The command around nlex/solutions.py: the problems that have no row yet are sampled and judged, then the items are
written and what became of the samples is told.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from deskcheck_agent.config import params_of
from deskcheck_agent.prompts import Prompts
from deskcheck_conf.errors import AnswerIsNo
from deskcheck_conf.files import write_atomic
from deskcheck_conf.progress import progress
from deskcheck_conf.run import Run
from deskcheck_evals.benchmarks import load_problems_of
from deskcheck_evals.rows import Rows, content_key
from deskcheck_evals.tasks.gathering import Unscored, key_of
from deskcheck_evals.truth import two_seeds
from omegaconf import OmegaConf
from rich.console import Console, Group
from rich.table import Column, Table
from rich.text import Text

from deskcheck_trainer.collect_config import CollectConfig, Isolation
from deskcheck_trainer.nlex.model import KeptSampler
from deskcheck_trainer.nlex.solutions import Json, Solving, fill

ROWS = "solutions.jsonl"
ITEMS = "items.jsonl"


def collect_solutions(config: CollectConfig, run: Run) -> float:
    """Build items.jsonl in the run folder; returns the share of samples that were correct. AnswerIsNo without items."""
    assert config.solutions is not None
    if not run.is_done():
        problems = load_problems_of(config.solutions.benchmark)
        sampler = KeptSampler(config.sampler, run.folder)
        keys = [key_of(problem) for problem in problems]
        rows = Rows(run.folder / ROWS, header(config, sampler.model_id, keys))
        unscored = Unscored(config.solutions.max_unscored)
        left = sum(key not in rows for key in keys)
        if left:
            with (
                two_seeds(degraded=config.isolation is Isolation.degraded) as (sandbox, second),
                progress("solutions", len(keys), done=len(keys) - left) as advance,
            ):
                solving = Solving(
                    sampler=sampler,
                    prompts=Prompts.load(config.prompts),
                    params=params_of(config.sampling),
                    candidates=config.solutions.candidates,
                    keep=config.solutions.keep,
                    sandbox=sandbox,
                    second=second,
                )
                asyncio.run(fill(problems, rows, solving, unscored, advance))
        found = [rows.rows[key] for key in keys if key in rows]
        write_items(run.folder / ITEMS, found)
        facts = summary(found, len(unscored.problems))
        run.log({name: value for name, value in facts.items() if isinstance(value, int)})
        run.finish(facts)
    facts = run.summary or {}
    Console(soft_wrap=True).print(report(run.folder / ITEMS, facts))
    if not facts["items"]:
        raise AnswerIsNo(f"none of {facts['samples']} samples became an item: {facts['outcomes']}")
    return facts["outcomes"].get("AC", 0) / facts["samples"]


def header(config: CollectConfig, model: str, keys: list[str]) -> Json:
    """What solutions.jsonl holds rows of: another model, sampling, prompt set or problem is another file."""
    solutions = cast(Json, OmegaConf.to_container(OmegaConf.structured(config.solutions), enum_to_str=True))
    del solutions["max_unscored"], solutions["benchmark"]
    sampling = vars(params_of(config.sampling))
    settings = {"model": model, "sampling": sampling, "prompts": config.prompts, **solutions, "data": content_key(keys)}
    return {"config": content_key(settings), "settings": settings}


def write_items(path: Path, rows: Iterable[Json]) -> None:
    """The items of all problems, one a line."""
    lines = (json.dumps(item, ensure_ascii=False) + "\n" for row in rows for item in row["items"])
    write_atomic(path, "".join(lines))


def summary(rows: list[Json], unscored: int) -> dict[str, Any]:
    """Counts over problems: samples by outcome, problems with a correct program, programs kept, items."""
    outcomes = Counter[str]()
    for row in rows:
        outcomes.update(row["samples"])
    return {
        "problems": len(rows),
        "unscored": unscored,
        "samples": outcomes.total(),
        "outcomes": dict(sorted(outcomes.items())),
        "solved": sum(row["kept"] > 0 for row in rows),
        "kept": sum(row["kept"] for row in rows),
        "unstable": sum(row["unstable"] for row in rows),
        "items": sum(len(row["items"]) for row in rows),
    }


def report(path: Path, facts: dict[str, Any]) -> Group:
    """What is printed at the end."""
    table = Table("outcome", Column("samples", justify="right"), title="samples", title_justify="left")
    for name, count in sorted(facts["outcomes"].items(), key=lambda pair: (-pair[1], pair[0])):
        table.add_row(name, f"{count:,}")
    head = Text(
        f"{facts['items']:,} items of {facts['kept']:,} programs for {facts['solved']:,} of {facts['problems']:,}"
        f" problems in {path}"
    )
    left = (
        f"left out: {facts['unstable']:,} runs without an output that repeats, {facts['unscored']:,} problems unscored"
    )
    return Group(head, table, Text(left))
