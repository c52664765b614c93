"""An item of output or input prediction: the program, what is true, and every prediction with how it was arrived at."""

from collections import Counter
from dataclasses import dataclass

from deskcheck_agent.page.code import listing
from deskcheck_agent.page.texts import lines, one_line
from deskcheck_agent.page.words import PREDICTIONS

from deskcheck_evals.rows import Json
from deskcheck_evals.viewer.item import Item, rendered, text, word


@dataclass(frozen=True)
class Attempt:
    """One prediction; `fault` is why it could not be read, or how the run of a wrong input ended."""

    is_right: bool
    says: str
    fault: str
    tokens: int
    narration: str


@dataclass(frozen=True)
class Answer:
    """One output, or input, and how many predictions state it."""

    says: str
    is_right: bool
    count: int


def predicted_item(row: Json) -> Item:
    """The item of a row."""
    names_inputs = "inputs" in row
    said = row["inputs"] if names_inputs else row["outputs"]
    ends = row.get("ends", [""] * len(said))
    attempts = [
        Attempt(right, _said(each), word(PREDICTIONS, status) or _end(end), tokens, text(narration))
        for right, each, status, end, tokens, narration in zip(
            row["right"], said, row["statuses"], ends, row["tokens"], row["narrations"], strict=True
        )
    ]
    html = rendered(
        "predicted.html.j2",
        row=row,
        program=listing(row["source"]),
        given=lines(row["expected"] if names_inputs else row["input"] or ""),
        truth=lines(row["input"] if names_inputs else row["expected"]),
        names_inputs=names_inputs,
        attempts=attempts,
        answers=_answers(said, row["right"]),
    )
    share = sum(row["right"]) / len(row["right"])
    return Item(row["id"], one_line(row["expected"], 60), share, sorted({*row["statuses"], *filter(None, ends)}), html)


def _answers(said: list[str | None], right: list[bool]) -> list[Answer]:
    """What was said, the most frequent first; answers that count as right stand apart even where the text is equal."""
    counts = Counter((None if each is None else each.strip(), bit) for each, bit in zip(said, right, strict=True))
    return [Answer(_said(each) or "nothing readable", bit, count) for (each, bit), count in counts.most_common()]


def _said(each: str | None) -> str:
    return "" if each is None else one_line(each, 60)


def _end(end: str) -> str:
    """How the run of a predicted input ended, where it did not give the output."""
    return "" if end in ("", "right") else end.replace("_", " ")
