"""Training runs in a report: how loss, reward and validation moved, step by step, over the seeds of a run.

A training run is a folder of deskcheck-sft or deskcheck-rl; what it logged is in its metrics.jsonl. Runs that differ in
nothing but their seed are one curve: the mean over seeds, in a band from the lowest seed to the highest. The band is no
confidence interval: three seeds have none worth the name, and metrics.jsonl holds means, not problems. Final models are
compared by deskcheck-eval, on problems.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

from deskcheck_conf.made_by import made_by
from omegaconf import OmegaConf

from deskcheck_evals.errors import EvalError
from deskcheck_evals.figures import Drawing, Point, steps_figure
from deskcheck_evals.runs import last_start
from deskcheck_evals.tables import Cell, Table

METRICS = "metrics.jsonl"
VALIDATION, PASS, REWARD, LOSS = "validation/", "/pass", "/reward", "loss"
SMOOTH = 5
"""Logged steps that a point of a training reward is the mean of: it comes from a few tasks, others at every step."""
FREE = ("seed", "run_name", "output_root", "wandb", "launcher", "machine")
"""Of a configuration: where and as what a run takes place."""

Curve = dict[int, float]
"""Step -> value."""


@dataclass(frozen=True)
class Seed:
    """One run of one seed."""

    folder: Path
    seed: int
    curves: dict[str, Curve]
    """Every number that was logged at steps, by its name."""
    done: bool


@dataclass(frozen=True)
class Training:
    """The seeds of one training run."""

    label: str
    seeds: tuple[Seed, ...]

    def points(self, metric: str, smooth: int = 1) -> dict[int, Point]:
        """Mean, lowest and highest seed at the steps that all seeds have; a point is the mean of the last `smooth`."""
        curves = [_smoothed(seed.curves[metric], smooth) for seed in self.seeds if metric in seed.curves]
        if len(curves) < len(self.seeds):
            return {}
        shared = sorted(set.intersection(*(set(curve) for curve in curves)))
        values = {step: [curve[step] for curve in curves] for step in shared}
        return {step: Point(sum(each) / len(each), min(each), max(each)) for step, each in values.items()}


def read_training(pattern: str, label: str | None = None) -> Training:
    """The run in the folder `pattern`, or all that match it.

    Raises:
        EvalError: nothing is there, nothing was logged, or two of the runs have one seed or other settings.
    """
    folders = [Path(each) for each in sorted(glob(pattern)) if (Path(each) / METRICS).is_file()]
    if not folders:
        command = made_by(Path(pattern))
        step = f"run `{command}` first" if command else "name the run folder of a deskcheck-sft or deskcheck-rl"
        raise EvalError(f"{pattern}: no training run there (no folder with {METRICS}): {step}")
    configs = [_config(folder) for folder in folders]
    numbers = [int(config["seed"]) for config in configs]
    if len(set(numbers)) < len(numbers):
        raise EvalError(f"{pattern} matches runs of seeds {numbers}, expected each seed once")
    settings = [_settings(config) for config in configs]
    for folder, other in zip(folders[1:], settings[1:], strict=True):
        for key in sorted(settings[0].keys() | other.keys()):
            if other.get(key) != settings[0].get(key):
                raise EvalError(f"{folder} cannot be pooled with {folders[0]}: their {key} differs")
    return Training(label or Path(pattern).name, tuple(map(_seed, folders, numbers)))


def training_drawings(runs: Sequence[Training]) -> list[Drawing]:
    """Validation scores, training rewards, and losses of SFT, each where there are any."""
    band = "Mean over seeds, in a band from the lowest seed to the highest"
    scores = _panels(runs, _names(runs, VALIDATION, PASS))
    rewards = _panels(runs, _names(runs, "", REWARD), smooth=SMOOTH)
    losses = {"loss": {run.label: points for run in runs if not _is_rl(run) and (points := run.points(LOSS))}}
    drawings = []
    if scores:
        drawings.append(
            steps_figure(scores, f"Validation: share of rollouts that pass. {band}.", "passed, %", scale=100)
        )
    if rewards:
        caption = f"Reward in training, from -1 to 1, each point the mean of {SMOOTH} logged steps. {band}."
        drawings.append(steps_figure(rewards, caption, "reward"))
    if losses["loss"]:
        drawings.append(steps_figure(losses, f"Training loss of SFT. {band}.", "loss", logarithmic=True))
    return drawings


def validation_table(runs: Sequence[Training]) -> Table:
    """Before training, at the best step and at the last, by environment: mean over seeds and every seed's own."""
    table = Table("Validation", ["run", "environment", "seeds", "before", "best", "best step", "last"])
    for run in runs:
        for name in _names([run], VALIDATION, PASS):
            curves = [seed.curves[name] for seed in run.seeds if name in seed.curves]
            best = [max(curve, key=lambda step, curve=curve: (curve[step], -step)) for curve in curves]
            table.add(
                run.label, name.removeprefix(VALIDATION).removesuffix(PASS), Cell(str(len(curves)), None, True),
                _told(curve.get(0) for curve in curves),
                _told(curve[step] for curve, step in zip(curves, best, strict=True)),
                ", ".join(map(str, best)), _told(curve[max(curve)] for curve in curves),
            )  # fmt: skip
    table.notes.append(
        "Points of a hundred: the mean over seeds and each seed. The best step was chosen by these very numbers, so "
        "its score flatters; what a model can do is measured on test problems."
    )
    return table


def training_table(runs: Sequence[Training]) -> Table:
    """Where every curve comes from."""
    table = Table("Training runs", ["run", "seed", "folder", "steps", "command"])
    for run in runs:
        for seed in run.seeds:
            steps = max((step for curve in seed.curves.values() for step in curve), default=0)
            told = f"{steps}" + ("" if seed.done else " (unfinished)")
            table.add(
                run.label,
                str(seed.seed),
                str(seed.folder),
                told,
                last_start(seed.folder).get("command", "not recorded"),
            )
    return table


def _names(runs: Sequence[Training], begin: str, end: str) -> list[str]:
    """The metrics `<begin><environment><end>` of these runs; an environment's name holds no slash."""
    every = dict.fromkeys(name for run in runs for seed in run.seeds for name in seed.curves)
    return [n for n in every if n.startswith(begin) and n.endswith(end) and n.count("/") == (begin + end).count("/")]


def _panels(runs: Sequence[Training], names: Iterable[str], smooth: int = 1) -> dict[str, dict[str, dict[int, Point]]]:
    """A panel an environment, a line a run."""
    panels = {}
    for name in names:
        if lines := {run.label: points for run in runs if (points := run.points(name, smooth))}:
            panels[name.removeprefix(VALIDATION).split("/")[0].replace("_", " ")] = lines
    return panels


def _is_rl(run: Training) -> bool:
    return any(name.endswith(REWARD) for seed in run.seeds for name in seed.curves)


def _smoothed(curve: Curve, width: int) -> Curve:
    """Means of each `width` values in a row, at the last one's step."""
    steps = sorted(curve)
    windows = [steps[at - width : at] for at in range(width, len(steps) + 1)]
    return {window[-1]: sum(curve[step] for step in window) / width for window in windows}


def _told(values: Iterable[float | None]) -> Cell:
    found = [value for value in values if value is not None]
    if not found:
        return Cell("-")
    mean, each = sum(found) / len(found), ", ".join(f"{100 * value:.1f}" for value in found)
    return Cell(f"{100 * mean:.1f}" + (f" ({each})" if len(found) > 1 else ""), None, True)


def _settings(config: Mapping[str, Any]) -> dict[str, str]:
    """What must be equal in runs that are one curve; a path into another run's folder may differ in that run's seed."""
    return {key: re.sub(r"-s\d+\b", "-s*", json.dumps(value)) for key, value in config.items() if key not in FREE}


def _seed(folder: Path, seed: int) -> Seed:
    curves: dict[str, Curve] = {}
    for place, line in enumerate((folder / METRICS).read_text().splitlines(keepends=True), 1):
        if not line.endswith("\n"):
            break  # it was being written
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise EvalError(f"{folder / METRICS}:{place}: not JSON ({error}): remove the line") from None
        for name, value in row.items():
            if isinstance(value, int | float) and "step" in row and name not in ("step", "time"):
                curves.setdefault(name, {})[row["step"]] = float(value)  # after a resume the last line counts
    if not curves:
        raise EvalError(f"{folder / METRICS}: nothing was logged at a step yet: let the run go on, or leave it out")
    return Seed(folder, seed, curves, (folder / "done.json").exists())


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.yaml"
    if not path.is_file():
        raise EvalError(f"{folder}: no config.yaml beside its {METRICS}: expected the run folder of a training command")
    config = OmegaConf.to_container(OmegaConf.load(path))
    assert isinstance(config, dict)
    return {str(key): value for key, value in config.items()}
