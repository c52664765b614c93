"""The true output of programs: our own runs of them, in the sandbox.

A program is run once in each of two sandboxes whose hash seeds differ, so in two processes with other addresses, other
times and other orders of sets of strings. What fails, and what differs between the two, has no output to predict and
says why. A program that prints is run as it is; a call is recorded, because what is asked for is the repr of its value.
"""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import batched
from pathlib import Path
from typing import Protocol

from deskcheck_conf.files import only_one
from deskcheck_conf.progress import progress
from deskcheck_tracer import EndReason, EventKind, Limits, Program, Sandbox, Trace
from deskcheck_tracer.errors import SandboxFailed
from deskcheck_tracer.sandbox import Outcome

from deskcheck_evals.rows import Rows, content_key

HASH_SEEDS = (0, 1)
CHUNK = 64
"""Programs run before what is known is stored."""
DIFFERS = "differs between two runs under two hash seeds"
FAULTS = {
    Outcome.error: "fails",
    Outcome.cpu: "over its time limit",
    Outcome.wall: "over its time limit",
    Outcome.memory: "over its memory limit",
    Outcome.output: "over its output limit",
    Outcome.compile: "does not compile",
}
CALL_FAULTS = {
    EndReason.cpu: "over its time limit",
    EndReason.wall: "over its time limit",
    EndReason.memory: "over its memory limit",
    EndReason.output: "over its output limit",
    EndReason.events: "over the limit of a recording",
    EndReason.bytes: "over the limit of a recording",
}


@dataclass(frozen=True)
class Truth:
    """What a program puts out, or why there is nothing to predict."""

    output: str | None
    """Stdout, or the repr of the call's value."""
    fault: str = ""


class Truths(Protocol):
    """Finds the truth of programs, each under limits of its own."""

    def __call__(self, programs: Sequence[Program], limits: Sequence[Limits]) -> list[Truth]: ...


@contextmanager
def two_seeds(isolation: str = "nsjail", *, degraded: bool = False) -> Iterator[list[Sandbox]]:
    """Two sandboxes that order sets of strings differently."""
    first, second = (Sandbox(isolation=isolation, degraded=degraded, hash_seed=seed) for seed in HASH_SEEDS)
    with first, second:
        yield [first, second]


def true_outputs(programs: Sequence[Program], sandboxes: Sequence[Sandbox]) -> list[str | None]:
    """What each program puts out in every sandbox given; None where it fails, or not always the same."""
    return [truth.output for truth in find_truths(programs, sandboxes, [Limits()] * len(programs))]


def find_truths(programs: Sequence[Program], sandboxes: Sequence[Sandbox], limits: Sequence[Limits]) -> list[Truth]:
    """Run each program once in every sandbox. Raises SandboxFailed where one failed: then nothing is known."""
    found = _one_run(programs, sandboxes[0], limits)
    for sandbox in sandboxes[1:]:
        sound = [i for i, truth in enumerate(found) if truth.output is not None]
        again = _one_run([programs[i] for i in sound], sandbox, [limits[i] for i in sound])
        for i, other in zip(sound, again, strict=True):
            if other.output != found[i].output:
                found[i] = Truth(None, DIFFERS)
    return found


def default_truths(programs: Sequence[Program], limits: Sequence[Limits]) -> list[Truth]:
    """Truths that are found and not stored, in sandboxes made for it."""
    if not programs:
        return []
    with two_seeds() as sandboxes:
        return find_truths(programs, sandboxes, limits)


class StoredTruths:
    """Truths that are kept in a folder, by program and limits, as they are found: for every run that asks for them.

    One process at a time works there; another one waits, and finds what it came for.
    """

    def __init__(self, folder: Path, *, isolation: str = "nsjail", degraded: bool = False) -> None:
        self.folder, self.isolation, self.degraded = folder, isolation, degraded

    def __call__(self, programs: Sequence[Program], limits: Sequence[Limits]) -> list[Truth]:
        if not programs:
            return []
        keys = [self._key(*pair) for pair in zip(programs, limits, strict=True)]
        asked = dict(zip(keys, zip(programs, limits, strict=True), strict=True))
        self.folder.mkdir(parents=True, exist_ok=True)
        with only_one(self.folder / ".lock"):
            rows = Rows(self.folder / "truth.jsonl", {"config": content_key(["truth", HASH_SEEDS])})
            self._find({key: pair for key, pair in asked.items() if key not in rows}, rows)
        return [Truth(rows.rows[key]["output"], rows.rows[key]["fault"]) for key in keys]

    def _key(self, program: Program, limits: Limits) -> str:
        return content_key([program.id, asdict(limits), sys.version_info[:2], self.isolation, self.degraded])

    def _find(self, missing: dict[str, tuple[Program, Limits]], rows: Rows) -> None:
        if not missing:
            return
        with (
            two_seeds(self.isolation, degraded=self.degraded) as sandboxes,
            progress("true outputs", len(missing)) as advance,
        ):
            for chunk in batched(missing.items(), CHUNK):
                programs, limits = zip(*(pair for _, pair in chunk), strict=True)
                for (key, _), truth in zip(chunk, find_truths(programs, sandboxes, limits), strict=True):
                    rows.add(key, asdict(truth))
                advance(len(chunk))


class LineCounts:
    """How many lines programs execute, each counted once, beside whatever else goes on."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._begun: dict[str, asyncio.Task[int | None]] = {}

    async def of(self, program: Program) -> int | None:
        """None where it does not finish within the limits of a trace."""
        if program.id not in self._begun:
            self._begun[program.id] = asyncio.ensure_future(self._count(program))
        return await self._begun[program.id]

    async def _count(self, program: Program) -> int | None:
        try:
            return executed_lines(await self.sandbox.atrace(program, Limits()))
        except SandboxFailed:  # a bin of a figure lacks an item; no score depends on it
            return None


def executed_lines(trace: Trace) -> int | None:
    """The lines of a finished run."""
    if trace.end.reason is not EndReason.finished:
        return None
    return sum(event.kind is EventKind.line for event in trace.events)


def _one_run(programs: Sequence[Program], sandbox: Sandbox, limits: Sequence[Limits]) -> list[Truth]:
    printing = [i for i, program in enumerate(programs) if program.call is None]
    calling = [i for i, program in enumerate(programs) if program.call is not None]
    found: dict[int, Truth] = {}
    for i, result in zip(
        printing, sandbox.run_many([programs[i] for i in printing], [limits[i] for i in printing]), strict=True
    ):
        if result.outcome is Outcome.sandbox:
            raise SandboxFailed(f"the sandbox failed twice to run a program ({result.detail}): run the command again")
        found[i] = Truth(result.stdout) if result.outcome is Outcome.ok else Truth(None, FAULTS[result.outcome])
    for i, trace in zip(
        calling, sandbox.trace_many([programs[i] for i in calling], [limits[i] for i in calling]), strict=True
    ):
        is_whole = trace.end.reason is EndReason.finished and trace.returned is not None
        found[i] = Truth(trace.returned) if is_whole else Truth(None, CALL_FAULTS.get(trace.end.reason, "fails"))
    return [found[i] for i in range(len(programs))]
