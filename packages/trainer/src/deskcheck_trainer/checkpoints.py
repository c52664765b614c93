"""Checkpoints that survive a kill: the last complete one, and the best one by validation.

Transformers writes a checkpoint file by file and `trainer_state.json` last, so a folder without a readable one was cut
off. A model saved here is written beside its place and renamed into it. Nothing here imports torch.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deskcheck_conf.files import write_atomic

from deskcheck_trainer import world


def last_complete(folder: Path) -> Path | None:
    """The newest checkpoint-N below `folder` that was written to its end; cut-off ones are removed."""
    complete = []
    for path in folder.glob("checkpoint-*"):
        if not path.name.removeprefix("checkpoint-").isdigit():
            continue
        if _is_complete(path):
            complete.append(path)
        else:
            shutil.rmtree(path)
    return max(complete, key=steps_of, default=None)


def steps_of(checkpoint: Path | None) -> int:
    """How many steps had been done at a checkpoint; 0 where there is none."""
    return int(checkpoint.name.removeprefix("checkpoint-")) if checkpoint else 0


def _is_complete(path: Path) -> bool:
    try:
        json.loads((path / "trainer_state.json").read_text())
    except (OSError, ValueError):
        return False
    return True


def save_whole(folder: Path, save: Callable[[Path], object]) -> None:
    """Let `save` fill a folder that appears under its name only when it is complete; an older one is replaced."""
    fresh = folder.with_name(folder.name + ".part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    save(fresh)
    if folder.exists():
        shutil.rmtree(folder)
    fresh.rename(folder)


@dataclass
class Best:
    """The best model so far: validation scores by step, and the folder of the best step's weights.

    A continued run drops the scores that came after its checkpoint and makes them again.
    """

    folder: Path
    scores: dict[int, float] = field(default_factory=dict)

    @classmethod
    def at(cls, folder: Path, *, upto: int) -> Best:
        try:
            held = json.loads((folder / "best.json").read_text())["scores"]
        except FileNotFoundError:
            held = {}
        return cls(folder, {int(step): score for step, score in held.items() if int(step) <= upto})

    @property
    def step(self) -> int | None:
        """The earliest step with the highest score."""
        return max(self.scores, key=lambda step: (self.scores[step], -step), default=None)

    @property
    def model(self) -> Path | None:
        return None if self.step is None else self.folder / f"best-{self.step}"

    def collapsed(self, share: float, times: int) -> bool:
        """Whether the last `times` scores were all below `share` of the best."""
        if self.step is None:
            return False
        last = [self.scores[step] for step in sorted(self.scores)[-times:]]
        return len(last) == times and all(score < share * self.scores[self.step] for score in last)

    def add(self, step: int, score: float, save: Callable[[Path], object]) -> bool:
        """Book a score; where it is the best, keep the weights (only those). Returns whether it was.

        Of several processes all book it, and the first one writes.
        """
        self.scores[step] = score
        improved = self.step == step
        if not world.is_first():
            return improved
        if improved:
            save_whole(self.folder / f"best-{step}", save)
        write_atomic(self.folder / "best.json", json.dumps({"scores": self.scores}, indent=2) + "\n")
        for path in self.folder.glob("best-*"):
            if path != self.model:
                shutil.rmtree(path)
        return improved
