"""Rows that are longer than a sequence: counted, and cut or dropped, never cut in silence.

TRL cuts such a row at its end, packed (`bfd`) or not, and says nothing. What is lost is the end of the answer: the
output that a narration leads to, and the token that ends it. Cutting is what users of TRL expect and what the paper's
recipe would do by it, so it is the default; `too_long=drop` leaves those rows out. Pretraining on plain text wraps its
documents over sequences and loses nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import Dataset

MASKED = -100
"""A label that takes no part in the loss."""


class TooLong(Enum):
    cut = "cut"
    drop = "drop"


@dataclass(frozen=True)
class RowLengths:
    """What tokenised rows lose to sequences of `max_length` tokens."""

    rows: int
    rows_too_long: int
    """Rows of more than max_length tokens: cut or dropped, as too_long says."""
    tokens_lost: int
    """Their tokens that are not trained on, prompts included."""
    answers_lost: int
    """Those of them of which no token of the answer is left."""

    def numbers(self) -> dict[str, int]:
        """As they are logged."""
        return {f"data/{name}": value for name, value in asdict(self).items()}

    def told(self, policy: TooLong, max_length: int) -> str:
        done = "cut at their end" if policy is TooLong.cut else "left out"
        other = "too_long=drop leaves them out" if policy is TooLong.cut else "too_long=cut trains on what fits"
        return (
            f"{self.rows_too_long} of {self.rows} rows are longer than max_length={max_length} and are {done} "
            f"({self.tokens_lost} tokens lost; of {self.answers_lost} rows the whole answer): raise max_length, or "
            f"{other}"
        )


def row_lengths(rows: Dataset, max_length: int, policy: TooLong) -> RowLengths:
    """Count over tokenised rows with `input_ids` and `labels`."""
    lengths = _lengths(rows)
    long = [place for place, length in enumerate(lengths) if length > max_length]
    gone = policy is TooLong.drop
    lost = sum(lengths[place] if gone else lengths[place] - max_length for place in long)
    emptied = sum(gone or all(label == MASKED for label in rows[place]["labels"][:max_length]) for place in long)
    return RowLengths(len(lengths), len(long), lost, emptied)


def fitting(rows: Dataset, max_length: int) -> Dataset:
    """The rows of at most `max_length` tokens, in their order."""
    return rows.select([place for place, length in enumerate(_lengths(rows)) if length <= max_length])


def _lengths(rows: Dataset) -> list[int]:
    import pyarrow.compute

    pc: Any = pyarrow.compute  # its functions are made at import, which a type checker does not see
    table: Any = rows.with_format("arrow").select_columns(["input_ids"])[:]
    return pc.list_value_length(table.column("input_ids")).to_pylist()
