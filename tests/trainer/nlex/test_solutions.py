"""Pools of solutions: what is correct on all tests is kept, told apart by more than layout, and paired with inputs."""

import asyncio

import pytest
from deskcheck_agent.parse import parse_solution
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Completion, SamplingParams, ScriptedSampler, StopReason
from deskcheck_evals.tasks.judging import Grade, Judge
from deskcheck_tracer import Sandbox, TestCase, Verdict
from deskcheck_trainer.nlex.solutions import Solving, distinct, items_of, outcome, pool

DOUBLE = Problem(
    "double",
    "Print twice the number.",
    (TestCase("2\n", "4\n"), TestCase("5\n", "10\n")),
    (TestCase("7\n", "14\n"),),
)
RIGHT = ["print(int(input()) * 2)", "print(2 * int(input()))", "n = int(input())\nprint(n + n)"]


def fenced(code: str) -> str:
    return f"```python\n{code}\n```"


def run(problem: Problem, answers: list, keep: int = 4):
    with Sandbox() as sandbox, Sandbox(hash_seed=1) as second:
        solving = Solving(
            ScriptedSampler(answers),
            Prompts.load(),
            SamplingParams(),
            candidates=len(answers),
            keep=keep,
            sandbox=sandbox,
            second=second,
        )
        return asyncio.run(pool(problem, Judge(sandbox), solving))


def test_correct_programs_are_kept_once_and_paired_with_public_tests() -> None:
    lucky = "print({'2': 4, '5': 10}[input()])"  # the public tests alone
    texts = [RIGHT[0], RIGHT[0] + "  # again", "print(3)", RIGHT[1], lucky, "def (", RIGHT[2]]
    row = run(DOUBLE, [*map(fenced, texts), "no code", Completion("``", stop=StopReason.length)], keep=2)
    assert isinstance(row, dict)
    assert row["samples"] == {"AC": 4, "CE": 1, "RE": 1, "WA": 1, "cut_off": 1, "missing": 1}
    assert (row["correct"], row["kept"], row["unstable"]) == (3, 2, 0)
    assert [item["id"] for item in row["items"]] == ["double/0/0", "double/0/1", "double/1/0", "double/1/1"]
    assert [item["output"] for item in row["items"]] == ["4\n", "10\n", "4\n", "10\n"]
    assert row["items"][2] == {
        "id": "double/1/0",
        "problem": "double",
        "source": RIGHT[1] + "\n",
        "stdin": "2\n",
        "output": "4\n",
        "model": "scripted",
    }


def test_a_function_problem_gives_calls() -> None:
    problem = Problem("inc", "Add one.", (TestCase("1", "2"),), (TestCase("4", "5"),), entry_point="inc")
    row = run(problem, [fenced("def inc(n):\n    return n + 1")])
    assert row is not None and [(i["call"], i["output"]) for i in row["items"]] == [("inc(1)", "2")]


def test_a_correct_program_whose_prints_change_gives_no_item() -> None:
    chance = "import os\nint(input())\nprint(1.0 + int.from_bytes(os.urandom(4)) * 1e-15)"
    problem = Problem("one", "Print 1.", (TestCase("0\n", "1.0\n"),), (TestCase("1\n", "1.0\n"),))
    row = run(problem, [fenced(chance)])
    assert row["samples"] == {"AC": 1} and row["unstable"] == 1 and row["items"] == []


def test_a_correct_program_whose_prints_depend_on_the_hash_seed_gives_no_item() -> None:
    order = "print(' '.join({'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}) if input() == '0' else 1)"
    problem = Problem("one", "Print 1.", (TestCase("0\n", "1\n"),), (TestCase("1\n", "1\n"),))
    with Sandbox() as sandbox, Sandbox(hash_seed=1) as second:
        assert items_of(problem, [order], [sandbox, second]) == ([], 1)
        [item], faults = items_of(problem, [order], [sandbox, sandbox])
    assert faults == 0 and item["output"] != "1\n", "one seed alone does not find it"


@pytest.mark.parametrize(
    ("text", "stop", "expected"),
    [
        ("", StopReason.stop, "empty"),
        ("", StopReason.error, "no_answer"),
        ("```python\nx", StopReason.length, "cut_off"),
        ("```python\nx", StopReason.stop, "unclosed"),
        ("```python\n#SUBMIT\n```", StopReason.stop, "submit"),
        (fenced("pass"), StopReason.stop, "public_tests"),
    ],
)
def test_every_sample_has_an_outcome(text: str, stop: StopReason, expected: str) -> None:
    grades = {"pass\n": Grade((True, False), True, Verdict.AC)}
    assert outcome(Completion(text, stop=stop), parse_solution(text), grades) == expected


def test_programs_are_told_apart_by_their_trees() -> None:
    assert distinct(["x = 1", "x=1  # one", "x = 2", "x = (1)", "def ("]) == ["x = 1", "x = 2", "def ("]
