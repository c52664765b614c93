"""From items to recorded runs: which programs can teach something, and which inputs.

A run is kept when the program ends, does something, and does it again in another process under another hash seed.
Inputs of one program are recorded in series, in one process, and in the other order the second time: where that makes a
difference, each is recorded in a process of its own, unless the first alone differs from process to process: then the
program is given up. So is a function whose first inputs all end at a limit, before the others are tried. Of a function
with many candidate inputs, runs along paths already seen are left out before the second time. What is dropped says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from deskcheck_tracer import Limits, Program, Trace
from deskcheck_tracer.claims import true_output
from deskcheck_tracer.series import is_hopeless, read_run
from deskcheck_tracer.trace import EndReason, EventKind

from deskcheck_trainer.nlex.inputs import InputPlan, candidates
from deskcheck_trainer.nlex.novelty import new_paths
from deskcheck_trainer.nlex.row import Reason, Rejected
from deskcheck_trainer.nlex.runner import Runner
from deskcheck_trainer.nlex.sources.items import Explain, Explore

Fault = tuple[Reason, str]
"""Why a run gives no row, and the same in words for a person."""


@dataclass(frozen=True)
class Recorded:
    """A program with what it did: everything that rows about it are made of."""

    item: Explain
    trace: Trace


@dataclass(frozen=True, kw_only=True)
class RunFilter:
    """Which runs are kept; meanings as in FiltersConfig."""

    min_lines: int = 3
    keep_raised: bool = False

    def fault(self, trace: Trace) -> Fault | None:
        """What is wrong with a run, None if it can be told."""
        if ended := end_fault(trace, keep_raised=self.keep_raised):
            return ended
        if (lines := executed_lines(trace)) < self.min_lines:
            return Reason.trivial, f"{lines} executed lines, expected at least {self.min_lines}"
        if not true_output(trace).strip():
            return Reason.trivial, "prints nothing and returns nothing"
        return None


Run = tuple[Trace, Fault | None]
"""What a program did, and what is wrong with it."""


class Recording:
    """Records items in batches: each gives one `Recorded` or `Rejected` for every input that was tried."""

    def __init__(self, runner: Runner, second: Runner | None, limits: Limits, keep: RunFilter, plan: InputPlan) -> None:
        """`second` records every program again, under another hash seed; None trusts the first recording."""
        self.runner, self.second, self.limits, self.keep, self.plan = runner, second, limits, keep, plan

    def __call__(self, items: Sequence[Explain | Explore]) -> list[list[Recorded | Rejected]]:
        explored = [item for item in items if isinstance(item, Explore)]
        calls = iter(candidates(explored, self.plan, self.runner, self.limits))
        found: list[list[Recorded | Rejected]] = []
        for _, group in groupby(items, key=lambda item: item if isinstance(item, Explore) else item.program.source):
            match [*group]:
                case [Explore() as item, *repeated]:
                    found += ([*self._outcomes(with_calls(item, next(calls)), choose=True)] for _ in (item, *repeated))
                case inputs:
                    given = [item for item in inputs if isinstance(item, Explain)]
                    found += ([outcome] for outcome in self._outcomes(given, choose=False))
        return [one or [no_inputs(item)] for item, one in zip(items, found, strict=True)]

    def _outcomes(self, inputs: Sequence[Explain], *, choose: bool) -> Iterator[Recorded | Rejected]:
        """Of one program on its inputs; `choose` those along new paths."""
        programs = [one.program for one in inputs]
        runs = self._in_series(programs, choose) if self.second is not None and len(programs) > 1 else None
        runs = runs or self._one_by_one(programs, choose)
        for item, (trace, fault) in zip(inputs, runs, strict=False):
            yield rejected(item, fault) if fault else Recorded(item, trace)
        for item in inputs[len(runs) :]:
            yield rejected(item, (Reason.given_up, f"the {len(runs)} inputs before it all ended at a limit"))

    def _patience(self, choose: bool) -> int:
        """Inputs that were given are explained one by one, whatever became of others."""
        return self.plan.patience if choose else 0

    def _in_series(self, programs: Sequence[Program], choose: bool) -> list[Run] | None:
        """All runs in one process, and what is kept once more, in the other order; None where that is no proof. Fewer
        runs than programs where these are given up."""
        patience = self._patience(choose)
        files = self.runner.series(programs, self.limits, patience)
        read = (read_run(file, one) for file, one in zip(files, programs, strict=True) if file is not None)
        traces = [trace for trace in read if trace is not None]
        if len(traces) < len(programs) and not is_hopeless(traces, patience):
            return None
        faults = self._faults(traces, choose)
        back = [i for i, fault in enumerate(faults) if fault is None][::-1]
        assert self.second is not None
        if self.second.series([programs[i] for i in back], self.limits) == [files[i] for i in back]:
            return list(zip(traces, faults, strict=True))
        if chance := self._by_chance(programs[back[-1]]):
            return [(trace, fault or chance) for trace, fault in zip(traces, faults, strict=True)]
        return None

    def _by_chance(self, program: Program) -> Fault | None:
        """The fault of a program that does something else in every process: its other inputs need not be tried."""
        assert self.second is not None
        [first], [second] = (runner.trace_many([program], self.limits) for runner in (self.runner, self.second))
        return difference(first, second)

    def _one_by_one(self, programs: Sequence[Program], choose: bool) -> list[Run]:
        """Every run in a process of its own, and what is kept once more; fewer where the program is given up."""
        patience = self._patience(choose)
        traces = self.runner.trace_many(programs[:patience], self.limits)
        if not is_hopeless(traces, patience):
            traces += self.runner.trace_many(programs[patience:], self.limits)
        faults = self._faults(traces, choose)
        if self.second is not None:
            sound = [i for i, fault in enumerate(faults) if fault is None]
            again = self.second.trace_many([programs[i] for i in sound], self.limits)
            for i, trace in zip(sound, again, strict=True):
                faults[i] = difference(traces[i], trace)
        return list(zip(traces, faults, strict=True))

    def _faults(self, traces: Sequence[Trace], choose: bool) -> list[Fault | None]:
        faults = [self.keep.fault(trace) for trace in traces]
        if choose:
            sound = [i for i, fault in enumerate(faults) if fault is None]
            for i, keep in zip(sound, self._chosen([traces[i] for i in sound]), strict=True):
                if not keep:
                    faults[i] = Reason.no_new_path, "inputs before it took every path that this one takes"
        return faults

    def _chosen(self, traces: Sequence[Trace]) -> list[bool]:
        if self.plan.novel:
            return new_paths(traces, self.plan.keep)
        return [rank < self.plan.keep for rank in range(len(traces))]


def with_calls(item: Explore, calls: Sequence[str]) -> list[Explain]:
    """The function with each of its inputs."""
    return [
        Explain(program=Program(item.source, call=call), origin=f"{item.origin}#{call[:200]}", licence=item.licence)
        for call in calls
    ]


def no_inputs(item: Explain | Explore) -> Rejected:
    """A function that nobody has an input for."""
    assert isinstance(item, Explore)
    detail = f"no input known or drawn for {item.entry_point}"
    return Rejected(reason=Reason.no_inputs, detail=detail, origin=item.origin, source=item.source)


def end_fault(trace: Trace, *, keep_raised: bool) -> Fault | None:
    """The fault of a program that did not run to its end."""
    reason, detail = trace.end
    if reason is EndReason.finished or (reason is EndReason.raised and keep_raised):
        return None
    if reason is EndReason.exited and detail in ("", "0", "None"):
        return None
    if reason is EndReason.raised and detail.startswith(("SyntaxError", "IndentationError", "TabError")):
        return Reason.syntax, detail
    return Reason(reason.value), detail


def difference(first: Trace, second: Trace) -> Fault | None:
    """The fault of a program whose second recording is not equal to its first."""
    if first.events == second.events and first.stdout == second.stdout and first.returned == second.returned:
        return None
    if first.stdout != second.stdout or first.returned != second.returned:
        return Reason.nondeterministic, "the output changes from run to run"
    pairs = zip(first.events, second.events, strict=False)
    where = next((a for a, b in pairs if a != b), None)
    return Reason.nondeterministic, f"line {where.line} goes another way" if where else "the runs differ in length"


def executed_lines(trace: Trace) -> int:
    """Lines that ran, loops counted each time round."""
    return sum(event.kind is EventKind.line for event in trace.events)


def rejected(item: Explain, fault: Fault, narration: str | None = None) -> Rejected:
    """The item with its fault."""
    reason, detail = fault
    source, stdin, call = item.program.source, item.program.stdin, item.program.call
    return Rejected(
        reason=reason, detail=detail, origin=item.origin, source=source, stdin=stdin, call=call, narration=narration
    )
