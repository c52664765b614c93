"""The open choices: each changes what its name says and nothing else, from rows alone; what rows lack is said."""

import itertools
import json
import random
from fractions import Fraction

import pytest
from deskcheck_agent.feedback import Combine
from deskcheck_evals.choices import Capped, Checker, Choices, LengthUnit, NoPublicTests, Ties
from deskcheck_evals.errors import EvalError
from deskcheck_evals.report import main as report
from deskcheck_evals.results import length_unit, pools, predictions, read_result, without_public_tests
from deskcheck_evals.rows import ROWS
from deskcheck_evals.selection import Candidate, Pool, ranks, selectors, simulate_scores, values

SIMULATE = selectors(Combine.mean)["best@k simulate"]


def rewrite(folder, change):
    path = folder / ROWS
    header, *rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        change(row)
    path.write_text("".join(json.dumps(row) + "\n" for row in [header, *rows]))


def brute_force(pool: Pool, k: int) -> Fraction:
    """Every draw of k, every order of equal ranks."""
    placed, wins, draws = ranks(pool, simulate_scores(Combine.mean)), Fraction(0), 0
    for chosen in itertools.combinations(range(len(pool.candidates)), k):
        best = [place for place in chosen if placed[place] == max(placed[i] for i in chosen)]
        wins += Fraction(sum(pool.candidates[place].passed for place in best), len(best))
        draws += 1
    return wins / draws


@pytest.mark.parametrize("ties", list(Ties))
def test_ties_are_broken_as_named_and_what_is_left_is_averaged(make_run, ties):
    made = pools(read_result(make_run("self_verify")), Choices(ties=ties))
    for pool in [Pool(pool.problem, pool.candidates[:6]) for pool in made[:10]]:
        for k in (1, 2, 4):
            assert SIMULATE(pool, k) == float(brute_force(pool, k))
    placed = [ranks(pool, simulate_scores(Combine.mean)) for pool in made]
    if ties is Ties.first:
        assert all(len(set(each)) == len(each) for each in placed), "no two are sampled at once"


def test_a_tie_goes_to_the_named_candidate():
    long_right, short_wrong = (dict(public=(True,), predicted=((True, True),)) for _ in "ab")

    def pool(tiebreaks):
        pair = [Candidate(True, 90, **long_right), Candidate(False, 10, **short_wrong)]
        broken = [
            Candidate(c.passed, c.length, c.public, c.predicted, tie) for c, tie in zip(pair, tiebreaks, strict=True)
        ]
        return Pool("p", tuple(broken))

    assert SIMULATE(pool((0, 0)), 2) == 0.5
    assert SIMULATE(pool((-90, -10)), 2) == 0.0, "by length: the short one"
    assert SIMULATE(pool((0, -1)), 2) == 1.0, "the first one"


def test_lengths_in_tokens_or_characters(make_run):
    folder = make_run("self_verify")
    result = read_result(folder)
    assert length_unit(result) == "tokens" and length_unit(result, LengthUnit.characters) == "characters"
    tokens, characters = (pools(result, Choices(length_unit=unit)) for unit in (LengthUnit.auto, LengthUnit.characters))
    written = [each for row in result.rows for each in row["candidates"] if each["code"] is not None]
    assert [c.length for pool in tokens for c in pool.candidates if c.has_program] == [e["tokens"] for e in written]
    assert [c.length for pool in characters for c in pool.candidates if c.has_program] == [
        each["characters"] for each in written
    ]
    rewrite(folder, lambda row: [each.update(tokens=0) for each in row["candidates"]])
    unknown = read_result(folder)
    assert length_unit(unknown) == "characters"
    with pytest.raises(EvalError, match="did not count tokens: pass length_unit=characters"):
        pools(unknown, Choices(length_unit=LengthUnit.tokens))


def test_cut_responses_can_be_ranked_last_in_short1_and_nowhere_else(make_run):
    result = read_result(make_run("self_verify"))
    as_usual, last = pools(result), pools(result, Choices(capped=Capped.last))
    curves = selectors(Combine.mean)
    for name in ("pass@k", "best@k exec", "best@k simulate"):
        assert values(as_usual, curves[name], 5) == values(last, curves[name], 5)
    for before, after, row in zip(as_usual, last, result.rows, strict=True):
        cut = [each["stop"] == "length" for each in row["candidates"]]
        assert [c.short_last for c in after.candidates] == cut and not any(c.short_last for c in before.candidates)
    only = Pool("p", (Candidate(False, 1, (), (), 0, True), Candidate(True, 9, (), ())))
    assert curves["short1@k"](only, 2) == 1.0


def test_problems_without_public_tests_are_a_random_pick_or_left_out(make_run):
    folder = make_run("self_verify")

    def without(row):
        if row["id"] in ("p1", "p2"):
            row["tests"] = []
            for each in row["candidates"]:
                each |= {"public": [], "predicted": [], "printed": [], "public_verdicts": [], "outputs": []}

    rewrite(folder, without)
    result = read_result(folder)
    assert without_public_tests(result) == 2
    kept = values(pools(result), SIMULATE, 5)
    written = [c.passed for c in pools(result)[1].candidates if c.has_program]
    assert len(written) == 11 and kept["p1"] == sum(written) / 11, "any program, and the response without one never"
    left = values(pools(result, Choices(no_public_tests=NoPublicTests.leave_out)), SIMULATE, 5)
    assert left == {problem: value for problem, value in kept.items() if problem not in ("p1", "p2")}


def test_the_runs_own_comparator_again_changes_nothing(make_run):
    verify, predict = read_result(make_run("self_verify")), read_result(make_run("output_prediction"))
    again = Choices(checker=Checker.tokens)
    assert pools(verify, again) == pools(verify) and predictions(predict, again) == predictions(predict)


def test_another_comparator_judges_what_was_printed_and_predicted_anew(make_run):
    folder = make_run("self_verify")

    def shout(row):
        for each in (each for each in row["candidates"] if each["code"] is not None):
            each["printed"] = ["X 1.0\n"] * 3
            each["outputs"] = [["x 1.000001"] * 5] * 3
        row["tests"] = [{"input": "", "output": "x 1.0\n"}] * 3

    rewrite(folder, shout)
    rewrite(folder, lambda row: row["candidates"][0].update(public_verdicts=["RE"] * 3, public=[False] * 3))

    def of(checker):
        candidates = [c for pool in pools(read_result(folder), Choices(checker=checker)) for c in pool.candidates[1:]]
        return {(c.public, c.predicted[0][0]) for c in candidates if c.has_program}

    assert of(Checker.tokens) == {((False,) * 3, True)}
    assert of(Checker.tokens_ci) == {((True,) * 3, True)}
    assert of(Checker.exact) == {((False,) * 3, False)}
    crashed = [pool.candidates[0] for pool in pools(read_result(folder), Choices(checker=Checker.tokens_ci))]
    assert not any(any(c.public) for c in crashed), "a program that fails passes under no comparator"


def test_calls_are_compared_by_value_whatever_the_comparator(make_run):
    folder = make_run("self_verify")
    rewrite(folder, lambda row: row.update(entry_point="f"))
    result = read_result(folder)
    assert pools(result, Choices(checker=Checker.exact)) == pools(result)


@pytest.mark.parametrize(
    ("key", "choices"),
    [
        ("stop", Choices(capped=Capped.last)),
        ("characters", Choices(length_unit=LengthUnit.characters)),
        ("printed", Choices(checker=Checker.exact)),
        ("outputs", Choices(checker=Checker.exact)),
    ],
)
def test_rows_of_an_older_version_say_what_they_lack_and_show_the_rest(make_run, key, choices):
    folder = make_run("self_verify")
    rewrite(folder, lambda row: [each.pop(key, None) for each in row["candidates"]])
    result = read_result(folder)
    assert len(pools(result)) == 40
    with pytest.raises(EvalError, match=f"row 'p0' has no '{key}'.*an older version wrote it"):
        pools(result, choices)


def test_every_choice_is_told():
    kinds = {"ties": Ties, "capped": Capped, "no_public_tests": NoPublicTests}
    for name, kind in kinds.items():
        assert len({Choices(**{name: each}).told() for each in kind}) == len(kind)
    assert "by exact" in Choices(checker=Checker.exact).told()


def test_random_pools_agree_with_brute_force():
    rng = random.Random(0)
    for _ in range(60):
        pool = Pool("p", tuple(
            Candidate(rng.random() < 0.5, rng.randint(0, 3), (True,), ((rng.random() < 0.5,) * 2,), rng.randint(-2, 0))
            for _ in range(6)
        ))  # fmt: skip
        for k in (1, 3, 6):
            assert SIMULATE(pool, k) == float(brute_force(pool, k))


NEW = ("tests", "entry_point", "checker", "limits")
NEW_OF_CANDIDATES = ("stop", "printed", "public_verdicts")


def test_the_report_takes_every_choice_and_shows_older_rows_without_any(make_run, tmp_path, capsys):
    folders = [make_run(task) for task in ("output_prediction", "self_verify")]
    arguments = [
        f"runs=[{folders[0]},{folders[1]}]",
        f"output_root={tmp_path / 'out'}",
        "wandb=disabled",
        "resamples=50",
    ]
    chosen = [
        "checker=exact",
        "ties=length",
        "length_unit=characters",
        "capped=last",
        "no_public_tests=leave_out",
        "ks=[2]",
    ]
    assert report([*arguments, *chosen]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for words in ("the shortest response is picked", "rank last in short1", "left out of selection", "anew by exact"):
        assert words in said, words
    for folder in folders:
        rewrite(folder, lambda row: [row.pop(key, None) for key in NEW])
    rewrite(folders[1], lambda row: [each.pop(key, None) for each in row["candidates"] for key in NEW_OF_CANDIDATES])
    assert report(arguments) == 0
    assert report([*arguments, "checker=exact"]) == 2
    error = capsys.readouterr().err
    assert "row 'i0' has no 'outputs'" in error and "Traceback" not in error
