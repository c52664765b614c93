"""What holds for every published benchmark: exclusions, limits, duplicates, files of all kinds."""

import gzip
import json
import logging

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deskcheck_conf import ConfigError
from deskcheck_evals.benchmarks import SHAPES, BenchmarkConfig, BenchmarkName, load_problems_of
from deskcheck_evals.benchmarks.collection import collect
from deskcheck_evals.errors import EvalError


def row(name, statement=None, count=1):
    tests = [{"input": f"{i}\n", "output": f"{i}\n"} for i in range(count)]
    return {"id": name, "statement": statement or f"Echo, {name}.", "public_tests": [], "private_tests": tests}


def write(path, *rows):
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path


def config(path, **more):
    return BenchmarkConfig(name=BenchmarkName.codejam, path=str(path), **more)


def ids(path, **more):
    return [problem.id for problem in load_problems_of(config(path, **more))]


def test_ids_are_excluded_by_name_and_by_file_and_unmet_ones_are_told(tmp_path, caplog):
    path = write(tmp_path / "a.jsonl", row("a"), row("b"), row("c"))
    listed = tmp_path / "errata.txt"
    listed.write_text("# known to be wrong\nb  # two answers\n\nx/y\n")
    with caplog.at_level(logging.WARNING):
        assert ids(path, exclude=str(listed), exclude_ids=["a"]) == ["c"]
    assert "2 rows left out: excluded" in caplog.text and "1 excluded ids were not met (such as 'x/y')" in caplog.text


def test_the_second_row_with_a_statement_is_left_out_and_told(tmp_path, caplog):
    path = write(tmp_path / "a.jsonl", row("a", "Add  two\nnumbers."), row("b", "add two numbers. "), row("c"))
    with caplog.at_level(logging.WARNING):
        assert ids(path) == ["a", "c"]
    assert "a.jsonl:2: 'b' left out: the statement of " in caplog.text


def test_rows_without_a_statement_are_no_copies_of_each_other(tmp_path):
    assert ids(write(tmp_path / "a.jsonl", row("a", " "), row("b", " "))) == ["a", "b"]


def test_an_id_for_two_statements_is_refused(tmp_path):
    with pytest.raises(EvalError, match="1 ids occur more than once"):
        ids(write(tmp_path / "a.jsonl", row("a", "One."), row("a", "Two.")))


def test_limits_of_problems_and_of_tests(tmp_path):
    path = write(tmp_path / "a.jsonl", row("a", count=5), row("b", count=5), {"id": "broken"})
    problems = load_problems_of(config(path, limit=2, max_tests=3))
    assert [len(problem.private_tests) for problem in problems] == [3, 3], "what is behind the limit is not read"


def test_broken_rows_are_listed_where_the_caller_asks_for_it(tmp_path):
    path = write(tmp_path / "a.jsonl", row("a"), {"id": "b"}, row("c", count=0))
    found = collect(SHAPES[BenchmarkName.codejam], config(path), keep_faults=True)
    assert [entry.problem.id for entry in found.entries] == ["a"]
    assert [(left.id, left.kind) for left in found.left] == [("b", "broken"), ("c", "broken")]
    with pytest.raises(EvalError, match=r"a.jsonl:2: no 'public_tests'.*exclude_ids=\['b'\]"):
        ids(path)


def test_all_kinds_of_files_in_a_folder_in_the_order_of_their_names(tmp_path):
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(json.dumps(row("b")).encode()))
    write(tmp_path / "a.jsonl", row("a"))
    pq.write_table(pa.Table.from_pylist([row("c")]), tmp_path / "c.parquet")
    assert ids(tmp_path) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.jsonl", b'{"id": "a"}\n{"id": \xff}\n', "a.jsonl:1: no 'public_tests'"),
        ("a.jsonl", b"\xff\n", "a.jsonl:1: not UTF-8"),
        ("a.jsonl.gz", gzip.compress(b"\n" * 100)[:-12], "a.jsonl.gz:.*not whole gzip data"),
        ("a.parquet", b"PAR1", "not a whole Parquet file, stopped after 0 rows"),
        ("a.riegeli", b"", r"expected a name that ends in .jsonl, .jsonl.gz, .parquet"),
        ("readme.md", None, "a folder without a .jsonl"),
    ],
)
def test_a_broken_file_is_named(tmp_path, name, data, words):
    (tmp_path / name).write_bytes(data or b"")
    with pytest.raises(EvalError, match=words):
        ids(tmp_path if data is None else tmp_path / name)


def test_a_missing_list_of_exclusions_is_named(tmp_path):
    with pytest.raises(EvalError, match=r"benchmark.exclude=gone.txt: No such file or directory; expected a text"):
        ids(write(tmp_path / "a.jsonl", row("a")), exclude="gone.txt")


def test_exclusions_hold_for_every_benchmark_and_other_keys_are_refused_where_nothing_reads_them():
    names = [problem.id for problem in load_problems_of(BenchmarkConfig(limit=3))]
    assert [one.id for one in load_problems_of(BenchmarkConfig(limit=3, exclude_ids=names[:1]))] == names[1:]
    with pytest.raises(ConfigError, match=r"benchmark.max_tests is for livecodebench, .*, and benchmark.name is micro"):
        BenchmarkConfig(max_tests=3)
    with pytest.raises(ConfigError, match=r"benchmark.from_date is for livecodebench, and"):
        config("x.jsonl", from_date="2024-08-01")
