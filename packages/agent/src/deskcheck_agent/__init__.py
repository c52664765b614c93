"""Language models that check and fix their own programs by simulating them.

    problems = load_problems("problems.jsonl")
    sampler = make_sampler(SamplerConfig(...))
    ranking = await self_verify(problems[0], sampler, k=20)
    trajectory = await self_fix(problems[0], sampler, max_turns=10)

Names are imported on first use: nothing here needs torch, a server or Hydra until it is called.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deskcheck_agent.budget import Budget as Budget
    from deskcheck_agent.budget import BudgetedSampler as BudgetedSampler
    from deskcheck_agent.budget import Meter as Meter
    from deskcheck_agent.cache import CachedSampler as CachedSampler
    from deskcheck_agent.errors import ModelError as ModelError
    from deskcheck_agent.errors import PromptError as PromptError
    from deskcheck_agent.errors import SamplerError as SamplerError
    from deskcheck_agent.feedback import (
        AgreementFeedback as AgreementFeedback,
    )
    from deskcheck_agent.feedback import (
        Combine as Combine,
    )
    from deskcheck_agent.feedback import (
        ExecutedFeedback as ExecutedFeedback,
    )
    from deskcheck_agent.feedback import (
        Feedback as Feedback,
    )
    from deskcheck_agent.feedback import (
        FeedbackSource as FeedbackSource,
    )
    from deskcheck_agent.feedback import (
        NoFeedback as NoFeedback,
    )
    from deskcheck_agent.feedback import (
        RichFeedback as RichFeedback,
    )
    from deskcheck_agent.feedback import (
        ScheduledFeedback as ScheduledFeedback,
    )
    from deskcheck_agent.feedback import (
        SimulatedFeedback as SimulatedFeedback,
    )
    from deskcheck_agent.feedback import (
        TestFeedback as TestFeedback,
    )
    from deskcheck_agent.feedback import (
        make_feedback as make_feedback,
    )
    from deskcheck_agent.fix import self_fix as self_fix
    from deskcheck_agent.gather import GatheringSampler as GatheringSampler
    from deskcheck_agent.parse import (
        ParseStatus as ParseStatus,
    )
    from deskcheck_agent.parse import (
        Reply as Reply,
    )
    from deskcheck_agent.parse import (
        parse_input as parse_input,
    )
    from deskcheck_agent.parse import (
        parse_output as parse_output,
    )
    from deskcheck_agent.parse import (
        parse_solution as parse_solution,
    )
    from deskcheck_agent.predict_input import InputPrediction as InputPrediction
    from deskcheck_agent.predict_input import predict_inputs as predict_inputs
    from deskcheck_agent.problem import Problem as Problem
    from deskcheck_agent.problem import load_problems as load_problems
    from deskcheck_agent.problem_file import read_problem as read_problem
    from deskcheck_agent.prompts import Prompts as Prompts
    from deskcheck_agent.sampler import (
        Completion as Completion,
    )
    from deskcheck_agent.sampler import (
        Message as Message,
    )
    from deskcheck_agent.sampler import (
        Sampler as Sampler,
    )
    from deskcheck_agent.sampler import (
        SamplingParams as SamplingParams,
    )
    from deskcheck_agent.sampler import (
        ScriptedSampler as ScriptedSampler,
    )
    from deskcheck_agent.sampler import (
        StopReason as StopReason,
    )
    from deskcheck_agent.sampler import (
        seed_of as seed_of,
    )
    from deskcheck_agent.samplers import make_sampler as make_sampler
    from deskcheck_agent.simulate import Prediction as Prediction
    from deskcheck_agent.simulate import simulate as simulate
    from deskcheck_agent.trajectory import (
        Trajectory as Trajectory,
    )
    from deskcheck_agent.trajectory import (
        TrajectoryFile as TrajectoryFile,
    )
    from deskcheck_agent.trajectory import (
        TrajectoryStatus as TrajectoryStatus,
    )
    from deskcheck_agent.trajectory import (
        Turn as Turn,
    )
    from deskcheck_agent.trajectory import (
        load_trajectories as load_trajectories,
    )
    from deskcheck_agent.verify import Candidate as Candidate
    from deskcheck_agent.verify import Ranking as Ranking
    from deskcheck_agent.verify import self_verify as self_verify

_HOMES = {
    "cache": ["CachedSampler"],
    "errors": ["ModelError", "PromptError", "SamplerError"],
    "budget": ["Budget", "BudgetedSampler", "Meter"],
    "feedback": [
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
        "make_feedback",
    ],
    "fix": ["self_fix"],
    "gather": ["GatheringSampler"],
    "parse": ["ParseStatus", "Reply", "parse_input", "parse_output", "parse_solution"],
    "predict_input": ["InputPrediction", "predict_inputs"],
    "problem": ["Problem", "load_problems"],
    "problem_file": ["read_problem"],
    "prompts": ["Prompts"],
    "sampler": ["Completion", "Message", "Sampler", "SamplingParams", "ScriptedSampler", "StopReason", "seed_of"],
    "samplers": ["make_sampler"],
    "simulate": ["Prediction", "simulate"],
    "trajectory": ["Trajectory", "TrajectoryFile", "TrajectoryStatus", "Turn", "load_trajectories"],
    "verify": ["Candidate", "Ranking", "self_verify"],
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = sorted(_HOME_OF)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Keeps `deskcheck_agent.simulate` the function: importing the submodule would rebind the name to the module."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType) and name in _HOME_OF:
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
