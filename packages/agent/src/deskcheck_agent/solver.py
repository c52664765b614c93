"""One strategy over many problems: what they share, what each is given, and the rows they become.

At most `in_flight` problems are worked on at once; their requests share the samplers' batches. Each problem has a meter
of its own (budget.py), writes its turns as they happen (trajectories.jsonl), its ranking (rankings.jsonl) and one row
when it is done (results.jsonl). Completions are kept in the run folder unless `sampler.cache` names another place, so a
run that was killed asks again for nothing that was answered.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from deskcheck_conf import SamplerConfig, SamplerKind
from deskcheck_conf.files import append_whole
from deskcheck_tracer import Sandbox

from deskcheck_agent.budget import BudgetedSampler, Meter
from deskcheck_agent.config import SolveConfig, Strategy, params_of
from deskcheck_agent.feedback import Feedback, FeedbackSource, make_feedback
from deskcheck_agent.fix import self_fix
from deskcheck_agent.parse import ParseStatus
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.propose import InputProposer
from deskcheck_agent.sampler import Sampler, seed_of
from deskcheck_agent.samplers import make_sampler
from deskcheck_agent.trajectory import Trajectory, TrajectoryFile, TrajectoryStatus, Turn
from deskcheck_agent.verify import Candidate, Ranking, SampleCandidates, best_of, sample_candidates

Tell = Callable[[str], None]
"""Shown to a person who waits for one problem."""


@dataclass(frozen=True)
class Solved:
    """One problem's outcome. `believed`: whether the model holds its program for right (None: nothing was looked
    at)."""

    problem_id: str
    code: str | None
    status: str
    believed: bool | None
    turns: int
    """Turns of the trajectory, or candidates ranked."""
    tokens: int
    """Tokens written by solver and simulator."""
    calls: int = 0
    """Completions asked for."""
    skipped: int = 0
    """Candidates never sampled because an earlier one was sure (early_exit)."""
    cut: dict[str, int] = field(default_factory=dict)
    """Completions that the budget did not allow, by role."""


class Solver:
    """What all problems of a run share: samplers, prompts, files."""

    def __init__(
        self, config: SolveConfig, folder: Path, sandbox: Sandbox | None, tell: Tell, begun: Callable[[], None]
    ) -> None:
        self.config, self.folder, self.sandbox, self.tell, self.begun = config, folder, sandbox, tell, begun
        self.prompts = Prompts.load(config.prompts)
        self.solver = make_sampler(kept_in(config.sampler, folder))
        is_same = config.simulator == config.sampler
        self.simulator = self.solver if is_same else make_sampler(kept_in(config.simulator, folder))
        self.params = params_of(config.sampling)
        self.trajectories = TrajectoryFile(folder / "trajectories.jsonl")
        self.known = self.trajectories.read()

    async def solve_all(self, problems: list[Problem], results: Path, advance: Callable[[int], None]) -> list[Solved]:
        """Solve all problems, adding a row to `results` as each is done."""
        gate = asyncio.Semaphore(self.config.in_flight)

        async def one(problem: Problem) -> Solved:
            async with gate:
                row = await Work(self, problem).solved()
            append_whole(results, json.dumps(asdict(row)) + "\n")
            advance(1)
            return row

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(problem)) for problem in problems]
        except ExceptionGroup as failed:  # the first has ended the others; a command reports one error
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]


class Work:
    """One problem: its meter, and samplers and feedback that spend by it."""

    def __init__(self, shared: Solver, problem: Problem) -> None:
        self.shared, self.problem, self.config = shared, problem, shared.config
        self.meter = Meter(self.config.limits)
        self.solver: Sampler = BudgetedSampler(shared.solver, self.meter, "solver")
        self.feedback = self._feedback(BudgetedSampler(shared.simulator, self.meter, "simulator"))

    def _feedback(self, simulator: Sampler) -> Feedback:
        single = self.config.strategy is Strategy.single
        return feedback_of(self.config, simulator, self.shared.prompts, self.shared.sandbox, none=single)

    async def solved(self) -> Solved:
        """Follow the configured strategy to its end."""
        for attempt in range(self.config.k):  # before any of them goes on
            self._spend_again(self.shared.known.get(f"{self.problem.id} {attempt}"))
        match self.config.strategy:
            case Strategy.single | Strategy.self_fix:
                return self._row_of_trajectory(await self.fix(0))
            case Strategy.self_verify:
                return await self._best(self._sampled)
            case Strategy.both:
                return await self._best(self._fixed)

    async def _sampled(self, indices: range) -> list[Candidate]:
        return await sample_candidates(self.problem, self.solver, indices, self.shared.prompts, self.shared.params)

    async def _fixed(self, indices: range) -> list[Candidate]:
        return [_as_candidate(each) for each in await asyncio.gather(*(self.fix(attempt) for attempt in indices))]

    async def _best(self, sample: SampleCandidates) -> Solved:
        config = self.config
        ranking = await best_of(
            self.problem,
            sample,
            self.feedback,
            InputProposer(self.solver, config.generated_tests, self.shared.prompts, self.shared.params),
            k=config.k,
            early_exit=config.early_exit,
            combine=config.feedback.combine,
            threshold=config.feedback.threshold,
            seed=config.seed,
        )
        self.shared.begun()
        append_whole(self.shared.folder / "rankings.jsonl", json.dumps(ranking_row(ranking)) + "\n")
        self.shared.tell(ranking_told(ranking))
        best = ranking.best
        status = "ranked" if best.code is not None else "no_code"
        return self._row(best.code, status, ranking.believed, len(ranking.candidates), ranking.skipped)

    async def fix(self, attempt: int) -> Trajectory:
        """One trajectory, continued if an earlier process began it."""
        shared, problem = self.shared, self.problem
        key = f"{problem.id} {attempt}"
        known = shared.known.get(key)
        if known is not None and known.status is not TrajectoryStatus.unfinished:
            return known
        params, turns = shared.params, known.turns if known is not None else ()

        def on_turn(turn: Turn) -> None:
            shared.begun()
            shared.trajectories.turn(key, turn)
            shared.tell(turn_told(turn, attempt))

        trajectory = await self_fix(
            problem,
            self.solver,
            max_turns=self.config.max_turns,
            feedback=self.feedback,
            params=replace(params, seed=seed_of(params.seed, attempt) if attempt else params.seed),
            prompts=shared.prompts,
            on_turn=on_turn,
            turns_so_far=turns,
        )
        shared.trajectories.end(key, trajectory)
        return trajectory

    def _spend_again(self, known: Trajectory | None) -> None:
        """Count what an earlier process spent on a trajectory."""
        for turn in known.turns if known is not None else ():
            predictions = [each for test in turn.feedback for each in test.predictions]
            self.meter.tokens += turn.completion.tokens + sum(each.tokens for each in predictions)
            self.meter.calls += 1 + len(predictions)

    def _row_of_trajectory(self, trajectory: Trajectory) -> Solved:
        """It believes in its program if it submitted it."""
        status = trajectory.status
        believed = None if status is TrajectoryStatus.single_turn else status is TrajectoryStatus.submitted
        return self._row(trajectory.code, status.value, believed, len(trajectory.turns))

    def _row(self, code: str | None, status: str, believed: bool | None, turns: int, skipped: int = 0) -> Solved:
        meter = self.meter
        return Solved(
            self.problem.id,
            code,
            status,
            believed,
            turns,
            meter.tokens,
            meter.calls,
            skipped,
            dict(meter.cut),
        )


def feedback_of(
    config: SolveConfig, simulator: Sampler, prompts: Prompts, sandbox: Sandbox | None, *, none: bool = False
) -> Feedback:
    """The configured feedback; `none` where the strategy looks at nothing."""
    told = config.feedback
    return make_feedback(
        FeedbackSource.none if none else told.source,
        simulator,
        n=told.n,
        combine=told.combine,
        prompts=prompts,
        params=params_of(config.simulating),
        threshold=told.threshold,
        p=told.p,
        seed=config.seed,
        rich=told.rich,
        sandbox=sandbox,
    )


def kept_in(config: SamplerConfig, folder: Path) -> SamplerConfig:
    """The same sampler, its completions kept in the run folder where nothing else is said; a script keeps itself."""
    if config.cache is not None or config.kind is SamplerKind.scripted:
        return config
    return replace(config, cache=str(folder))


def ranking_row(ranking: Ranking) -> dict[str, Any]:
    """A ranking as JSON."""
    row = asdict(ranking)
    row["feedback"] = ranking.feedback.value
    return {"schema": 1, **row}


def turn_told(turn: Turn, attempt: int) -> str:
    """A turn in one line."""
    passed = sum(test.passed is True for test in turn.feedback)
    told = f"{passed} of {len(turn.feedback)} tests believed -> " if turn.feedback else ""
    said = "submits" if turn.reply.submit else "new program" if turn.reply.code is not None else turn.reply.status
    which = f"attempt {attempt + 1}: " if attempt else ""
    return f"{which}{told}{said} ({turn.completion.tokens} tokens)"


def ranking_told(ranking: Ranking) -> str:
    """A ranking in one line."""
    best, count = ranking.best, len(ranking.candidates)
    written = sum(candidate.code is not None for candidate in ranking.candidates)
    told = f"{count} candidates, {written} with code; best scores {max(0.0, best.score):.2f} of {len(best.feedback)}"
    tied = f", shared by {ranking.tied}" if ranking.tied > 1 else ""
    return told + tied + (f"; {ranking.skipped} not sampled, as it is sure" if ranking.skipped else "")


def _as_candidate(trajectory: Trajectory) -> Candidate:
    if not trajectory.turns:  # not one answer was within the budget
        return Candidate(None, ParseStatus.budget, 0, "")
    turn = trajectory.turns[-1]
    status = ParseStatus.ok if trajectory.code is not None else turn.reply.status
    return Candidate(trajectory.code, status, trajectory.tokens, turn.completion.text)
