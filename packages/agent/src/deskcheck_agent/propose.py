"""Inputs that a model proposes for a problem: with too few public tests, candidates are compared on these too.

The model sees what a solver sees (statement and public tests) and answers with one fenced block an input. What cannot
be an input (arguments that are no literals), what is there already and what is too much is dropped.
"""

import ast
import re
from dataclasses import dataclass, replace

from deskcheck_agent.parse import fenced_blocks
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler, SamplingParams, seed_of

LONGEST = 4_000
"""Characters of one input: what is longer cannot be followed by hand."""


@dataclass(frozen=True)
class InputProposer:
    """Tops a problem's public tests up to `count` inputs by asking `sampler` once."""

    sampler: Sampler
    count: int
    prompts: Prompts
    params: SamplingParams

    async def __call__(self, problem: Problem) -> list[str]:
        """Up to `count` minus the number of public tests; fewer where the model's answer holds fewer."""
        missing = self.missing(problem)
        if not missing:
            return []
        own = replace(self.params, n=1, first=0, seed=seed_of(self.params.seed, "inputs"))
        completion = (await self.sampler.sample([self.prompts.propose_inputs(problem, missing)], own))[0][0]
        return proposed_inputs(completion.text, problem)[:missing]

    def missing(self, problem: Problem) -> int:
        """How many inputs the problem lacks."""
        return max(0, self.count - len(problem.public_tests))


def proposed_inputs(text: str, problem: Problem) -> list[str]:
    """The usable inputs of an answer, in its order, none twice and none that is a public test's."""
    found = [_as_written(body, problem) for body in fenced_blocks(text)]
    known = {test.input.strip() for test in problem.public_tests}
    usable = [each for each in found if each.strip() and len(each) <= LONGEST and each.strip() not in known]
    if problem.entry_point is not None:
        usable = [each for each in usable if _are_literals(each)]
    return list(dict.fromkeys(usable))


def _as_written(body: str, problem: Problem) -> str:
    """Standard input as it stands; of a call its arguments, which is what a test of a function holds."""
    if problem.entry_point is None:
        return body
    called = body.strip()
    inside = re.fullmatch(rf"{re.escape(problem.entry_point)}\((.*)\)", called, re.DOTALL)
    return inside[1] if inside else called


def _are_literals(arguments: str) -> bool:
    try:
        call = ast.parse(f"f({arguments})", mode="eval").body
        if not isinstance(call, ast.Call):
            return False
        for value in [*call.args, *(keyword.value for keyword in call.keywords)]:
            ast.literal_eval(value)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True
