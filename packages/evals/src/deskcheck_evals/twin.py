"""A scripted model of the micro problems: every task runs end to end in seconds (the bare `deskcheck-eval`).

It recognises the prompts it is shown. Asked to solve, it writes the reference program with chance `skill` and a
mutant otherwise; asked to simulate or for an input, it says the true one with chance `sight` and another one otherwise;
asked to submit or fix, it submits or writes the reference, half and half. Its coins are a function of the prompt, the
seed and the index. Its programs are ours, and run in the sandbox all the same. It measures nothing: reports refuse it
unless told otherwise.
"""

import random
from collections.abc import Sequence

from deskcheck_agent.parse import input_block
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Message, SamplingParams, ScriptedSampler, seed_of
from deskcheck_tracer import Program, default_sandbox
from deskcheck_tracer.claims import output_block

from deskcheck_evals.micro import MicroProblem, mutate
from deskcheck_evals.truth import true_outputs

MUTANTS = 3
"""Wrong programs a problem, from which the wrong answers are drawn."""


class Twin:
    """The script; pass `twin.answer` to a ScriptedSampler."""

    def __init__(
        self, drawn: Sequence[MicroProblem], prompts: Prompts, *, skill: float = 0.5, sight: float = 0.8, seed: int = 0
    ) -> None:
        self.skill, self.sight = skill, sight
        rng = random.Random(seed)
        self._mutants = {one.problem.id: [mutate(one.reference, rng) for _ in range(MUTANTS)] for one in drawn}
        self._by_solve = {_text(prompts.solve(one.problem)): one for one in drawn}
        self._by_statement = {one.problem.statement: one for one in drawn}
        self._outputs = self._simulate_prompts(drawn, prompts)
        self._inputs = {
            _text(prompts.find_input(Program(one.reference), test.output)): test.input
            for one in drawn
            for test in one.problem.private_tests
        }

    def answer(self, messages: list[Message], params: SamplingParams, index: int) -> str:
        """One completion."""
        text = _text(messages)
        coin = random.Random(seed_of(params.seed, text, index))
        if text in self._outputs:
            return output_block(self._predicted(self._outputs[text], coin))
        if text in self._inputs:
            return input_block(self._predicted(self._inputs[text], coin))
        if text in self._by_solve:
            one = self._by_solve[text]
            return _fenced(one.reference if coin.random() < self.skill else coin.choice(self._mutants[one.problem.id]))
        found = [one for statement, one in self._by_statement.items() if statement in text]
        if not found:
            raise ValueError(f"the scripted twin was shown a prompt of no micro problem it knows: {text[:200]!r}")
        return _fenced(
            "#SUBMIT\n" if coin.random() < 0.5 else max(found, key=lambda one: len(one.problem.statement)).reference
        )

    def _simulate_prompts(self, drawn: Sequence[MicroProblem], prompts: Prompts) -> dict[str, str]:
        """The true output behind every simulate prompt that these problems can lead to."""
        programs = [
            one.problem.program(source, test)
            for one in drawn
            for source in (one.reference, *self._mutants[one.problem.id])
            for test in (*one.problem.public_tests, *one.problem.private_tests)
        ]
        distinct: dict[str, Program] = {program.id: program for program in programs}
        outputs = dict(zip(distinct, true_outputs(list(distinct.values()), [default_sandbox()]), strict=True))
        return {_text(prompts.simulate(program)): outputs[program.id] or "" for program in programs}

    def _predicted(self, true: str, coin: random.Random) -> str:
        return true.removesuffix("\n") if coin.random() < self.sight else str(coin.randint(0, 99))


def twin_sampler(
    drawn: Sequence[MicroProblem], prompts: Prompts, seed: int = 0, *, skill: float = 0.5, sight: float = 0.8
) -> ScriptedSampler:
    """The twin as a sampler."""
    return ScriptedSampler(Twin(drawn, prompts, skill=skill, sight=sight, seed=seed).answer, model_id="scripted twin")


def _text(messages: Sequence[Message]) -> str:
    return "\n".join(message["content"] for message in messages)


def _fenced(code: str) -> str:
    return f"```python\n{code.rstrip()}\n```"
