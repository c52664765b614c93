"""Judging for many problems at once: pending jobs are joined into one batch, in a thread beside the event loop.

Equal programs of one problem are judged once. The sandbox has its own workers, so one call at a time keeps it full.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from deskcheck_agent.problem import Problem
from deskcheck_tracer import Calls, Judgement, Sandbox, TestCase, Verdict, judge_many, judge_together
from deskcheck_tracer.judge import TestResult

LONGEST_KEPT = 10_000
"""Characters of printed text that a row keeps, to be compared anew in a report."""


@dataclass(frozen=True)
class Grade:
    """How one program did."""

    public: tuple[bool, ...]
    passed: bool
    """All private tests."""
    verdict: Verdict
    """Of the private tests: the first that is not AC. SE if the sandbox failed on any test: then nothing counts."""
    public_verdicts: tuple[Verdict, ...] = field(default=(), compare=False)
    printed: tuple[str | None, ...] = field(default=(), compare=False)
    """What came out on each public test; None where it is longer than LONGEST_KEPT."""
    fault: str = field(default="", compare=False)
    """For SE: what failed."""


@dataclass
class _Job:
    problem: Problem
    sources: list[str]
    answer: asyncio.Future[dict[str, Grade]]


class Judge:
    """Grades programs of problems on public and private tests."""

    def __init__(self, sandbox: Sandbox | None = None) -> None:
        self._sandbox = sandbox
        self._pending: list[_Job] = []
        self._sender: asyncio.Task[None] | None = None

    async def grade(self, problem: Problem, sources: Sequence[str]) -> dict[str, Grade]:
        """A grade for every distinct source."""
        job = _Job(problem, list(dict.fromkeys(sources)), asyncio.get_running_loop().create_future())
        if not job.sources:
            return {}
        self._pending.append(job)
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())
        return await job.answer

    async def _send(self) -> None:
        while self._pending:
            await asyncio.sleep(0)  # let the problems that finish together come together
            jobs, self._pending = self._pending, []
            try:
                answers = await asyncio.to_thread(self._grades, jobs)
            except Exception as error:
                for job in jobs:
                    if not job.answer.done():
                        job.answer.set_exception(error)
                continue
            for job, answer in zip(jobs, answers, strict=True):
                if not job.answer.done():
                    job.answer.set_result(answer)

    def _grades(self, jobs: Sequence[_Job]) -> list[dict[str, Grade]]:
        asked = [(place, job.problem, source) for place, job in enumerate(jobs) for source in job.sources]
        answers: list[dict[str, Grade]] = [{} for _ in jobs]
        for (place, problem, source), judgement in zip(asked, self._judged(asked), strict=True):
            answers[place][source] = _grade(judgement.results, problem.public_tests)
        return answers

    def _judged(self, asked: Sequence[tuple[int, Problem, str]]) -> list[Judgement]:
        """One batch for each way of judging; usually there is one way."""
        found: dict[int, Judgement] = {}
        by_way: dict[tuple, list[int]] = {}
        for place, (_, problem, _) in enumerate(asked):
            by_way.setdefault(_way(problem), []).append(place)
        for places in by_way.values():
            work = [asked[place][1:] for place in places]
            found |= dict(zip(places, judge_alike(work, self._sandbox), strict=True))
        return [found[place] for place in range(len(asked))]


def judge_alike(
    work: Sequence[tuple[Problem, str]], sandbox: Sandbox | None, *, every: bool = False
) -> list[Judgement]:
    """Judge programs of problems that are judged in one way, on public tests and then private ones. `every`: give all
    private results, also where the first wrong one decides.
    """
    problem = work[0][0]
    if problem.together:
        return judge_together([_calls(each, source, every) for each, source in work], sandbox=sandbox)
    return judge_many(
        [(source, [*each.public_tests, *each.private_tests]) for each, source in work],
        limits=problem.limits,
        checker=problem.checker,
        entry_point=problem.entry_point,
        sandbox=sandbox,
    )


def _calls(problem: Problem, source: str, every: bool) -> Calls:
    tests, wanted = (*problem.public_tests, *problem.private_tests), None if every else len(problem.public_tests)
    return Calls(source, problem.entry_point or "", tests, problem.limits, problem.checker, wanted)


def _grade(results: Sequence[TestResult], public_tests: Sequence[TestCase]) -> Grade:
    grade = grade_of([result.verdict for result in results], public_tests)
    public = results[: len(public_tests)]
    return replace(
        grade,
        public_verdicts=tuple(result.verdict for result in public),
        printed=tuple(result.stdout if len(result.stdout) <= LONGEST_KEPT else None for result in public),
        fault=next((result.detail for result in results if result.verdict is Verdict.SE), ""),
    )


def grade_of(verdicts: Sequence[Verdict], public_tests: Sequence[TestCase]) -> Grade:
    """The grade of a program from its verdicts, public tests first."""
    public, private = verdicts[: len(public_tests)], verdicts[len(public_tests) :]
    worst = next((verdict for verdict in private if verdict is not Verdict.AC), Verdict.AC)
    if Verdict.SE in verdicts or not private:
        worst = Verdict.SE
    return Grade(tuple(verdict is Verdict.AC for verdict in public), worst is Verdict.AC, worst)


def _way(problem: Problem) -> tuple:
    if problem.together:
        return ("together",)
    return problem.limits, problem.checker, problem.entry_point
