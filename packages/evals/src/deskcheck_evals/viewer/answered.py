"""An item of a no-regression check: what lm-eval asked, what the model wrote, and how that was scored."""

from deskcheck_agent.page.code import listing
from deskcheck_agent.page.words import VERDICTS

from deskcheck_evals.measures import main_score
from deskcheck_evals.rows import Json
from deskcheck_evals.viewer.item import Item, rendered, text, word


def answered_item(row: Json) -> Item:
    """The item of a row."""
    verdict = word(VERDICTS, row["verdict"]) if row.get("verdict") else ""
    html = rendered(
        "answered.html.j2",
        prompt=text(row["prompt"]),
        completion=text(row["completion"]),
        scores=row["scores"],
        program=listing(row["program"]) if row.get("program") else [],
        verdict=verdict,
        detail=text(row.get("detail")),
    )
    share = row["scores"][main_score(row["scores"])]
    return Item(row["id"], verdict, share, [verdict] if verdict else [], html)
