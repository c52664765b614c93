"""Run against run: what counts as the same problem, what is refused, what is told to differ, and which flipped."""

import json

import pytest
from deskcheck_agent.feedback import Combine
from deskcheck_evals.errors import EvalError
from deskcheck_evals.measures import Statistics
from deskcheck_evals.results import read_result, read_runs
from deskcheck_evals.tables import Options
from deskcheck_evals.versus import counts_table, flips, flips_table, item_values, pair_table, paired, settings_table

OPTIONS = Options(Combine.mean, (1, 5, 10), Statistics(resamples=50))


@pytest.fixture
def two(make_run):
    """A function of the two runs' arguments."""

    def made(task, ours=None, theirs=None):
        folders = [make_run(task, name, **(changes or {})) for name, changes in (("a", ours), ("b", theirs))]
        return [read_result(folder) for folder in folders]

    return made


def test_only_problems_of_both_are_compared_and_the_rest_is_counted(two):
    results = two("self_fix", {"rows": 30}, {"rows": 20, "seed": 1})
    [pair] = paired(["a:b"], results)
    assert len(pair.ours.rows) == len(pair.theirs.rows) == 20 and pair.left == (10, 0)
    assert pair.theirs is results[1], "what was measured of a whole run is used again"
    table = pair_table([pair], OPTIONS)
    assert {row[3].text for row in table.rows if row[1].text != "submit precision"} == {"20"}
    assert table.notes == [
        "a - b: on what both have; 10 rows of a and 0 of b are left out, as they are on other problems."
    ]


def test_equal_names_with_another_content_are_other_problems(two, make_run):
    results = two("output_prediction")
    path = results[1].folder / "rows.jsonl"
    lines = path.read_text().splitlines()
    changed = [json.loads(line) for line in lines]
    for row in changed[1:11]:
        row["key"] = f"other {row['id']}"
    path.write_text("".join(json.dumps(row) + "\n" for row in changed))
    [pair] = paired(["a:b"], [results[0], read_result(results[1].folder)])
    assert len(pair.ours.rows) == 30 and pair.left == (10, 10)


def test_attempts_belong_to_their_problem(two):
    ours, theirs = two("self_fix", {"rows": 5}, {"rows": 5})
    again = [row | {"attempt": 1, "id": f"{row['problem']}/1", "key": f"{row['key']} 1"} for row in ours.rows]
    ours.rows.extend(again)
    [pair] = paired(["a:b"], [ours, theirs])
    assert len(pair.ours.rows) == 10 and pair.left == (0, 0)


def test_runs_without_a_problem_in_common_are_refused(two):
    ours, theirs = two("self_verify", {"rows": 3}, {"rows": 3, "benchmark": "another"})
    theirs.rows[:] = [row | {"key": f"other {row['key']}"} for row in theirs.rows]
    with pytest.raises(
        EvalError, match=r"no problem in common: a is on micro test \(3 rows\), b on another \(3 rows\)"
    ):
        paired(["a:b"], [ours, theirs])


def test_labels_may_hold_colons(make_run):
    results = [read_result(make_run("self_fix", name), label) for name, label in (("x", "a:b"), ("y", "c"))]
    [pair] = paired(["a:b:c"], results)
    assert (pair.ours.label, pair.theirs.label) == ("a:b", "c")
    with pytest.raises(EvalError, match="'a:c', expected two of the labels a:b, c"):
        paired(["a:c"], results)


def test_what_differs_is_said_and_what_the_task_does_not_read_is_not(two):
    seed = {"sampling": {"temperature": 0.6, "top_p": 0.95, "max_tokens": 320, "seed": 7}, "sampler": {"path": "m"}}
    ours = {"settings": seed | {"attempts": 3, "candidates": 4}, "seed": 7}
    results = two("self_verify", ours, {"settings": {"sampler": {"path": "m"}}})
    table = settings_table(paired(["a:b"], results))
    told = [[cell.text for cell in row[1:]] for row in table.rows]
    assert told == [["candidates", "4", "12"], ["sampling.temperature", "0.6", "1.0"]]


def test_runs_that_differ_in_seeds_alone_are_said_to(two):
    same = two("self_fix", {"seed": 1, "settings": {"sampler": {}}}, {"seed": 2, "settings": {"sampler": {}}})
    assert [row[1].text for row in settings_table(paired(["a:b"], same)).rows] == ["nothing but seeds"]


def test_unequal_numbers_of_seeds_are_said_to_be(make_run):
    """Two seeds against three: what differs may be what a seed makes."""
    folders = [make_run("self_fix", f"{name}-s{seed}", seed=seed) for name in "xy" for seed in range(3)]
    root = folders[0].parent
    runs = [read_runs(f"{root}/x-s[01]", "two"), read_runs(f"{root}/y-s*", "three"), read_runs(f"{root}/x-s*", "all")]
    table = pair_table(paired(["two:three"], runs), OPTIONS)
    assert table.notes == ["two - three: 2 seeds (0, 1) against 3 (0, 1, 2): part of the difference may be the seeds'."]
    assert pair_table(paired(["all:three"], runs), OPTIONS).notes == []


@pytest.mark.parametrize("task", ["output_prediction", "input_prediction", "self_verify", "self_fix", "no_regression"])
def test_flips_are_the_problems_that_cross_one_half(two, task):
    results = two(task, {"skill": 0.9}, {"skill": 0.4, "seed": 5})
    pairs = paired(["a:b"], results)
    found = flips(pairs[0], OPTIONS)
    changes = [*found.gained, *found.lost]
    assert found.gained and all(theirs <= 0.5 < ours for _, theirs, ours in found.gained)
    assert all(ours <= 0.5 < theirs for _, theirs, ours in found.lost) and len(changes) + found.equal == 40
    solved = [sum(value > 0.5 for value in item_values(run, OPTIONS)[1].values()) for run in results]
    assert solved[0] - solved[1] == len(found.gained) - len(found.lost)
    [counts] = counts_table(pairs, OPTIONS).rows
    assert [cell.text for cell in counts[2:]] == [str(n) for n in (len(found.gained), len(found.lost), found.equal)]
    listed = flips_table(pairs, OPTIONS, {"a": {found.gained[0][0]: "a.html#x"}})
    assert listed.is_long and (listed.rows[0][2].text, listed.rows[0][4].link) == (found.gained[0][0], "a.html#x")
    assert listed.rows[0][3].link == "", "what the viewer does not show is not linked"
