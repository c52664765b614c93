"""Judge a program against test cases: run it on each in the sandbox, compare out here, one verdict a test and one
for all.

Expected outputs never enter the sandbox: a program meets its input alone. A non-zero exit status is RE even after
the right output, and an empty expected output needs status 0 and no output. SE (our fault: no tests, a test that
cannot be encoded, a sandbox that failed twice) is never AC and no score. The verdict over all tests is the first
that is neither AC nor SE, else SE if there is one, else AC.

With `entry_point`, a test's input is the arguments of a call and its output the repr of the result: values are
compared as canonical text (canonical.py), so type and value both count, and order in sets does not.

A `Checker` decides by running its own code in a second jail (checker.py). With `checker="asserts"` a test's input is
test code that must run without an exception; it too runs in a second jail and calls the functions that `entry_point`
names (one, or several separated by commas) by proxy (asserts.py).
"""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from . import asserts
from .asserts import ASSERTS
from .canonical import canonical
from .checker import Asked, Checker
from .compare import CHECKERS, Difference, compare
from .deciding import decide
from .errors import InputError
from .program import Limits, Program, TestCase
from .sandbox import Outcome, RunResult, Sandbox, default_sandbox
from .verdict import OF_OUTCOME, Verdict


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
    """For SE and over-size sources: what went wrong. For RE in a check: the call that failed."""
    degraded: bool = False
    of_asserts: bool = False
    """The test was test code (`checker="asserts"`): `stdout` is not what decides."""


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
    checker: str | Checker = "tokens",
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
    checker: str | Checker = "tokens",
    entry_point: str | None = None,
    sandbox: Sandbox | None = None,
) -> list[Judgement]:
    """Judge many programs in one batch over the whole pool; judgements in their order."""
    plans = [_plan(source, tests, limits, checker, entry_point) for source, tests in sources_and_tests]
    runs = [run for plan in plans for run in plan]
    return _judgements(plans, _results(runs, sandbox))


async def ajudge(
    source: str,
    tests: Sequence[TestCase],
    *,
    limits: Limits = Limits(),
    checker: str | Checker = "tokens",
    entry_point: str | None = None,
    sandbox: Sandbox | None = None,
) -> Judgement:
    """`judge` without blocking the event loop."""
    plan = _plan(source, tests, limits, checker, entry_point)
    if checker == ASSERTS or isinstance(checker, Checker):
        return Judgement(tuple(await asyncio.to_thread(_results, plan, sandbox)))
    runnable = [(run.program, run.limits) for run in plan if run.program is not None]
    programs, each = [program for program, _ in runnable], [limit for _, limit in runnable]
    results = iter(await (sandbox or default_sandbox()).arun_many(programs, each) if programs else [])
    return Judgement(tuple(_unusable(run) if run.program is None else _judged(run, next(results)) for run in plan))


@dataclass(frozen=True)
class _Run:
    """One test made ready; no program where the test itself is unusable."""

    program: Program | None
    limits: Limits
    test: TestCase
    expected: str
    checker: str | Checker
    names: tuple[str, ...] = ()
    fault: str = ""


def _plan(
    source: str, tests: Sequence[TestCase], limits: Limits, checker: str | Checker, entry_point: str | None
) -> list[_Run]:
    if not isinstance(checker, Checker) and checker not in (*CHECKERS, ASSERTS):
        raise InputError(f"checker is {checker!r}, expected one of {', '.join((*CHECKERS, ASSERTS))} or a Checker")
    if checker == ASSERTS:
        names = tuple(name.strip() for name in (entry_point or "").split(","))
        if not all(map(str.isidentifier, names)):
            raise InputError(f"entry_point is {entry_point!r}, expected the functions that asserts call, as in 'f, g'")
        return [_ready_check(source, test, test.limits or limits, names) for test in tests]
    if entry_point is not None and not all(part.isidentifier() for part in entry_point.split(".")):
        raise InputError(f"entry_point is {entry_point!r}, expected the name of a function")
    return [_ready(source, test, test.limits or limits, checker, entry_point) for test in tests]


def _ready_check(source: str, test: TestCase, limits: Limits, names: tuple[str, ...]) -> _Run:
    fault = undecodable(test)
    return _Run(None if fault else Program(source), limits, test, "", ASSERTS, names, fault)


def _ready(source: str, test: TestCase, limits: Limits, checker: str | Checker, entry_point: str | None) -> _Run:
    if fault := undecodable(test):
        return _Run(None, limits, test, test.output, checker, fault=fault)
    if entry_point is None:
        return _Run(Program(source, test.input), limits, test, test.output, checker)
    program = Program(source, call=f"{entry_point}({test.input})")
    how = checker if isinstance(checker, Checker) else "exact"
    return _Run(program, limits, test, canonical_text(test.output), how)


def undecodable(test: TestCase) -> str:
    """Why a test cannot be given to a program; empty if it can."""
    try:
        (test.input + test.output).encode("utf-8")
    except UnicodeEncodeError as error:
        return f"the test case cannot be encoded as UTF-8: {error.reason}"
    return ""


def canonical_text(output: str) -> str:
    """The expected result of a call, written as results are compared."""
    try:
        return canonical(ast.literal_eval(output.strip()))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return output.strip()  # not a literal: only the same text answers it


def _judgements(plans: list[list[_Run]], results: list[TestResult]) -> list[Judgement]:
    remaining = iter(results)
    return [Judgement(tuple(next(remaining) for _ in plan)) for plan in plans]


def _until_fault(plan: list[_Run], sandbox: Sandbox) -> Judgement:
    results: list[TestResult] = []
    for run in plan:
        results += _results([run], sandbox)
        if results[-1].verdict is not Verdict.AC:
            break
    return Judgement(tuple(results))


def _results(runs: list[_Run], sandbox: Sandbox | None) -> list[TestResult]:
    """One result a run, over the whole pool. All runs are compared in the same way."""
    runnable = [run for run in runs if run.program is not None]
    if not runnable:
        return [_unusable(run) for run in runs]
    sandbox = sandbox or default_sandbox()
    how = _checked if runnable[0].checker == ASSERTS else _compared
    results = iter(how(runnable, sandbox))
    return [_unusable(run) if run.program is None else next(results) for run in runs]


def _checked(runs: list[_Run], sandbox: Sandbox) -> list[TestResult]:
    """Test code that calls the program by proxy."""
    checks = [(run.program, run.test.input, run.names, run.limits) for run in runs if run.program is not None]
    results = []
    for run, (candidate, check) in zip(runs, sandbox.check_many(checks), strict=True):
        verdict, difference, detail = asserts.verdict_of(candidate, check, run.test.input)
        degraded = candidate.degraded or check.degraded
        results.append(
            TestResult(verdict, candidate.stdout, difference, candidate.cpu_s, candidate.stderr, detail, degraded, True)
        )
    return results


def _compared(runs: list[_Run], sandbox: Sandbox) -> list[TestResult]:
    """Programs that run by themselves; what they put out is compared here, or by a Checker in a second jail."""
    programs, limits = [run.program for run in runs if run.program is not None], [run.limits for run in runs]
    results = [_judged(run, result) for run, result in zip(runs, sandbox.run_many(programs, limits), strict=True)]
    asked = [place for place, result in enumerate(results) if result.verdict is Verdict.AC]
    if not isinstance(checker := runs[0].checker, Checker) or not asked:
        return results
    outputs = [Asked(runs[place].test.input, results[place].stdout, runs[place].expected) for place in asked]
    decided = decide(checker, outputs, sandbox)
    for place, (verdict, detail) in zip(asked, decided, strict=True):
        results[place] = replace(results[place], verdict=verdict, detail=detail)
    return results


def _unusable(run: _Run) -> TestResult:
    return TestResult(Verdict.SE, "", detail=run.fault)


def _judged(run: _Run, result: RunResult) -> TestResult:
    """By comparison; with a Checker, AC stands for "ended well" until it has decided."""
    is_call = run.program is not None and run.program.call is not None
    output = (result.returned or "") if is_call else result.stdout
    difference = None
    if result.outcome is Outcome.ok:
        if not isinstance(run.checker, Checker):
            difference = compare(run.expected, output, run.checker)
        verdict = Verdict.AC if difference is None else Verdict.WA
    else:
        verdict = OF_OUTCOME[result.outcome]
    return TestResult(verdict, output, difference, result.cpu_s, result.stderr, result.detail, result.degraded)
