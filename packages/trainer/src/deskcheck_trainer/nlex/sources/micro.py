"""Our own micro problems as a source: programs to explain, problems to solve, near misses to fix.

Every problem gives, in this order: its reference program on some of its inputs, near misses of it on one input each
(a model that verifies candidates must follow wrong programs too), one solve row, and fix rows for the reference
itself and for each near miss. Programs are drawn from our grammar, so this is the one source that may run without a
jail. Only the train split may be turned into training rows.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass

from deskcheck_evals.micro import MicroProblem, micro_problems, mutate, split_of
from deskcheck_tracer.program import Program

from deskcheck_trainer.nlex.row import Rejected
from deskcheck_trainer.nlex.sources import Explain, Fix, Item, Solve

LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class MicroSource:
    """Rows from `problems` problems of the train split."""

    problems: int
    seed: int = 0
    explain: int = 3
    """Inputs a reference program is explained on."""
    near_misses: int = 1
    """Near misses drawn a problem."""
    explain_near_misses: bool = True
    solve: bool = True
    fix: bool = True

    def count(self) -> int | None:
        explained = self.explain + (self.near_misses if self.explain_near_misses else 0)
        fixed = 1 + self.near_misses if self.fix else 0
        return self.problems * (explained + self.solve + fixed)  # fewer where a near miss equals its reference

    def items(self) -> Iterator[Item | Rejected]:
        for problem in micro_problems("train", self.problems, self.seed):
            yield from self._of(problem)

    def _of(self, micro: MicroProblem) -> Iterator[Item]:
        problem, reference = micro.problem, micro.reference
        tests = [*problem.public_tests, *problem.private_tests]
        rng = random.Random(f"{self.seed}-{problem.id}")
        misses = near_misses(reference, self.near_misses, rng)
        for i, test in enumerate(tests[: self.explain]):
            program = Program(reference, stdin=test.input)
            yield Explain(program=program, origin=f"{problem.id}#explain-{i}", licence=LICENCE)
        for i, source in enumerate(misses if self.explain_near_misses else []):
            program = Program(source, stdin=rng.choice(tests).input)
            yield Explain(program=program, origin=f"{problem.id}#explain-miss-{i}", licence=LICENCE)
        if self.solve:
            yield Solve(problem=problem, reference=reference, origin=f"{problem.id}#solve", licence=LICENCE)
        for i, candidate in enumerate([reference, *misses] if self.fix else []):
            origin = f"{problem.id}#fix-{i}"
            yield Fix(problem=problem, reference=reference, candidate=candidate, origin=origin, licence=LICENCE)


def near_misses(reference: str, count: int, rng: random.Random) -> list[str]:
    """Up to `count` distinct variants of `reference`, none with a shape of the validation or test split."""
    same = ast.unparse(ast.parse(reference))
    drawn = [mutate(reference, rng) for _ in range(count)]
    return [source for source in dict.fromkeys(drawn) if source != same and split_of(source) == "train"]
