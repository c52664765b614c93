"""Ask a custom checker about outputs: each in a process of its own, or, where the checker is pure, many in one.

A checker that decides nothing about an output is asked about the expected one, alone (checker.py). An output that ends
the process of many (it is too much for the checker) is asked about again by itself, like those that came after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import batched

from .answering import VALUE
from .checker import Asked, Checker, said, verdict_of
from .sandbox import Sandbox
from .verdict import Verdict

BATCH = 200
"""Outputs of one process."""
Decided = tuple[Verdict, str]


def decide(checker: Checker, outputs: Sequence[Asked], sandbox: Sandbox) -> list[Decided]:
    """AC, WA or SE for each output, and why where the checker itself did not say."""
    found = _in_few_processes(checker, outputs, sandbox) if checker.pure else {}
    left = [place for place, asked in enumerate(outputs) if asked not in found]
    alone = dict(zip(left, _one_by_one(checker, [outputs[place] for place in left], sandbox), strict=True))
    return [alone[place] if place in alone else found[asked] for place, asked in enumerate(outputs)]


def _in_few_processes(checker: Checker, outputs: Sequence[Asked], sandbox: Sandbox) -> dict[Asked, Decided]:
    """What is decided about distinct outputs; some may be missing."""
    distinct = dict.fromkeys(outputs)
    found: dict[Asked, Decided] = {asked: (Verdict.AC, "") for asked in distinct if asked.output == asked.answer}
    batches = list(batched((asked for asked in distinct if asked not in found), BATCH))
    if not batches:
        return found
    results = sandbox.second.answer_many([checker.program_of_many(batch) for batch in batches], checker.limits)
    verdicts = {f"{VALUE}True": Verdict.AC, f"{VALUE}False": Verdict.WA}
    for batch, result in zip(batches, results, strict=True):
        for asked, line in zip(batch, (result.returned or "").split("\n")[:-1], strict=False):
            if line in verdicts:
                found[asked] = verdicts[line], ""
    return found


def _one_by_one(checker: Checker, outputs: Sequence[Asked], sandbox: Sandbox) -> list[Decided]:
    """A verdict an output; a checker that fails is asked about the expected output, too."""
    results = sandbox.second.run_many([checker.program(asked) for asked in outputs], checker.limits)
    unclear = [place for place, result in enumerate(results) if said(result) is None]
    expected = [checker.program(outputs[place]._replace(output=outputs[place].answer)) for place in unclear]
    answers = dict(zip(unclear, sandbox.second.run_many(expected, checker.limits), strict=True))
    return [verdict_of(result, answers.get(place)) for place, result in enumerate(results)]
