"""Rows of several kinds from one recorded run, by name: the run is the same, what is asked of it differs.

A rendering is a function `(Subject, Context) -> Row | Rejected | None`: None where it does not apply (a branch question
about a program without conditions), Rejected where its answer fails its own check or the budget. What it states is
worked out from the events of the trace and checked against something else made of it before it becomes a row.
"""

from __future__ import annotations

from collections.abc import Callable

from deskcheck_trainer.nlex.renderings.branch import branch
from deskcheck_trainer.nlex.renderings.cwm import cwm
from deskcheck_trainer.nlex.renderings.narrations import explain, scratchpad
from deskcheck_trainer.nlex.renderings.next_state import next_state
from deskcheck_trainer.nlex.renderings.predictions import predict_input, predict_output
from deskcheck_trainer.nlex.renderings.subject import Context, RenderPlan, Subject
from deskcheck_trainer.nlex.row import Rejected, Row, Task

Render = Callable[[Subject, Context], Row | Rejected | None]

RENDERINGS: dict[str, Render] = {
    Task.explain: explain,
    Task.predict_output: predict_output,
    Task.predict_input: predict_input,
    Task.cwm: cwm,
    Task.scratchpad: scratchpad,
    Task.next_state: next_state,
    Task.branch: branch,
}

__all__ = ["RENDERINGS", "Context", "Render", "RenderPlan", "Subject"]
