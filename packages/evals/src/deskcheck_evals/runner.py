"""From a configuration to rows: loads the work, builds samplers and sandbox, and hands both to the task.

What to ask is decided here once, so that a task is a plain async function over plain values. Nothing is built when
nothing is left to do: reading a finished run again needs no model.
"""

import asyncio
import copy
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from deskcheck_agent.config import params_of
from deskcheck_agent.feedback import make_feedback
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler
from deskcheck_agent.trajectory import TrajectoryFile
from deskcheck_conf import progress, write_atomic
from deskcheck_tracer import Sandbox

from deskcheck_evals.benchmarks import BenchmarkName, PredictionItem, load_all_items, load_all_problems
from deskcheck_evals.benchmarks.collection import Left
from deskcheck_evals.config import PREDICTING, EvalConfig, PromptMode, TaskName
from deskcheck_evals.given import given_candidates
from deskcheck_evals.harness.programs import Scorer
from deskcheck_evals.header import header_of
from deskcheck_evals.rows import ROWS, Json, Rows
from deskcheck_evals.samplers import Samplers
from deskcheck_evals.shards import Shard
from deskcheck_evals.tasks import input_prediction, no_regression, output_prediction, self_fix, self_verify
from deskcheck_evals.tasks.gathering import Advance, Unscored
from deskcheck_evals.tasks.judging import Judge
from deskcheck_evals.truth import LineCounts, StoredTruths

LEFT_OUT = "left_out.jsonl"
"""What the benchmark had to leave out, by name."""
TRUTH = "truth"
"""The folder of true outputs, under output_root: every run that asks about the same programs finds them there."""


@dataclass(frozen=True)
class Tools:
    """What a task works with, as far as it takes time or memory to build."""

    solver: Sampler
    simulator: Sampler
    prompts: Prompts
    sandbox: Sandbox


class Runner:
    """One configured evaluation over its loaded work; of a shard, with the whole run's work to be a part of."""

    def __init__(self, config: EvalConfig, folder: Path, samplers: Samplers) -> None:
        self.config, self.folder, self.samplers = config, folder, samplers
        self.shard = Shard.parse(config.shard) if config.shard is not None else None
        self.chosen: Json | None = None
        self.items: Sequence[PredictionItem] = []
        self.problems: Sequence[Problem] = []
        self.questions: no_regression.Questions | None = None
        self.left: Sequence[Left] = []
        self.sources: Sequence[Json] = []
        self.given: Mapping[str, Sequence[Json]] | None = None
        self._load()

    def _load(self) -> None:
        config = self.config
        if config.task is TaskName.no_regression:
            self.questions = questions_of(config)
            return
        if config.task in PREDICTING:
            place = Path(config.output_root) / TRUTH
            truths = StoredTruths(place, isolation=config.isolation, degraded=config.degraded)
            items = load_all_items(config.benchmark, truths)
            self.items, self.left, self.sources = items.wanted, items.left, items.sources
            if config.task is TaskName.input_prediction:
                input_prediction.check(self.items)
            return
        problems = load_all_problems(config.benchmark)
        self.problems, self.left, self.sources = problems.wanted, problems.left, problems.sources
        if config.candidates_from is not None:
            self.given, origin = given_candidates(Path(config.candidates_from), self.problems, config.candidates)
            self.sources = [origin]

    @property
    def work(self) -> Sequence[PredictionItem | Problem]:
        """What is asked about."""
        return [*self.items, *self.problems]

    def at_temperature(self, temperature: float, chosen: Json | None = None) -> "Runner":
        """The same work, programs and predictions sampled at another temperature; `chosen` is told in the header."""
        other = copy.copy(self)
        config = self.config
        sampling, simulating = (replace(one, temperature=temperature) for one in (config.sampling, config.simulating))
        other.config = replace(config, sampling=sampling, simulating=simulating)
        other.chosen = chosen
        return other

    def in_folder(self, folder: Path) -> "Runner":
        """The same work, its rows in another folder."""
        other = copy.copy(self)
        other.folder = folder
        return other

    @property
    def header(self) -> Json:
        """What the rows are rows of."""
        config = self.config
        return header_of(config, self.keys, left=self.left, sources=self.sources, chosen=self.chosen)

    @cached_property
    def keys(self) -> list[str]:
        """The keys of all rows that the whole run will have, at any temperature and in any folder."""
        return self._keys(self.items, self.problems)

    def own_keys(self) -> list[str]:
        """Those of the shard."""
        return self._keys(self._part(self.items), self._part(self.problems))

    def _keys(self, items: Sequence[PredictionItem], problems: Sequence[Problem]) -> list[str]:
        match self.config.task:
            case TaskName.output_prediction | TaskName.input_prediction:
                return [output_prediction.key_of(item) for item in items]
            case TaskName.self_verify:
                return [self_verify.key_of(problem) for problem in problems]
            case TaskName.self_fix:
                attempts = range(self.config.trajectories)
                return [self_fix.key_of(problem, attempt) for problem in problems for attempt in attempts]
            case TaskName.no_regression:
                assert self.questions is not None
                return self.questions.keys
            case TaskName.lint:
                raise AssertionError("lint has no rows: tasks/linting.py does it")

    def _part[T](self, work: Sequence[T]) -> Sequence[T]:
        return work if self.shard is None else self.shard.part(work)

    def complete(self, unscored: Unscored, label: str) -> None:
        """Add the rows that are missing; EvalError where the folder's are another configuration's."""
        rows = Rows(self.folder / ROWS, self.header)
        keys = self.own_keys()
        left = sum(key not in rows for key in keys)
        if not left:
            return
        with progress(label, len(keys), done=len(keys) - left) as advance:
            self._fill(rows, unscored, advance)
        if self.left:
            lines = (json.dumps(asdict(one)) + "\n" for one in self.left)
            write_atomic(self.folder / LEFT_OUT, "".join(lines))

    def _fill(self, rows: Rows, unscored: Unscored, advance: Advance) -> None:
        config = self.config
        if self.questions is not None:
            model, chat = config.sampler, config.chat
            return no_regression.ask(self.questions, model, self.folder, rows, unscored, advance, chat=chat)
        prompts = prompts_of(config)
        simulator = self.samplers.get(config.simulator, config.benchmark, prompts, config.seed)
        is_same = config.simulator == config.sampler or self.given is not None  # then the solver is never asked
        solver = simulator if is_same else self.samplers.get(config.sampler, config.benchmark, prompts, config.seed)
        predicts = config.task is TaskName.output_prediction
        runs_programs = self.given is None and (config.count_steps or not predicts)
        idle = Sandbox(isolation=config.isolation, degraded=config.degraded)
        with idle if runs_programs else closing(idle) as sandbox:  # entering it starts it
            tools = Tools(solver, simulator, prompts, sandbox)
            match config.task:
                case TaskName.output_prediction:
                    asyncio.run(self._predict(tools, rows, advance))
                case TaskName.input_prediction:
                    asyncio.run(self._predict_inputs(tools, rows, unscored, advance))
                case TaskName.self_verify:
                    asyncio.run(self._verify(tools, rows, unscored, advance))
                case TaskName.self_fix:
                    asyncio.run(self._fix(tools, rows, unscored, advance))

    async def _predict(self, tools: Tools, rows: Rows, advance: Advance) -> None:
        await output_prediction.predict_outputs(
            self._part(self.items), tools.solver, rows, self._asking(tools), advance
        )

    async def _predict_inputs(self, tools: Tools, rows: Rows, unscored: Unscored, advance: Advance) -> None:
        await input_prediction.predict_all(
            self._part(self.items), tools.solver, tools.sandbox, rows, self._asking(tools), unscored, advance,
            common=input_prediction.majority_input(self.items),
        )  # fmt: skip

    def _asking(self, tools: Tools) -> output_prediction.Asking:
        return output_prediction.Asking(
            attempts=self.config.attempts,
            prompts=tools.prompts,
            params=params_of(self.config.sampling),
            checker=self.config.checker.value,
            count_lines=LineCounts(tools.sandbox).of if self.config.count_steps else None,
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
            given=self.given,
        )
        await self_verify.build_pools(self._part(self.problems), rows, verifying, unscored, advance)

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
        told = {key: rows.header[key] for key in ("config", "data")}
        file = TrajectoryFile(self.folder / "trajectories.jsonl", told)
        await self_fix.fix_all(self._part(self.problems), rows, fixing, file, unscored, advance)


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
