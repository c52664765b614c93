"""The judge with a sandbox that answers from a script: what it runs under which limits, and what it makes of every end.

What real programs get from real sandboxes is in test_judge.py and test_asserts.py.
"""

import json
from collections.abc import Sequence
from dataclasses import FrozenInstanceError

import pytest
from deskcheck_tracer import (
    Checker,
    Difference,
    InputError,
    Limits,
    Program,
    TestCase,
    Verdict,
    ajudge,
    judge,
    judge_many,
)
from deskcheck_tracer.judge import Judgement, TestResult, canonical_text, undecodable
from deskcheck_tracer.outcome import Outcome, RunResult

LIMITS = Limits(cpu_s=3.0, wall_s=4.0)
OWN = Limits(cpu_s=0.25)
DOUBLE = "print(int(input()) * 2)"
SUM = "def add(a, b): return a + b"
UNDECODABLE = TestCase("\ud800", "2")


class Scripted:
    """A sandbox that gives out results in order and keeps what it was asked to run."""

    def __init__(self, *results: RunResult, second: Sequence[RunResult] = ()) -> None:
        self.results = iter(results)
        self.asked: list[tuple[Program, Limits]] = []
        self.batches = 0
        self.checks: list[tuple[Program, str, tuple[str, ...], Limits]] = []
        self.second = Scripted(*second) if second else None

    def run_many(self, programs: Sequence[Program], limits: Limits | Sequence[Limits]) -> list[RunResult]:
        self.batches += 1
        each = [limits] * len(programs) if isinstance(limits, Limits) else limits
        self.asked += zip(programs, each, strict=True)
        return [next(self.results) for _ in programs]

    async def arun_many(self, programs: Sequence[Program], limits: Sequence[Limits]) -> list[RunResult]:
        return self.run_many(programs, limits)

    def check_many(self, checks: Sequence[tuple]) -> list[tuple[RunResult, RunResult]]:  # type: ignore[type-arg]
        self.batches += 1
        self.checks += checks
        return [(next(self.results), next(self.results)) for _ in checks]


def printed(text: str) -> RunResult:
    return RunResult(
        Outcome.ok, text, "a warning", cpu_s=0.125, returned="'not asked for'", detail="all well", degraded=True
    )


def returned(text: str | None) -> RunResult:
    return RunResult(Outcome.ok, "printed too", returned=text)


def said(end: str, **more: object) -> RunResult:
    return RunResult(Outcome.ok, returned=json.dumps({"end": end, **more}))


# ---- what is run ----


def test_each_test_is_run_on_its_input_under_its_limits() -> None:
    sandbox = Scripted(printed("2"), printed("4"), printed("6"))
    tests = [TestCase("1", "2"), TestCase("2", "4", limits=OWN), UNDECODABLE, TestCase("3", "6")]
    judgement = judge(DOUBLE, tests, limits=LIMITS, sandbox=sandbox)
    assert sandbox.asked == [
        (Program(DOUBLE, "1"), LIMITS),
        (Program(DOUBLE, "2"), OWN),
        (Program(DOUBLE, "3"), LIMITS),
    ]
    assert sandbox.batches == 1
    assert [result.verdict for result in judgement.results] == ["AC", "AC", "SE", "AC"]


async def test_without_blocking_the_same_is_run() -> None:
    sandbox = Scripted(printed("2"), printed("5"))
    tests = [UNDECODABLE, TestCase("1", "2"), TestCase("2", "4", limits=OWN)]
    judgement = await ajudge(DOUBLE, tests, limits=LIMITS, sandbox=sandbox)
    assert sandbox.asked == [(Program(DOUBLE, "1"), LIMITS), (Program(DOUBLE, "2"), OWN)]
    assert [result.verdict for result in judgement.results] == ["SE", "AC", "WA"]
    assert judgement.results[0].detail.startswith("the test case cannot be encoded as UTF-8")


def test_many_programs_are_one_batch() -> None:
    sandbox = Scripted(printed("2"), printed("9"), printed("3"))
    pairs = [
        (DOUBLE, [TestCase("1", "2"), TestCase("2", "4")]),
        ("", []),
        ("print(3)", [TestCase("", "3", limits=OWN)]),
    ]
    judgements = judge_many(iter(pairs), limits=LIMITS, sandbox=sandbox)
    assert [[result.verdict for result in judgement.results] for judgement in judgements] == [["AC", "WA"], [], ["AC"]]
    assert sandbox.asked[1:] == [(Program(DOUBLE, "2"), LIMITS), (Program("print(3)"), OWN)]
    assert sandbox.batches == 1


@pytest.mark.parametrize("checker", ["tokens", "asserts", Checker("")])
async def test_where_no_test_can_be_run_no_sandbox_is_asked(checker: str | Checker) -> None:
    sandbox = Scripted()
    for judgement in (
        judge(SUM, [UNDECODABLE] * 2, checker=checker, entry_point="add", sandbox=sandbox),
        judge(SUM, [UNDECODABLE] * 2, checker=checker, entry_point="add", sandbox=sandbox, stop_early=True),
        await ajudge(SUM, [UNDECODABLE] * 2, checker=checker, entry_point="add", sandbox=sandbox),
    ):
        assert judgement.verdict is Verdict.SE and len(judgement.results) >= 1
    assert sandbox.batches == 0


def test_early_stop_runs_no_test_after_the_first_fault() -> None:
    tests = [TestCase("1", "2"), TestCase("2", "4", limits=OWN), TestCase("3", "6")]
    sandbox = Scripted(printed("2"), printed("5"))
    judgement = judge(DOUBLE, tests, limits=LIMITS, sandbox=sandbox, stop_early=True)
    assert [result.verdict for result in judgement.results] == ["AC", "WA"]
    assert sandbox.asked == [(Program(DOUBLE, "1"), LIMITS), (Program(DOUBLE, "2"), OWN)]
    assert judge(DOUBLE, tests[:1], sandbox=Scripted(printed("2")), stop_early=True).verdict is Verdict.AC


def test_early_stop_takes_the_same_checkers_and_calls() -> None:
    tests = [TestCase("1, 2", "3"), TestCase("1, 3", "4")]
    sandbox = Scripted(returned("3"), returned("5"))
    judgement = judge(SUM, tests, entry_point="add", sandbox=sandbox, stop_early=True)
    assert [program.call for program, _ in sandbox.asked] == ["add(1, 2)", "add(1, 3)"]
    assert judgement.verdict is Verdict.WA
    assert (
        judge("", [TestCase("", "a")], checker="tokens_ci", sandbox=Scripted(printed("A")), stop_early=True).verdict
        == "AC"
    )


# ---- what is made of it ----


def test_a_result_tells_what_happened() -> None:
    [result] = judge(DOUBLE, [TestCase("1", "3")], sandbox=Scripted(printed("2\n"))).results
    difference = Difference(1, 1, "3", "2")
    assert result == TestResult(Verdict.WA, "2\n", difference, 0.125, "a warning", "all well", True, False)
    assert result.of_asserts is False


def test_a_result_of_ours_tells_why_and_nothing_else() -> None:
    [result] = judge(DOUBLE, [UNDECODABLE], sandbox=Scripted()).results
    assert result == TestResult(
        Verdict.SE, "", None, 0.0, "", "the test case cannot be encoded as UTF-8: surrogates not allowed"
    )
    assert (result.degraded, result.of_asserts) == (False, False)


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        ("error", "RE"),
        ("cpu", "TLE"),
        ("wall", "TLE"),
        ("memory", "MLE"),
        ("output", "OLE"),
        ("compile", "CE"),
        ("sandbox", "SE"),
    ],
)
def test_the_right_output_helps_no_program_that_did_not_end_well(outcome: str, verdict: str) -> None:
    [result] = judge(DOUBLE, [TestCase("1", "2")], sandbox=Scripted(RunResult(Outcome(outcome), "2", "stack"))).results
    assert (result.verdict, result.stdout, result.stderr, result.difference) == (verdict, "2", "stack", None)


@pytest.mark.parametrize(
    ("checker", "verdict"),
    [("tokens", "WA"), ("tokens_ci", "AC"), ("lines", "WA"), ("exact", "WA"), ("lcb_compat", "WA")],
)
async def test_the_checker_compares(checker: str, verdict: str) -> None:
    tests = [TestCase("", "Yes")]
    assert judge("", tests, checker=checker, sandbox=Scripted(printed("YES"))).verdict == verdict
    assert judge_many([("", tests)], checker=checker, sandbox=Scripted(printed("YES")))[0].verdict == verdict
    assert (await ajudge("", tests, checker=checker, sandbox=Scripted(printed("YES")))).verdict == verdict


async def test_tokens_are_compared_unless_something_else_is_asked_for() -> None:
    tests = [TestCase("", "1  0.5")]
    assert judge("", tests, sandbox=Scripted(printed("1\n0.500001"))).verdict is Verdict.AC
    assert judge_many([("", tests)], sandbox=Scripted(printed("1\n0.500001")))[0].verdict is Verdict.AC
    assert (await ajudge("", tests, sandbox=Scripted(printed("1\n0.500001")))).verdict is Verdict.AC


def test_the_verdict_of_all_is_the_first_fault_of_the_program() -> None:
    def of(*verdicts: str) -> Verdict:
        return Judgement(tuple(TestResult(Verdict(verdict), "") for verdict in verdicts)).verdict

    assert of() is Verdict.SE
    assert of("AC", "AC") is Verdict.AC
    assert of("AC", "SE", "AC") is Verdict.SE
    assert of("SE", "AC", "RE", "WA") is Verdict.RE
    assert of("TLE", "SE") is Verdict.TLE


# ---- calls ----


def test_a_call_is_made_of_the_name_and_the_test() -> None:
    sandbox = Scripted(returned("3"), returned("4"), returned(None))
    tests = [TestCase("1, 2", "3"), TestCase("1, b=2", " 3 ", limits=OWN), TestCase("1, 2", "3")]
    judgement = judge(SUM, tests, limits=LIMITS, entry_point="add", sandbox=sandbox)
    assert sandbox.asked[:2] == [(Program(SUM, call="add(1, 2)"), LIMITS), (Program(SUM, call="add(1, b=2)"), OWN)]
    assert [(result.verdict, result.stdout) for result in judgement.results] == [("AC", "3"), ("WA", "4"), ("WA", "")]
    assert judgement.results[1].difference == Difference(1, None, "3", "4")


async def test_values_are_compared_as_they_are_written() -> None:
    tests = [TestCase("", "{2, 1}"), TestCase("", "1.0"), TestCase("", "'A'")]
    results = [returned("{1, 2}"), returned("1"), returned("'a'")]
    for checker in ("tokens", "tokens_ci"):
        judgement = judge("", tests, entry_point="f", checker=checker, sandbox=Scripted(*results))
        assert [result.verdict for result in judgement.results] == ["AC", "WA", "WA"]
    judgement = await ajudge("", tests, entry_point="f", sandbox=Scripted(*results))
    assert [result.verdict for result in judgement.results] == ["AC", "WA", "WA"]
    [many] = judge_many([("", tests)], entry_point="f", sandbox=Scripted(*results))
    assert many == judgement


@pytest.mark.parametrize(
    ("output", "text"),
    [("{2, 1}", "{1, 2}"), ("  [1,2]\n", "[1, 2]"), (" Node(1) ", "Node(1)"), ("1 +", "1 +"), ("(" * 3000, "(" * 3000)],
)
def test_an_expected_value_is_written_as_results_are(output: str, text: str) -> None:
    assert canonical_text(output) == text


def test_what_cannot_be_encoded_is_told() -> None:
    assert undecodable(TestCase("é", "\U0001f600")) == ""
    reason = "the test case cannot be encoded as UTF-8: surrogates not allowed"
    assert undecodable(TestCase("\ud800", "")) == reason and undecodable(TestCase("", "\ud800")) == reason


@pytest.mark.parametrize("name", ["", "f(1)", "a.b()", "1", "a b", "."])
def test_an_entry_point_is_a_name(name: str) -> None:
    with pytest.raises(InputError) as raised:
        judge(SUM, [TestCase("", "")], entry_point=name, sandbox=Scripted())
    assert str(raised.value) == f"entry_point is {name!r}, expected the name of a function"


def test_a_method_is_a_name_too() -> None:
    sandbox = Scripted(returned("1"))
    assert judge("", [TestCase("", "1")], entry_point="Solution.f", sandbox=sandbox).verdict == "AC"
    assert sandbox.asked[0][0].call == "Solution.f()"


def test_an_unknown_checker_is_named_beside_the_known_ones() -> None:
    with pytest.raises(InputError) as raised:
        judge(DOUBLE, [TestCase("1", "2")], checker="fuzzy", sandbox=Scripted())
    assert str(raised.value) == (
        "checker is 'fuzzy', expected one of exact, lines, tokens, tokens_ci, lcb_compat, asserts or a Checker"
    )


# ---- checkers ----

ALWAYS = Checker("def check(input, output, answer): return True", limits=OWN)


async def test_a_checker_is_asked_about_what_ended_well() -> None:
    tests = [TestCase("1", "2"), TestCase("x", "0"), TestCase("3", "6", limits=OWN), UNDECODABLE]
    runs = [printed("two"), RunResult(Outcome.error, "0"), printed("six")]
    verdicts = []
    for ask in ("now", "later"):
        sandbox = Scripted(*runs, second=[returned("True"), returned("False")])
        if ask == "now":
            judgement = judge(DOUBLE, tests, limits=LIMITS, checker=ALWAYS, sandbox=sandbox)
        else:
            judgement = await ajudge(DOUBLE, tests, limits=LIMITS, checker=ALWAYS, sandbox=sandbox)
        verdicts.append([result.verdict for result in judgement.results])
        assert [limits for _, limits in sandbox.asked] == [LIMITS, LIMITS, OWN]
        assert sandbox.second is not None
        assert [program.call for program, _ in sandbox.second.asked] == [
            "check('1', 'two', '2')",
            "check('3', 'six', '6')",
        ]
        assert judgement.results[0] == TestResult(Verdict.AC, "two", None, 0.125, "a warning", "", True, False)
        assert judgement.results[1].stdout == "0"
    assert verdicts == [["AC", "RE", "WA", "SE"]] * 2


def test_a_checker_that_fails_says_so() -> None:
    sandbox = Scripted(printed("two"), second=[returned("7"), returned("7")])
    [result] = judge(DOUBLE, [TestCase("1", "2")], checker=ALWAYS, sandbox=sandbox).results
    assert result.verdict is Verdict.SE and "it returned 7, expected True or False" in result.detail


def test_a_checker_is_not_asked_where_nothing_ended_well() -> None:
    sandbox = Scripted(RunResult(Outcome.cpu))  # it has no second sandbox
    assert judge(DOUBLE, [TestCase("1", "2")], checker=ALWAYS, sandbox=sandbox).verdict is Verdict.TLE


def test_a_checker_decides_about_values_as_they_are_written() -> None:
    sandbox = Scripted(returned("[1, 2]"), second=[returned("True")])
    judgement = judge(SUM, [TestCase("1", "[1,2]")], checker=ALWAYS, entry_point="add", sandbox=sandbox)
    assert judgement.verdict is Verdict.AC and sandbox.second is not None
    assert sandbox.second.asked[0][0].call == "check('1', '[1, 2]', '[1, 2]')"


# ---- test code ----


async def test_test_code_is_run_beside_the_program() -> None:
    tests = [
        TestCase("assert add(1, 2) == 3", "unused"),
        UNDECODABLE,
        TestCase("assert add(1, 3) == 4", "", limits=OWN),
    ]
    ended = RunResult(Outcome.ok, "hello", "a warning", cpu_s=0.125)
    stopped = RunResult(Outcome.ok, degraded=True)
    for ask in ("now", "later"):
        results = (ended, said("passed"), stopped, RunResult(Outcome.wall))
        sandbox = Scripted(*results)
        if ask == "now":
            judgement = judge(SUM, tests, limits=LIMITS, checker="asserts", entry_point="add, twice", sandbox=sandbox)
        else:
            judgement = await ajudge(
                SUM, tests, limits=LIMITS, checker="asserts", entry_point="add, twice", sandbox=sandbox
            )
        assert sandbox.checks == [
            (Program(SUM), "assert add(1, 2) == 3", ("add", "twice"), LIMITS),
            (Program(SUM), "assert add(1, 3) == 4", ("add", "twice"), OWN),
        ]
        passed, unusable, late = judgement.results
        assert passed == TestResult(Verdict.AC, "hello", None, 0.125, "a warning", "", False, True)
        assert unusable.verdict is Verdict.SE and unusable.detail.startswith("the test case cannot be encoded")
        assert (late.verdict, late.detail, late.degraded) == (Verdict.TLE, "the check was stopped (wall)", True)


def test_a_check_in_a_degraded_sandbox_is_marked() -> None:
    checked = RunResult(Outcome.ok, returned=json.dumps({"end": "passed"}), degraded=True)
    [result] = judge(
        SUM,
        [TestCase("assert add(1, 2)", "")],
        checker="asserts",
        entry_point="add",
        sandbox=Scripted(RunResult(Outcome.ok), checked),
    ).results
    assert result.degraded is True and result.of_asserts is True


def test_test_code_that_fails_shows_its_line() -> None:
    failed = said("failed", line=2, error="AssertionError", said="add(1, 2) gave 4")
    [result] = judge(
        SUM, [TestCase("x = 1\nassert add(1, 2) == 3", "")], checker="asserts", entry_point="add",
        sandbox=Scripted(RunResult(Outcome.ok), failed),
    ).results  # fmt: skip
    assert result.verdict is Verdict.WA and result.difference is not None
    assert result.difference.line == 2 and "assert add(1, 2) == 3" in result.difference.expected


@pytest.mark.parametrize("names", [None, "", "f(1)", "f,", "f g"])
def test_test_code_needs_names(names: str | None) -> None:
    with pytest.raises(InputError) as raised:
        judge(SUM, [TestCase("", "")], checker="asserts", entry_point=names, sandbox=Scripted())
    assert str(raised.value) == f"entry_point is {names!r}, expected the functions that asserts call, as in 'f, g'"


# ---- records ----


def test_a_result_is_of_a_run_unless_told() -> None:
    result = TestResult(Verdict.AC, "2")
    assert (result.difference, result.cpu_s, result.stderr, result.detail) == (None, 0.0, "", "")
    assert (result.degraded, result.of_asserts) == (False, False)


@pytest.mark.parametrize(
    "record", [TestResult(Verdict.AC, "2"), Judgement(())], ids=lambda record: type(record).__name__
)
def test_what_was_judged_is_not_changed_afterwards(record: object) -> None:
    for name in vars(record):
        with pytest.raises(FrozenInstanceError):
            setattr(record, name, None)
