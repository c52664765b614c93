"""How often a wrong simulation changed which candidate is submitted, and whether that cost anything.

Of all candidates of a problem, the simulator's ranking and the real public results each leave a group of best ones,
from which one is picked at random. With perfect predictions the two groups are the same, so a pick outside the group
that real runs would have left is a wrong simulation's doing. All shares are exact: nothing is drawn.
"""

from collections.abc import Mapping, Sequence

from deskcheck_agent.feedback import Combine

from deskcheck_evals.selection import Pool, Scores, exec_scores, ranks, simulate_scores

CHANGED = "selection changed"
"""The pick is not among those that real runs would have left."""
HARMED = "changed from right to wrong"
HELPED = "changed from wrong to right"


def selection_changes(pools: Sequence[Pool], how: Combine) -> Mapping[str, list[float]]:
    """For each of the three, one chance a pool, in the order of `pools`."""
    chances = [_chances(pool, how) for pool in pools]
    return {name: [each[name] for each in chances] for name in (CHANGED, HARMED, HELPED)}


def _chances(pool: Pool, how: Combine) -> dict[str, float]:
    simulated, executed = _best(pool, simulate_scores(how)), _best(pool, exec_scores)
    outside = [place for place in simulated if place not in executed]
    right = pool.passed
    exec_right = sum(right[place] for place in executed) / len(executed)
    outside_right = sum(right[place] for place in outside) / len(simulated)
    changed = len(outside) / len(simulated)
    return {
        CHANGED: changed,
        HARMED: (changed - outside_right) * exec_right,
        HELPED: outside_right * (1 - exec_right),
    }


def _best(pool: Pool, scores: Scores) -> list[int]:
    placed = ranks(pool, scores)
    return [place for place, rank in enumerate(placed) if rank == max(placed)]
