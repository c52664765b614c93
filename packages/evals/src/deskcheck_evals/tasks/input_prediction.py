"""Input prediction: n predictions of an input that makes each program give its output; one row an item.

A prediction is scored by running it (tasks/input_runs.py). With it run three inputs that read no program: the item's
own, which must be right, or the scorer or the benchmark is broken; the output, copied; and the most frequent input of
the benchmark.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from deskcheck_agent.predict_input import InputPrediction, predict_inputs
from deskcheck_agent.sampler import Sampler
from deskcheck_tracer import Sandbox, SandboxFailed

from deskcheck_evals.benchmarks import PredictionItem
from deskcheck_evals.errors import EvalError
from deskcheck_evals.predicted_input import called_function
from deskcheck_evals.rows import Rows
from deskcheck_evals.tasks.gathering import Advance, Unscored, all_of
from deskcheck_evals.tasks.input_runs import InputEnd, ends_of
from deskcheck_evals.tasks.output_prediction import Asking, key_of

TRUE_INPUT, COPY_OUTPUT, MAJORITY_INPUT = "true input", "copy output", "majority input"


async def predict_all(
    items: Sequence[PredictionItem],
    sampler: Sampler,
    sandbox: Sandbox,
    rows: Rows,
    asking: Asking,
    unscored: Unscored,
    advance: Advance,
    *,
    common: str,
) -> None:
    """Add a row for every item that has none; none where the sandbox fails on it. `common` is the most frequent input
    of the whole benchmark."""

    async def one(item: PredictionItem) -> None:
        [predictions] = await predict_inputs(
            [(item.program, item.output)], sampler, n=asking.attempts, prompts=asking.prompts, params=asking.params
        )
        blind = {TRUE_INPUT: input_of(item), COPY_OUTPUT: item.output.removesuffix("\n"), MAJORITY_INPUT: common}
        texts = [*(each.input for each in predictions), *blind.values()]
        try:
            ends = await ends_of([(item, text) for text in texts], sandbox, asking.checker)
        except SandboxFailed as error:
            unscored.add(item.id, str(error))
        else:
            baselines = dict(zip(blind, ends[len(predictions) :], strict=True))
            steps = await asking.count_lines(item.program) if asking.count_lines is not None else None
            rows.add(key_of(item), row_of(item, predictions, ends, baselines, steps))
        advance()

    await all_of(one(item) for item in items if key_of(item) not in rows)


def check(items: Sequence[PredictionItem]) -> None:
    """EvalError for an item whose input cannot be asked for."""
    for item in items:
        call = item.program.call
        if call is not None and called_function(call) is None:
            raise EvalError(
                f"item {item.id!r} evaluates {call[:80]!r}, and an input can be asked for only where that is the call "
                "of a function by its name: leave it out with benchmark.exclude_ids"
            )


def input_of(item: PredictionItem) -> str:
    """The input that the item came with, as a predicted one is written."""
    return item.program.stdin.removesuffix("\n") if item.program.call is None else item.program.call


def majority_input(items: Sequence[PredictionItem]) -> str:
    """The most frequent input; of equally frequent ones the first in alphabetical order."""
    counts = Counter(map(input_of, items))
    return min(counts, key=lambda text: (-counts[text], text))


def row_of(
    item: PredictionItem,
    predictions: Sequence[InputPrediction],
    ends: Sequence[InputEnd],
    baselines: Mapping[str, InputEnd],
    steps: int | None,
) -> dict[str, Any]:
    """Everything a report needs, and the texts for a reader; `ends` begins with those of the predictions."""
    ends = ends[: len(predictions)]
    return {
        "id": item.id,
        "problem": item.owner,
        "source": item.program.source,
        "input": input_of(item),
        "is_call": item.program.call is not None,
        "expected": item.output,
        "steps": steps,
        "inputs": [each.input for each in predictions],
        "statuses": [each.status.value for each in predictions],
        "tokens": [each.tokens for each in predictions],
        "narrations": [each.reasoning for each in predictions],
        "ends": [end.value for end in ends],
        "right": [end is InputEnd.right for end in ends],
        "baselines": {name: end.value for name, end in baselines.items()},
    }
