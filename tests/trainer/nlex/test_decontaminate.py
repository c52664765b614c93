"""Decontamination: planted benchmark texts are found whatever stands around them; shared phrases are no copy."""

import json
from pathlib import Path

import pytest
from deskcheck_agent.problem import Problem
from deskcheck_evals.benchmarks import BenchmarkConfig, BenchmarkName
from deskcheck_tracer import Program, TestCase
from deskcheck_tracer.errors import InputError
from deskcheck_trainer.nlex import Reason, Rejected
from deskcheck_trainer.nlex.benchmark_texts import BenchmarkText, benchmark_texts
from deskcheck_trainer.nlex.decontaminate import Decontaminator, Match
from deskcheck_trainer.nlex.sources import Explain, Explore, Fix, Solve

SOLUTION = """\
def tallest(heights, limit):
    best = None
    for height in heights:
        if height <= limit and (best is None or height > best):
            best = height
    return best
"""
STATEMENT = (
    "A gardener waters every third tree of an avenue, then walks back and waters those left over whose number is odd."
    " Given the number of trees, print how many of them stay dry that day."
)
SHORT = "while b:\n    a, b = b, a % b\nreturn a\n"
RENAMED = (
    SOLUTION.replace("tallest", "f")
    .replace("heights", "xs")
    .replace("height", "x")
    .replace("limit", "m")
    .replace("best", "r")
)
TEXTS = [
    BenchmarkText("gardens", "G/1", SOLUTION),
    BenchmarkText("gardens", "G/2", STATEMENT),
    BenchmarkText("gardens", "G/3", SHORT),
]
CLEAN = """\
def widest(doors):
    found = []
    for i in range(len(doors)):
        for j in range(i + 1, len(doors)):
            found.append(doors[i] * doors[j])
    return max(found)
"""


def found(*passages: str) -> str | None:
    match = Decontaminator(TEXTS).match(passages)
    return match and match.id


def indented(text: str) -> str:
    return "class Tool:\n" + "".join(f"        {line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    "program",
    [
        SOLUTION,
        CLEAN * 40 + SOLUTION + CLEAN * 40,
        indented(SOLUTION),
        SOLUTION.replace("\n", "  # so\n"),
        SOLUTION.replace("tallest", "highest_one"),
        SOLUTION.replace("    best = None\n", "    best = None\n    print(limit)\n"),
    ],
    ids=["verbatim", "inside a larger file", "in a class", "with comments", "under another name", "with a line added"],
)
def test_a_planted_program_is_found(program: str) -> None:
    assert found(program) == "G/1"


def test_a_planted_statement_is_found_in_comments_and_docstrings() -> None:
    words = STATEMENT.split()
    comment = "".join(f"# {' '.join(words[i : i + 6])}\n" for i in range(0, len(words), 6))
    assert found(comment + CLEAN) == "G/2"
    assert found(f'def dry(trees):\n    """{STATEMENT}"""\n') == "G/2"


def test_renamed_throughout_or_told_otherwise_is_not_found() -> None:
    assert found(RENAMED) is None
    assert found("Every third tree gets water. Later the odd ones of the rest do. How many trees get none?") is None


def test_what_many_programs_share_is_no_copy_and_a_short_text_must_be_there_whole() -> None:
    assert found(CLEAN) is None
    assert found(f"def gcd(a, b):\n    {SHORT}") == "G/3"
    assert found("def gcd(a, b):\n    while b:\n        a, b = b, a % b\n    print(a)\n") is None


def test_a_text_shorter_than_an_ngram_is_compared_with_nothing_and_counted() -> None:
    short = BenchmarkText("x", "1", "return a + b")
    assert Decontaminator([short]).too_short == [short] and Decontaminator([short]).match(["return a + b"]) is None


def test_every_kind_of_item_is_compared_in_all_its_texts() -> None:
    problem = Problem("p", STATEMENT, public_tests=(TestCase("1", "1"),))
    clean = Problem("q", "Add two numbers.")
    items = [
        Explain(program=Program(SOLUTION, call="tallest([1], 2)"), origin="a"),
        Explain(program=Program(CLEAN, call="widest([1, 2])"), origin="b"),
        Explore(source=SOLUTION, entry_point="tallest", origin="c"),
        Solve(problem=problem, reference=CLEAN, origin="d"),
        Solve(problem=clean, reference=SOLUTION, origin="e"),
        Fix(problem=clean, reference=CLEAN, candidate=SOLUTION, origin="f"),
        Fix(problem=clean, reference=CLEAN, candidate=CLEAN, origin="g"),
        Rejected(reason=Reason.syntax, detail="", origin="h"),
    ]
    outcomes = list(Decontaminator(TEXTS)(items))
    dropped = {
        item.origin: Match.read(item.detail).id for item in outcomes if isinstance(item, Rejected) and item.detail
    }
    assert dropped == {"a": "G/1", "c": "G/1", "d": "G/2", "e": "G/1", "f": "G/1"}
    assert outcomes[1] is items[1] and outcomes[6] is items[6] and outcomes[7] is items[7]
    assert outcomes[0].detail == "holds 100% of the 10-grams of gardens G/1" and outcomes[0].source == SOLUTION


def test_a_detail_is_read_back() -> None:
    match = Match("humaneval.jsonl", "HumanEval/1 of 2", 0.5, 10)
    assert Match.read(match.detail()) == match
    with pytest.raises(ValueError, match="not the detail"):
        Match.read("two runs differ")


# ---- what it is compared with ----


def test_texts_of_benchmarks_and_of_files_in_any_layout(tmp_path: Path) -> None:
    (tmp_path / "heval.jsonl").write_text(
        json.dumps(
            {
                "task_id": "H/0",
                "prompt": "def f():",
                "solution": SOLUTION,
                "n": 3,
                "output": repr(list(range(20))),
                "stdin": "20\n" + "1 2 " * 9,
                "value": "{'a': [1, 2]}, 3",
            }
        )
        + "\n"
    )
    (tmp_path / "crux.jsonl").write_text(
        json.dumps({"id": "s0", "code": "def f(x):\n    return x", "input": "1", "output": "1"}) + "\n"
    )
    problem = Problem("p1", STATEMENT, private_tests=(TestCase("1", "0"),))
    (tmp_path / "problems.jsonl").write_text(json.dumps(problem.to_json()) + "\n")
    (tmp_path / "programs.jsonl").write_text(json.dumps({"source": CLEAN, "call": "widest([1, 2])"}) + "\n")
    configs = [BenchmarkConfig(name=BenchmarkName(n), path=str(tmp_path / f), limit=1) for n, f in
               (("cruxeval_o", "crux.jsonl"), ("problems", "problems.jsonl"), ("programs", "programs.jsonl"))]  # fmt: skip
    micro = BenchmarkConfig(name=BenchmarkName.micro, limit=2)
    texts = benchmark_texts([*configs, micro], [str(tmp_path / "h*.jsonl")])
    named = {(text.benchmark, text.id, text.text) for text in texts}
    assert ("crux.jsonl", "s0", "def f(x):\n    return x") in named
    assert ("problems.jsonl", "p1", STATEMENT) in named and ("programs.jsonl", "line 1", CLEAN) in named
    assert [text.text for text in texts if text.benchmark == "heval.jsonl"] == [
        "H/0",
        "def f():",
        SOLUTION,
    ]  # no values
    assert sum(name == "micro-test" for name, *_ in named) == 4


@pytest.mark.parametrize("key", ["benchmarks[0]", "files[0]"])
def test_a_missing_benchmark_names_its_key_and_what_to_do(tmp_path: Path, key: str) -> None:
    gone = str(tmp_path / "gone.jsonl")
    configs = [BenchmarkConfig(name=BenchmarkName.cruxeval_o, path=gone)] if key.startswith("b") else []
    with pytest.raises(InputError) as told:
        benchmark_texts(configs, [] if configs else [gone])
    assert str(told.value).startswith(f"filters.decontaminate.{key}: ") and "gone.jsonl" in str(told.value)
    assert "filters=default" in str(told.value)
