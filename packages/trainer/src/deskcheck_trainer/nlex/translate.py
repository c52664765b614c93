"""The narrator `llm`: a language model tells recorded runs in prose, and what does not prove true is kept aside.

The model sees program, input and record (our own terse narration, its middle left out with a mark where it is long);
the row's prompt is the ordinary request to explain, in which no record stands. All runs of a shard are asked at once,
so the sampler sees full batches; a run whose answer is blocked is asked again, on another seed, up to `attempts` times,
and the first answer that holds is its row. Source: paper section 1 (NLEX data), where the output alone is compared.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Message, Sampler, SamplingParams, seed_of
from deskcheck_evals.tasks.gathering import all_of
from deskcheck_tracer import narrate
from deskcheck_tracer.claims import OUTPUT_CLOSE
from deskcheck_tracer.prose import Demands
from deskcheck_tracer.prose.verification import DEMANDS

from deskcheck_trainer.nlex.free_text import answer_fault, explanation
from deskcheck_trainer.nlex.recording import Fault, Recorded, rejected
from deskcheck_trainer.nlex.row import Reason, Rejected, Row, Task, answer, messages, words_and_symbols
from deskcheck_trainer.nlex.telling import about

STYLE = "llm"
"""`style` of the rows that a model told."""

RECORD_STYLE = "compact"
"""Style of the record that the model is shown: a line a step, with values put into conditions."""


@dataclass(frozen=True, kw_only=True)
class Translation:
    """How a model tells runs; meanings as in TranslationConfig."""

    model: str
    params: SamplingParams
    attempts: int = 1
    record_tokens: int = 2000
    demands: Demands = DEMANDS


class Translator:
    """Turns the recorded runs of a shard into rows and rejections; other outcomes pass through."""

    def __init__(self, sampler: Sampler, prompts: Prompts, plan: Translation) -> None:
        self.sampler, self.prompts, self.plan = sampler, prompts, plan

    def __call__(self, outcomes: Sequence[Row | Rejected | Recorded]) -> tuple[list[Row | Rejected], Counter[str]]:
        """The outcomes in their order, and counts: `runs`, `attempts`, `accepted`, and blocked attempts by reason.

        Raises SamplerError where the model itself fails; answers so far are in the sampler's cache.
        """
        return asyncio.run(self._all(outcomes))

    async def _all(self, outcomes: Sequence[Row | Rejected | Recorded]) -> tuple[list[Row | Rejected], Counter[str]]:
        counts = Counter[str]()
        told: dict[int, Row | Rejected] = {}

        async def tell(place: int, recorded: Recorded) -> None:
            told[place] = await self.tell(recorded, counts)

        await all_of(tell(place, one) for place, one in enumerate(outcomes) if isinstance(one, Recorded))
        return [one if not isinstance(one, Recorded) else told[place] for place, one in enumerate(outcomes)], counts

    async def tell(self, recorded: Recorded, counts: Counter[str]) -> Row | Rejected:
        """The row of one run, or its rejection for the fault of its last answer, which is kept beside it."""
        counts["runs"] += 1
        record = narrate(recorded.trace, RECORD_STYLE, self.plan.record_tokens)
        if (size := words_and_symbols(record)) > self.plan.record_tokens:
            counts["unasked"] += 1
            detail = f"its shortest record has {size} words and symbols, expected at most {self.plan.record_tokens}"
            return rejected(recorded.item, (Reason.too_long, detail))
        prompt = self.prompts.translate(recorded.item.program, record)
        text, fault = "", None
        for attempt in range(self.plan.attempts):
            text, fault = await self._attempt(prompt, attempt, record, recorded)
            counts["attempts"] += 1
            counts[fault[0].value if fault else "accepted"] += 1
            if fault is None:
                asked = messages(self.prompts.explain(recorded.item.program))
                return about(recorded, Task.explain, asked, answer(text), style=STYLE)
        assert fault is not None  # at least one attempt
        return rejected(recorded.item, fault, narration=text)

    async def _attempt(
        self, prompt: list[Message], attempt: int, record: str, recorded: Recorded
    ) -> tuple[str, Fault | None]:
        seed = seed_of(self.plan.params.seed, "translate", attempt)
        params = replace(self.plan.params, seed=seed, n=1, stop=(OUTPUT_CLOSE,))
        [[completion]] = await self.sampler.sample([prompt], params)
        text = explanation(completion)
        return text, answer_fault(completion, text, record, recorded.trace, self.plan.demands)
