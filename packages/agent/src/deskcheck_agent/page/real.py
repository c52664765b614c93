"""What a problem's programs really do on its public tests: judged and recorded in the sandbox, where that is allowed.

Without a sandbox nothing is executed and nothing is known: every list is empty, and the page says "not executed". Each
distinct program runs once. Private tests are not run here: they grade, and this page grades nothing.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

from deskcheck_tracer.asserts import ASSERTS
from deskcheck_tracer.errors import InputError, SandboxFailed
from deskcheck_tracer.judge import TestResult, judge
from deskcheck_tracer.narrate import Narrator
from deskcheck_tracer.program import Program
from deskcheck_tracer.sandbox import Sandbox
from deskcheck_tracer.trace import Trace
from deskcheck_tracer.verdict import Verdict

from deskcheck_agent.problem import Problem

MOST_RUNS = 60
"""Programs times public tests of one problem that are run for its page, in the order in which they are shown."""


@dataclass(frozen=True)
class Real:
    """One run: its verdict, what it put out, and its trace (None: it could not be recorded)."""

    result: TestResult
    trace: Trace | None

    @property
    def verdict(self) -> Verdict:
        return Verdict(self.result.verdict)

    @cached_property
    def narrator(self) -> Narrator | None:
        return None if self.trace is None else Narrator(self.trace)


class Runs:
    """The runs of one problem's programs, made when first asked for."""

    def __init__(self, problem: Problem, sandbox: Sandbox | None, most: int = MOST_RUNS) -> None:
        self.problem, self.sandbox, self.left = problem, sandbox, most
        self._known: dict[str, list[Real]] = {}

    def of(self, source: str | None) -> list[Real]:
        """One Real a public test; none where nothing is executed."""
        tests = self.problem.public_tests
        if source is None or self.sandbox is None or not tests:
            return []
        if source not in self._known and len(tests) > self.left:
            return []
        if source not in self._known:
            self.left -= len(tests)
            self._known[source] = self._run(source, self.sandbox)
        return self._known[source]

    def _run(self, source: str, sandbox: Sandbox) -> list[Real]:
        problem = self.problem
        judged = judge(
            source,
            problem.public_tests,
            limits=problem.limits,
            checker=problem.checker,
            entry_point=problem.entry_point,
            sandbox=sandbox,
        )
        return [Real(*pair) for pair in zip(judged.results, self._traces(source, judged.results, sandbox), strict=True)]

    def _traces(self, source: str, results: Sequence[TestResult], sandbox: Sandbox) -> list[Trace | None]:
        if self.problem.checker == ASSERTS:  # test code calls the program from outside: there is no one run to tell
            return [None] * len(results)

        def traced(program: Program) -> Trace | None:
            try:
                return sandbox.trace(program, self.problem.limits)
            except (SandboxFailed, InputError):  # our fault, or a text that no program can be given
                return None

        programs = [self.problem.program(source, test) for test in self.problem.public_tests]
        with ThreadPoolExecutor(min(len(programs), sandbox.workers)) as pool:
            return list(pool.map(traced, programs))
