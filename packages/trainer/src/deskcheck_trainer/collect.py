"""`deskcheck-collect`: build a verified NLEX dataset from programs.

Items stream from the source, duplicates are dropped, fixed runs of items become shards; workers turn parts of a shard
into rows in order, and each finished shard is written whole. Kill it anywhere and run it again: finished shards are
skipped and the dataset comes out the same bytes. At the end manifest.json lists every shard with its hash, the counts
by task and by reason, the configuration and the versions; its presence says that the dataset is complete.
"""

from __future__ import annotations

import gc
import json
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from deskcheck_agent.prompts import Prompts
from deskcheck_conf.entry import command
from deskcheck_conf.errors import AnswerIsNo, ConfigError
from deskcheck_conf.progress import progress
from deskcheck_conf.run import Run
from omegaconf import OmegaConf
from rich.console import Console

from deskcheck_trainer.collect_config import CollectConfig, Isolation, PoolKind
from deskcheck_trainer.collect_model import ModelStages, make_proposing, make_translation
from deskcheck_trainer.collect_model_config import NarratorKind
from deskcheck_trainer.filters_config import FiltersConfig
from deskcheck_trainer.make_source import make_source
from deskcheck_trainer.nlex import MANIFEST, SCHEMA_VERSION, Rejected, Row, content_id
from deskcheck_trainer.nlex.benchmark_texts import benchmark_texts
from deskcheck_trainer.nlex.build import Recipe
from deskcheck_trainer.nlex.card import write_card
from deskcheck_trainer.nlex.decontaminate import Decontaminator
from deskcheck_trainer.nlex.model import label
from deskcheck_trainer.nlex.near_duplicates import NearDuplicates
from deskcheck_trainer.nlex.page import write_page
from deskcheck_trainer.nlex.parts import Part, unfinished, unique
from deskcheck_trainer.nlex.pool import available_workers, ordered_map
from deskcheck_trainer.nlex.ray_pool import ray_map
from deskcheck_trainer.nlex.recording import Recorded, RunFilter
from deskcheck_trainer.nlex.shards import Shard, ShardStore, write_json
from deskcheck_trainer.nlex.sources import Item, Source
from deskcheck_trainer.nlex.summary import overlaps, report, summary
from deskcheck_trainer.nlex.tokenizer import TokenizerFile


def collect(config: CollectConfig, run: Run) -> float:
    """Build the dataset in the run folder, print its table; returns the share of outcomes that are rows."""
    if config.solutions is not None:
        from deskcheck_trainer.collect_solutions import collect_solutions

        return collect_solutions(config, run)
    if not run.is_done():
        source = make_source(config.source, config.seed, config.imports)
        shards = build_shards(config, source, run)
        write_json(run.folder / MANIFEST, manifest(config, shards, run.folder))
        show(config, run.folder, facts := summary(run.folder))
        run.finish(facts)
    facts = run.summary or {}
    Console(soft_wrap=True).print(report(run.folder, facts))
    if not facts["rows"]:
        raise AnswerIsNo(
            f"none of {facts['items']} items became a row; see {run.folder / 'rejected'}: {facts['rejected']}"
        )
    return facts["rows"] / facts["outcomes"]


def show(config: CollectConfig, folder: Path, facts: dict[str, Any]) -> None:
    """Write the dataset's page and its card; some rows are recorded once more, to be shown beside their traces."""
    chosen = json.loads((folder / MANIFEST).read_text())["config"]
    recipe = make_recipe(config)
    with closing(recipe.builder()) as builder:
        trace = partial(builder.runners[0].trace_many, limits=recipe.limits)
        write_page(folder, facts, chosen, trace, config.seed)
    write_card(folder, facts, chosen)


def make_recipe(config: CollectConfig) -> Recipe:
    """What a worker needs of the configuration. Raises ConfigError or InputError for what no worker could load."""
    if config.phrasings > (known := Prompts.load(config.prompts).phrasings):
        raise ConfigError(
            f"phrasings is {config.phrasings}, but prompt set {config.prompts} has {known}: expected at most that many,"
            f" or an explain.{known + 1}.j2 in a set of your own"
        )
    return Recipe(
        prompts=config.prompts,
        style=config.style.value,
        max_tokens=config.max_tokens,
        tokenizer=None if config.tokenizer is None else TokenizerFile.of(config.tokenizer),
        renderings=config.plan(),
        limits=config.limits.limits(),
        own_process=config.own_process,
        degraded=config.isolation is Isolation.degraded,
        imports=tuple(config.imports),
        inputs=config.inputs.plan(config.seed),
        keep=RunFilter(min_lines=config.filters.min_lines, keep_raised=config.filters.keep_raised),
        check_determinism=config.filters.hash_seeds > 1 and not config.own_process,
        translation=make_translation(config) if config.narrator is NarratorKind.llm else None,
        proposing=make_proposing(config) if config.inputs.proposals else None,
    )


def build_shards(config: CollectConfig, source: Source, run: Run) -> list[Shard]:
    """Build and write the shards that are not there yet; returns all of them in order."""
    store, recipe = ShardStore(run.folder), make_recipe(config)
    stages = ModelStages(config, recipe, run.folder)
    found: list[Shard] = []
    outcomes: list[Row | Rejected | Recorded] = []
    total = source.count()
    if config.limit is not None:
        total = config.limit if total is None else min(total, config.limit)
    items = filtered(unique(islice(source.items(), config.limit)), config.filters)
    how = content_id(asdict(recipe), versions())
    sizes = {"per_shard": config.items_per_shard, "per_part": config.items_per_part}
    parts = unfinished(items, how, store, found, **sizes, before=stages.before)
    with progress("collect", total, done=store.items_done()) as advance:
        for part, rows in in_pool(config, partial(part_builder, recipe), parts):
            outcomes += rows
            advance(len(part.items))
            if part.last:
                told, counts = stages.after(part.shard, outcomes)
                count = part.items_before + len(part.items)
                found.append(shard := store.write(part.shard, part.key, count, told, counts))
                run.log({"items": shard.items, "rows": sum(shard.tasks.values())}, step=shard.index)
                outcomes = []
    return sorted(found, key=lambda shard: shard.index)


def in_pool[T, R](
    config: CollectConfig, make_work: Callable[[], Callable[[T], R]], parts: Iterable[T]
) -> Iterator[tuple[T, R]]:
    """The work on all parts, in their order, wherever the configuration wants it done."""
    match config.pool:
        case PoolKind.serial:
            return ordered_map(make_work, parts, workers=0)
        case PoolKind.local:
            return ordered_map(make_work, parts, config.workers or available_workers())
        case PoolKind.ray:
            return ray_map(make_work, parts, config.workers, config.ray_address)


GC_THRESHOLD = 10_000
"""New objects after which a worker looks for garbage. Of a part it holds hundreds of thousands, hardly one in a cycle,
and at Python's own 700 a sixth of its time goes into looking."""


def part_builder(recipe: Recipe) -> Callable[[Part], list[Row | Rejected | Recorded]]:
    """The work of one process."""
    gc.set_threshold(GC_THRESHOLD)
    builder = recipe.builder()
    return lambda part: builder(part.items)


def filtered(items: Iterator[Item | Rejected], config: FiltersConfig) -> Iterator[Item | Rejected]:
    """The items, those that overlap with a benchmark or with an earlier program replaced by their rejections.

    In this order: what is left out for a benchmark is no earlier program for others.
    """
    compared = config.decontaminate
    if compared.benchmarks or compared.files:
        texts = benchmark_texts(compared.benchmarks, compared.files)
        items = Decontaminator(texts, compared.ngram, compared.threshold)(items)
    if config.near_duplicates.threshold is not None:
        items = NearDuplicates(config.near_duplicates.threshold, config.near_duplicates.shingle)(items)
    return items


def versions() -> dict[str, str]:
    """What a row's bytes depend on beside its configuration."""
    packages = ("deskcheck-tracer", "deskcheck-agent", "deskcheck-evals", "deskcheck-trainer", "hypothesis", "pyarrow")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def manifest(config: CollectConfig, shards: list[Shard], folder: Path) -> dict[str, Any]:
    """What manifest.json holds: no clock and no path, so the same dataset has the same manifest."""
    chosen: Any = OmegaConf.to_container(OmegaConf.structured(config), resolve=True, enum_to_str=True)
    chosen = {key: value for key, value in chosen.items() if key not in config.free_keys}
    tasks, rejected = Counter[str](), Counter[str]()
    counts: dict[str, Counter[str]] = {}
    for shard in shards:
        tasks.update(shard.tasks)
        rejected.update(shard.rejected)
        for stage, found in shard.counts.items():
            counts.setdefault(stage, Counter()).update(found)
    asks = config.narrator is NarratorKind.llm or config.inputs.proposals > 0
    return {
        "schema": SCHEMA_VERSION,
        "items": sum(shard.items for shard in shards),
        "rows": tasks.total(),
        "tasks": dict(sorted(tasks.items())),
        "rejected": dict(sorted(rejected.items())),
        **({"model": label(config.sampler), "counts": counts} if asks else {}),
        "contaminated": overlaps(folder, [shard.rejected_file for shard in shards if shard.rejected_file]),
        "config_hash": content_id(chosen),
        "rows_hash": content_id([shard.rows_sha256 for shard in shards]),
        "versions": versions(),
        "config": chosen,
        "shards": [asdict(shard) for shard in shards],
    }


main = command("collect", CollectConfig, collect)

if __name__ == "__main__":
    raise SystemExit(main())
