"""The settings that decided a run's rows, as its header keeps them: flat, and only those that its task reads.

A setting that a task does not read (candidates, in output prediction) may differ between two runs and mean nothing.
"""

from collections.abc import Mapping
from typing import Any

from deskcheck_evals.results import Result

_OF_ITEMS = (
    "simulator", "simulating", "candidates", "predictions", "feedback", "max_turns", "trajectories", "combine", "chat",
)  # fmt: skip
UNREAD = {
    "output_prediction": _OF_ITEMS,
    "input_prediction": _OF_ITEMS,
    "no_regression": (*_OF_ITEMS[:-1], "prompts", "mode", "attempts", "checker", "count_steps"),
    "self_verify": (
        "attempts", "feedback", "max_turns", "trajectories", "combine", "checker", "count_steps", "chat",
    ),
    "self_fix": ("attempts", "candidates", "predictions", "combine", "checker", "count_steps", "chat"),
}  # fmt: skip
"""Keys of EvalConfig that say nothing about the rows of a task."""
NEVER = ("seed", "data", "execute", "isolation", "task", "sampler.batch_size", "sampler.timeout_s", "sampler.cache",
         "sampler.api_key_env", "sampling.seed", "simulating.seed")  # fmt: skip
"""Keys that may differ between two runs of one measurement, or that say how it was run and not what."""


def settings_of(result: Result) -> dict[str, Any]:
    """Dotted key -> value. A simulator that is the solver is left out: it has nothing of its own to say."""
    settings = dict(result.header["settings"])
    if settings.get("simulator") == settings.get("sampler"):
        settings.pop("simulator", None)
    flat = _flat(settings)
    unread = (*UNREAD.get(result.task, ()), *NEVER, *(f"simulator.{key.partition('.')[2]}" for key in NEVER))
    return {key: value for key, value in flat.items() if not any(_under(key, name) for name in unread)}


def differences(ours: Result, theirs: Result) -> list[tuple[str, Any, Any]]:
    """(key, ours, theirs) of the settings that differ; a key that one of them does not have is None there."""
    mine, other = settings_of(ours), settings_of(theirs)
    keys = sorted(mine.keys() | other.keys())
    return [(key, mine.get(key), other.get(key)) for key in keys if mine.get(key) != other.get(key)]


def _under(key: str, name: str) -> bool:
    return key == name or key.startswith(f"{name}.")


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
