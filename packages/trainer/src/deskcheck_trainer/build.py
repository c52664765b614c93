"""From items to rows: record, filter, narrate, verify.

Nothing unverified becomes a row. An explanation is kept when every claim in it holds in the trace and its output block
is what the program printed; a reference program when it passes all its problem's tests; a fix row's feedback comes from
real runs. What fails is returned as `Rejected` with the reason, so the counts of a dataset add up to its items.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from deskcheck_agent.feedback import ExecutedFeedback, TestFeedback
from deskcheck_agent.parse import SUBMIT
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_tracer import Limits, Narrator, Program, Sandbox, Trace, Verdict, ajudge, stated_output
from deskcheck_tracer.claims import true_output
from deskcheck_tracer.errors import SandboxFailed
from deskcheck_tracer.facts import ClaimKind
from deskcheck_tracer.sandbox import RunResult
from deskcheck_tracer.trace import EndReason, EventKind

from deskcheck_trainer.nlex import Messages, Reason, Rejected, Row, Task, words_and_symbols
from deskcheck_trainer.own_process import OwnProcess
from deskcheck_trainer.sources import Explain, Fix, Item, Solve


class Runner(Protocol):
    """What recording and judging need: a Sandbox, or OwnProcess for programs that are ours."""

    def run_many(self, programs: Sequence[Program], limits: Any = ...) -> list[RunResult]: ...
    async def arun_many(self, programs: Sequence[Program], limits: Any = ...) -> list[RunResult]: ...
    def trace_many(self, programs: Sequence[Program], limits: Any = ...) -> list[Trace]: ...
    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How rows are made; travels to worker processes. Meanings as in CollectConfig."""

    prompts: str = "default"
    style: str = "step"
    max_tokens: int | None = None
    limits: Limits = Limits()
    own_process: bool = False
    degraded: bool = False
    min_lines: int = 3
    check_determinism: bool = True
    keep_raised: bool = False

    def builder(self) -> Builder:
        """The builder with the sandboxes it needs in this process."""
        if self.own_process:
            return Builder(self, OwnProcess())
        second = Sandbox(workers=1, degraded=self.degraded, hash_seed=1) if self.check_determinism else None
        return Builder(self, Sandbox(workers=1, degraded=self.degraded), second)


class Builder:
    """Turns a batch of items into as many outcomes, in order."""

    def __init__(self, recipe: Recipe, runner: Runner, second: Runner | None = None) -> None:
        """`second` records every program again, under another hash seed; None trusts the first recording."""
        self.recipe, self.runner, self.second = recipe, runner, second
        self.prompts = Prompts.load(recipe.prompts)
        self.feedback = ExecutedFeedback(runner)  # type: ignore[arg-type] - OwnProcess stands in

    def __call__(self, items: Sequence[Item | Rejected]) -> list[Row | Rejected]:
        explained = self._explain([item for item in items if isinstance(item, Explain)])
        answered = iter(asyncio.run(self._answers([item for item in items if isinstance(item, Solve | Fix)])))
        return [self._outcome(item, explained, answered) for item in items]

    def close(self) -> None:
        """End the sandboxes."""
        self.runner.close()
        if self.second is not None:
            self.second.close()

    def _outcome(self, item: Item | Rejected, explained: Outcomes, answered: Outcomes) -> Row | Rejected:
        match item:
            case Explain():
                return next(explained)
            case Solve() | Fix():
                return next(answered)
            case Rejected():
                return item

    # ---- explain ----

    def _explain(self, items: Sequence[Explain]) -> Outcomes:
        traces = self.runner.trace_many([item.program for item in items], self.recipe.limits)
        faults = [self._fault(trace) for trace in traces]
        if self.second is not None:
            sound = [i for i, fault in enumerate(faults) if fault is None]
            again = self.second.trace_many([items[i].program for i in sound], self.recipe.limits)
            for i, trace in zip(sound, again, strict=True):
                faults[i] = difference(traces[i], trace)
        for item, trace, fault in zip(items, traces, faults, strict=True):
            yield rejected(item, fault) if fault else self._narrated(item, trace)

    def _fault(self, trace: Trace) -> Fault | None:
        if ended := end_fault(trace, keep_raised=self.recipe.keep_raised):
            return ended
        if (lines := executed_lines(trace)) < self.recipe.min_lines:
            return Reason.trivial, f"{lines} executed lines, expected at least {self.recipe.min_lines}"
        if not true_output(trace).strip():
            return Reason.trivial, "prints nothing and returns nothing"
        return None

    def _narrated(self, item: Explain, trace: Trace) -> Row | Rejected:
        narrator = Narrator(trace)
        text = narrator.narrate(self.recipe.style, self.recipe.max_tokens)
        if fault := narration_fault(text, narrator, self.recipe.max_tokens):
            return rejected(item, fault, narration=text)
        return Row(
            task=Task.explain,
            prompt=messages(self.prompts.explain(item.program)),
            completion=answer(text),
            source=item.program.source,
            stdin=item.program.stdin,
            call=item.program.call,
            output=trace.stdout if item.program.call is None else trace.returned or "",
            style=self.recipe.style,
            events=len(trace.events),
            lines=executed_lines(trace),
            origin=item.origin,
            licence=item.licence,
        )

    # ---- solve and fix ----

    async def _answers(self, items: Sequence[Solve | Fix]) -> list[Row | Rejected]:
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
            return rejected(item, fault)
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


Outcomes = Iterator[Row | Rejected]


def right_answer(item: Fix, feedback: Sequence[TestFeedback]) -> str:
    """`#SUBMIT` where every public test passes, else the reference: the answer to what the model sees."""
    if any(test.passed is None for test in feedback):
        raise SandboxFailed(f"the sandbox failed twice on a candidate for {item.problem.id}: run the command again")
    return SUBMIT if all(test.passed for test in feedback) else item.reference


Fault = tuple[Reason, str]
"""Why an item gives no row, and the same in words for a person."""


def end_fault(trace: Trace, *, keep_raised: bool) -> Fault | None:
    """The fault of a program that did not run to its end."""
    reason, detail = trace.end
    if reason is EndReason.finished or (reason is EndReason.raised and keep_raised):
        return None
    if reason is EndReason.exited and detail in ("", "0", "None"):
        return None
    if reason is EndReason.raised and detail.startswith(("SyntaxError", "IndentationError", "TabError")):
        return Reason.syntax, detail
    return Reason(reason.value), detail


def difference(first: Trace, second: Trace) -> Fault | None:
    """The fault of a program whose second recording is not equal to its first."""
    if first.events == second.events and first.stdout == second.stdout and first.returned == second.returned:
        return None
    if first.stdout != second.stdout or first.returned != second.returned:
        return Reason.nondeterministic, "the output changes from run to run"
    pairs = zip(first.events, second.events, strict=False)
    where = next((a for a, b in pairs if a != b), None)
    return Reason.nondeterministic, f"line {where.line} goes another way" if where else "the runs differ in length"


def narration_fault(text: str, narrator: Narrator, max_tokens: int | None) -> Fault | None:
    """What is wrong with a narration of a trace: too long, nothing claimed, a false claim, another output."""
    if max_tokens is not None and (size := words_and_symbols(text)) > max_tokens:
        return Reason.too_long, f"{size} words and symbols, expected at most {max_tokens}"
    stated, true = stated_output(text), true_output(narrator.trace)
    if stated != true:
        return Reason.wrong_output, f"states {stated!r}, true is {true!r}"
    checks = narrator.check(narrator.claims(text))
    if all(c.claim.kind is ClaimKind.output for c in checks):
        return Reason.no_claims, "no statement about a step that could be checked"
    if false := next((c for c in checks if not c.holds), None):
        return Reason.claim_false, f"{false.claim.text!r}: {false.reason}"
    return None


def executed_lines(trace: Trace) -> int:
    """Lines that ran, loops counted each time round."""
    return sum(event.kind is EventKind.line for event in trace.events)


def rejected(item: Item, fault: Fault, narration: str | None = None) -> Rejected:
    """The item with its fault."""
    reason, detail = fault
    match item:
        case Explain(program=program):
            pass
        case Solve(reference=source) | Fix(candidate=source):
            program = Program(source)
    return Rejected(
        reason=reason,
        detail=detail,
        origin=item.origin,
        source=program.source,
        stdin=program.stdin,
        call=program.call,
        narration=narration,
    )


def messages(prompt: Sequence[object]) -> Messages:
    """A prompt as plain dictionaries."""
    return [dict(message) for message in prompt]  # type: ignore[call-overload]


def answer(text: str) -> Messages:
    """One assistant message."""
    return [{"role": "assistant", "content": text}]


def fenced(code: str) -> str:
    """A fenced Python block, as deskcheck_agent.parse reads it."""
    return f"```python\n{code.rstrip()}\n```"
