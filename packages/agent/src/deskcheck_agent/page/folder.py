"""What a run wrote into its folder, read back for its page, whatever state a kill left it in."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from deskcheck_agent.feedback import FeedbackSource
from deskcheck_agent.parse import ParseStatus
from deskcheck_agent.trajectory import Trajectory, feedback_from_json, load_trajectories
from deskcheck_agent.verify import Candidate, Ranking


@dataclass(frozen=True)
class Folder:
    """Trajectories (with the number of the attempt, from 1) and rankings by problem, and the run's configuration."""

    trajectories: dict[str, list[tuple[int, Trajectory]]]
    rankings: dict[str, Ranking]
    config: str


def read_folder(folder: Path) -> Folder:
    """Read a run folder; what is missing is empty. InputError for a trajectory line that is none."""
    trajectories: dict[str, list[tuple[int, Trajectory]]] = {}
    path = folder / "trajectories.jsonl"
    for key, trajectory in (load_trajectories(path) if path.exists() else {}).items():
        # An unfinished trajectory has no end, and that is where the problem's id is: the key names both.
        problem_id, _, attempt = key.rpartition(" ")
        trajectories.setdefault(problem_id, []).append((int(attempt) + 1, trajectory))
    rankings = {row["problem_id"]: ranking_from_json(row) for row in _json_lines(folder / "rankings.jsonl")}
    config = folder / "config.yaml"
    for attempts in trajectories.values():
        attempts.sort(key=lambda each: each[0])
    return Folder(trajectories, rankings, config.read_text("utf-8") if config.exists() else "")


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


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file; a line that a kill tore is passed over: its problem was ranked again."""
    for line in path.read_text("utf-8").split("\n") if path.exists() else ():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(row, dict):
            yield row
