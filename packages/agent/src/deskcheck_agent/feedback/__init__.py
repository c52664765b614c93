"""Feedback: how a program does on the public tests, by running it, by simulating it, by a coin between the two, or
not at all; measuring the simulation gap is one switch.

    told.py        TestFeedback, the protocol Feedback, its sources
    executed.py    real runs
    simulated.py   predictions of a model, combined
    scheduled.py   a coin between the two
    rich.py        any of them, with what happened around the first difference
    agreement.py   inputs without an expected output: candidates judge each other
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from deskcheck_agent.feedback.agreement import AgreementFeedback
from deskcheck_agent.feedback.executed import ExecutedFeedback
from deskcheck_agent.feedback.rich import RichFeedback
from deskcheck_agent.feedback.scheduled import ScheduledFeedback
from deskcheck_agent.feedback.simulated import Combine, SimulatedFeedback, combined_score, prediction_passes
from deskcheck_agent.feedback.told import Feedback, FeedbackSource, NoFeedback, TestFeedback
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler, SamplingParams

if TYPE_CHECKING:
    from deskcheck_tracer.sandbox import Sandbox

__all__ = [
    "AgreementFeedback",
    "Combine",
    "ExecutedFeedback",
    "Feedback",
    "FeedbackSource",
    "NoFeedback",
    "RichFeedback",
    "ScheduledFeedback",
    "SimulatedFeedback",
    "TestFeedback",
    "combined_score",
    "make_feedback",
    "prediction_passes",
]


def make_feedback(
    feedback: "FeedbackSource | Feedback",
    simulator: Sampler | None = None,
    *,
    n: int = 5,
    combine: Combine | str = Combine.mean,
    prompts: Prompts | None = None,
    params: SamplingParams | None = None,
    threshold: float = 0.5,
    p: float | Callable[[], float] = 1.0,
    seed: int = 0,
    rich: bool = False,
    sandbox: "Sandbox | None" = None,
) -> Feedback:
    """Build the feedback that a FeedbackSource names; a Feedback object is passed through."""
    if not isinstance(feedback, FeedbackSource):
        return feedback
    if rich:
        plain = make_feedback(
            feedback,
            simulator,
            n=n,
            combine=combine,
            prompts=prompts,
            params=params,
            threshold=threshold,
            p=p,
            seed=seed,
            sandbox=sandbox,
        )
        return RichFeedback(plain, sandbox)
    if feedback is FeedbackSource.none:
        return NoFeedback()
    if feedback is FeedbackSource.executed:
        return ExecutedFeedback(sandbox)
    if simulator is None:
        raise ValueError(f"feedback {feedback.value} needs a simulator, got None")
    simulated = SimulatedFeedback(simulator, n, combine, prompts, params, threshold)
    if feedback is FeedbackSource.simulated:
        return simulated
    return ScheduledFeedback(ExecutedFeedback(sandbox), simulated, p, seed)
