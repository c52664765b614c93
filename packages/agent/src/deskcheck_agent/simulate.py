"""Simulate: ask a model what a program prints. n independent predictions a program, each parsed, none of them checked
here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from deskcheck_tracer.program import Program

from deskcheck_agent.parse import ParseStatus, parse_output
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Completion, Sampler, SamplingParams, StopReason

UNSAMPLED = {StopReason.budget: ParseStatus.budget, StopReason.error: ParseStatus.error}
"""Completions that no model wrote: they say nothing of a program, neither that it passes nor that it fails."""


@dataclass(frozen=True)
class Prediction:
    """One predicted output. `tokens` counts what the model wrote, reasoning included (0 where the engine does not
    say)."""

    output: str | None
    status: ParseStatus
    narration: str
    tokens: int = 0


async def simulate(
    programs: Sequence[Program],
    sampler: Sampler,
    *,
    n: int = 5,
    prompts: Prompts | None = None,
    params: SamplingParams | None = None,
) -> list[list[Prediction]]:
    """Return n predictions for each program. The sampler sees source and input, never an expected output."""
    if not programs:
        return []
    prompts = prompts or Prompts.load()
    asked = [prompts.simulate(program) for program in programs]
    answers = await sampler.sample(asked, replace(params or SamplingParams(), n=n))
    return [[prediction_of(completion) for completion in row] for row in answers]


def prediction_of(completion: Completion) -> Prediction:
    """Parse one answer to a simulate prompt."""
    if completion.stop in UNSAMPLED:
        return Prediction(None, UNSAMPLED[completion.stop], "")
    output, status = parse_output(completion.text)
    return Prediction(output, status, completion.text, completion.tokens)
