"""A published benchmark's rows, made into problems one by one; what is left out is counted with its reason.

Each benchmark says what a row's id is and what the row becomes (`Shape`). Everything else is here and the same for all:
ids that are excluded, the limit, and duplicates. Of two rows with the same statement (blanks and case apart) the first
stays and the second is left out: it would count one problem twice. A row that is broken stops the reading, unless the
caller collects faults, as the lint does.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from deskcheck_agent.problem import Problem
from deskcheck_tracer import TestCase

from deskcheck_evals.benchmarks.config import BenchmarkConfig
from deskcheck_evals.benchmarks.row_files import Row, read_rows
from deskcheck_evals.errors import EvalError

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """What a row became."""

    problem: Problem
    references: tuple[str, ...] = ()
    """Programs that the benchmark says are right. Untrusted like all of its texts."""


class Unused(Exception):
    """A row that this evaluation does not ask for; the text is the reason by which such rows are counted."""


Kind = Literal["unused", "broken", "duplicate"]


@dataclass(frozen=True)
class Left:
    """A row that did not become a problem."""

    where: str
    id: str
    reason: str
    kind: Kind = "unused"
    """A row is not asked for, or it cannot be read, or it has the statement of an earlier one."""


@dataclass(frozen=True)
class Collection:
    """The problems of a benchmark, and what was left out of them."""

    entries: list[Entry] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    @property
    def problems(self) -> list[Problem]:
        return [entry.problem for entry in self.entries]


@dataclass(frozen=True)
class Shape:
    """How one benchmark writes a problem."""

    id_of: Callable[[Row, str], str]
    """The id of a row; EvalError if it has none."""
    entry: Callable[[Row, str, BenchmarkConfig], Entry]
    """A row and its place; raises Unused, or EvalError naming what is wrong there."""
    hub_split: Callable[[str], str] = lambda split: split
    """The hub's name of a split."""


def collect(shape: Shape, config: BenchmarkConfig, *, keep_faults: bool = False) -> Collection:
    """Read until the limit. With `keep_faults` a broken row is left out and listed; otherwise it is an EvalError."""
    found = Collection()
    excluded, seen = excluded_ids(config), dict[str, str]()
    for where, row in read_rows(str(config.path), config.split, hub_split=shape.hub_split(config.split)):
        if len(found.entries) == config.limit:
            break
        _take(shape, config, row, where, found, (excluded, seen), keep_faults)
    _report(found, config, excluded)
    return found


def _take(
    shape: Shape,
    config: BenchmarkConfig,
    row: Row,
    where: str,
    found: Collection,
    known: tuple[set[str], dict[str, str]],
    keep_faults: bool,
) -> None:
    excluded, seen = known
    name = ""
    try:
        name = shape.id_of(row, where)
        if name in excluded:
            raise Unused("excluded")
        entry = shape.entry(row, where, config)
    except Unused as reason:
        found.left.append(Left(where, name, str(reason)))
        return
    except EvalError as fault:
        if not keep_faults:
            step = f"; to go on without it: benchmark.exclude_ids=['{name}']" if name else ""
            raise EvalError(f"{fault}{step}") from fault
        found.left.append(Left(where, name, str(fault), "broken"))
        return
    statement = normalised(entry.problem.statement)
    if statement and (first := seen.setdefault(statement, where)) != where:
        found.left.append(Left(where, name, f"the statement of {first}", "duplicate"))
        return
    private = entry.problem.private_tests[: config.max_tests]
    found.entries.append(replace(entry, problem=replace(entry.problem, private_tests=private)))


def _report(found: Collection, config: BenchmarkConfig, excluded: set[str]) -> None:
    """What was left out, on the log: one line for each reason."""
    for reason, count in Counter(one.reason for one in found.left if one.kind == "unused").most_common():
        LOG.warning("%s: %d rows left out: %s", config.path, count, reason)
    for one in found.left:
        if one.kind != "unused":
            LOG.warning("%s: %r left out: %s", one.where, one.id, one.reason)
    if unknown := excluded - {one.id for one in found.left}:
        LOG.warning("%s: %d excluded ids were not met (such as %r)", config.path, len(unknown), min(unknown))


def excluded_ids(config: BenchmarkConfig) -> set[str]:
    """The ids to leave out; EvalError if their file cannot be read."""
    ids = set(config.exclude_ids)
    if config.exclude is not None:
        try:
            lines = Path(config.exclude).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise EvalError(
                f"benchmark.exclude={config.exclude}: {reason}; expected a text file, one id a line"
            ) from None
        ids |= {line.partition("#")[0].strip() for line in lines} - {""}
    return ids


def normalised(statement: str) -> str:
    """A statement by its words alone."""
    return re.sub(r"\s+", " ", statement).strip().lower()


def stdio_test(given: str, output: str) -> TestCase:
    """A test by standard input and output, its line ends those of Linux: programs are written for what judges feed."""
    return TestCase(given.replace("\r\n", "\n"), output.replace("\r\n", "\n"))


def graded(problem: Problem, where: str) -> Problem:
    """The same problem; EvalError if no test grades it: every program would pass."""
    if not problem.private_tests:
        raise EvalError(f"{where}: {problem.id!r} has no private tests, expected at least one to grade by")
    return problem
