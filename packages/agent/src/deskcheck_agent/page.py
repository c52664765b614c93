"""One static page for a run of deskcheck-solve: each problem, its turns, and predicted (or real) against expected
output."""

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from deskcheck_conf import write_atomic

from deskcheck_agent.problem import Problem
from deskcheck_agent.trajectory import Trajectory, load_trajectories

if TYPE_CHECKING:
    from deskcheck_agent.config import SolveConfig
    from deskcheck_agent.solver import Solved


def write_page(folder: Path, config: "SolveConfig", problems: list[Problem], rows: list["Solved"]) -> Path:
    """Write `solve.html` into the run folder from what the run wrote there; returns its path."""
    trajectories: dict[str, list[Trajectory]] = {}
    path = folder / "trajectories.jsonl"
    for trajectory in load_trajectories(path).values() if path.exists() else ():
        trajectories.setdefault(trajectory.problem_id, []).append(trajectory)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(files("deskcheck_agent").joinpath("templates/solve.html.j2").read_text("utf-8"))
    html = template.render(
        config=config,
        problems=list(zip(problems, rows, strict=True)),
        trajectories=trajectories,
        rankings={row["problem_id"]: row for row in _json_lines(folder / "rankings.jsonl")},
    )
    write_atomic(folder / "solve.html", html)
    return folder / "solve.html"


def _json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
