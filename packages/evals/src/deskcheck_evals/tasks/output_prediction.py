"""Output prediction: n predictions of what each program prints or returns; one row an item."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler, SamplingParams
from deskcheck_agent.simulate import Prediction, simulate
from deskcheck_tracer import Program

from deskcheck_evals.benchmarks import PredictionItem
from deskcheck_evals.rows import Rows, content_key
from deskcheck_evals.tasks.compare import right
from deskcheck_evals.tasks.gathering import Advance, all_of


@dataclass(frozen=True)
class Asking:
    """How predictions are asked for."""

    attempts: int
    prompts: Prompts
    params: SamplingParams
    checker: str
    count_lines: Callable[[Program], Awaitable[int | None]] | None = None
    """How many lines a program executes, for accuracy by trace length; None: not counted."""


def key_of(item: PredictionItem) -> str:
    """What a row is stored under."""
    return content_key(asdict(item))


async def predict_outputs(
    items: Sequence[PredictionItem],
    sampler: Sampler,
    rows: Rows,
    asking: Asking,
    advance: Advance,
) -> None:
    """Add a row for every item that has none."""

    async def one(item: PredictionItem) -> None:
        [predictions] = await simulate(
            [item.program], sampler, n=asking.attempts, prompts=asking.prompts, params=asking.params
        )
        steps = await asking.count_lines(item.program) if asking.count_lines is not None else None
        rows.add(key_of(item), row_of(item, predictions, asking.checker, steps))
        advance()

    await all_of(one(item) for item in items if key_of(item) not in rows)


def row_of(item: PredictionItem, predictions: Sequence[Prediction], checker: str, steps: int | None) -> dict[str, Any]:
    """Everything a report needs, and the texts for a reader."""
    is_call = item.program.call is not None
    return {
        "id": item.id,
        "problem": item.owner,
        "source": item.program.source,
        "input": item.program.call if is_call else item.program.stdin,
        "is_call": is_call,
        "expected": item.output,
        "steps": steps,
        "outputs": [each.output for each in predictions],
        "statuses": [each.status.value for each in predictions],
        "tokens": [each.tokens for each in predictions],
        "narrations": [each.narration for each in predictions],
        "right": [right(item.output, each.output, is_call=is_call, checker=checker) for each in predictions],
    }
