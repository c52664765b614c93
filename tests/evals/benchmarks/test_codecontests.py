"""CodeContests rows in the hub's Parquet shape and as lists of messages: one problem from either."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deskcheck_conf import ConfigError
from deskcheck_evals.benchmarks import SHAPES, BenchmarkConfig, BenchmarkName, load_problems_of
from deskcheck_evals.benchmarks.codecontests import hub_split, messages
from deskcheck_evals.benchmarks.collection import collect
from deskcheck_evals.errors import EvalError
from deskcheck_tracer import Limits, TestCase


def columns(*pairs):
    return {"input": [given for given, _ in pairs], "output": [output for _, output in pairs]}


def row(name="1_A. Double", **more):
    base = {
        "name": name, "description": f"Double a number. {name}", "source": 2, "difficulty": 7, "input_file": "",
        "public_tests": columns(("1\n", "2\n")), "private_tests": columns(("2\n", "4\n")),
        "generated_tests": columns(("3\n", "6\n"), ("4\n", "8\n")), "output_file": "",
        "solutions": {"language": [1, 3, 2], "solution": ["print 2", "print(int(input()) * 2)", "main(){}"]},
        "time_limit": {"seconds": 1, "nanos": 500_000_000}, "memory_limit_bytes": 512 * 2**20,
    }  # fmt: skip
    return base | more


def as_messages(row):
    names = ("public_tests", "private_tests", "generated_tests", "solutions")
    return row | {name: messages(row[name], name) for name in names}


def config(path, **more):
    return BenchmarkConfig(name=BenchmarkName.codecontests, path=str(path), **more)


@pytest.mark.parametrize("shape", [row, lambda: as_messages(row())])
@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_either_shape_in_either_file_gives_the_same_problem(tmp_path, shape, suffix):
    path = tmp_path / f"x{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist([shape()]), path)
    else:
        path.write_text(json.dumps(shape()) + "\n")
    [entry] = collect(SHAPES[BenchmarkName.codecontests], config(path)).entries
    assert entry.problem.public_tests == (TestCase("1\n", "2\n"),)
    assert entry.problem.private_tests == (TestCase("2\n", "4\n"), TestCase("3\n", "6\n"), TestCase("4\n", "8\n"))
    assert entry.problem.limits == Limits(cpu_s=1.5, wall_s=5.0, memory_mb=512)
    assert entry.references == ("print(int(input()) * 2)",), "Python 3 alone"


def test_a_folder_of_parquet_files_is_read_by_split(tmp_path):
    for split in ("train", "valid", "test"):
        table = pa.Table.from_pylist([row(split)])
        pq.write_table(table, tmp_path / f"{split}-00000-of-00001-abc.parquet")
    ids = {
        split: [problem.id for problem in load_problems_of(config(tmp_path, split=split))]
        for split in ("train", "validation", "validation+test")
    }
    assert ids == {"train": ["train"], "validation": ["valid"], "validation+test": ["test", "valid"]}
    assert hub_split("validation+test") == "valid+test"
    with pytest.raises(ConfigError, match="expected one of train, validation, test"):
        BenchmarkConfig(name=BenchmarkName.apps, path="x", split="validation+test")


def test_files_limits_and_tests_that_a_row_lacks(tmp_path):
    rows = [
        row("named", input_file="in.txt"),
        row("slow", time_limit={"seconds": 10, "nanos": 0}, memory_limit_bytes=0, generated_tests=None),
        row("free", time_limit=None, solutions=None),
    ]
    path = tmp_path / "x.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    found = collect(SHAPES[BenchmarkName.codecontests], config(path))
    assert [(left.id, left.reason) for left in found.left] == [("named", "reads or writes a named file")]
    slow, free = found.problems
    assert slow.limits == Limits(cpu_s=10.0, wall_s=25.0, memory_mb=256) and len(slow.private_tests) == 1
    assert free.limits == Limits(memory_mb=512)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (row(private_tests={"input": ["1"], "output": []}), "private_tests has columns of different lengths"),
        (row(public_tests="1"), "public_tests is '1', expected a list of objects, or an object of lists"),
        (row(private_tests=[{"input": 1, "output": "1"}]), "private_tests holds .*, expected texts"),
        (row(time_limit="2 s"), "'time_limit' is '2 s', expected seconds and nanos"),
        (row(memory_limit_bytes="1"), "'memory_limit_bytes' is '1', expected a number of bytes"),
        (row(private_tests=None, generated_tests=None), "has no private tests"),
    ],
)
def test_a_broken_row_is_named(tmp_path, broken, words):
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(broken) + "\n")
    with pytest.raises(EvalError, match=f"x.jsonl:1: .*{words}"):
        load_problems_of(config(path))
