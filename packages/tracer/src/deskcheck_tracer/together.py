"""Judge all calls of a function in one process, as evalplus does for HumanEval and MBPP: hundreds of tests, one fork.

`judge` gives every test a process of its own, which costs some milliseconds each. Here a program still has its process
to itself, but its tests share it: what a call leaves behind (a cache, a changed default) is there for the next, and
`limits` are those of all tests of a program together. Expected outputs stay outside, as always. Every test has its own
verdict: a call that raises is RE and the next one follows; what ends the process (a limit, an exit, a crash) is the
verdict of the call that it ended and of those that it kept from coming.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from .answering import RAISED, VALUE
from .asserts import ASSERTS
from .checker import Asked, Checker
from .compare import compare
from .deciding import decide
from .errors import InputError
from .judge import Judgement, TestResult, canonical_text, undecodable
from .outcome import Outcome, RunResult
from .program import Limits, Program, TestCase
from .sandbox import Sandbox, default_sandbox
from .verdict import OF_OUTCOME, Verdict

FIRST_CPU_S = 0.05
"""CPU time for a first look, where a program that was wrong need not be waited for."""


@dataclass(frozen=True)
class Calls:
    """A program, and the calls of its function that it is judged by."""

    source: str
    entry_point: str
    tests: tuple[TestCase, ...]
    limits: Limits = Limits()
    """For all tests; a test has none of its own."""
    checker: str | Checker = "exact"
    """A Checker; by any name values are compared as `judge` compares them: by type and value."""
    wanted: int | None = None
    """Only the first so many results are wanted one by one, and of the others whether all are AC: a program that gave
    a wrong answer is then not waited for, and its results end early. None: all are wanted."""

    def __post_init__(self) -> None:
        if not all(part.isidentifier() for part in self.entry_point.split(".")):
            raise InputError(f"entry_point is {self.entry_point!r}, expected the name of a function")
        if self.checker == ASSERTS:
            raise InputError('checker "asserts" has test code and no calls to make together: use judge_many')
        if any(test.limits is not None for test in self.tests):
            raise InputError("a test has limits of its own, but tests of one process share its limits: use judge_many")

    @cached_property
    def usable(self) -> list[TestCase]:
        """The tests that can be given to a program."""
        return [test for test in self.tests if not undecodable(test)]

    @property
    def program(self) -> Program:
        """All calls of it, as the sandbox takes them."""
        return Program(self.source, call=json.dumps([f"{self.entry_point}({test.input})" for test in self.usable]))


def judge_together(programs: Iterable[Calls], *, sandbox: Sandbox | None = None) -> list[Judgement]:
    """Judge many programs in one batch over the whole pool, each in a process of its own.

    One result a test (but see `Calls.wanted`); its `cpu_s` and `stderr` are those of the process.
    """
    plans, sandbox = list(programs), sandbox or default_sandbox()
    found = _judged(plans, [_at_first(plan) for plan in plans], sandbox)
    settled = [_settled(plan, results) for plan, results in zip(plans, found, strict=True)]
    left = [place for place, results in enumerate(settled) if results is None]
    again = _judged([plans[place] for place in left], [plans[place].limits for place in left], sandbox)
    whole = dict(zip(left, again, strict=True))
    return [Judgement(tuple(whole[place] if results is None else results)) for place, results in enumerate(settled)]


def _at_first(plan: Calls) -> Limits:
    """Most programs are done in a tenth of that; one that loops for ever may have been wrong before."""
    if plan.wanted is None or plan.limits.cpu_s is None:
        return plan.limits
    return replace(plan.limits, cpu_s=min(plan.limits.cpu_s, FIRST_CPU_S))


def _settled(plan: Calls, results: list[TestResult]) -> list[TestResult] | None:
    """What the first look found out; None if it stopped a program of which nothing wrong is known yet."""
    least = _at_first(plan).cpu_s
    stopped = [place for place, result in enumerate(results) if result.verdict is Verdict.TLE]
    if least == plan.limits.cpu_s or least is None or not stopped or results[stopped[0]].cpu_s < least:
        return results
    is_wrong = any(result.verdict not in (Verdict.AC, Verdict.SE) for result in results[plan.wanted : stopped[0]])
    return results[: stopped[0]] if is_wrong else None


def _judged(plans: Sequence[Calls], limits: Sequence[Limits], sandbox: Sandbox) -> list[list[TestResult]]:
    runs = sandbox.answer_many([plan.program for plan in plans], limits)
    asked = [
        (plan, test, result)
        for plan, run in zip(plans, runs, strict=True)
        for test, result in zip(plan.usable, _told(run, len(plan.usable)), strict=True)
    ]
    results = iter(_compared(asked, sandbox))
    return [[_unusable(test) or next(results) for test in plan.tests] for plan in plans]


def _unusable(test: TestCase) -> TestResult | None:
    fault = undecodable(test)
    return TestResult(Verdict.SE, "", detail=fault) if fault else None


def _told(run: RunResult, count: int) -> list[TestResult]:
    """What became of each call; AC stands for "it returned" until the value is compared."""
    results = [_answered(line, run) for line in (run.returned or "").split("\n")[:-1][:count]]
    if run.outcome is Outcome.ok:  # it may have left before its last call: no value, no right answer
        return results + [_result(Verdict.AC, run)] * (count - len(results))
    ended = max(0, min(len(results), count - 1))
    return results[:ended] + [_result(OF_OUTCOME[run.outcome], run, detail=run.detail)] * (count - ended)


def _answered(line: str, run: RunResult) -> TestResult:
    if line.startswith(VALUE):
        return _result(Verdict.AC, run, line.removeprefix(VALUE))
    return _result(Verdict.RE, run, detail=line.removeprefix(RAISED))


def _result(verdict: Verdict, run: RunResult, value: str = "", detail: str = "") -> TestResult:
    return TestResult(verdict, value, None, run.cpu_s, run.stderr, detail, run.degraded)


def _compared(told: list[tuple[Calls, TestCase, TestResult]], sandbox: Sandbox) -> list[TestResult]:
    """The results, with the values of the calls that returned compared."""
    results, expected = [result for _, _, result in told], functools.cache(canonical_text)  # programs share their tests
    by_checker: dict[Checker, list[tuple[int, Asked]]] = {}
    for place, (plan, test, result) in enumerate(told):
        if result.verdict is not Verdict.AC:
            continue
        asked = Asked(test.input, result.stdout, expected(test.output))
        if isinstance(plan.checker, Checker):
            by_checker.setdefault(plan.checker, []).append((place, asked))
        elif (difference := compare(asked.answer, asked.output, "exact")) is not None:
            results[place] = replace(result, verdict=Verdict.WA, difference=difference)
    for checker, outputs in by_checker.items():
        decided = decide(checker, [asked for _, asked in outputs], sandbox)
        for (place, _), (verdict, detail) in zip(outputs, decided, strict=True):
            if verdict is not Verdict.AC:
                results[place] = replace(results[place], verdict=verdict, detail=detail)
    return results
