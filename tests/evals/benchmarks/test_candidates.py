"""Stored candidates as prediction items: all of them, on every public test, and what is left out by name."""

import json

import pytest
from deskcheck_conf import ConfigError
from deskcheck_evals.benchmarks import BenchmarkConfig, BenchmarkName, load_all_items
from deskcheck_evals.errors import EvalError
from deskcheck_evals.rows import ROWS
from deskcheck_evals.truth import Truth


def config(*runs, **more):
    return BenchmarkConfig(name=BenchmarkName.candidates, runs=[str(run) for run in runs], **more)


class Echo:
    """A sandbox's stand-in: a program prints its input, unless it is told to fail; remembers what it was asked."""

    def __init__(self, fails: str = "") -> None:
        self.fails, self.asked = fails, []

    def __call__(self, programs, limits):
        self.asked += zip(programs, limits, strict=True)
        return [Truth(None, "fails") if program.stdin == self.fails else Truth(program.stdin) for program in programs]


def rewrite(folder, change):
    path = folder / ROWS
    header, *rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in [header, *change(rows)]))


def test_every_candidate_meets_every_public_test(make_run):
    folder = make_run("self_verify")
    rows = [json.loads(line) for line in (folder / ROWS).read_text().splitlines()[1:]]
    truths = Echo(fails="30\n")
    loaded = load_all_items(config(folder), truths)
    written = sum(each["code"] is not None for row in rows for each in row["candidates"])
    failing = sum(each["code"] is not None for each in rows[3]["candidates"])
    assert len(truths.asked) == 3 * written and len(loaded.wanted) == 3 * written - failing
    assert {limits.cpu_s for _, limits in truths.asked} == {2.0}, "the problem's own limits"
    reasons = [one.reason for one in loaded.left]
    assert reasons.count("fails") == failing and reasons.count("no program in the response") == 40 * 12 - written
    first = next(item for item in loaded.wanted if item.id == "p3/0/1")
    assert (first.program.stdin, first.output, first.owner) == ("31\n", "31\n", "p3")
    assert len({item.id for item in loaded.wanted}) == len(loaded.wanted)


def test_several_runs_stand_side_by_side_and_a_limit_counts_problems(make_run):
    a, b = make_run("self_verify", "a"), make_run("self_verify", "b", seed=1)
    loaded = load_all_items(config(a, b, limit=2), Echo())
    assert {item.id.split("/")[0] for item in loaded.wanted} == {"a", "b"}
    assert {item.owner for item in loaded.wanted} == {"p0", "p1"}, "one problem is one problem in both"
    assert [source["folder"] for source in loaded.sources] == [str(a), str(b)]
    assert all(source["config"] and source["solver"] == "made-up" for source in loaded.sources)


def test_calls_are_asked_as_calls(make_run):
    folder = make_run("self_verify")
    rewrite(folder, lambda rows: [{**row, "entry_point": "f"} for row in rows])
    asked = Echo()
    with pytest.raises(EvalError):  # nothing has an output: the stand-in answers standard input alone
        load_all_items(config(folder), lambda programs, limits: [Truth(None, "x") for _ in asked(programs, limits)])
    assert asked.asked[0][0].call == "f(00\n)"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda rows: [{k: v for k, v in row.items() if k != "tests"} for row in rows],
            r"row 'p0' has no 'tests'.*older",
        ),
        (lambda rows: rows[:0], "no finished problem yet"),
    ],
)
def test_rows_that_do_not_say_enough_are_refused(make_run, change, words):
    folder = make_run("self_verify")
    rewrite(folder, change)
    with pytest.raises(EvalError, match=words):
        load_all_items(config(folder), Echo())


def test_what_is_no_finished_pool_is_refused(make_run):
    with pytest.raises(EvalError, match="is a run of task=self_fix, expected one of task=self_verify"):
        load_all_items(config(make_run("self_fix")), Echo())
    folder = make_run("self_verify")
    (folder / "done.json").unlink()
    with pytest.raises(EvalError, match="is unfinished: 40 rows so far"):
        load_all_items(config(folder), Echo())
    with pytest.raises(ConfigError, match="needs runs"):
        config()
    with pytest.raises(ConfigError, match=r"benchmark\.runs is for candidates"):
        BenchmarkConfig(runs=["x"])
