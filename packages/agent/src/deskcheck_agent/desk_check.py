"""Desk-check a program that exists already: does the model, going through it in its head, believe that it passes?

The program is the only candidate of a ranking, looked at with the configured feedback: so the run folder and its page
are those of any other run. A table of the tests goes to stdout; the exit code is 0 if all are believed, else 1.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from deskcheck_conf import AnswerIsNo, Run
from deskcheck_conf.files import write_atomic
from deskcheck_tracer.errors import InputError

from deskcheck_agent.budget import BudgetedSampler, Meter
from deskcheck_agent.config import SolveConfig
from deskcheck_agent.feedback import TestFeedback
from deskcheck_agent.page import write_page
from deskcheck_agent.parse import ParseStatus
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.samplers import make_sampler
from deskcheck_agent.solver import Solved, feedback_of, kept_in, ranking_row
from deskcheck_agent.verify import Candidate, Ranking, rank

if TYPE_CHECKING:
    from deskcheck_tracer import Sandbox


def desk_check(config: SolveConfig, run: Run, problem: Problem, sandbox: "Sandbox | None") -> float:
    """Look at `config.program` on the problem's public tests; returns the share of tests believed to pass.

    Raises InputError for a program that cannot be read or a problem without tests, AnswerIsNo where a test is not
    believed.
    """
    source = _read(config.program or "")
    if not problem.public_tests:
        raise InputError("there is no test to desk-check the program on: pass tests=FOLDER, or a problem with examples")
    meter = Meter(config.limits)
    simulator = BudgetedSampler(make_sampler(kept_in(config.simulator, run.folder)), meter, "simulator")
    observer = feedback_of(config, simulator, Prompts.load(config.prompts), sandbox)
    candidate = Candidate(source, ParseStatus.ok, 0, source)
    ranking = asyncio.run(rank(problem, [candidate], observer, seed=config.seed))
    write_atomic(run.folder / "rankings.jsonl", json.dumps(ranking_row(ranking)) + "\n")
    row = _row(ranking, meter)
    write_atomic(run.folder / "results.jsonl", json.dumps(asdict(row)) + "\n")
    write_page(run.folder, config, [problem], [row], sandbox if config.page_executes else None)
    tests = ranking.best.feedback
    share = sum(test.passed is True for test in tests) / len(tests)
    run.table("tests", [_told(test) for test in tests])
    run.finish({"believed": share, "tests": len(tests), "tokens": meter.tokens})
    _print(tests, run.folder)
    if not ranking.believed:
        raise AnswerIsNo(f"not believed on {sum(test.passed is not True for test in tests)} of {len(tests)} tests")
    return share


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"cannot read the program {path}: {reason}; expected a file with Python source") from None


def _row(ranking: Ranking, meter: Meter) -> Solved:
    return Solved(
        ranking.problem_id,
        ranking.best.code,
        "checked",
        ranking.believed,
        1,
        meter.tokens,
        meter.calls,
        cut=dict(meter.cut),
    )


def _told(test: TestFeedback) -> dict[str, str | float | bool | None]:
    return {
        "input": test.input,
        "expected": test.expected,
        "observed": test.observed,
        "passed": test.passed,
        "score": test.score,
        "confidence": test.confidence,
    }


def _print(tests: Sequence[TestFeedback], folder: Path) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("test", "input", "expected", "observed", "believed", "confidence", caption=str(folder / "solve.html"))
    for number, test in enumerate(tests, 1):
        believed = {None: "?", True: "yes", False: "no"}[test.passed]
        shown = (Text(_short(each)) for each in (test.input, test.expected, test.observed or "(none)"))
        table.add_row(str(number), *shown, believed, f"{test.confidence:.0%}")
    Console().print(table)


def _short(text: str, most: int = 40) -> str:
    line = " / ".join(text.strip().splitlines())
    return line if len(line) <= most else line[: most - 3] + "..."
