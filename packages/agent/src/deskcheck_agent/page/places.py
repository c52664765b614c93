"""A ranking as the page shows it: candidates from best to worst, those that wrote the same program in one place.

Ties are said: programs that share a score share a rank, and which of them came first was chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from deskcheck_agent.page.code import Row, listing
from deskcheck_agent.page.real import Runs
from deskcheck_agent.page.tests import TestView, views
from deskcheck_agent.page.texts import cut
from deskcheck_agent.page.words import ANSWERS
from deskcheck_agent.problem import Problem
from deskcheck_agent.verify import Candidate, Ranking


@dataclass(frozen=True)
class Place:
    """One program of a ranking, or one way of not having written any (`fault`)."""

    rank: int
    tied: int
    """How many other programs share the score."""
    members: list[int]
    """The candidates that wrote it, counted from 1 in the order sampled."""
    score: float
    of: int
    """How many tests the score is out of."""
    is_best: bool
    fault: str
    program: list[Row]
    tests: list[TestView]
    answers: list[str]
    tokens: int


@dataclass(frozen=True)
class RankingView:
    """All places. `tied` programs share the best score: the choice between them was random."""

    places: list[Place]
    candidates: int
    tied: int
    programs: int
    skipped: int = 0


def ranking_view(ranking: Ranking, problem: Problem, runs: Runs) -> RankingView:
    """A ranking, equal programs folded together."""
    groups: dict[str, list[int]] = {}
    for place in ranking.order:
        groups.setdefault(_key(ranking.candidates[place]), []).append(place)
    scores = [ranking.candidates[members[0]].score for members in groups.values()]
    places = [_place(members, ranking, scores, problem, runs) for members in groups.values()]
    distinct = sum(not place.fault for place in places)
    return RankingView(places, len(ranking.candidates), scores.count(scores[0]), distinct, ranking.skipped)


def _key(candidate: Candidate) -> str:
    return f"code {candidate.code.strip()}" if candidate.code is not None else f"none {candidate.status.value}"


def _place(members: Sequence[int], ranking: Ranking, scores: Sequence[float], problem: Problem, runs: Runs) -> Place:
    """One place; `scores` are those of all places."""
    first = ranking.candidates[members[0]]
    seen = sorted(members)
    return Place(
        rank=1 + sum(score > first.score for score in scores),
        tied=scores.count(first.score) - 1,
        members=[place + 1 for place in seen],
        score=max(0.0, first.score),
        of=len(first.feedback),
        is_best=ranking.order[0] in members,
        fault="" if first.code is not None else ANSWERS.get(first.status.value, first.status.value),
        program=listing(first.code) if first.code is not None else [],
        tests=views(first.feedback, first.code, problem, runs),
        answers=list(dict.fromkeys(cut(ranking.candidates[place].text) for place in seen)),
        tokens=sum(ranking.candidates[place].tokens for place in seen),
    )
