"""What evaluations must not swallow: each is refused, or counted with its reason, and never silently a 0 or a 1."""

import json
import logging

import pytest
from deskcheck_agent import Problem, Prompts, SamplingParams, ScriptedSampler
from deskcheck_agent.feedback import Combine
from deskcheck_agent.sampler import Completion, StopReason
from deskcheck_agent.trajectory import TrajectoryFile
from deskcheck_evals.errors import EvalError
from deskcheck_evals.evaluate import main
from deskcheck_evals.measures import Statistics, fix_measures, transitions, verify_measures
from deskcheck_evals.metrics import pass_at_k, rank_score_at_k, short1_at_k
from deskcheck_evals.report import main as report
from deskcheck_evals.results import Fixed, fixes, pools, predictions, read_result
from deskcheck_evals.rows import ROWS, Rows, content_key, read_rows
from deskcheck_evals.tasks.gathering import Unscored
from deskcheck_evals.tasks.judging import Judge
from deskcheck_evals.tasks.self_fix import Fixing, fix_all
from deskcheck_evals.tasks.self_verify import Verifying, build_pools
from deskcheck_tracer import TestCase

FINE = (TestCase("1\n", "1\n"),)
BROKEN = (TestCase("1\n", "\ud800"),)
LONE = "\ud800"


def forbidden(messages, params, index):
    raise AssertionError("a model was asked about a problem that nothing can grade")


def verifying(sampler, **more):
    params = SamplingParams()
    return Verifying(sampler, sampler, Judge(), **({"candidates": 2, "predictions": 2} | more), prompts=Prompts.load("micro"),
                     solving=params, simulating=params)  # fmt: skip


UNGRADABLE = [
    (Problem("p", "Say 1.", FINE, ()), "no private tests"),
    (Problem("p", "Say 1.", FINE, BROKEN), "private test 0 cannot be encoded as UTF-8"),
    (Problem("p", "Say 1.", BROKEN, FINE), "public test 0 cannot be encoded as UTF-8"),
]


@pytest.mark.parametrize(("problem", "reason"), UNGRADABLE)
async def test_zero_or_undecodable_tests_are_no_row_and_no_model_is_asked(tmp_path, problem, reason):
    rows, unscored = Rows(tmp_path / ROWS, {"config": "x"}), Unscored(1)
    await build_pools([problem], rows, verifying(ScriptedSampler(forbidden)), unscored, lambda n=1: None)
    assert len(rows) == 0 and unscored.reasons == {"p": reason}
    fixing = Fixing(ScriptedSampler(forbidden), Judge(), None, 1, 3, Prompts.load("micro"), SamplingParams())  # type: ignore[arg-type]
    file = TrajectoryFile(tmp_path / "t.jsonl")
    unscored = Unscored(1)
    await fix_all([problem], rows, fixing, file, unscored, lambda n=1: None)
    assert len(rows) == 0 and unscored.reasons == {"p": reason}
    with pytest.raises(EvalError, match=f"1 problems .*{reason}.*max_unscored=0.*eval/lint"):
        await build_pools([problem], rows, verifying(ScriptedSampler(forbidden)), Unscored(0), lambda n=1: None)


def test_a_lone_surrogate_in_a_row_is_written_and_read(tmp_path):
    rows = Rows(tmp_path / ROWS, {"config": content_key([LONE])})
    rows.add(content_key(LONE), {"id": "é", "expected": LONE})
    assert read_rows(tmp_path / ROWS)[1][0]["expected"] == LONE


async def test_what_could_not_be_sampled_is_counted_by_name(tmp_path):
    def silent(messages, params, index):
        asked_to_run = messages[-1]["content"].startswith("run")
        return Completion("", stop=StopReason.error) if asked_to_run or index else "```python\nprint(1)\n```"

    rows = Rows(tmp_path / ROWS, {"config": "x"})
    await build_pools([Problem("p", "Say 1.", FINE, FINE)], rows, verifying(ScriptedSampler(silent)), Unscored(0),
                      lambda n=1: None)  # fmt: skip
    [row] = rows.rows.values()
    assert [each["status"] for each in row["candidates"]] == ["ok", "error"]
    assert row["candidates"][0]["statuses"] == [["error", "error"]]


def change(folder, edit):
    path = folder / ROWS
    header, *rows = [json.loads(line) for line in path.read_text().splitlines()]
    edit(header, rows)
    path.write_text("".join(json.dumps(row) + "\n" for row in [header, *rows]))
    return read_result(folder)


def drop_candidate(header, rows):
    header["settings"]["candidates"] = 12
    rows[3]["candidates"].pop()


def drop_prediction(header, rows):
    header["settings"]["attempts"] = 10
    rows[3]["right"].pop()


def drop_status(header, rows):
    rows[3]["statuses"].pop()


def drop_public(header, rows):
    rows[3]["candidates"][2]["public"].pop()


def set_score(value):
    def edit(header, rows):
        rows[3]["candidates"][2]["passed"] = value

    return edit


def set_right(value):
    def edit(header, rows):
        rows[3]["right"][2] = value

    return edit


def set_fixed(value):
    def edit(header, rows):
        rows[3]["submitted"]["passed"] = value

    return edit


NAN = float("nan")


@pytest.mark.parametrize(
    ("task", "edit", "words"),
    [
        ("self_verify", drop_candidate, "row 'p3' has 11 candidates, expected candidates=12 of each"),
        ("self_verify", drop_public, "without a result for some public test"),
        ("self_verify", set_score(NAN), "has the score nan, expected true or false"),
        ("self_verify", set_score(None), "has the score None, expected true or false"),
        ("output_prediction", drop_prediction, "has 9 and 10 predictions, expected attempts=10 of each"),
        ("output_prediction", drop_status, "has 9 and 10 predictions, expected attempts=10 of each"),
        ("output_prediction", set_right(NAN), "has the score nan"),
        ("output_prediction", set_right(0.5), "has the score 0.5"),
        ("self_fix", set_fixed(1), "has the score 1, expected true or false"),
    ],
)
def test_missing_generations_and_scores_that_are_none_are_refused(make_run, task, edit, words):
    result = change(make_run(task), edit)
    read = {"self_verify": pools, "output_prediction": predictions, "self_fix": fixes}[task]
    with pytest.raises(EvalError, match=words):
        read(result)


def test_k_beyond_n_is_refused(make_run, tmp_path, capsys):
    for estimate in (
        lambda: pass_at_k(4, 0, 5),
        lambda: rank_score_at_k([1] * 4, [1] * 4, 5),
        lambda: short1_at_k([1], [1], 2),
    ):
        with pytest.raises(ValueError, match="expected 1 <= k <= n"):
            estimate()
    arguments = [
        f"runs=[{make_run('self_verify')}]",
        f"output_root={tmp_path / 'out'}",
        "wandb=disabled",
        "resamples=50",
    ]
    assert report([*arguments, "ks=[13,20]"]) == 2
    error = capsys.readouterr().err
    assert (
        "ks is [13, 20], but a problem has only 12 candidates: ask for a k up to 12" in error
        and "Traceback" not in error
    )
    page = tmp_path / "page.html"
    assert report([*arguments, "ks=[5,20]", f"html={page}"]) == 0
    assert "k = 20 left out, as there are 12 candidates" in page.read_text()


def test_nan_scores_are_refused():
    with pytest.raises(ValueError, match="a score is NaN"):
        rank_score_at_k([True, False], [float("nan"), 1.0], 1)


def test_a_half_written_line_is_not_read_and_said(make_run, caplog):
    folder = make_run("self_verify")
    whole = (folder / ROWS).read_bytes()
    (folder / ROWS).write_bytes(whole[:-30])
    (folder / "done.json").unlink()
    with caplog.at_level(logging.WARNING):
        assert len(read_result(folder).rows) == 39
    assert "rows.jsonl:41: half a line, left by a killed process: not read" in caplog.text


def test_a_finished_run_that_lost_a_row_is_unfinished(make_run):
    folder = make_run("self_verify")
    (folder / "done.json").write_text(json.dumps({"summary": {"unscored": 0, "rows": 40}}))
    assert read_result(folder).done
    (folder / ROWS).write_bytes(b"".join((folder / ROWS).read_bytes().splitlines(keepends=True)[:-1]))
    assert read_result(folder).lacking == "39 of 40 rows are there"


def test_no_public_tests_are_no_passed_public_tests(make_run):
    def none_public(header, rows):
        for each in rows[0]["candidates"]:
            each |= {"public": [], "predicted": [], "printed": [], "outputs": [], "public_verdicts": []}

    result = change(make_run("self_verify"), none_public)
    made = verify_measures(pools(result), Combine.mean, [1, 5], Statistics(50))
    assert made["pass@1"].interval.problems == 40 and made["public pass@1"].interval.problems == 39
    rows = [
        Fixed("a", 0, True, True, True, True, 1, "submitted", False),
        Fixed("b", 0, False, False, True, True, 2, "x"),
    ]
    measures = fix_measures(rows, Statistics(50))
    assert measures["first pass@1"].interval.mean == 0.5 and measures["first public"].interval.mean == 0.0
    assert transitions(rows, measures)["public"].total == 1
    assert set(transitions(rows[:1], fix_measures(rows[:1], Statistics(50)))) == {"private"}


def test_results_of_another_configuration_are_refused_by_the_run_and_by_its_trajectories(tmp_path, capsys):
    words = ["wandb=disabled", "task=self_fix", "limit=1", "max_turns=2", "feedback=none", f"output_root={tmp_path}",
             "resamples=50", "run_name=mine"]  # fmt: skip
    assert main(words) == 0
    folder = tmp_path / "mine-s0"
    header = read_rows(folder / ROWS)[0]
    first = json.loads((folder / "trajectories.jsonl").read_text().splitlines()[0])
    assert first == {"kind": "header", "schema": 1, "config": header["config"], "data": header["data"]}
    done = json.loads((folder / "done.json").read_text())["summary"]
    assert (done["config"], done["data"]) == (header["config"], header["data"])
    (folder / "config.yaml").unlink()  # not even then
    assert main([*words, "max_turns=3"]) == 2
    assert "holds rows of another configuration (max_turns was 2, now 3)" in capsys.readouterr().err
    (folder / "config.yaml").unlink()
    (folder / ROWS).unlink()
    assert main([*words, "max_turns=3"]) == 2
    assert "holds trajectories of another configuration or other data" in capsys.readouterr().err
    assert report([f"runs=[{folder}]", "allow_scripted=true", f"output_root={tmp_path}", "wandb=disabled"]) == 2


def test_what_a_benchmark_leaves_out_is_counted_and_named(tmp_path, capsys, make_run):
    data = tmp_path / "programs.jsonl"
    sources = {"fine": "print(1)", "chance": "print(set('abcdefgh'))", "broken": "1 / 0"}
    data.write_text(
        "".join(json.dumps({"id": i, "source": source, "stdin": ""}) + "\n" for i, source in sources.items())
    )
    words = ["wandb=disabled", "task=output_prediction", "benchmark=programs", f"benchmark.path={data}", "attempts=2",
             "resamples=50", f"output_root={tmp_path}", "run_name=p"]  # fmt: skip
    assert main(words) == 0
    folder = tmp_path / "p-s0"
    counts = {"differs between two runs under two hash seeds": 1, "fails": 1}
    assert read_rows(folder / ROWS)[0]["left_out"] == counts
    assert json.loads((folder / "done.json").read_text())["summary"]["left_out"] == counts
    named = [json.loads(line) for line in (folder / "left_out.jsonl").read_text().splitlines()]
    assert [(one["id"], one["where"]) for one in named] == [("chance", f"{data}:2"), ("broken", f"{data}:3")]
    truth = (tmp_path / "truth" / "truth.jsonl").read_bytes()
    capsys.readouterr()
    assert main([*words, "attempts=1", "run_name=q"]) == 0
    assert "true outputs" not in capsys.readouterr().err and (tmp_path / "truth" / "truth.jsonl").read_bytes() == truth
