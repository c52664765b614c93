"""What a model did on one problem, turn by turn, and how it is kept on disk.

A trajectory file is JSON lines, appended as things happen, so a killed run loses at most the turn it was in:

    {"kind": "header", "schema": 1, ...}                         in an evaluation, first: hashes of what was asked
    {"kind": "turn", "schema": 1, "key": ..., "turn": {...}}     each solver answer, with the prompt and feedback it
was given
    {"kind": "end",  "schema": 1, "key": ..., "trajectory": {...}}   status and final code

`key` names the trajectory (problem and attempt). Turns without an end belong to an unfinished trajectory: `self_fix`
continues it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from deskcheck_conf.files import append_whole
from deskcheck_tracer.errors import InputError

from deskcheck_agent.feedback import FeedbackSource, TestFeedback
from deskcheck_agent.parse import ParseStatus, Reply
from deskcheck_agent.sampler import Completion, Message, completion_from_json
from deskcheck_agent.simulate import Prediction

SCHEMA = 1


class TrajectoryStatus(StrEnum):
    """How a trajectory ended."""

    submitted = "submitted"
    """The model submitted its code."""
    out_of_turns = "out_of_turns"
    """Turns ran out; the last code counts."""
    single_turn = "single_turn"
    """No feedback was asked for: the first code counts."""
    no_code = "no_code"
    """The first answer held no program: there is nothing to grade."""
    unparsed = "unparsed"
    """A later answer was neither a program nor a submit; the code before it counts."""
    out_of_budget = "out_of_budget"
    """The problem's tokens, calls or seconds were spent; the code before counts."""
    sampler_error = "sampler_error"
    """Nothing could be sampled, e.g. the prompt overflowed the context; the code before it counts."""
    sandbox_error = "sandbox_error"
    """Our sandbox failed: never a score."""
    unfinished = "unfinished"
    """Still running, or killed."""


class TurnKind(StrEnum):
    solve = "solve"
    submit_or_fix = "submit_or_fix"


@dataclass(frozen=True)
class Turn:
    """One answer of the solver: what it was asked, told and said. `code` is the program that stands after it."""

    kind: TurnKind
    prompt: list[Message]
    completion: Completion
    reply: Reply
    code: str | None
    feedback: tuple[TestFeedback, ...] = ()
    """What the prompt told about the code before; empty for solve."""


@dataclass
class Trajectory:
    """All turns on one problem; `code` is what counts at the end (None: nothing was written)."""

    problem_id: str
    feedback: FeedbackSource
    seed: int = 0
    turns: list[Turn] = field(default_factory=list)
    status: TrajectoryStatus = TrajectoryStatus.unfinished
    detail: str = ""

    @property
    def code(self) -> str | None:
        return self.turns[-1].code if self.turns else None

    @property
    def tokens(self) -> int:
        """Tokens the solver wrote."""
        return sum(turn.completion.tokens for turn in self.turns)


class TrajectoryFile:
    """Appends turns and ends to one JSONL file; reads them back after a kill."""

    def __init__(self, path: str | Path, header: Mapping[str, Any] | None = None) -> None:
        """`header` (JSON values) becomes the first line; InputError from `read` for a file that has another one."""
        self.path = Path(path)
        self.header = header

    def turn(self, key: str, turn: Turn) -> None:
        self._append({"kind": "turn", "schema": SCHEMA, "key": key, "turn": asdict(turn)})

    def end(self, key: str, trajectory: Trajectory) -> None:
        row = {
            "problem_id": trajectory.problem_id,
            "feedback": trajectory.feedback.value,
            "seed": trajectory.seed,
            "status": trajectory.status.value,
            "detail": trajectory.detail,
            "code": trajectory.code,
            "turns": len(trajectory.turns),
        }
        self._append({"kind": "end", "schema": SCHEMA, "key": key, "trajectory": row})

    def _append(self, row: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = self.header is not None and not (self.path.exists() and self.path.stat().st_size)
        first = json.dumps({"kind": "header", "schema": SCHEMA, **(self.header or {})}) + "\n" if is_new else ""
        append_whole(self.path, first + json.dumps(row) + "\n")

    def read(self) -> dict[str, Trajectory]:
        """Trajectories by key, unfinished ones included; a torn last line (a kill) is dropped from the file."""
        if not self.path.exists():
            return {}
        trajectories = load_trajectories(self.path, repair=True)
        held = header_of(self.path)
        if trajectories and self.header is not None and held != self.header:
            raise InputError(
                f"{self.path} holds trajectories of another configuration or other data ({held or 'no header'}, "
                f"expected {dict(self.header)}): pass another run_name, or delete the file to start over"
            )
        return trajectories


def header_of(path: str | Path) -> dict[str, Any] | None:
    """What the first line of a trajectory file says of where it comes from; None if it says nothing."""
    with open(path, encoding="utf-8") as file:
        line = file.readline()
    row = json.loads(line) if line.endswith("\n") else {}
    if row.get("kind") != "header":
        return None
    return {key: value for key, value in row.items() if key not in ("kind", "schema")}


def load_trajectories(path: str | Path, *, repair: bool = False) -> dict[str, Trajectory]:
    """Read a trajectory file. Raises InputError for a line that is no trajectory line, naming file and line."""
    path = Path(path)
    trajectories: dict[str, Trajectory] = {}
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if repair and whole != text:
        path.write_text(whole, encoding="utf-8")
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            row = json.loads(line)
            if row["schema"] != SCHEMA:
                raise InputError(
                    f"{path}:{number}: schema {row['schema']}, expected {SCHEMA}; written by another version"
                )
            if row["kind"] == "header":
                continue
            trajectory = trajectories.setdefault(row["key"], Trajectory("", FeedbackSource.none))
            if row["kind"] == "turn":
                trajectory.turns.append(turn_from_json(row["turn"]))
            else:
                _finish(trajectory, row["trajectory"])
        except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{path}:{number}: not a trajectory line ({error!r})") from None
    return trajectories


def _finish(trajectory: Trajectory, row: dict[str, Any]) -> None:
    trajectory.problem_id = row["problem_id"]
    trajectory.feedback = FeedbackSource(row["feedback"])
    trajectory.seed = row["seed"]
    trajectory.status = TrajectoryStatus(row["status"])
    trajectory.detail = row["detail"]


def turn_from_json(row: dict[str, Any]) -> Turn:
    """The Turn that `asdict` made."""
    reply = row["reply"]
    return Turn(
        kind=TurnKind(row["kind"]),
        prompt=row["prompt"],
        completion=completion_from_json(row["completion"]),
        reply=Reply(reply["code"], reply["submit"], ParseStatus(reply["status"])),
        code=row["code"],
        feedback=tuple(feedback_from_json(each) for each in row["feedback"]),
    )


def feedback_from_json(row: dict[str, Any]) -> TestFeedback:
    """The TestFeedback that `asdict` made."""
    predictions = tuple(Prediction(**{**each, "status": ParseStatus(each["status"])}) for each in row["predictions"])
    return TestFeedback(**{**row, "predictions": predictions})
