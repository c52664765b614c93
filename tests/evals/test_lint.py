"""The lint finds what is planted, says nothing of a sound problem, and runs references only when it may."""

import json
from dataclasses import replace

import pytest
from deskcheck_agent import Problem
from deskcheck_evals.evaluate import main
from deskcheck_evals.lint import Severity, lint
from deskcheck_tracer import Limits, TestCase, default_sandbox

SOUND = Problem("p", "Double the number.", (TestCase("1\n", "2\n"),), (TestCase("2\n", "4\n"), TestCase("3\n", "6\n")))


def with_private(*tests):
    return replace(SOUND, private_tests=tuple(TestCase(*test) for test in tests))


def test_a_sound_problem_has_no_findings():
    assert lint([SOUND]) == []
    assert lint([SOUND], default_sandbox(), {"p": ["print(2 * int(input()))"]}) == []


@pytest.mark.parametrize(
    ("problem", "rule", "severity", "words"),
    [
        (with_private(), "no_tests", Severity.error, "every program passes"),
        (replace(SOUND, public_tests=()), "no_public_tests", Severity.warning, "no public tests"),
        (with_private(("2\n", " \n"), ("3\n", "6\n")), "empty_output", Severity.warning, "private[0]"),
        (with_private(("2\n", "4\n"), ("2\n", "4\n")), "duplicate_tests", Severity.warning, "1 of 2 private"),
        (with_private(("1", "2"), ("3\n", "6\n")), "public_is_private", Severity.warning, "also public: private[0]"),
        (with_private(("1", "2")), "public_is_private", Severity.warning, "every private test"),
        (with_private(("2\n", "4\n"), ("2", "5")), "contradiction", Severity.error, "private[0], private[1]"),
        (with_private(("1\n", "7")), "contradiction", Severity.error, "public[0], private[0]"),
        (with_private(("\ud800", "4")), "undecodable", Severity.error, "private[0].input"),
        (with_private(("2", "4\ufffd")), "lost_bytes", Severity.warning, "private[0].output"),
        (with_private(("2" * 1_000_001, "4")), "huge_test", Severity.warning, "private[0]"),
        (replace(SOUND, limits=Limits(output_bytes=1)), "output_over_limit", Severity.error, "public[0]"),
        (replace(SOUND, statement=" "), "no_statement", Severity.error, "empty"),
        (replace(SOUND, statement="If there are several, print any."), "multi_answer", Severity.warning, "print any"),
        (replace(SOUND, statement="This is an interactive problem."), "interactive", Severity.warning, "interactive"),
    ],
)
def test_every_fault_is_found(problem, rule, severity, words):
    [found] = [finding for finding in lint([problem]) if finding.rule == rule]
    assert found.severity is severity and words in found.detail and found.problem == "p"


def test_equal_outputs_in_other_spelling_do_not_contradict():
    assert lint([with_private(("2\n", "4  \n"), ("2", "4"))]) == []


def test_problems_are_compared_with_each_other():
    found = lint([SOUND, replace(SOUND, id="q", statement="double  the number."), replace(SOUND, statement="Else.")])
    assert [(one.problem, one.rule) for one in found] == [("p", "duplicate_id"), ("q", "duplicate_statement")]


def test_references_are_run_on_all_tests_and_twice():
    right, wrong = "print(2 * int(input()))", "print(2)"
    noisy = "import time\nprint(2 * int(input()))\nprint(time.time_ns())"
    [error] = lint([SOUND], default_sandbox(), {"p": [wrong]})
    assert (error.rule, error.severity) == ("reference_fails", Severity.error)
    assert error.detail == "1 of 1 fail; reference 0: private[0] WA, private[1] WA"
    [warning] = lint([SOUND], default_sandbox(), {"p": [right, wrong]})
    assert (warning.rule, warning.severity) == ("reference_fails", Severity.warning)
    rules = {one.rule for one in lint([SOUND], default_sandbox(), {"p": [right, noisy]})}
    assert rules == {"differs_by_run", "reference_fails"}
    assert lint([SOUND], None, {"p": [wrong]}) == []


def apps_row(name, inputs, outputs, statement="Echo", solution="print(input())"):
    tested = json.dumps({"inputs": inputs, "outputs": outputs})
    return {"id": name, "question": statement, "solutions": json.dumps([solution]), "input_output": tested}


def run(tmp_path, rows, *more, out="out"):
    data = tmp_path / "a.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = ["experiment=eval/lint", "benchmark=apps", f"benchmark.path={data}", "benchmark.public_tests=1"]
    code = main([*arguments, "wandb.mode=disabled", f"output_root={tmp_path / out}", *more])
    folder = tmp_path / out / "lint-apps-s0"
    return code, [json.loads(line) for line in (folder / "findings.jsonl").read_text().splitlines()]


def test_the_command_says_no_to_errors_and_keeps_all_findings(tmp_path, capsys):
    rows = [
        apps_row("a", ["1", "2"], ["1", "2"]),
        apps_row("b", ["1", "1"], ["1", "2"], "Contradict"),
        apps_row("c", ["1"], ["1"], "No test left"),
        apps_row("d", ["1", "2"], ["1", "2"], "ECHO"),
    ]
    code, findings = run(tmp_path, rows)
    assert code == 1
    assert {(one["problem"], one["rule"], one["severity"]) for one in findings} == {
        ("b", "contradiction", "error"),
        ("b", "public_is_private", "warning"),
        ("c", "unreadable", "error"),
        ("d", "duplicate_statement", "warning"),
    }
    out = capsys.readouterr().out
    assert "2 problems, 4 tests, 2 references not run (execute=true)" in out and "contradiction" in out


def test_the_command_runs_references_only_on_request(tmp_path, capsys):
    rows = [apps_row("a", ["1", "2"], ["1", "2"], solution="print(1)")]
    assert run(tmp_path, rows) == (0, [])
    code, [finding] = run(tmp_path, rows, "execute=true", out="executed")
    assert code == 1 and finding["rule"] == "reference_fails"
