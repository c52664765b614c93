"""`deskcheck-solve`: problems in, desk-checked programs out; or a program in, and whether it is believed.

    deskcheck-solve problem=sum.md sampler=openai sampler.base_url=... sampler.model.path=MODEL strategy=both k=4
    deskcheck-solve program=solution.py tests=cases/ sampler...

Of one problem the final program alone goes to stdout, and the exit code is 0 if the model believes in it, else 1; of
many, a table. What happens meanwhile goes to stderr, and everything to the run folder and its page (solve.html). The
same command continues a run that was killed.
"""

import asyncio
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from deskcheck_conf import AnswerIsNo, Run, command, progress
from deskcheck_conf.files import drop_torn_line, write_atomic
from deskcheck_tracer import Checker, Sandbox
from deskcheck_tracer.asserts import ASSERTS
from deskcheck_tracer.errors import InputError

from deskcheck_agent.config import SolveConfig, Strategy
from deskcheck_agent.desk_check import desk_check
from deskcheck_agent.errors import SamplerError
from deskcheck_agent.feedback import FeedbackSource
from deskcheck_agent.page import write_page
from deskcheck_agent.problem import Problem, load_problems
from deskcheck_agent.problem_file import read_problem
from deskcheck_agent.solver import Solved, Solver, Tell
from deskcheck_agent.tests_folder import read_tests


def solve(config: SolveConfig, run: Run) -> float | None:
    """Solve what is not solved yet; return the share of problems that the model believes in."""
    problems = problems_of(config)
    check_work(config, problems)
    begun = begins(run.folder / "problems.json", problems)
    with sandbox_of(config) as sandbox:
        if config.program is not None:
            return desk_check(config, run, problems[0], sandbox)
        rows = _solved(config, run, problems, sandbox, begun)
        write_page(run.folder, config, problems, rows, sandbox if config.page_executes else None)
    summary = summary_of(rows)
    run.log(summary)
    run.table("problems", [asdict(row) for row in rows])
    run.finish(summary)
    _print(config, rows, run.folder)
    return summary["believed"]


def problems_of(config: SolveConfig) -> list[Problem]:
    """The configured problems. Raises InputError for a file that cannot be read."""
    if config.problems is not None:
        return load_problems(config.problems)[: config.limit]
    if config.problem is not None:
        problem = read_problem(config.problem)
    else:
        assert config.program is not None  # SolveConfig requires one of the three
        problem = Problem(Path(config.program).stem, "")
    return [replace(problem, public_tests=read_tests(config.tests)) if config.tests is not None else problem]


def check_work(config: SolveConfig, problems: Sequence[Problem]) -> None:
    """InputError, before a model is asked, for a problem that the configured feedback can say nothing about."""
    looks = config.strategy is not Strategy.single or config.program is not None
    simulates = looks and config.feedback.source in (FeedbackSource.simulated, FeedbackSource.scheduled)
    for problem in problems:
        by_code = isinstance(problem.checker, Checker) or problem.checker == ASSERTS
        compares = simulates or config.generated_tests > len(problem.public_tests)
        if by_code and compares:
            raise InputError(
                f"problem {problem.id!r} is checked by code, and predictions are compared without running any: "
                "use feedback=executed and generated_tests=0, or leave this problem out"
            )


def begins(path: Path, problems: Sequence[Problem]) -> Callable[[], None]:
    """What keeps, with the first answer, what the problems are. InputError where the folder has begun on others."""
    digests = {each.id: hashlib.sha256(json.dumps(each.to_json()).encode()).hexdigest()[:16] for each in problems}
    held = json.loads(path.read_text()) if path.exists() else {}
    if changed := [name for name, digest in digests.items() if held.get(name, digest) != digest]:
        raise InputError(
            f"problem {changed[0]!r} is not what it was when {path.parent} was begun ({len(changed)} changed): "
            "pass run_name=NAME for a run of its own, or remove the folder"
        )
    return lambda: None if path.exists() else write_atomic(path, json.dumps(digests, indent=1) + "\n")


@contextmanager
def sandbox_of(config: SolveConfig) -> Iterator[Sandbox | None]:
    """The sandbox where something is executed; where nothing is, none is needed, on any system."""
    looks = config.strategy is not Strategy.single or config.program is not None
    executes = looks and config.feedback.source in (FeedbackSource.executed, FeedbackSource.scheduled)
    if not executes and not config.page_executes:
        yield None
        return
    with Sandbox(isolation=config.isolation, degraded=config.degraded) as sandbox:
        yield sandbox


def _solved(
    config: SolveConfig, run: Run, problems: list[Problem], sandbox: Sandbox | None, begun: Callable[[], None]
) -> list[Solved]:
    results = run.folder / "results.jsonl"
    drop_torn_line(results)
    solved = {row.problem_id: row for row in _read(results)}
    _keep_rows(run.folder / "rankings.jsonl", solved)
    left = [problem for problem in problems if problem.id not in solved]
    if left:
        with progress("solve", len(problems), done=len(solved)) as advance:
            solver = Solver(config, run.folder, sandbox, _teller(config), begun)
            for row in asyncio.run(solver.solve_all(left, results, advance)):
                solved[row.problem_id] = row
    return [solved[problem.id] for problem in problems]


def _teller(config: SolveConfig) -> Tell:
    """Prints what happens, for somebody who waits for one problem."""
    if config.problem is None:
        return lambda _: None
    if config.pretends:
        print("sampler=scripted copies its input and can nothing else; for a model: sampler=openai", file=sys.stderr)
    return lambda text: print(text, file=sys.stderr, flush=True)


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
        "skipped": sum(row.skipped for row in rows),
        "cut": sum(sum(row.cut.values()) for row in rows),
        **{f"status_{name}": number for name, number in sorted(statuses.items())},
    }


def _keep_rows(path: Path, solved: Container[str]) -> None:
    """Drop the rankings of problems that a kill left without a result: they are ranked again."""
    drop_torn_line(path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    kept = [line for line in lines if json.loads(line)["problem_id"] in solved]
    if len(kept) < len(lines):
        write_atomic(path, "".join(kept))


def _read(path: Path) -> list[Solved]:
    if not path.exists():
        return []
    try:
        return [Solved(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (json.JSONDecodeError, TypeError) as error:
        raise SamplerError(f"{path} cannot be read ({error}); remove the run folder and run again") from None


def _print(config: SolveConfig, rows: list[Solved], folder: Path) -> None:
    if config.problem is None:
        from rich.console import Console
        from rich.table import Table

        names = ("problem", "status", "believed", "turns", "tokens", "cut")
        table = Table(*names, title=f"{config.strategy}, {folder}")
        for row in rows:
            believed = {None: "-", True: "yes", False: "no"}[row.believed]
            cut = str(sum(row.cut.values()) + row.skipped)
            table.add_row(row.problem_id, row.status, believed, str(row.turns), str(row.tokens), cut)
        Console().print(table)
        return
    row = rows[0]
    if row.code is not None:
        shown = row.code.encode("utf-8", "backslashreplace").decode()
        print(shown, end="" if shown.endswith("\n") else "\n")
    if row.code is None or row.believed is False:
        raise AnswerIsNo(f"not believed ({row.status}); see {folder / 'solve.html'}")


main = command("solve", SolveConfig, solve)
