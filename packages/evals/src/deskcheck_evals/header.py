"""The first line of a run's rows: what was measured, and two hashes, of the configuration and of the data.

`data` stands for every problem or item, in order, with all of its tests; `config` for everything that decides what is
in a row, data included. Rows, trajectories, summary and report carry both, so that a number can be traced to what it
was made from and two runs can be seen to be of the same problems.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from typing import cast

from deskcheck_conf import SamplerConfig, SamplerKind
from omegaconf import OmegaConf

from deskcheck_evals.benchmarks import BenchmarkConfig, BenchmarkName
from deskcheck_evals.benchmarks.collection import Left
from deskcheck_evals.choices import SelectionConfig
from deskcheck_evals.config import PREDICTING, SPEED_KEYS, EvalConfig, TaskName
from deskcheck_evals.rows import Json, content_key

FREE_KEYS = (
    *(entry.name for entry in fields(SelectionConfig)),
    *("run_name", "output_root", "wandb", "resamples", "max_unscored", "shard", "shards", "limit", "candidates_from"),
)
"""Settings that do not decide what is in a row, or that show in another one (limit, candidates_from)."""


def header_of(
    config: EvalConfig,
    keys: Sequence[str],
    *,
    left: Sequence[Left] = (),
    sources: Sequence[Json] = (),
    chosen: Json | None = None,
) -> Json:
    """The header of all rows with these `keys`; `config` holds the temperature that was `chosen`.

    `left` is what the benchmark had to leave out, `sources` are the runs whose candidates are used.
    """
    data = content_key(list(keys))
    settings = cast(Json, OmegaConf.to_container(OmegaConf.structured(config), enum_to_str=True))
    settings: Json = {key: value for key, value in settings.items() if key not in FREE_KEYS} | {"data": data}
    for who in ("sampler", "simulator"):
        settings[who] = _identity(settings[who])
    if sources:
        settings["sources"] = [[source["config"], source.get("programs")] for source in sources]
    stored = config.task is TaskName.self_verify and bool(sources)
    header = {
        "config": content_key(settings),
        "data": data,
        "rows": len(keys),
        "task": config.task.value,
        "benchmark": benchmark_label(config.benchmark, sources),
        "solver": f"{sources[0]['solver']} (its stored programs)" if stored else sampler_label(config.sampler),
        "simulator": None if config.task in (*PREDICTING, TaskName.no_regression) else sampler_label(config.simulator),
        "seed": config.seed,
        "scripted": _is_scripted(config, stored) or any(source["scripted"] for source in sources),
        "degraded": config.degraded,
        "left_out": dict(Counter(one.reason for one in left).most_common()),
        "sources": list(sources),
        "settings": settings,
    }
    return header | ({"chosen": chosen} if chosen else {}) | ({"shard": config.shard} if config.shard else {})


def _identity(sampler: Json) -> Json:
    """What of a sampler's settings says what it answers. An address does, where no revision is named."""
    address = {} if sampler["model"].get("revision") else {"base_url": sampler["base_url"]}
    return {key: value for key, value in sampler.items() if key not in SPEED_KEYS} | address


def _is_scripted(config: EvalConfig, stored: bool) -> bool:
    asked = [config.simulator] if stored else [config.sampler, config.simulator]
    return any(sampler.kind is SamplerKind.scripted for sampler in asked)


def benchmark_label(config: BenchmarkConfig, sources: Sequence[Json] = ()) -> str:
    """The benchmark in a few words."""
    if config.name is BenchmarkName.micro:
        return f"micro {config.split} (seed {config.seed})"
    if config.name is BenchmarkName.candidates:
        return "programs by " + ", ".join(dict.fromkeys(f"{one['solver']} on {one['benchmark']}" for one in sources))
    return f"{config.name} {config.path}{' (public tests only)' if config.public_only else ''}"


def sampler_label(config: SamplerConfig) -> str:
    """Who answers, in a few words."""
    if config.kind is SamplerKind.scripted:
        return f"scripted {config.script or 'twin'}"
    file = f" {config.model.gguf_file}" if config.model.gguf_file else ""
    return f"{config.model.path}{file} ({config.kind})"
