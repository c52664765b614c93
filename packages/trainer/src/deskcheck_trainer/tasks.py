"""From the configuration to things to play: environments, and their tasks with gold answers where one is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from deskcheck_agent.prompts import Prompts
from deskcheck_conf.errors import ConfigError
from deskcheck_evals.benchmarks import BenchmarkConfig, BenchmarkName, load_items, load_problems_of
from deskcheck_evals.benchmarks.micro import draw
from deskcheck_tracer import Sandbox

from deskcheck_trainer.envs.output_prediction import OutputPredictionEnv
from deskcheck_trainer.envs.self_rlef import SelfRlefEnv
from deskcheck_trainer.envs.solve import SolveEnv
from deskcheck_trainer.envs.step_reward import TrueSteps
from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.rollout import Env, Task


class MakeEnvs(Protocol):
    """The environments in use, by name; `progress` says how much of the training is done, in [0, 1]."""

    def __call__(self, config: RLConfig, *, progress: Callable[[], float]) -> dict[str, Env]: ...


def make_envs(
    config: RLConfig, *, sandbox: Sandbox | None = None, progress: Callable[[], float] = lambda: 0.0
) -> dict[str, Env]:
    """The environments in use, by name. `progress` says how much of the training is done, in [0, 1]."""
    prompts = Prompts.load(config.prompts)
    if sandbox is None and config.degraded:
        sandbox = Sandbox(degraded=True)
    envs: dict[str, Env] = {}
    if (prediction := config.env.output_prediction) is not None:
        envs["output_prediction"] = OutputPredictionEnv(
            prompts,
            reward_weight=prediction.reward_weight,
            checker=prediction.checker,
            step_reward=prediction.step_reward,
            steps=TrueSteps(sandbox),
        )
    if (solve := config.env.solve) is not None:
        envs["solve"] = SolveEnv(prompts, reward_weight=solve.reward_weight, sandbox=sandbox)
    if (rlef := config.env.self_rlef) is not None:
        envs["self_rlef"] = SelfRlefEnv(
            prompts,
            reward_weight=rlef.reward_weight,
            sandbox=sandbox,
            max_repairs=rlef.max_repairs,
            feedback=rlef.feedback,
            predictions=rlef.predictions,
            executed_share=lambda: rlef.executed_from + (rlef.executed_to - rlef.executed_from) * progress(),
        )
    return envs


def load_tasks(env: str, benchmark: BenchmarkConfig) -> list[Task]:
    """The tasks of one environment. Raises ConfigError for problems that nothing could score."""
    if env == "output_prediction":
        return [Task(env, item, gold=item.output) for item in load_items(benchmark)]
    if benchmark.name is BenchmarkName.micro:
        return [Task(env, drawn.problem, gold=drawn.reference) for drawn in draw(benchmark)]
    problems = load_problems_of(benchmark)
    bare = [problem.id for problem in problems if not problem.private_tests]
    if bare:
        raise ConfigError(
            f"{benchmark.path}: {len(bare)} problems have no private tests (first: {bare[0]!r}), and private tests are "
            "what scores a program in training: add them, or leave those problems out"
        )
    return [Task(env, problem) for problem in problems]
