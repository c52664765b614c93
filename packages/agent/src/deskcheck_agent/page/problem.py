"""One problem as the page shows it: what was asked, what the model did, what came of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from markupsafe import Markup

from deskcheck_agent.page.attempts import AttemptView, attempt_view
from deskcheck_agent.page.code import Row, listing
from deskcheck_agent.page.folder import Folder
from deskcheck_agent.page.places import RankingView, ranking_view
from deskcheck_agent.page.real import Runs
from deskcheck_agent.page.tests import TestView, views
from deskcheck_agent.page.texts import Line, lines, one_line, statement, visible
from deskcheck_agent.page.words import CUT, SHORT, counted
from deskcheck_agent.problem import Problem

if TYPE_CHECKING:
    from deskcheck_agent.solver import Solved


@dataclass(frozen=True)
class Outcome:
    """One row of the results, in words. `counted` says what `turns` counts."""

    status: str
    believed: bool | None
    turns: int
    counted: str
    tokens: int
    calls: int
    cuts: list[str]
    """What was left out: by a budget, or because an earlier candidate was sure."""


@dataclass(frozen=True)
class Example:
    """A public test."""

    input: list[Line]
    output: list[Line]


@dataclass(frozen=True)
class ProblemView:
    """All of a problem that its page shows. Private tests are in none of it."""

    number: int
    id: str
    brief: str
    statement: Markup
    entry_point: str
    examples: list[Example]
    outcome: Outcome
    ranking: RankingView | None
    attempts: list[AttemptView]
    program: list[Row]
    verdicts: list[TestView]
    """Of the final program."""
    tests: int
    """How many public tests there are."""
    ran: int
    """How many of them the final program really passes, where it was run; else -1."""

    @property
    def file(self) -> str:
        """A name for its own page."""
        return f"{self.number:04d}-{re.sub(r'[^A-Za-z0-9._-]+', '-', self.id)[:60].strip('-.') or 'problem'}.html"

    @property
    def anchor(self) -> str:
        return f"problem-{self.number}"

    def without_details(self) -> "ProblemView":
        """What the index needs of it."""
        return replace(self, statement=Markup(""), examples=[], ranking=None, attempts=[], program=[], verdicts=[])


def problem_view(number: int, problem: Problem, row: "Solved", kept: Folder, runs: Runs) -> ProblemView:
    """Put together what the run folder holds of a problem; `runs` executes, where that is allowed."""
    ranking = kept.rankings.get(problem.id)
    # The ranking's programs are run first: where there are too many to run, these are the ones to know about.
    ranked = None if ranking is None else ranking_view(ranking, problem, runs)
    attempts = [attempt_view(at, each, problem, runs) for at, each in kept.trajectories.get(problem.id, ())]
    verdicts = _final(ranked, attempts) or views((), row.code, problem, runs)
    return ProblemView(
        number,
        visible(problem.id),
        one_line(problem.statement, 160),
        statement(problem.statement),
        visible(problem.entry_point or ""),
        [Example(lines(test.input), lines(test.output)) for test in problem.public_tests],
        _outcome(row, ranked is not None),
        ranked,
        attempts,
        listing(row.code) if row.code is not None else [],
        verdicts,
        len(problem.public_tests),
        sum(test.real.passed is True for test in verdicts if test.real) if any(test.real for test in verdicts) else -1,
    )


def _final(ranking: RankingView | None, attempts: Sequence[AttemptView]) -> list[TestView]:
    """What was found out about the final program."""
    if ranking is not None:
        return ranking.places[0].tests
    written = [step for attempt in attempts for step in attempt.steps if step.program]
    return written[-1].tests if written else []


def _outcome(row: "Solved", is_ranked: bool) -> Outcome:
    cut = ", ".join(counted(count, CUT.get(role, role)) for role, count in row.cut.items() if count)
    cuts = [f"{cut} (budget)"] if cut else []
    if row.skipped:
        cuts.append(f"{counted(row.skipped, 'candidates')} (one was sure)")
    unit = "candidates" if is_ranked else "turns"
    status = SHORT.get(row.status, row.status)
    return Outcome(status, row.believed, row.turns, unit, row.tokens, row.calls, cuts)
