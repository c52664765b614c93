"""Batches by tokens: one optimizer step is as many waiting rows as fill `tokens_per_step`.

TRL's own loader fills pass after pass and looks ahead: it checks the age of a row one pass before it is trained, and at
a checkpoint nobody knows which rows were taken but not trained. Here a whole step is taken at once, when its first pass
is asked for, so a row's age is that of the step it is trained in, and between two steps nothing is half used. The rows
are cut into `passes` x ranks consecutive chunks of about equal length (a group's rows mostly share one, and with it
their prompt) and packed by TRL's own tree packing. On several ranks the first one does all this and sends the rest."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from trl.experimental.async_grpo.async_grpo_trainer import DataCollatorForRollout
from trl.experimental.async_grpo.packing import TreeRow

from deskcheck_trainer.backends.micro_batch import cut_evenly
from deskcheck_trainer.ledger import Ledger
from deskcheck_trainer.rows import Row

WAIT_S = 1.0
"""How often the health of the worker is asked for while no row comes."""


class TokenBatches:
    """TRL's batches without end, each with the trained tokens of its whole step beside those of its own pass."""

    def __init__(
        self,
        ledger: Ledger,
        collate: DataCollatorForRollout,
        accelerator: Accelerator,
        *,
        tokens_per_step: int,
        passes: int,
        version: Callable[[], int],
        check_health: Callable[[], None],
        is_over: Callable[[], bool] = lambda: False,
        tell: Callable[[dict[str, float]], None] = lambda numbers: None,
    ) -> None:
        self.ledger, self.collate, self.accelerator = ledger, collate, accelerator
        self.tokens_per_step, self.passes = tokens_per_step, passes
        self.version, self.check_health, self.is_over, self.tell = version, check_health, is_over, tell
        self.wait_s = 0.0
        """Seconds spent waiting for rows since TRL last looked (it sets this to zero)."""
        self._told: Counter[str] = Counter()
        self.step_rows: list[Row] = []
        """The rows of the newest step, on the first rank."""

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        while not self.is_over():  # a run cut off after its last step takes none when it is continued
            batches = [self._next_step() if self.accelerator.is_main_process else None]
            if self.accelerator.num_processes > 1:
                broadcast_object_list(batches)
            rank = self.accelerator.process_index
            for batch in batches[0] or []:
                yield {name: tensor[rank : rank + 1] for name, tensor in batch.items()}

    def _next_step(self) -> list[dict[str, torch.Tensor]]:
        chunks = self.passes * self.accelerator.num_processes
        began = time.monotonic()
        self.step_rows = self._take(chunks)
        self.wait_s += time.monotonic() - began
        ages = [self.version() - row.version for row in self.step_rows]
        self.tell({"staleness_mean": sum(ages) / len(ages), "staleness_max": float(max(ages))} | self._new_counts())
        return self.pack(self.step_rows)

    def _new_counts(self) -> dict[str, float]:
        """What became of rows since the last step; TRL sums up numbers with `total` in their name."""
        counts, self._told = Counter(self.ledger.counts) - self._told, Counter(self.ledger.counts)
        return {f"rows/{name}_total": float(count) for name, count in counts.items()}

    def pack(self, rows: Sequence[Row]) -> list[dict[str, torch.Tensor]]:
        """`passes` batches with one packed line a rank. Expects at least one row a line."""
        ranks = self.accelerator.num_processes
        lines = [
            _line([rows[place] for place in chunk]) for chunk in cut_evenly(list(map(len, rows)), self.passes * ranks)
        ]
        batches = [self.collate([lines[start : start + ranks]]) for start in range(0, len(lines), ranks)]
        trained = sum(float(batch["global_n_tokens"][0]) for batch in batches)
        for batch in batches:
            batch["step_trained_tokens"] = torch.full((ranks,), trained)
        return batches

    def _take(self, least_rows: int) -> list[Row]:
        rows: list[Row] = []
        while len(rows) < least_rows or sum(map(len, rows)) < self.tokens_per_step:
            row = self.ledger.take(self.version(), WAIT_S)
            self.check_health()
            if row is not None:
                rows.append(row)
        return rows


def _line(rows: Sequence[Row]) -> TreeRow:
    line = TreeRow()
    for row in rows:
        prompt = len(row.prompt_ids)
        line.add(
            {
                "input_ids": numpy.array([*row.prompt_ids, *row.token_ids], dtype=numpy.int64),
                "completion_mask": numpy.array([0] * prompt + [1] * len(row.token_ids), dtype=numpy.int64),
                "old_log_probs": numpy.array([0.0] * prompt + list(row.logprobs), dtype=numpy.float32),
                "advantage": row.advantage,
                "group_id": row.group,
                "metrics": {},
            }
        )
    return line
