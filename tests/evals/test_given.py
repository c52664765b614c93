"""A simulator over another run's candidates: nothing is solved or judged again, and only its own words are new."""

import json

import pytest
from deskcheck_agent import Problem, Prompts, SamplingParams, ScriptedSampler
from deskcheck_conf import ConfigError, load_config
from deskcheck_evals.config import EvalConfig
from deskcheck_evals.errors import EvalError
from deskcheck_evals.evaluate import main
from deskcheck_evals.given import given_candidates
from deskcheck_evals.results import read_result
from deskcheck_evals.rows import ROWS, Rows
from deskcheck_evals.tasks.gathering import Unscored
from deskcheck_evals.tasks.judging import Grade
from deskcheck_evals.tasks.self_verify import PREDICTED, Verifying, build_pools, key_of
from deskcheck_tracer import TestCase, Verdict

PROBLEMS = [Problem(f"p{i}", f"Say {i}.", (TestCase("1\n", "1\n"),), (TestCase("2\n", "2\n"),)) for i in range(3)]


class Forbidden:
    """A solver and a judge that nobody may ask."""

    model_id = "forbidden"

    async def sample(self, prompts, params):
        raise AssertionError("the solver was asked")

    async def grade(self, problem, sources):
        raise AssertionError("the judge was asked")


class Passing:
    async def grade(self, problem, sources):
        return {source: Grade((True,), True, Verdict.AC, (Verdict.AC,), ("1\n",)) for source in sources}


def verifying(solver, simulator, judge, given=None):
    params = SamplingParams()
    return Verifying(solver, simulator, judge, 2, 3, Prompts.load("micro"), params, params, given)


async def test_only_predictions_are_new(tmp_path):
    solver = ScriptedSampler(["```python\nprint(input())\n```", "```python\nprint(3)\n```"])
    seer, blind = ScriptedSampler(["<output>\n1\n</output>"]), ScriptedSampler(["<output>\n7\n</output>"])
    first = Rows(tmp_path / "a.jsonl", {"config": "x"})
    await build_pools(PROBLEMS, first, verifying(solver, seer, Passing()), Unscored(0), lambda n=1: None)
    given = {key: row["candidates"] for key, row in first.rows.items()}
    second = Rows(tmp_path / "b.jsonl", {"config": "y"})
    forbidden = Forbidden()
    settings = verifying(forbidden, blind, forbidden, given)
    await build_pools(PROBLEMS, second, settings, Unscored(0), lambda n=1: None)
    for problem in PROBLEMS:
        pairs = [rows.rows[key_of(problem)]["candidates"] for rows in (first, second)]
        for before, after in zip(*pairs, strict=True):
            assert {k: v for k, v in before.items() if k not in PREDICTED} == {
                k: v for k, v in after.items() if k not in PREDICTED
            }
            assert before["predicted"] == [[True] * 3] and after["predicted"] == [[False] * 3]
            assert after["outputs"] == [["7"] * 3]


def store(folder, problems, candidates=4, task="self_verify", done=True):
    header = {"config": "c", "data": "d", "task": task, "benchmark": "b", "solver": "other", "seed": 0,
              "scripted": True, "settings": {}}  # fmt: skip
    rows = Rows(folder / ROWS, header)
    for problem in problems:
        made = [{"code": f"print({i})", "public": [True], "predicted": [[True]]} for i in range(candidates)]
        rows.add(key_of(problem), {"id": problem.id, "candidates": made})
    if done:
        (folder / "done.json").write_text(json.dumps({"summary": {}}))
    return folder


def test_the_first_candidates_of_the_same_problems(tmp_path):
    given, origin = given_candidates(store(tmp_path, PROBLEMS), PROBLEMS[:2], 3)
    assert given.keys() == {key_of(problem) for problem in PROBLEMS[:2]}
    assert [each["code"] for each in given[key_of(PROBLEMS[0])]] == ["print(0)", "print(1)", "print(2)"]
    assert origin["solver"] == "other" and origin["scripted"] is True
    other = given_candidates(store(tmp_path / "o", PROBLEMS, 5), PROBLEMS[:2], 4)[1]
    assert origin["programs"] != other["programs"], "other programs make another configuration"


@pytest.mark.parametrize(
    ("stored", "options", "words"),
    [
        (PROBLEMS[:1], {}, r"no row for 2 of 3 problems \(first: 'p1'\).*its benchmark is b"),
        (PROBLEMS, {"candidates": 2}, "2 candidates a problem there, and candidates=3"),
        (PROBLEMS, {"task": "self_fix"}, "expected one of task=self_verify"),
        (PROBLEMS, {"done": False}, "is unfinished: 3 rows so far"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, stored, options, words):
    with pytest.raises(EvalError, match=words):
        given_candidates(store(tmp_path, stored, **options), PROBLEMS, 3)


def test_a_problem_with_other_tests_is_another_problem(tmp_path):
    changed = Problem("p0", "Say 0.", (TestCase("1\n", "2\n"),), (TestCase("2\n", "2\n"),))
    with pytest.raises(EvalError, match="no row for 1 of 1 problems"):
        given_candidates(store(tmp_path, PROBLEMS), [changed], 3)


def test_from_the_command_line(tmp_path, capsys):
    common = ["wandb=disabled", f"output_root={tmp_path}", "limit=2", "predictions=3", "resamples=100"]
    assert main([*common, "task=self_verify", "candidates=4", "run_name=own"]) == 0
    script = tmp_path / "script.jsonl"
    script.write_text('"<output>\\nno\\n</output>"\n')
    other = ["task=self_verify", "candidates=3", f"candidates_from={tmp_path}/own-s0", f"simulator.script={script}"]
    assert main([*common, *other, "run_name=other"]) == 0
    own, others = (read_result(tmp_path / f"{name}-s0") for name in ("own", "other"))
    assert others.header["data"] == own.header["data"] and others.header["config"] != own.header["config"]
    assert others.header["solver"] == "scripted twin (its stored programs)" and others.scripted
    assert others.header["sources"][0]["config"] == own.header["config"]
    by_id = {row["id"]: row for row in own.rows}
    for row in others.rows:
        for mine, theirs in zip(row["candidates"], by_id[row["id"]]["candidates"], strict=False):
            assert mine["passed"] == theirs["passed"] and mine["printed"] == theirs["printed"]
            assert {text for test in mine["outputs"] for text in test} == {"no"}
    capsys.readouterr()


def test_it_is_for_pools_alone():
    with pytest.raises(ConfigError, match="candidates_from is for task=self_verify"):
        load_config("eval", EvalConfig, ["task=self_fix", "candidates_from=x"])
