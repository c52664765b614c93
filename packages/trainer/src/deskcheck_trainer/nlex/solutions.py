"""Pools of judged solutions: what RL's output prediction asks about, by a model's own programs (paper, section 3).

For each problem n programs are sampled and judged on all tests; up to `keep` distinct correct ones are paired with the
public tests, and each pair is run under two hash seeds for its true output. One row a problem goes to solutions.jsonl
as it finishes (a killed run goes on after the last one); at the end items.jsonl holds the items as `benchmark=programs`
reads them.
"""

from __future__ import annotations

import ast
import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from deskcheck_agent.parse import ParseStatus, Reply, parse_solution
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Completion, Sampler, SamplingParams, StopReason
from deskcheck_evals.rows import Rows
from deskcheck_evals.tasks.gathering import Advance, NoRow, Unscored, row_for_each
from deskcheck_evals.tasks.judging import Grade, Judge
from deskcheck_evals.truth import true_outputs
from deskcheck_tracer import Program, Sandbox, Verdict
from deskcheck_tracer.asserts import ASSERTS

Json = dict[str, Any]


@dataclass(frozen=True)
class Solving:
    """Who writes programs, how many, and how many are kept."""

    sampler: Sampler
    prompts: Prompts
    params: SamplingParams
    candidates: int
    keep: int
    sandbox: Sandbox
    second: Sandbox
    """Of another hash seed: what a program puts out must not depend on it."""


async def fill(problems: Sequence[Problem], rows: Rows, solving: Solving, unscored: Unscored, advance: Advance) -> None:
    """Add a row for every problem that has none. Raises SamplerError where the model fails."""
    judge = Judge(solving.sandbox)
    await row_for_each(problems, rows, lambda problem: pool(problem, judge, solving), unscored, advance)


async def pool(problem: Problem, judge: Judge, solving: Solving) -> Json | NoRow:
    """The row of a problem: counts of its samples by outcome, and its items; NoRow where the sandbox itself failed."""
    asked = replace(solving.params, n=solving.candidates)
    [completions] = await solving.sampler.sample([solving.prompts.solve(problem)], asked)
    replies = [parse_solution(completion.text) for completion in completions]
    grades = await judge.grade(problem, list(dict.fromkeys(reply.code for reply in replies if reply.code is not None)))
    faults = [grade.fault for grade in grades.values() if grade.verdict is Verdict.SE]
    if faults:
        return NoRow(faults[0] or "the sandbox failed")
    counts = Counter(outcome(*pair, grades) for pair in zip(completions, replies, strict=True))
    correct = distinct([reply.code for reply in replies if reply.code is not None and is_correct(grades[reply.code])])
    kept = correct[: solving.keep]
    items, faults = await asyncio.to_thread(items_of, problem, kept, [solving.sandbox, solving.second])
    return {
        "id": problem.id,
        "samples": dict(sorted(counts.items())),
        "correct": len(correct),
        "kept": len(kept),
        "unstable": faults,
        "items": [{**item, "model": solving.sampler.model_id} for item in items],
    }


def outcome(completion: Completion, reply: Reply, grades: dict[str, Grade]) -> str:
    """What became of one sample: a verdict, or why there is no program in it."""
    if reply.code is not None:
        grade = grades[reply.code]
        return "AC" if is_correct(grade) else "public_tests" if grade.passed else grade.verdict.value
    if completion.stop is StopReason.error:
        return "no_answer"
    if completion.stop is StopReason.length and not reply.submit:
        return "cut_off"
    return "submit" if reply.submit else reply.status.value if reply.status is not ParseStatus.ok else "missing"


def is_correct(grade: Grade) -> bool:
    """Whether a program passes all tests, public and private."""
    return grade.passed and all(grade.public)


def distinct(codes: Sequence[str]) -> list[str]:
    """The programs without those that repeat an earlier one but for layout and comments."""
    first: dict[str, str] = {}
    for code in codes:
        first.setdefault(shape(code), code)
    return list(first.values())


def shape(code: str) -> str:
    """A program's syntax tree as text; the program itself where it cannot be unparsed."""
    try:
        return ast.unparse(ast.parse(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return code


def items_of(problem: Problem, codes: Sequence[str], sandboxes: Sequence[Sandbox]) -> tuple[list[Json], int]:
    """The items of the kept programs on the public tests, and how many runs had no output that repeats.

    A problem whose tests are asserts has no output to predict, and gives none.
    """
    if problem.checker == ASSERTS:
        return [], 0
    pairs = [
        (i, j, problem.program(code, t)) for i, code in enumerate(codes) for j, t in enumerate(problem.public_tests)
    ]
    outputs = true_outputs([program for _, _, program in pairs], sandboxes)
    items = [
        item(problem, f"{problem.id}/{i}/{j}", program, output)
        for (i, j, program), output in zip(pairs, outputs, strict=True)
        if output is not None
    ]
    return items, len(pairs) - len(items)


def item(problem: Problem, name: str, program: Program, output: str) -> Json:
    """One line of items.jsonl."""
    given = {"stdin": program.stdin} if program.call is None else {"call": program.call}
    return {"id": name, "problem": problem.id, "source": program.source, **given, "output": output}
