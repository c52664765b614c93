"""Candidates of another run, for a simulator that did not write them (the paper's figures 5 and 7 to 9).

Problems are matched by content: the same statement, tests, limits and checker. What the programs really do is reused as
it was found, so that two simulators over one set of candidates differ in their predictions and in nothing else.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from deskcheck_agent.problem import Problem

from deskcheck_evals.benchmarks.candidates import provenance
from deskcheck_evals.errors import EvalError
from deskcheck_evals.results import finished_run
from deskcheck_evals.rows import Json, content_key
from deskcheck_evals.tasks.gathering import key_of


def given_candidates(
    folder: Path, problems: Sequence[Problem], count: int
) -> tuple[Mapping[str, Sequence[Json]], Json]:
    """The first `count` candidates of every problem by its key, and where they are from (a header entry).

    Raises EvalError if the folder has no finished self_verify run, or lacks a problem or a candidate.
    """
    run = finished_run(folder, "self_verify")
    rows = {row["key"]: row for row in run.rows}
    keys = {problem.id: key_of(problem) for problem in problems}
    lacking = [name for name, key in keys.items() if key not in rows]
    if lacking:
        raise EvalError(
            f"candidates_from={folder}: no row for {len(lacking)} of {len(keys)} problems (first: {lacking[0]!r}), "
            f"expected all of them with the same tests: its benchmark is {run.header['benchmark']}, see its config.yaml"
        )
    few = [row["id"] for row in rows.values() if len(row["candidates"]) < count]
    if few:
        raise EvalError(
            f"candidates_from={folder}: {len(rows[next(iter(rows))]['candidates'])} candidates a problem there, and "
            f"candidates={count}: pass candidates= as in that run, or fewer"
        )
    given = {key: rows[key]["candidates"][:count] for key in keys.values()}
    programs = content_key([[each["code"] for each in candidates] for candidates in given.values()])
    return given, provenance(run) | {"programs": programs}
