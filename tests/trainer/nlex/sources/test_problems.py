"""Problems with solutions: what each gives, other layouts, and private outputs that no prompt shows."""

import json
from pathlib import Path

import pytest
from deskcheck_conf.entry import load_config
from deskcheck_tracer.errors import InputError
from deskcheck_trainer.collect_config import CollectConfig
from deskcheck_trainer.make_source import make_source
from deskcheck_trainer.nlex import Reason, Rejected, Row, Task
from deskcheck_trainer.nlex.build import Recipe
from deskcheck_trainer.nlex.sources import Explain, Fix, Malformed, Solve
from deskcheck_trainer.nlex.sources.problems import ProblemsSource
from deskcheck_trainer.nlex.sources.row_files import RowFiles

SENTINEL = "qZ7hW2kP9xLmT4vB"
RIGHT = "n = int(input())\ntotal = 0\nfor i in range(n):\n    total += i\nprint(total)\n"
ALSO = "n = int(input())\nprint(n * (n - 1) // 2)\n"
WRONG = "n = int(input())\ntotal = 1\nfor i in range(n):\n    total += i\nprint(total)\n"
PROBLEM = {
    "id": "sum",
    "statement": "Add the numbers below n.",
    "public_tests": [{"input": "3\n", "output": "3\n"}],
    "private_tests": [{"input": "5\n", "output": "10\n", "found_by": "someone"}, {"input": "1\n", "output": "0\n"}],
    "solutions": [RIGHT, ALSO, RIGHT],
    "wrong": [WRONG, RIGHT],
    "licence": "MIT",
}


def source(tmp_path: Path, *rows: object, **options) -> ProblemsSource:
    path = tmp_path / "p.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    malformed = options.pop("malformed", Malformed.stop)
    return ProblemsSource(RowFiles(str(path), malformed), **options)


def test_a_problem_gives_explain_solve_and_fix_items(tmp_path) -> None:
    items = list(source(tmp_path, PROBLEM, explain=2).items())
    explained = [(i.program.source, i.program.stdin) for i in items if isinstance(i, Explain)]
    assert explained == [(RIGHT, "3\n"), (RIGHT, "5\n"), (ALSO, "3\n"), (ALSO, "5\n"), (WRONG, "3\n")]
    assert [i.reference for i in items if isinstance(i, Solve)] == [RIGHT, ALSO]
    assert [(i.reference, i.candidate) for i in items if isinstance(i, Fix)] == [(RIGHT, RIGHT), (RIGHT, WRONG)]
    assert len({getattr(i, "origin", "") for i in items}) == len(items)
    assert items[0] == Explain(program=items[0].program, origin="p.jsonl#sum/explain-0-0", licence="MIT")  # type: ignore[union-attr]


def test_less_can_be_asked_for(tmp_path) -> None:
    few = source(tmp_path, PROBLEM, explain=1, explain_wrong=False, solutions=1, solve=False, fix=False)
    assert [type(item) for item in few.items()] == [Explain]
    no_tests = {**PROBLEM, "public_tests": [], "private_tests": [], "solutions": []}
    assert list(source(tmp_path, no_tests).items()) == []


def test_call_problems_are_explained_by_calls(tmp_path) -> None:
    problem = {"id": "f", "statement": "s", "entry_point": "f", "public_tests": [{"input": "1, 2", "output": "3"}]}
    (item, *_) = source(tmp_path, {**problem, "solutions": ["def f(a, b):\n    return a + b\n"]}).items()
    assert isinstance(item, Explain) and item.program.call == "f(1, 2)"


def test_graded_solutions_are_read_through_the_preset(tmp_path) -> None:
    row = {key: PROBLEM[key] for key in ("id", "statement", "public_tests")}
    graded = [{"code": RIGHT, "lcb_passed_private": True}, {"code": WRONG, "lcb_passed_private": False, "model": "m"}]
    path = tmp_path / "lcb.jsonl"
    path.write_text(json.dumps({**row, "private_tests_seen": PROBLEM["private_tests"], "solutions": graded}) + "\n")
    overrides = ["experiment=collect/problems", "source=lcb_stdio", f"source.path={path}"]
    config = load_config("collect", CollectConfig, overrides)
    items = list(make_source(config.source, 0).items())
    assert [i.reference for i in items if isinstance(i, Solve)] == [RIGHT]
    assert [i.candidate for i in items if isinstance(i, Fix)] == [RIGHT, WRONG]
    assert all(len(i.problem.private_tests) == 2 for i in items if isinstance(i, Solve | Fix))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"statement": "s"}, "problem key 'id' is None"),
        ({"id": "a", "statement": "s", "public_tests": [{"input": 1}]}, r"public_tests\[0\]"),
        ({"id": "a", "statement": "s", "solutions": [3]}, "'solutions' holds 3, expected a program"),
        ({"id": "a", "statement": "s", "solutions": [{"text": "x"}]}, r"under 'code' \(source.fields.code\)"),
        ({"id": "sum", "statement": "s"}, "'sum' is taken by an earlier row"),
        ({"id": "a", "statement": "s", "limits": 3}, "limits"),
    ],
)
def test_a_malformed_problem_is_told_or_counted(tmp_path, row: dict, said: str) -> None:
    with pytest.raises(InputError, match=rf"p\.jsonl:2: .*{said}"):
        list(source(tmp_path, PROBLEM, row).items())
    last = list(source(tmp_path, PROBLEM, row, malformed=Malformed.skip).items())[-1]
    assert isinstance(last, Rejected) and last.reason is Reason.unreadable
    with pytest.raises(InputError, match=r"unknown names \['sauce'\]"):
        source(tmp_path, PROBLEM, fields={"sauce": "x"})


def test_no_prompt_shows_a_private_output(tmp_path) -> None:
    """The programs make the sentinel from their input, so that they pass the private test without naming it."""
    backwards = SENTINEL[::-1]
    right = "text = input()\nfound = ''\nfor c in text:\n    found = c + found\nprint(found)\n"
    wrong = "text = input()\nfound = ''\nfor c in text:\n    found = found + c\nprint(found)\n"
    problem = {
        "id": "reverse",
        "statement": "Turn the line round.",
        "public_tests": [{"input": "ab\n", "output": "ba\n"}],
        "private_tests": [{"input": f"{backwards}\n", "output": f"{SENTINEL}\n"}],
        "solutions": [right],
        "wrong": [wrong],
    }
    items = list(source(tmp_path, problem).items())
    outcomes = Recipe(own_process=True, check_determinism=False).builder()(items)  # our own programs: no jail
    rows = [one for one in outcomes if isinstance(one, Row)]
    assert len(rows) == len(items) == 6 and {row.task for row in rows} == {Task.explain, Task.solve, Task.fix}
    assert SENTINEL not in json.dumps([row.prompt for row in rows])
    assert any(SENTINEL in row.output for row in rows), "the private input was run"
    assert any("ba" in m["content"] for row in rows if row.task is Task.fix for m in row.prompt)
