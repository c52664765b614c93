"""Predict inputs: ask a model for an input that makes a program give an output. n independent predictions a program,
each parsed, none of them run here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from deskcheck_tracer.program import Program

from deskcheck_agent.parse import ParseStatus, parse_input
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Completion, Sampler, SamplingParams
from deskcheck_agent.simulate import UNSAMPLED


@dataclass(frozen=True)
class InputPrediction:
    """One predicted input: the text of a call, of its arguments, or of standard input. `tokens` as in `Prediction`."""

    input: str | None
    status: ParseStatus
    reasoning: str
    tokens: int = 0


async def predict_inputs(
    programs: Sequence[tuple[Program, str]],
    sampler: Sampler,
    *,
    n: int = 5,
    prompts: Prompts | None = None,
    params: SamplingParams | None = None,
) -> list[list[InputPrediction]]:
    """Return n predictions for each (program, output). The sampler sees source, output and the name of the called
    function, never the program's own input."""
    if not programs:
        return []
    prompts = prompts or Prompts.load()
    asked = [prompts.find_input(program, output) for program, output in programs]
    answers = await sampler.sample(asked, replace(params or SamplingParams(), n=n))
    return [[input_prediction_of(completion) for completion in row] for row in answers]


def input_prediction_of(completion: Completion) -> InputPrediction:
    """Parse one answer to a find_input prompt."""
    if completion.stop in UNSAMPLED:
        return InputPrediction(None, UNSAMPLED[completion.stop], "")
    found, status = parse_input(completion.text)
    return InputPrediction(found, status, completion.text, completion.tokens)
