"""Judge a program against test cases: run it on each in the sandbox, compare out here, one verdict a test and one
for all.

Expected outputs never enter the sandbox: a program meets its input alone. A non-zero exit status is RE even after
the right output, and an empty expected output needs status 0 and no output. SE (our fault: no tests, a test that
cannot be encoded, a sandbox that failed twice) is never AC and no score. The verdict over all tests is the first
that is neither AC nor SE, else SE if there is one, else AC.

With `entry_point`, a test's input is the arguments of a call and its output the repr of the result: values are
compared as canonical text (child.canonical), so type and value both count, and order in sets does not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .child import canonical
from .compare import CHECKERS, Difference, compare
from .errors import InputError
from .program import Limits, Program, TestCase
from .sandbox import Outcome, RunResult, Sandbox, default_sandbox
from .verdict import Verdict

_VERDICTS = {
    Outcome.error: Verdict.RE,
    Outcome.cpu: Verdict.TLE,
    Outcome.wall: Verdict.TLE,
    Outcome.memory: Verdict.MLE,
    Outcome.output: Verdict.OLE,
    Outcome.compile: Verdict.CE,
    Outcome.sandbox: Verdict.SE,
}


@dataclass(frozen=True)
class TestResult:
    """What became of one test case."""

    __test__ = False  # pytest would take the name for a test class

    verdict: Verdict
    stdout: str
    """Standard output, or the canonical text of the call's value."""
    difference: Difference | None = None
    """For WA: the first place where the output differs from the expected one. Show it for public tests only."""
    cpu_s: float = 0.0
    stderr: str = ""
    detail: str = ""
    """For SE and over-size sources: what went wrong."""
    degraded: bool = False


@dataclass(frozen=True)
class Judgement:
    """All results, in the order of the tests; fewer than tests only after an early stop."""

    results: tuple[TestResult, ...]

    @property
    def verdict(self) -> Verdict:
        """AC only if there is a result and all are AC."""
        verdicts = [result.verdict for result in self.results]
        faults = [verdict for verdict in verdicts if verdict not in (Verdict.AC, Verdict.SE)]
        if faults:
            return faults[0]
        return Verdict.SE if Verdict.SE in verdicts or not verdicts else Verdict.AC


def judge(
    source: str,
    tests: Sequence[TestCase],
    *,
    limits: Limits = Limits(),
    checker: str = "tokens",
    entry_point: str | None = None,
    sandbox: Sandbox | None = None,
    stop_early: bool = False,
) -> Judgement:
    """Judge one program; a test's own limits come before `limits`. With `stop_early`, stop at the first test that is
    not AC.
    """
    if stop_early:
        return _until_fault(_plan(source, tests, limits, checker, entry_point), sandbox or default_sandbox())
    return judge_many([(source, tests)], limits=limits, checker=checker, entry_point=entry_point, sandbox=sandbox)[0]


def judge_many(
    sources_and_tests: Iterable[tuple[str, Sequence[TestCase]]],
    *,
    limits: Limits = Limits(),
    checker: str = "tokens",
    entry_point: str | None = None,
    sandbox: Sandbox | None = None,
) -> list[Judgement]:
    """Judge many programs in one batch over the whole pool; judgements in their order."""
    plans = [_plan(source, tests, limits, checker, entry_point) for source, tests in sources_and_tests]
    programs = [run.program for plan in plans for run in plan if run.program is not None]
    each = [run.limits for plan in plans for run in plan if run.program is not None]
    results = (sandbox or default_sandbox()).run_many(programs, each) if programs else []
    return _judgements(plans, results)


async def ajudge(
    source: str,
    tests: Sequence[TestCase],
    *,
    limits: Limits = Limits(),
    checker: str = "tokens",
    entry_point: str | None = None,
    sandbox: Sandbox | None = None,
) -> Judgement:
    """`judge` without blocking the event loop."""
    plan = _plan(source, tests, limits, checker, entry_point)
    runnable = [(run.program, run.limits) for run in plan if run.program is not None]
    programs, each = [program for program, _ in runnable], [limit for _, limit in runnable]
    results = await (sandbox or default_sandbox()).arun_many(programs, each) if programs else []
    return _judgements([plan], results)[0]


@dataclass(frozen=True)
class _Run:
    """One test made ready; no program where the test itself is unusable."""

    program: Program | None
    limits: Limits
    expected: str
    checker: str
    fault: str = ""


def _plan(source: str, tests: Sequence[TestCase], limits: Limits, checker: str, entry_point: str | None) -> list[_Run]:
    if checker not in CHECKERS:
        raise InputError(f"checker is {checker!r}, expected one of {', '.join(CHECKERS)}")
    if entry_point is not None and not all(part.isidentifier() for part in entry_point.split(".")):
        raise InputError(f"entry_point is {entry_point!r}, expected the name of a function")
    return [_ready(source, test, limits, checker, entry_point) for test in tests]


def _ready(source: str, test: TestCase, limits: Limits, checker: str, entry_point: str | None) -> _Run:
    limits = test.limits or limits
    try:
        (test.input + test.output).encode("utf-8")
    except UnicodeEncodeError as error:
        return _Run(None, limits, test.output, checker, f"the test case cannot be encoded as UTF-8: {error.reason}")
    if entry_point is None:
        return _Run(Program(source, test.input), limits, test.output, checker)
    return _Run(Program(source, call=f"{entry_point}({test.input})"), limits, _canonical_text(test.output), "exact")


def _canonical_text(output: str) -> str:
    try:
        return canonical(ast.literal_eval(output.strip()))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return output.strip()  # not a literal: only the same text answers it


def _judgements(plans: list[list[_Run]], results: list[RunResult]) -> list[Judgement]:
    remaining = iter(results)
    return [
        Judgement(tuple(_unusable(run) if run.program is None else _judged(run, next(remaining)) for run in plan))
        for plan in plans
    ]


def _until_fault(plan: list[_Run], sandbox: Sandbox) -> Judgement:
    results: list[TestResult] = []
    for run in plan:
        results.append(_unusable(run) if run.program is None else _judged(run, sandbox.run(run.program, run.limits)))
        if results[-1].verdict is not Verdict.AC:
            break
    return Judgement(tuple(results))


def _unusable(run: _Run) -> TestResult:
    return TestResult(Verdict.SE, "", detail=run.fault)


def _judged(run: _Run, result: RunResult) -> TestResult:
    is_call = run.program is not None and run.program.call is not None
    output = (result.returned or "") if is_call else result.stdout
    difference = None
    if result.outcome is Outcome.ok:
        difference = compare(run.expected, output, run.checker)
        verdict = Verdict.AC if difference is None else Verdict.WA
    else:
        verdict = _VERDICTS[result.outcome]
    return TestResult(verdict, output, difference, result.cpu_s, result.stderr, result.detail, result.degraded)
