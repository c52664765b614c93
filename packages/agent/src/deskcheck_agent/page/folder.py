"""What a run wrote into its folder, read back for its page, whatever state a kill left it in."""

import io
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from deskcheck_agent.feedback import FeedbackSource
from deskcheck_agent.parse import ParseStatus
from deskcheck_agent.trajectory import Trajectory, feedback_from_json, load_trajectories
from deskcheck_agent.verify import Candidate, Ranking


class Rankings:
    """The rankings of a file by problem, each read when it is asked for: together they may not fit into memory.

    A line that a kill tore is passed over: its problem was ranked again, and a later line replaces an earlier one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._starts: dict[str, int] = {}
        start = 0
        with open(path, "rb") if path.exists() else io.BytesIO() as file:
            for line in file:
                if (row := _row(line)) is not None:
                    self._starts[row["problem_id"]] = start
                start += len(line)

    def get(self, problem_id: str) -> Ranking | None:
        """The problem's ranking, or None."""
        if problem_id not in self._starts:
            return None
        with open(self.path, "rb") as file:
            file.seek(self._starts[problem_id])
            return ranking_from_json(json.loads(file.readline()))


@dataclass(frozen=True)
class Folder:
    """Trajectories (with the number of the attempt, from 1) and rankings by problem, and the run's configuration."""

    trajectories: dict[str, list[tuple[int, Trajectory]]]
    rankings: Rankings
    config: str


def read_folder(folder: Path) -> Folder:
    """Read a run folder; what is missing is empty. InputError for a trajectory line that is none."""
    trajectories: dict[str, list[tuple[int, Trajectory]]] = {}
    path = folder / "trajectories.jsonl"
    for key, trajectory in (load_trajectories(path) if path.exists() else {}).items():
        # An unfinished trajectory has no end, and that is where the problem's id is: the key names both.
        problem_id, _, attempt = key.rpartition(" ")
        trajectories.setdefault(problem_id, []).append((int(attempt) + 1, trajectory))
    config = folder / "config.yaml"
    for attempts in trajectories.values():
        attempts.sort(key=lambda each: each[0])
    settings = config.read_text("utf-8") if config.exists() else ""
    return Folder(trajectories, Rankings(folder / "rankings.jsonl"), settings)


def ranking_from_json(row: dict[str, Any]) -> Ranking:
    """The Ranking that `asdict` made."""
    known = {each.name for each in fields(Ranking)}
    values = {key: value for key, value in row.items() if key in known}
    values["feedback"] = FeedbackSource(row["feedback"])
    values["candidates"] = tuple(_candidate(each) for each in row["candidates"])
    return Ranking(**{**values, "order": tuple(row["order"])})


def _candidate(row: dict[str, Any]) -> Candidate:
    feedback = tuple(feedback_from_json(each) for each in row["feedback"])
    return Candidate(**{**row, "status": ParseStatus(row["status"]), "feedback": feedback})


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and "problem_id" in row else None
