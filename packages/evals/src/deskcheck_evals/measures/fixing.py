"""Measures of self-fixing: first and submitted programs, turns, and the table of transitions between them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction

from deskcheck_evals.measures.measure import PAPER_KS, Maker, Measure, Statistics
from deskcheck_evals.metrics import pass_at_k
from deskcheck_evals.results import Fixed
from deskcheck_evals.transitions import Transitions


def fix_measures(rows: Sequence[Fixed], statistics: Statistics) -> dict[str, Measure]:
    """First and submitted programs, private and public; turns; how often a deliberate submission was right."""
    maker = Maker(statistics)
    owners = [row.problem for row in rows]
    maker.add("first pass@1", [row.first_passed for row in rows], owners)
    maker.add("submitted pass@1", [row.submitted_passed for row in rows], owners)
    maker.add_difference("submitted - first", "submitted pass@1", "first pass@1")
    _add_submitted(maker, rows)
    tested = [row for row in rows if row.has_public]
    maker.add("first public", [row.first_public for row in tested], [row.problem for row in tested])
    maker.add("submitted public", [row.submitted_public for row in tested], [row.problem for row in tested])
    chosen = [row for row in rows if row.status == "submitted"]
    maker.add("submitted on purpose", [row.status == "submitted" for row in rows], owners)
    maker.add("submit precision", [row.submitted_passed for row in chosen], [row.problem for row in chosen])
    maker.add("turns used", [row.turns for row in rows], owners, is_share=False)
    return maker.made


def _add_submitted(maker: Maker, rows: Sequence[Fixed]) -> None:
    """submitted pass@5, @10: one of k trajectories of a problem submits a right program (the paper's table 3)."""
    passed: dict[tuple[str, int], list[bool]] = defaultdict(list)
    earlier: Counter[tuple[str, int]] = Counter()
    for row in rows:  # where runs are pooled, an attempt that comes again is another run's, and k is of one run
        passed[row.problem, earlier[row.problem, row.attempt]].append(row.submitted_passed)
        earlier[row.problem, row.attempt] += 1
    smallest = min(map(len, passed.values()))
    for k in (k for k in PAPER_KS if 1 < k <= smallest):
        points = [pass_at_k(len(each), sum(each), k) for each in passed.values()]
        maker.add(f"submitted pass@{k}", points, [problem for problem, _ in passed])


def transitions(rows: Sequence[Fixed], measures: Mapping[str, Measure]) -> dict[str, Transitions]:
    """The table of private and of public tests; both identities are asserted against the measures of `fix_measures`."""
    private = Transitions.of([row.first_passed for row in rows], [row.submitted_passed for row in rows])
    private.require(_rate(measures["first pass@1"]), _rate(measures["submitted pass@1"]))
    tested = [row for row in rows if row.has_public]
    if not tested:
        return {"private": private}
    public = Transitions.of([row.first_public for row in tested], [row.submitted_public for row in tested])
    public.require(_rate(measures["first public"]), _rate(measures["submitted public"]))
    return {"private": private, "public": public}


def transition_measures(rows: Sequence[Fixed], tests: str, statistics: Statistics) -> dict[str, Measure]:
    """The four cells of the table of `tests` (public or private) as measures, so that they have intervals."""
    if tests == "private":
        ends = [(row.problem, (row.first_passed, row.submitted_passed)) for row in rows]
    else:
        ends = [(row.problem, (row.first_public, row.submitted_public)) for row in rows if row.has_public]
    maker = Maker(statistics)
    for name, cell in (("FF", (False, False)), ("FP", (False, True)), ("PF", (True, False)), ("PP", (True, True))):
        maker.add(name, [end == cell for _, end in ends], [problem for problem, _ in ends])
    return maker.made


def _rate(measure: Measure) -> Fraction:
    return Fraction(round(sum(measure.values)), len(measure.values))
