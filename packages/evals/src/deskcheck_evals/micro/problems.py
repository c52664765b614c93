"""Micro problems: a statement, a reference program, three public tests and six private ones.

The outputs are the reference program's own. It is our code, drawn from our grammar, so it runs here and not in a
sandbox; what a *model* writes for these problems never does. A problem is kept when its nine outputs say something:
at least three different ones, and the longest run of the reference is a real one (loops, branches, no crash).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

from deskcheck_agent.problem import Problem
from deskcheck_tracer import TestCase

from deskcheck_evals.micro.grammar import Draft, draw, draw_input
from deskcheck_evals.micro.split import Split, shape, split_of

PUBLIC, PRIVATE = 3, 6


@dataclass(frozen=True)
class MicroProblem:
    """A problem of the micro family and the program that defines its answers."""

    problem: Problem
    reference: str


def run_reference(code: CodeType, stdin: str) -> str:
    """Stdout of one of our own programs; exceptions pass through."""
    lines: list[str] = []
    scope = {"input": lambda: stdin.rstrip("\n"), "print": lambda *xs: lines.append(" ".join(map(str, xs)) + "\n")}
    exec(code, scope)
    return "".join(lines)


def _tests(draft: Draft, rng: random.Random) -> list[TestCase] | None:
    """Nine tests with distinct inputs, or None where they would not tell programs apart."""
    code = compile(draft.source, "<micro>", "exec")
    inputs: list[str] = []
    while len(inputs) < PUBLIC + PRIVATE:
        stdin = draw_input(rng, draft.reads)
        if stdin not in inputs:
            inputs.append(stdin)
    tests = [TestCase(stdin, run_reference(code, stdin)) for stdin in inputs]
    return tests if len({t.output for t in tests}) >= 3 else None


def stream(split: Split, seed: int | str = 0, vague_share: float = 0.6) -> Iterator[MicroProblem]:
    """An endless, deterministic stream of problems of one split; shapes may recur within a split, never across."""
    rng, number = random.Random(f"{split}-{seed}"), 0
    while True:
        draft = draw(rng, vague_share)
        if split_of(draft.source) != split or (tests := _tests(draft, rng)) is None:
            continue
        problem = Problem(
            id=f"micro-{split}-{seed}-{number}",
            statement=draft.statement,
            public_tests=tuple(tests[:PUBLIC]),
            private_tests=tuple(tests[PUBLIC:]),
        )
        yield MicroProblem(problem, draft.source)
        number += 1


def micro_problems(split: Split, count: int, seed: int = 0, *, vague_share: float = 0.6) -> list[MicroProblem]:
    """The first `count` problems of a split; for validation and test no two share a shape."""
    kept: dict[str, MicroProblem] = {}
    items = stream(split, seed, vague_share)
    while len(kept) < count:
        item = next(items)
        kept.setdefault(item.reference if split == "train" else shape(item.reference), item)
    return list(kept.values())
