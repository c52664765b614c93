"""An item of output prediction: the program, what it prints, and every prediction with how it was arrived at."""

from collections import Counter
from dataclasses import dataclass

from deskcheck_agent.page.code import listing
from deskcheck_agent.page.texts import lines, one_line
from deskcheck_agent.page.words import PREDICTIONS

from deskcheck_evals.rows import Json
from deskcheck_evals.viewer.item import Item, rendered, text, word


@dataclass(frozen=True)
class Attempt:
    """One prediction."""

    is_right: bool
    says: str
    fault: str
    tokens: int
    narration: str


@dataclass(frozen=True)
class Answer:
    """One output and how many predictions state it."""

    says: str
    is_right: bool
    count: int


def predicted_item(row: Json) -> Item:
    """The item of a row."""
    attempts = [
        Attempt(right, _said(output), word(PREDICTIONS, status), tokens, text(narration))
        for right, output, status, tokens, narration in zip(
            row["right"], row["outputs"], row["statuses"], row["tokens"], row["narrations"], strict=True
        )
    ]
    html = rendered(
        "predicted.html.j2",
        row=row,
        program=listing(row["source"]),
        given=lines(row["input"] or ""),
        expected=lines(row["expected"]),
        attempts=attempts,
        answers=_answers(row),
    )
    share = sum(row["right"]) / len(row["right"])
    return Item(row["id"], one_line(row["expected"], 60), share, sorted(set(row["statuses"])), html)


def _answers(row: Json) -> list[Answer]:
    """What was said, the most frequent first; answers that count as right stand apart even where the text is equal."""
    said = Counter(
        (None if output is None else output.strip(), right)
        for output, right in zip(row["outputs"], row["right"], strict=True)
    )
    return [Answer(_said(output) or "nothing readable", right, count) for (output, right), count in said.most_common()]


def _said(output: str | None) -> str:
    return "" if output is None else one_line(output, 60)
