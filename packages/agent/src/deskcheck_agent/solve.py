"""`deskcheck-solve`: problems in, desk-checked programs out.

All problems run at once over gathering samplers; each writes its turns as they happen (trajectories.jsonl), its
ranking (rankings.jsonl) and one row when it is done (results.jsonl), so a killed run continues where it was. At the
end: a table or, for a single problem, its program alone on stdout, and one static page (solve.html).
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from deskcheck_conf import AnswerIsNo, Run, command, progress
from deskcheck_conf.files import append_whole, drop_torn_line
from deskcheck_tracer import Sandbox, TestCase

from deskcheck_agent.config import SolveConfig, SolveMode, params_of
from deskcheck_agent.errors import SamplerError
from deskcheck_agent.feedback import Feedback, FeedbackSource, make_feedback
from deskcheck_agent.fix import self_fix
from deskcheck_agent.page import write_page
from deskcheck_agent.parse import ParseStatus
from deskcheck_agent.problem import Problem, load_problems
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Sampler, seed_of
from deskcheck_agent.samplers import make_sampler
from deskcheck_agent.trajectory import Trajectory, TrajectoryFile, TrajectoryStatus
from deskcheck_agent.verify import Candidate, Ranking, candidate_of, rank


@dataclass(frozen=True)
class Solved:
    """One problem's outcome. `believed`: whether the model holds its program for right (None: nothing was looked
    at)."""

    problem_id: str
    code: str | None
    status: str
    believed: bool | None
    turns: int
    tokens: int


def solve(config: SolveConfig, run: Run) -> float | None:
    """Solve what is not solved yet; return the share of problems that the model believes in."""
    problems = problems_of(config)
    results = run.folder / "results.jsonl"
    drop_torn_line(results)
    solved = {row.problem_id: row for row in _read(results)}
    left = [problem for problem in problems if problem.id not in solved]
    if left:
        with (
            Sandbox(isolation=config.isolation, degraded=config.degraded)
            if _executes(config)
            else _Nothing() as sandbox,
            progress("solve", len(problems), done=len(solved)) as advance,
        ):
            solver = Solver(config, run.folder, sandbox)
            for row in asyncio.run(solver.solve_all(left, results, advance)):
                solved[row.problem_id] = row
    rows = [solved[problem.id] for problem in problems]
    write_page(run.folder, config, problems, rows)
    summary = summary_of(rows)
    run.log(summary)
    run.finish(summary)
    _print(config, rows, run.folder)
    return summary["believed"]


def problems_of(config: SolveConfig) -> list[Problem]:
    """The configured problems. Raises InputError for a file that cannot be read."""
    if config.problems is not None:
        return load_problems(config.problems)[: config.limit]
    tests = tuple(TestCase(test.input, test.output) for test in config.inline.tests)
    assert config.inline.statement is not None  # SolveConfig requires one of the two
    return [Problem("inline", config.inline.statement, tests, entry_point=config.inline.entry_point)]


class Solver:
    """What all problems of a run share: samplers, prompts, feedback, files."""

    def __init__(self, config: SolveConfig, folder: Path, sandbox: Sandbox | None) -> None:
        self.config, self.folder = config, folder
        self.prompts = Prompts.load(config.prompts)
        self.solver = make_sampler(config.sampler)
        simulator = self.solver if config.simulator == config.sampler else make_sampler(config.simulator)
        self.params = params_of(config.sampling)
        self.feedback = self._feedback(simulator, sandbox)
        self.trajectories = TrajectoryFile(folder / "trajectories.jsonl")
        self.known = self.trajectories.read()

    def _feedback(self, simulator: Sampler, sandbox: Sandbox | None) -> Feedback:
        told = self.config.feedback
        source = FeedbackSource.none if self.config.mode is SolveMode.single else told.source
        return make_feedback(
            source,
            simulator,
            n=told.n,
            combine=told.combine,
            prompts=self.prompts,
            params=params_of(self.config.simulating),
            threshold=told.threshold,
            p=told.p,
            seed=self.config.seed,
            sandbox=sandbox,
        )

    async def solve_all(self, problems: list[Problem], results: Path, advance: Callable[[int], None]) -> list[Solved]:
        """Solve all problems at once, adding a row to `results` as each is done."""

        async def one(problem: Problem) -> Solved:
            row = await self.solve_one(problem)
            append_whole(results, json.dumps(asdict(row)) + "\n")
            advance(1)
            return row

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(problem)) for problem in problems]
        except ExceptionGroup as failed:  # the first has ended the others; a command reports one error
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def solve_one(self, problem: Problem) -> Solved:
        match self.config.mode:
            case SolveMode.single | SolveMode.fix:
                return solved_by(await self.fix(problem, 0))
            case SolveMode.verify:
                params = replace(self.params, n=self.config.k)
                completions = (await self.solver.sample([self.prompts.solve(problem)], params))[0]
                return await self.ranked(problem, [candidate_of(each) for each in completions])
            case SolveMode.both:
                attempts = await asyncio.gather(*(self.fix(problem, attempt) for attempt in range(self.config.k)))
                return await self.ranked(problem, [_as_candidate(trajectory) for trajectory in attempts])

    async def fix(self, problem: Problem, attempt: int) -> Trajectory:
        """One trajectory, continued if an earlier process began it."""
        key = f"{problem.id} {attempt}"
        known = self.known.get(key)
        if known is not None and known.status is not TrajectoryStatus.unfinished:
            return known
        trajectory = await self_fix(
            problem,
            self.solver,
            max_turns=self.config.max_turns,
            feedback=self.feedback,
            params=replace(self.params, seed=seed_of(self.params.seed, attempt) if attempt else self.params.seed),
            prompts=self.prompts,
            on_turn=lambda turn: self.trajectories.turn(key, turn),
            turns_so_far=known.turns if known is not None else (),
        )
        self.trajectories.end(key, trajectory)
        return trajectory

    async def ranked(self, problem: Problem, candidates: list[Candidate]) -> Solved:
        ranking = await rank(problem, candidates, self.feedback, seed=self.config.seed)
        append_whole(self.folder / "rankings.jsonl", json.dumps(ranking_row(ranking)) + "\n")
        best = ranking.best
        tokens = sum(candidate.tokens for candidate in candidates)
        status = "ranked" if best.code is not None else "no_code"
        return Solved(problem.id, best.code, status, ranking.believed, len(candidates), tokens)


def solved_by(trajectory: Trajectory) -> Solved:
    """The outcome of one trajectory; it believes in its program if it submitted it."""
    status = trajectory.status
    believed = None if status is TrajectoryStatus.single_turn else status is TrajectoryStatus.submitted
    return Solved(
        trajectory.problem_id, trajectory.code, status.value, believed, len(trajectory.turns), trajectory.tokens
    )


def ranking_row(ranking: Ranking) -> dict[str, Any]:
    """A ranking as JSON."""
    row = asdict(ranking)
    row["feedback"] = ranking.feedback.value
    return {"schema": 1, **row}


def summary_of(rows: list[Solved]) -> dict[str, Any]:
    """Counts and means over problems; `believed` is a share of all."""
    count = max(1, len(rows))
    statuses = Counter(row.status for row in rows)
    return {
        "problems": len(rows),
        "believed": sum(row.believed is True for row in rows) / count,
        "with_code": sum(row.code is not None for row in rows) / count,
        "mean_turns": sum(row.turns for row in rows) / count,
        "mean_tokens": sum(row.tokens for row in rows) / count,
        **{f"status_{name}": number for name, number in sorted(statuses.items())},
    }


def _as_candidate(trajectory: Trajectory) -> Candidate:
    turn = trajectory.turns[-1]
    status = ParseStatus.ok if trajectory.code is not None else turn.reply.status
    return Candidate(trajectory.code, status, trajectory.tokens, turn.completion.text)


def _executes(config: SolveConfig) -> bool:
    sources = (FeedbackSource.executed, FeedbackSource.scheduled)
    return config.mode is not SolveMode.single and config.feedback.source in sources


class _Nothing:
    """`with` over no sandbox: where nothing is executed, none is needed, on any system."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None


def _read(path: Path) -> list[Solved]:
    if not path.exists():
        return []
    try:
        return [Solved(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (json.JSONDecodeError, TypeError) as error:
        raise SamplerError(f"{path} cannot be read ({error}); remove the run folder and run again") from None


def _print(config: SolveConfig, rows: list[Solved], folder: Path) -> None:
    if config.inline.statement is None:
        from rich.console import Console
        from rich.table import Table

        table = Table("problem", "status", "believed", "turns", "tokens", title=f"{config.mode.value}, {folder}")
        for row in rows:
            believed = {None: "-", True: "yes", False: "no"}[row.believed]
            table.add_row(row.problem_id, row.status, believed, str(row.turns), str(row.tokens))
        Console().print(table)
        return
    row = rows[0]
    if row.code is not None:
        print(row.code, end="" if row.code.endswith("\n") else "\n")
    if row.code is None or row.believed is False:
        raise AnswerIsNo(f"not believed ({row.status}); see {folder / 'solve.html'}")


main = command("solve", SolveConfig, solve)
