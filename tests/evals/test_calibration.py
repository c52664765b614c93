"""Agreement against accuracy: by hand, and where the answer is known beforehand."""

import itertools
import random

import pytest
from deskcheck_agent.feedback import Combine
from deskcheck_evals.calibration import Point, answer_points, calibration, pass_points
from deskcheck_evals.changes import CHANGED, HARMED, HELPED, selection_changes
from deskcheck_evals.diagnostic_tables import prediction_tables, selection_tables
from deskcheck_evals.measures import Statistics, accuracy_by_construct
from deskcheck_evals.results import Predicted, pools, predictions, read_result
from deskcheck_evals.selection import Candidate, Pool, exec_scores, perfect_simulator, ranks, simulate_scores
from deskcheck_evals.tables import Options


def item(outputs, right, *, is_call=False, problem="p"):
    return Predicted("i", problem, "", "", is_call, None, tuple(right), ("ok",) * len(right), "", tuple(outputs))


def test_the_most_frequent_answer_and_whether_it_is_right():
    rows = [
        item(["1\n", " 1", "2", None, "1"], [True, True, False, False, True]),
        item(["[1,2]", "[1, 2]", "3"], [True, True, False], is_call=True),
        item(["a", "b", "a", "b"], [True, False, True, False]),
        item([None, None], [False, False]),
        item(["7"], [True]),
    ]
    points, without = answer_points(rows)
    assert [(p.share, p.right) for p in points] == [(0.6, 1.0), (2 / 3, 1.0), (0.5, 0.5)]
    assert without == 1, "one attempt alone agrees with nobody"


def test_bins_errors_and_scores_by_hand():
    points = [
        Point("a", 0.0, 0.0),
        Point("a", 0.2, 1.0),
        Point("b", 0.6, 1.0),
        Point("c", 1.0, 1.0),
        Point("c", 1.0, 0.0),
    ]
    made = calibration(points, 50, 0)
    assert made is not None
    assert [(b.label, b.points, b.share, b.right.mean) for b in made.bins] == [
        ("0 %", 1, 0.0, 0.0), ("1-20 %", 1, 0.2, 1.0), ("41-60 %", 1, 0.6, 1.0), ("81-100 %", 2, 1.0, 0.5)
    ]  # fmt: skip
    assert made.ece == pytest.approx((0 + 0.8 + 0.4 + 2 * 0.5) / 5)
    assert made.brier.mean == pytest.approx((0 + 0.64 + 0.16 + 0 + 1) / 5)
    assert made.bins[-1].right.problems == 1, "both points are of one problem"
    assert calibration([], 50, 0) is None


def test_attempts_that_are_right_as_often_as_they_agree_are_calibrated():
    rng = random.Random(0)
    points = [
        Point(f"p{i}", share, float(rng.random() < share)) for i in range(6000) for share in [rng.randint(0, 5) / 5]
    ]
    made = calibration(points, 50, 0)
    assert made is not None and made.ece < 0.02
    assert made.brier.mean == pytest.approx(sum(s * (1 - s) for s in (0.2, 0.4, 0.6, 0.8)) / 6, abs=0.01)
    liar = calibration([Point(p.problem, 1 - p.share, p.right) for p in points], 50, 0)
    assert liar is not None and liar.ece > 0.5


def test_pools_give_a_point_a_program_and_test():
    nothing = Candidate(False, 0, (False,), ((False,) * 4,))
    pool = Pool("p", (Candidate(True, 1, (True, False), ((True, True, False, True), (False,) * 4)), nothing))
    assert [(p.share, p.right) for p in pass_points([pool])] == [(0.75, 1.0), (0.0, 0.0)]


def random_pools(count: int) -> list[Pool]:
    rng = random.Random(1)

    def candidate() -> Candidate:
        public = tuple(rng.random() < 0.5 for _ in range(2))
        predicted = tuple(tuple(bit ^ (rng.random() < 0.3) for _ in range(3)) for bit in public)
        return Candidate(rng.random() < 0.5, 1, public, predicted)

    return [Pool(f"p{i}", tuple(candidate() for _ in range(4))) for i in range(count)]


def test_changed_selections_are_those_of_every_pair_of_picks():
    made = random_pools(80)
    found = selection_changes(made, Combine.mean)
    for place, pool in enumerate(made):
        tops = []
        for scores in (simulate_scores(Combine.mean), exec_scores):
            placed = ranks(pool, scores)
            tops.append([i for i, rank in enumerate(placed) if rank == max(placed)])
        pairs = [*itertools.product(*tops)]
        right = pool.passed
        changed = [(mine, real) for mine, real in pairs if mine not in tops[1]]
        harmed = [(mine, real) for mine, real in changed if right[real] and not right[mine]]
        helped = [(mine, real) for mine, real in changed if right[mine] and not right[real]]
        for name, some in ((CHANGED, changed), (HARMED, harmed), (HELPED, helped)):
            assert found[name][place] == pytest.approx(len(some) / len(pairs)), (name, place)
    assert sum(found[CHANGED]) > 1 and sum(found[HARMED]) > 0


def test_a_perfect_simulator_changes_nothing():
    found = selection_changes([perfect_simulator(pool) for pool in random_pools(40)], Combine.majority)
    assert {value for each in found.values() for value in each} == {0.0}


def test_a_program_counts_under_each_of_its_constructs():
    rows = [
        Predicted("a", "a", "", "", False, None, (True, False), ("ok",) * 2, "for x in y:\n    if x:\n        pass"),
        Predicted("b", "b", "", "", False, None, (True, True), ("ok",) * 2, "if x:\n    pass"),
    ]
    made = accuracy_by_construct(rows, Statistics(50))
    assert {name: measure.interval.mean for name, measure in made.items()} == {"for loop": 0.5, "if": 0.75}
    assert accuracy_by_construct([Predicted("a", "a", "", "", False, None, (True,), ("ok",))], Statistics(50)) == {}


def test_the_tables_say_what_was_computed(make_run):
    options = Options(Combine.mean, (1,), Statistics(50))
    predict, verify = read_result(make_run("output_prediction")), read_result(make_run("self_verify"))
    constructs, agreement = prediction_tables([predict], options)
    assert [row[0].text for row in constructs.rows] == ["for loop"]
    points, _ = answer_points(predictions(predict))
    assert sum(int(row[2].text) for row in agreement.rows) == len(points) == 40
    shares, changes, endings = selection_tables([verify], options)
    assert sum(int(row[2].text) for row in shares.rows) == len(pass_points(pools(verify)))
    assert "expected calibration error" in " ".join(shares.notes + agreement.notes)
    assert [row[1].text for row in changes.rows] == [CHANGED, HARMED, HELPED]
    assert {row[2].text for row in endings.rows} == {"ok", "missing"}
