"""From a recorded run to rows: each rendering asked for (renderings/) makes its own and checks it.

Nothing unverified becomes a row. A run that no rendering applies to is counted.
"""

from __future__ import annotations

from collections.abc import Callable

from deskcheck_agent.prompts import Prompts

from deskcheck_trainer.nlex.recording import Recorded
from deskcheck_trainer.nlex.renderings import RENDERINGS, Context, RenderPlan, Subject
from deskcheck_trainer.nlex.renderings.narrations import narration_fault
from deskcheck_trainer.nlex.renderings.subject import ONE_EXPLANATION, about, output_of
from deskcheck_trainer.nlex.row import Reason, Rejected, Row, words_and_symbols

__all__ = ["Telling", "about", "narration_fault", "output_of"]


class Telling:
    """Rows of recorded runs, told by the template narrator."""

    def __init__(
        self,
        prompts: Prompts,
        style: str = "step",
        max_tokens: int | None = None,
        plan: RenderPlan = ONE_EXPLANATION,
        count: Callable[[str], int] = words_and_symbols,
    ) -> None:
        """`count` gives the size of a text in the unit of `max_tokens`."""
        self.context = Context(prompts.numbered() if plan.line_numbers else prompts, style, max_tokens, plan, count)
        self.render = [RENDERINGS[name] for name in plan.names]

    def __call__(self, recorded: Recorded) -> list[Row | Rejected]:
        subject = Subject(recorded)
        made = [render(subject, self.context) for render in self.render]
        names = ", ".join(self.context.plan.names)
        return [one for one in made if one is not None] or [
            subject.rejected((Reason.not_applicable, f"no rendering of {names} applies to this run"))
        ]
