"""The paper's tables: that the published numbers agree with each other, where our runs stand, and what stands there."""

import re

import pytest
from deskcheck_agent.feedback import Combine
from deskcheck_evals.errors import EvalError
from deskcheck_evals.measures import Statistics
from deskcheck_evals.paper import paper_tables, placed
from deskcheck_evals.published import PAPER
from deskcheck_evals.report_config import PaperConfig
from deskcheck_evals.results import Result, read_result
from deskcheck_evals.tables import Options, Table, measured
from deskcheck_evals.versus import Pair, paired

OPTIONS = Options(Combine.mean, (1, 5, 10), Statistics(resamples=50))


def published(table: str, run: str, benchmark: str, column: str) -> float:
    [row] = [row for row in PAPER[table].rows if (row.run, row.benchmark) == (run, benchmark)]
    return row.values[column]


def test_the_published_numbers_hold_the_papers_own_identities():
    public, private = ({c: PAPER["T5"].rows[i].values.get(c, 0) for c in PAPER["T5"].columns} for i in (0, 1))
    for cells in (public, private):
        assert sum(cells[name] for name in ("FF", "FP fixed", "PF broken", "PP")) == pytest.approx(100)
        assert cells["FP fixed"] + cells["PP"] == pytest.approx(cells["submitted"])
    assert private["PF broken"] + private["PP"] == pytest.approx(private["first"])
    assert private["submitted"] == published("T3", "Self-RLEF", "DMC", "pass@1")
    assert public["submitted"] == published("T3", "Self-RLEF", "DMC", "public")


def test_every_published_number_is_a_share_and_pass_at_k_grows():
    for name, table in PAPER.items():
        for row in table.rows:
            assert row.values.keys() <= set(table.columns), name
            solved = [
                row.values[c] for c in table.columns if re.fullmatch(r"(public )?pass@\d+", c) and c in row.values
            ]
            assert solved == sorted(solved) and all(0 < value < 100 for value in solved), (name, row)


@pytest.fixture
def results(make_run) -> list[Result]:
    def fixing(source: str, turns: int = 10) -> dict:
        return {"max_turns": turns, "feedback": {"source": source, "n": 5}, "sampler": {"model": {"path": "m"}}}

    crux = {"benchmark": {"name": "cruxeval_o"}}
    return [
        read_result(make_run("output_prediction", "crux", rows=6, settings=crux, benchmark="cruxeval_o"), "crux"),
        read_result(make_run("output_prediction", "predict", rows=6, settings={"sampler": {"a": 1}}), "predict"),
        read_result(make_run("output_prediction", "after", rows=6, skill=0.9), "after"),
        read_result(make_run("output_prediction", "own", rows=6, sources=[{"solver": "made-up"}]), "own"),
        read_result(make_run("self_verify", "verify", rows=6), "verify"),
        read_result(make_run("self_verify", "other", rows=6, solver="another"), "other"),
        read_result(
            make_run("self_fix", "simulated", rows=20, skill=0.9, settings=fixing("simulated", 3)), "simulated"
        ),
        read_result(make_run("self_fix", "executed", rows=20, settings=fixing("executed")), "executed"),
        read_result(make_run("self_fix", "single", rows=20, settings=fixing("none")), "single"),
    ]


def standing(results, named) -> dict[str, list[str]]:
    return {
        table: [run.name if isinstance(run, Pair) else run.label for run in runs]
        for table, runs in placed(results, named).items()
        if runs
    }


def test_runs_stand_where_their_settings_put_them(results):
    assert standing(results, PaperConfig()) == {
        "F3": ["crux"],
        "T1": ["predict", "after"],
        "T2": ["own", "verify"],
        "F5": ["other"],
        "T3": ["verify", "other", "simulated", "executed", "single"],
        "T4": ["simulated - single"],
        "T5": ["simulated", "executed"],
        "T6": ["verify", "other"],
        "T9": ["simulated"],
    }


def test_a_list_replaces_what_would_stand_there(results):
    named = PaperConfig(T1=[], T2=["predict"], T4=["simulated"], T8=["after:predict"])
    told = standing(results[1:], named)
    assert "T1" not in told and told["T2"] == ["predict"] and told["T4"] == ["simulated"]
    assert told["T8"] == ["after - predict"] and told["T5"] == ["simulated", "executed"]
    assert standing(results, None) == {}


def rows_of(table: Table, whose: str) -> list[list[str]]:
    return [[cell.text for cell in row[1:]] for row in table.rows if row[0].text == whose]


def test_ours_stand_below_theirs_with_intervals_that_they_have_not(results):
    tables = {table.title.partition(":")[0]: table for table in paper_tables(placed(results, PaperConfig()), OPTIONS)}
    solved = tables["Table 3"]
    assert len(rows_of(solved, "paper")) == 8 and solved.breaks == [8]
    assert rows_of(solved, "paper")[2] == ["Self-RLEF", "DMC", "63.2", "76.8", "80.2", "82.5"]
    [verify, _, simulated, *_] = rows_of(solved, "ours")
    made = measured(results[4], OPTIONS)
    names = ("pass@1", "pass@5", "pass@10", "public pass@1")
    assert verify[2:] == [made[name].interval.percent() for name in names]
    assert simulated[3:5] == ["-", "-"], "one trajectory a problem is no pass@5"
    assert any("prints no intervals" in note for note in solved.notes)


def test_a_problem_without_public_tests_is_in_no_public_row(make_run):
    bare = read_result(make_run("self_fix", rows=8))
    for row in bare.rows:
        row["first"]["public"] = row["submitted"]["public"] = []
    table = next(table for table in paper_tables(placed([bare], PaperConfig(T3=[])), OPTIONS) if "first" in table.title)
    assert [row[0] for row in rows_of(table, "ours")] == ["self_fix, private tests"]


def test_the_transition_table_keeps_its_identities(results):
    table = next(
        table for table in paper_tables(placed(results, PaperConfig()), OPTIONS) if "first to submitted" in table.title
    )
    for row in rows_of(table, "ours"):
        ff, fp, pf, pp, first, submitted = (float(cell.partition(" ")[0]) for cell in row[2:])
        assert ff + fp + pf + pp == pytest.approx(100, abs=0.2)
        assert (pf + pp, fp + pp) == (pytest.approx(first, abs=0.11), pytest.approx(submitted, abs=0.11))


def test_a_change_is_paired(results):
    [pair] = placed(results, PaperConfig())["T4"]
    assert isinstance(pair, Pair)
    table = next(table for table in paper_tables(placed(results, PaperConfig()), OPTIONS) if "scaffold" in table.title)
    [[name, _, change]] = rows_of(table, "ours")
    ours, theirs = (measured(run, OPTIONS)["submitted pass@1"].by_problem for run in (pair.ours, pair.theirs))
    gap = 100 * sum(ours[p] - theirs[p] for p in ours) / len(ours)
    assert name == "simulated, against single" and change.startswith(f"{gap:+.1f} [")


def test_pairs_on_other_tasks_stand_in_table_7_by_themselves(make_run):
    runs = [
        read_result(make_run(task, f"{task}-{name}", skill=skill, rows=20), f"{task}, {name}")
        for task in ("no_regression", "input_prediction")
        for name, skill in (("with", 0.8), ("without", 0.4))
    ]
    pairs = paired([f"{task}, with:{task}, without" for task in ("no_regression", "input_prediction")], runs)
    [table] = [
        table for table in paper_tables(placed(runs, PaperConfig(), pairs), OPTIONS) if "other tasks" in table.title
    ]
    [judged, _] = rows_of(table, "ours")
    made = [measured(run, OPTIONS)["pass@1"].interval.percent() for run in runs[:2]]
    assert judged == ["no_regression, with", "micro test", made[1], made[0]]
    assert any("paired by problem" in note for note in table.notes)
    assert placed(runs, PaperConfig(T7=[]), pairs)["T7"] == []


def test_a_pair_of_other_tasks_is_refused(results):
    with pytest.raises(EvalError, match=r"paper.T8: 'verify:predict' are runs of self_verify and output_prediction"):
        placed(results, PaperConfig(T8=["verify:predict"]))
    with pytest.raises(EvalError, match=r"paper.T8: 'simulated' is a run of self_fix, expected one of output_pred"):
        placed(results, PaperConfig(T8=["simulated:single"]))
