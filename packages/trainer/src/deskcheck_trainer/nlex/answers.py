"""Rows about problems: solve rows show a proven reference program, fix rows the answer to what real runs showed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from deskcheck_agent.feedback import ExecutedFeedback, TestFeedback
from deskcheck_agent.parse import SUBMIT
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_tracer import Verdict, ajudge
from deskcheck_tracer.errors import SandboxFailed

from deskcheck_trainer.nlex.recording import Fault
from deskcheck_trainer.nlex.row import Reason, Rejected, Row, Task, answer, messages
from deskcheck_trainer.nlex.runner import Runner
from deskcheck_trainer.nlex.sources.items import Fix, Solve


class Answers:
    """Rows of solve and fix items; a reference that fails its own problem's tests gives none."""

    def __init__(self, prompts: Prompts, runner: Runner) -> None:
        self.prompts, self.runner = prompts, runner
        self.feedback = ExecutedFeedback(runner)  # type: ignore[arg-type] - OwnProcess stands in

    async def __call__(self, items: Sequence[Solve | Fix]) -> list[Row | Rejected]:
        problems = {(item.problem.id, item.reference): item for item in items}
        wrong = await asyncio.gather(*(self._wrong(item.problem, item.reference) for item in problems.values()))
        faults = dict(zip(problems, wrong, strict=True))
        return await asyncio.gather(*(self._answer(item, faults[item.problem.id, item.reference]) for item in items))

    async def _wrong(self, problem: Problem, reference: str) -> Fault | None:
        """Whether a reference program fails tests of its own problem."""
        tests = [*problem.public_tests, *problem.private_tests]
        judgement = await ajudge(
            reference,
            tests,
            limits=problem.limits,
            checker=problem.checker,
            entry_point=problem.entry_point,
            sandbox=self.runner,  # type: ignore[arg-type] - OwnProcess stands in
        )
        verdicts = [result.verdict for result in judgement.results]
        if Verdict.SE in verdicts:
            raise SandboxFailed(f"the sandbox failed twice on the reference of {problem.id}: run the command again")
        failed = sum(verdict is not Verdict.AC for verdict in verdicts)
        return (Reason.wrong_reference, f"fails {failed} of {len(tests)} tests of {problem.id}") if failed else None

    async def _answer(self, item: Solve | Fix, fault: Fault | None) -> Row | Rejected:
        if fault:
            source = item.reference if isinstance(item, Solve) else item.candidate
            return Rejected(reason=fault[0], detail=fault[1], origin=item.origin, source=source)
        if isinstance(item, Solve):
            prompt, code, about = self.prompts.solve(item.problem), item.reference, item.reference
        else:
            [feedback] = await self.feedback.observe([item.candidate], item.problem)
            prompt = self.prompts.submit_or_fix(item.problem, item.candidate, feedback)
            code, about = right_answer(item, feedback), item.candidate
        return Row(
            task=Task.solve if isinstance(item, Solve) else Task.fix,
            prompt=messages(prompt),
            completion=answer(fenced(code)),
            source=about,
            origin=item.origin,
            licence=item.licence,
        )


def right_answer(item: Fix, feedback: Sequence[TestFeedback]) -> str:
    """`#SUBMIT` where every public test passes, else the reference: the answer to what the model sees."""
    if any(test.passed is None for test in feedback):
        raise SandboxFailed(f"the sandbox failed twice on a candidate for {item.problem.id}: run the command again")
    return SUBMIT if all(test.passed for test in feedback) else item.reference


def fenced(code: str) -> str:
    """A fenced Python block, as deskcheck_agent.parse reads it."""
    return f"```python\n{code.rstrip()}\n```"
