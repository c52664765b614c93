"""From a configuration to rows: loads the work, builds samplers and sandbox, and hands both to the task.

What to ask is decided here once, so that a task is a plain async function over plain values. Nothing is built when
nothing is left to do: reading a finished run again needs no model.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from deskcheck_agent.config import params_of
from deskcheck_agent.feedback import make_feedback
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler
from deskcheck_agent.samplers import make_sampler
from deskcheck_agent.trajectory import TrajectoryFile
from deskcheck_conf import SamplerConfig, SamplerKind
from deskcheck_tracer import Sandbox

from deskcheck_evals.benchmarks import BenchmarkName, load_items, load_problems_of
from deskcheck_evals.benchmarks.micro import draw
from deskcheck_evals.config import PREDICTING, EvalConfig, PromptMode, TaskName
from deskcheck_evals.harness.programs import Scorer
from deskcheck_evals.rows import Rows
from deskcheck_evals.tasks import input_prediction, no_regression, output_prediction, self_fix, self_verify
from deskcheck_evals.tasks.gathering import Advance, Unscored
from deskcheck_evals.tasks.judging import Judge
from deskcheck_evals.truth import executed_lines
from deskcheck_evals.twin import twin_sampler


@dataclass(frozen=True)
class Tools:
    """What a task works with, as far as it takes time or memory to build."""

    solver: Sampler
    simulator: Sampler
    prompts: Prompts
    sandbox: Sandbox


class Runner:
    """One configured evaluation over its loaded work."""

    def __init__(self, config: EvalConfig, folder: Path) -> None:
        self.config = config
        self.folder = folder
        is_harness = config.task is TaskName.no_regression
        self.questions = questions_of(config) if is_harness else None
        self.items = load_items(config.benchmark) if config.task in PREDICTING else []
        if config.task is TaskName.input_prediction:
            input_prediction.check(self.items)
        self.problems = [] if self.items or is_harness else load_problems_of(config.benchmark)

    def keys(self) -> list[str]:
        """The keys of all rows there will be."""
        match self.config.task:
            case TaskName.output_prediction | TaskName.input_prediction:
                return [output_prediction.key_of(item) for item in self.items]
            case TaskName.self_verify:
                return [self_verify.key_of(problem) for problem in self.problems]
            case TaskName.self_fix:
                attempts = range(self.config.trajectories)
                return [self_fix.key_of(problem, attempt) for problem in self.problems for attempt in attempts]
            case TaskName.no_regression:
                assert self.questions is not None
                return self.questions.keys
            case TaskName.lint:
                raise AssertionError("lint has no rows: tasks/linting.py does it")

    def fill(self, rows: Rows, unscored: Unscored, advance: Advance) -> None:
        """Add the rows that are missing."""
        if self.questions is not None:
            model, chat = self.config.sampler, self.config.chat
            return no_regression.ask(self.questions, model, self.folder, rows, unscored, advance, chat=chat)
        prompts = prompts_of(self.config)
        solver = self.sampler(self.config.sampler, prompts)
        is_same = self.config.simulator == self.config.sampler
        simulator = solver if is_same else self.sampler(self.config.simulator, prompts)
        with Sandbox(isolation=self.config.isolation, degraded=self.config.degraded) as sandbox:
            tools = Tools(solver, simulator, prompts, sandbox)
            match self.config.task:
                case TaskName.output_prediction:
                    asyncio.run(self._predict(tools, rows, advance))
                case TaskName.input_prediction:
                    asyncio.run(self._predict_inputs(tools, rows, unscored, advance))
                case TaskName.self_verify:
                    asyncio.run(self._verify(tools, rows, unscored, advance))
                case TaskName.self_fix:
                    asyncio.run(self._fix(tools, rows, unscored, advance))

    def sampler(self, config: SamplerConfig, prompts: Prompts) -> Sampler:
        """A sampler that all problems ask at once; on micro problems `scripted` is the twin."""
        is_micro = self.config.benchmark.name is BenchmarkName.micro
        if config.kind is SamplerKind.scripted and config.script is None and is_micro:
            return twin_sampler(draw(self.config.benchmark), prompts, self.config.seed)
        return make_sampler(config)

    async def _predict(self, tools: Tools, rows: Rows, advance: Advance) -> None:
        steps = await self._steps(tools, rows)
        await output_prediction.predict_outputs(self.items, tools.solver, rows, self._asking(tools), steps, advance)

    async def _predict_inputs(self, tools: Tools, rows: Rows, unscored: Unscored, advance: Advance) -> None:
        steps = await self._steps(tools, rows)
        await input_prediction.predict_all(
            self.items, tools.solver, tools.sandbox, rows, self._asking(tools), steps, unscored, advance
        )

    async def _steps(self, tools: Tools, rows: Rows) -> dict[str, int | None]:
        """Executed lines of the items that have no row yet."""
        if not self.config.count_steps:
            return {}
        left = [item for item in self.items if output_prediction.key_of(item) not in rows]
        counts = await asyncio.to_thread(executed_lines, [item.program for item in left], tools.sandbox)
        return dict(zip((item.id for item in left), counts, strict=True))

    def _asking(self, tools: Tools) -> output_prediction.Asking:
        return output_prediction.Asking(
            attempts=self.config.attempts,
            prompts=tools.prompts,
            params=params_of(self.config.sampling),
            checker=self.config.checker.value,
        )

    async def _verify(self, tools: Tools, rows: Rows, unscored: Unscored, advance: Advance) -> None:
        verifying = self_verify.Verifying(
            solver=tools.solver,
            simulator=tools.simulator,
            judge=Judge(tools.sandbox),
            candidates=self.config.candidates,
            predictions=self.config.predictions,
            prompts=tools.prompts,
            solving=params_of(self.config.sampling),
            simulating=params_of(self.config.simulating),
        )
        await self_verify.build_pools(self.problems, rows, verifying, unscored, advance)

    async def _fix(self, tools: Tools, rows: Rows, unscored: Unscored, advance: Advance) -> None:
        fixing = self_fix.Fixing(
            solver=tools.solver,
            judge=Judge(tools.sandbox),
            feedback=make_feedback(
                self.config.feedback.source,
                tools.simulator,
                n=self.config.feedback.n,
                combine=self.config.feedback.combine,
                threshold=self.config.feedback.threshold,
                prompts=tools.prompts,
                params=params_of(self.config.simulating),
                rich=self.config.feedback.rich,
                sandbox=tools.sandbox,
            ),
            trajectories=self.config.trajectories,
            max_turns=self.config.max_turns,
            prompts=tools.prompts,
            solving=params_of(self.config.sampling),
        )
        file = TrajectoryFile(self.folder / "trajectories.jsonl")
        await self_fix.fix_all(self.problems, rows, fixing, file, unscored, advance)


def questions_of(config: EvalConfig) -> no_regression.Questions:
    """What lm-eval is to ask; programs that answer it may import numpy where the benchmark's own test code does."""
    from deskcheck_evals.harness.questions import harness_task

    imports = ("numpy",) if config.benchmark.name is BenchmarkName.humaneval_plus else ()
    scorer = Scorer(imports, isolation=config.isolation, degraded=config.degraded)
    task = harness_task(config.benchmark, scorer, chat=config.chat, max_tokens=config.sampling.max_tokens)
    return no_regression.Questions(task, config.benchmark.limit)


def prompts_of(config: EvalConfig) -> Prompts:
    """The prompt set, asking for outputs alone where the configuration says so."""
    prompts = Prompts.load(config.prompts)
    return prompts.direct() if config.mode is PromptMode.direct else prompts
