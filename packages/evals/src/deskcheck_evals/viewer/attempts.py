"""An item of self-fix: a problem's trajectories, drawn by the agent's own templates, with the private verdicts of each.

Turns are read from trajectories.jsonl when their item is made: all of them at once may not fit into memory. Nothing is
executed here; what a trajectory was told, by runs or by predictions, is in it.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deskcheck_agent.feedback import FeedbackSource
from deskcheck_agent.page.attempts import attempt_view
from deskcheck_agent.page.real import Runs
from deskcheck_agent.page.texts import statement
from deskcheck_agent.page.words import SHORT, VERDICTS
from deskcheck_agent.problem import Problem
from deskcheck_agent.trajectory import Trajectory, TrajectoryStatus, turn_from_json
from deskcheck_tracer.compare import CHECKERS
from markupsafe import Markup

from deskcheck_evals.rows import Json
from deskcheck_evals.shards import row_files
from deskcheck_evals.viewer.item import Item, rendered, word

MOST_HTML = 1_500_000
"""Characters of one item from which no further trajectory is drawn; the table above them has all."""


class Turns:
    """The turns of a run by key, from the trajectory file of each of its shards; a torn line is passed over."""

    def __init__(self, folder: Path) -> None:
        self._starts: dict[str, tuple[Path, list[int]]] = {}
        for rows in row_files(folder):
            path = rows.with_name("trajectories.jsonl")
            start = 0
            with open(path, "rb") if path.exists() else io.BytesIO() as file:
                for line in file:
                    if (key := _key(line)) is not None:
                        self._starts.setdefault(key, (path, []))[1].append(start)
                    start += len(line)

    def trajectory(self, row: Json) -> Trajectory | None:
        """The trajectory of a row; None where the file has none of its turns."""
        if row["key"] not in self._starts:
            return None
        path, starts = self._starts[row["key"]]
        with open(path, "rb") as file:
            turns = [turn_from_json(self._read(file, start)["turn"]) for start in starts]
        status = TrajectoryStatus(row["status"])
        return Trajectory(row["problem"], FeedbackSource.none, turns=turns, status=status)

    @staticmethod
    def _read(file: io.BufferedReader, start: int) -> Json:
        file.seek(start)
        return json.loads(file.readline())


@dataclass(frozen=True)
class Graded:
    """One program of a trajectory, the first or the submitted one."""

    verdict: str
    passed: bool
    public: Sequence[bool]


@dataclass(frozen=True)
class Told:
    """One row of the table of trajectories."""

    number: int
    first: Graded
    submitted: Graded
    turns: int
    status: str
    move: str
    """What became of the first program: FF, FP, PF or PP."""


@dataclass(frozen=True)
class Anchored:
    """What the agent's templates need to know of a problem."""

    anchor: str


def attempts_items(folder: Path, rows: Mapping[str, list[Json]]) -> Iterator[Item]:
    """The items of a run, problem by problem."""
    turns = Turns(folder)
    return (_item(problem, sorted(each, key=lambda row: row["attempt"]), turns) for problem, each in rows.items())


def _item(problem: str, rows: Sequence[Json], turns: Turns) -> Item:
    told = [_told(row) for row in rows]
    checker = rows[0].get("checker", "tokens")
    drawn: list[str] = []
    for row in rows:
        if sum(map(len, drawn)) > MOST_HTML:
            break
        if (trajectory := turns.trajectory(row)) is not None:
            drawn.append(_drawn(trajectory, row, checker if checker in CHECKERS else "tokens", alone=len(rows) == 1))
    html = rendered(
        "attempts_item.html.j2",
        problem=problem,
        statement=statement(rows[0].get("statement", "")),
        told=told,
        drawn=[Markup(each) for each in drawn],
    )
    passing = sum(each.submitted.passed for each in told)
    tags = sorted({each.move for each in told} | {each.status for each in told})
    return Item(problem, f"{passing} of {len(told)} submitted pass", passing / len(told), tags, html)


def _drawn(trajectory: Trajectory, row: Json, checker: str, *, alone: bool) -> str:
    problem = Problem(trajectory.problem_id, "", checker=checker)
    view = attempt_view(row["attempt"] + 1, trajectory, problem, Runs(problem, None))  # no sandbox: nothing is run
    return rendered("one_attempt.html.j2", anchored=Anchored("item"), attempt=view, alone=alone)


def _told(row: Json) -> Told:
    first, submitted = (_graded(row[name]) for name in ("first", "submitted"))
    move = "FP"[first.passed] + "FP"[submitted.passed]
    words = {"FF": "FF: failed, fails", "FP": "FP: fixed", "PF": "PF: broken", "PP": "PP: passed, passes"}[move]
    return Told(row["attempt"] + 1, first, submitted, row["turns"], word(SHORT, row["status"]), words)


def _graded(program: Json) -> Graded:
    if program["code"] is None:
        return Graded("no program", False, program["public"])
    return Graded(word(VERDICTS, program["verdict"]), program["passed"], program["public"])


def _key(line: bytes) -> str | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row["key"] if isinstance(row, dict) and row.get("kind") == "turn" else None
