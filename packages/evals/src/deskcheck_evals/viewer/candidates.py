"""An item of self-verify: a problem's candidates from the one simulation ranks first to the last, each with what the
public tests really say, what was predicted, and whether it passes the private ones. Equal programs stand together.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from deskcheck_agent.feedback import Combine, combined_score
from deskcheck_agent.page.code import Row, listing
from deskcheck_agent.page.texts import Line, lines, one_line, statement
from deskcheck_agent.page.words import ANSWERS, PREDICTIONS

from deskcheck_evals.rows import Json
from deskcheck_evals.viewer.item import Item, rendered, word


@dataclass(frozen=True)
class Said:
    """What predictions of one test say, and how many of them say it."""

    output: str
    passes: bool
    fault: str
    count: int


@dataclass(frozen=True)
class Look:
    """One public test of one program: what is real, and what was predicted."""

    number: int
    passed: bool
    verdict: str
    printed: str
    """The beginning of what it really printed; empty where a row does not hold it."""
    score: float
    votes: Sequence[bool]
    said: list[Said]


@dataclass(frozen=True)
class Place:
    """One program, and the candidates (from 1) that wrote it; without a program, one way of having none."""

    rank: int
    members: list[int]
    score: float
    tests: int
    tag: str
    """Whether simulation submits it, or chance decides between it and others of its score; empty for the rest."""
    fault: str
    passed: bool
    verdict: str
    looks: list[Look]
    program: list[Row]
    tokens: list[int]


@dataclass(frozen=True)
class Test:
    """A public test of the problem."""

    __test__ = False  # pytest would take the name for a test class

    number: int
    input: list[Line]
    output: list[Line]


def candidates_item(row: Json, combine: Combine) -> Item:
    """The item of a row; `combine` is how the report makes one score of several predictions."""
    candidates = row["candidates"]
    scores = [_score(candidate, combine) for candidate in candidates]
    places = _places(candidates, scores, combine)
    simulate = _share(candidates, scores)
    execute = _share(candidates, [sum(c["public"]) if c["code"] is not None else -1 for c in candidates])
    passing = sum(candidate["passed"] for candidate in candidates)
    html = rendered(
        "candidates.html.j2",
        row=row,
        statement=statement(row.get("statement", "")),
        public=[Test(n, lines(t["input"]), lines(t["output"])) for n, t in enumerate(row.get("tests", ()), 1)],
        places=places,
        passing=passing,
        total=len(candidates),
        simulate=simulate,
        execute=execute,
        combine=combine.value,
    )
    brief = f"{passing} of {len(candidates)} pass"
    return Item(row["id"], brief, simulate, _tags(row, simulate, execute, passing), html)


def _places(candidates: Sequence[Json], scores: Sequence[float], combine: Combine) -> list[Place]:
    groups: dict[str, list[int]] = {}
    for at in sorted(range(len(candidates)), key=lambda at: -scores[at]):
        alike = [candidates[at][name] for name in ("code", "status", "passed", "public", "predicted")]
        groups.setdefault(repr(alike), []).append(at)
    return [_place(sorted(members), candidates, scores, combine) for members in groups.values()]


def _place(members: list[int], candidates: Sequence[Json], scores: Sequence[float], combine: Combine) -> Place:
    first = candidates[members[0]]
    score = scores[members[0]]
    is_program = first["code"] is not None
    best = list(scores).count(max(scores))
    return Place(
        rank=1 + sum(other > score for other in scores),
        members=[at + 1 for at in members],
        score=max(0.0, score),
        tests=len(first["public"]),
        tag="" if not is_program or score < max(scores) else "chosen" if len(members) == best else "tied for best",
        fault="" if is_program else word(ANSWERS, first["status"]),
        passed=first["passed"],
        verdict=first["verdict"] or "",
        looks=_looks(first, combine) if is_program else [],
        program=listing(first["code"]) if is_program else [],
        tokens=[candidates[at]["tokens"] for at in members],
    )


def _looks(candidate: Json, combine: Combine) -> list[Look]:
    looks = []
    for at, (passed, bits) in enumerate(zip(candidate["public"], candidate["predicted"], strict=True)):
        outputs = candidate.get("outputs", [[None] * len(bits)] * (at + 1))[at]
        statuses = candidate.get("statuses", [["ok"] * len(bits)] * (at + 1))[at]
        counts = Counter(
            ("" if output is None else one_line(output), bit, word(PREDICTIONS, status))
            for output, bit, status in zip(outputs, bits, statuses, strict=True)
        )
        said = [Said(*each, count) for each, count in counts.most_common()]
        verdict = candidate["public_verdicts"][at] if "public_verdicts" in candidate else "AC" if passed else "WA"
        printed = candidate["printed"][at] if "printed" in candidate else None
        shown = one_line(printed) if printed is not None else ""
        looks.append(Look(at + 1, passed, verdict, shown, combined_score(bits, combine), bits, said))
    return looks


def _score(candidate: Json, combine: Combine) -> float:
    """Rounded, so that equal scores are equal; -1 without a program."""
    if candidate["code"] is None:
        return -1.0
    return round(sum(combined_score(bits, combine) for bits in candidate["predicted"]), 9)


def _share(candidates: Sequence[Json], scores: Sequence[float]) -> float:
    """The chance that the candidate with the best score passes, ties at random: best@n."""
    best = [candidate["passed"] for candidate, score in zip(candidates, scores, strict=True) if score == max(scores)]
    return float(Fraction(sum(best), len(best)))


def _tags(row: Json, simulate: float, execute: float, passing: int) -> list[str]:
    tags = ["simulation chose worse than runs" if simulate < execute else "simulation chose as well as runs"]
    if not passing:
        tags.append("no candidate passes")
    if not any(candidate["public"] for candidate in row["candidates"]):
        tags.append("no public tests")
    return tags
