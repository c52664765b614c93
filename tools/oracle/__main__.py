"""The proof that the recorder is exact: on every real program its trace equals what the oracle saw, step for step.

Each program runs three times in the sandbox: plainly, under the recorder, under the oracle. Holds when every program
that can be compared is equal and there are at least 5,000; each one left out is counted under its reason. Progress is
kept in outputs/ (per version of the recorder), so that a stopped proof goes on. `python -m tools.oracle --help`.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from deskcheck_tracer import EndReason, Limits, Program, Sandbox, Trace
from deskcheck_tracer.sandbox import Outcome

from .compare import Difference, compare
from .programs import programs
from .settrace import jailed

ROOT = Path(__file__).resolve().parents[2]
MAX_STEPS = 3_000
RECORDED = Limits(cpu_s=10, wall_s=60, memory_mb=512, max_events=MAX_STEPS, max_bytes=8_000_000)
PLAIN = replace(RECORDED, cpu_s=5)
OBSERVED = replace(RECORDED, cpu_s=20, wall_s=120, memory_mb=1024, output_bytes=200_000_000)
_WHOLE = {EndReason.finished, EndReason.raised, EndReason.exited}
MOVES = (5_000, 1, 7, 64, 333, 1_001, 20_000)
"""Objects made before a program to move its own: one move may leave the order of a small set as it was."""
Spoil = Callable[[Trace], Trace]


@dataclass
class Answer:
    """What came of one program: "equal", "different", or why it was left out."""

    name: str
    result: str
    detail: str = ""
    steps: int = 0
    values: int = 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m tools.oracle", description=__doc__)
    parser.add_argument("--limit", type=int, help="the first so many programs only (default: all)")
    parser.add_argument("--workers", type=int, default=2, help="sandbox workers")
    parser.add_argument("--least", type=int, help="how many must be equal (default: 5000, or nothing with --limit)")
    parser.add_argument("--careless", type=int, metavar="N", help="spoil one change in N steps: the proof must fail")
    options = parser.parse_args(arguments)
    least = options.least if options.least is not None else (0 if options.limit else 5000)
    spoil = careless(options.careless) if options.careless else None
    answers = list(prove(programs(options.limit), options.workers, spoil))
    print(report(answers))
    different = sum(answer.result == "different" for answer in answers)
    equal = sum(answer.result == "equal" for answer in answers)
    return 0 if not different and equal >= least else 1


def prove(
    named: Iterator[tuple[str, Program]], workers: int, spoil: Spoil | None = None, *, keep: bool = True
) -> Iterator[Answer]:
    """An answer for each program; those answered before by the same recorder and oracle are not run again (`keep`)."""
    store = ROOT / "outputs" / "proof-oracle" / f"{_version()}.jsonl" if keep and not spoil else Path(os.devnull)
    store.parent.mkdir(parents=True, exist_ok=True)
    known: dict[str, Answer] = {}
    with contextlib.suppress(FileNotFoundError):
        known = {row["name"]: Answer(**row) for row in map(json.loads, store.read_text().splitlines())}
    started, done = time.monotonic(), 0
    with Sandbox(workers=workers) as sandbox, ThreadPoolExecutor(workers) as threads, store.open("a") as file:
        while chunk := list(islice(named, 64)):
            new = [item for item in chunk if item[0] not in known]
            for answer in threads.map(lambda item: examine(sandbox, *item, spoil), new):
                known[answer.name] = answer
                file.write(json.dumps(vars(answer)) + "\n")
            file.flush()
            done += len(chunk)
            if new:
                rate = done / (time.monotonic() - started)
                bad = sum(answer.result == "different" for answer in known.values())
                print(f"{done} programs, {rate:.1f} a second, {bad} different", file=sys.stderr, flush=True)
            yield from (known[name] for name, _ in chunk)


def examine(sandbox: Sandbox, name: str, program: Program, spoil: Spoil | None = None) -> Answer:
    """Run one program plainly, recorded and observed, and compare."""
    if reason := _left_out(program):
        return Answer(name, reason)
    plain = sandbox.run(program, PLAIN)
    if plain.outcome is Outcome.compile:
        return Answer(name, "does not compile")
    if "ModuleNotFoundError" in plain.stderr:
        return Answer(name, "imports a package that the sandbox has not")
    trace = sandbox.trace(program, RECORDED)
    seen = _observe(sandbox, program)
    if isinstance(seen, str):
        return Answer(name, seen)
    if seen["recursion"]:
        return Answer(name, "reaches the recursion limit, where the oracle's own frames count")
    try:
        _compare_output(trace, plain.stdout, plain.outcome)
        compared = compare(spoil(trace) if spoil else trace, seen)
    except Difference as difference:
        return _excuse(sandbox, name, program, plain.stdout, trace, seen) or Answer(name, "different", str(difference))
    return Answer(name, "equal", trace.end.reason, compared.steps, compared.values)


def _left_out(program: Program) -> str | None:
    try:
        names = set(re.findall(r"[A-Za-z_]\w*", program.source))
    except RecursionError:
        return "source too deep"
    if names & {"__del__", "weakref", "finalize"}:
        return "has finalisers, which the oracle's references put off"
    return None


def _observe(sandbox: Sandbox, program: Program, first: str = "") -> dict[str, Any] | str:
    """What the oracle saw, or why it saw nothing. `first` runs before it."""
    source = first + jailed(program.source, program.stdin, program.call, MAX_STEPS)
    result = sandbox.run(Program(source), OBSERVED)
    line = result.stdout.rpartition("\n")[0].rpartition("\n")[2]
    if result.outcome in (Outcome.cpu, Outcome.wall, Outcome.memory, Outcome.output):
        return f"the oracle ran out of {result.outcome}"
    if not line.startswith('{"texts"'):
        return "the oracle failed: " + (result.stderr.strip().rpartition("\n")[2] or "no word")[:100]
    return json.loads(line)


def _compare_output(trace: Trace, stdout: str, outcome: Outcome) -> None:
    """What the program printed under the recorder is what it prints alone; only its beginning if it was cut."""
    alike = trace.stdout == stdout if trace.end.reason in _WHOLE else stdout.startswith(trace.stdout)
    if not alike and outcome in (Outcome.ok, Outcome.error):
        raise Difference(f"stdout: {trace.stdout[-200:]!r}, alone it prints {stdout[-200:]!r}; {trace.end}")
    if (trace.end.reason is EndReason.finished) != (outcome is Outcome.ok) and trace.end.reason in (
        EndReason.finished, EndReason.raised
    ):  # fmt: skip
        raise Difference(f"end: {trace.end}, alone it ends with {outcome}")


def _excuse(
    sandbox: Sandbox, name: str, program: Program, stdout: str, trace: Trace, seen: dict[str, Any]
) -> Answer | None:
    """A difference that is no fault of the recorder: the program differs with itself, or the oracle changes it."""
    if sandbox.run(program, PLAIN).stdout != stdout:
        return Answer(name, "prints something else on a second run")
    again = _observe(sandbox, program)
    if isinstance(again, str) or again != seen:
        return Answer(name, "differs from run to run under the oracle")
    if any(event.thread for event in trace.events) and sandbox.trace(program, RECORDED).events != trace.events:
        return Answer(name, "has threads that take turns differently from run to run")
    if seen["end"] != "steps" and seen["stdout"] != stdout:
        return Answer(name, "prints something else under the oracle")
    for count in MOVES:  # a set of two keeps its order in every other move
        moved = _observe(sandbox, program, f"_moved = [[None] for _ in range({count})]\n")
        if isinstance(moved, str) or moved != seen:
            return Answer(name, "differs with the addresses of its objects (the order of a set)")
    return None


def careless(one_in: int) -> Spoil:
    """A recorder that overlooks one change in so many steps: the last change told before each such step is lost."""
    steps = 0

    def spoil(trace: Trace) -> Trace:
        nonlocal steps
        events = []
        for event in trace.events:
            if event.kind == "line":
                steps += 1
            if steps >= one_in and event.changes and event.kind == "line":
                steps, event = 0, replace(event, changes=dict(list(event.changes.items())[1:]))
            events.append(event)
        return replace(trace, events=events)

    return spoil


def report(answers: list[Answer]) -> str:
    """The counts, in Markdown, and the differences by name."""
    equal = [answer for answer in answers if answer.result == "equal"]
    steps, values = sum(answer.steps for answer in equal), sum(answer.values for answer in equal)
    rows = [
        f"programs: {len(answers)}",
        f"equal in every step: {len(equal)} ({steps:,} steps, {values:,} values)",
        f"different: {sum(answer.result == 'different' for answer in answers)}",
        "",
        "| set | equal | different | left out |", "|---|---|---|---|",
    ]  # fmt: skip
    for name in sorted({answer.name.partition("/")[0] for answer in answers}):
        results = Counter(
            answer.result if answer.result in ("equal", "different") else "left out"
            for answer in answers if answer.name.partition("/")[0] == name
        )  # fmt: skip
        rows.append(f"| {name} | {results['equal']} | {results['different']} | {results['left out']} |")
    rows += ["", "| ended, of the equal ones | programs |", "|---|---|"]
    rows += [f"| {reason} | {count} |" for reason, count in Counter(answer.detail for answer in equal).most_common()]
    reasons = Counter(answer.result for answer in answers if answer.result not in ("equal", "different"))
    rows += ["", "| left out because it | programs |", "|---|---|"]
    rows += [f"| {reason} | {count} |" for reason, count in reasons.most_common()]
    rows += [f"DIFFERENT {answer.name}: {answer.detail[:300]}" for answer in answers if answer.result == "different"]
    return "\n".join(rows)


def _version() -> str:
    """A name for the recorder and the oracle as they are now."""
    digest = hashlib.sha256(sys.version.encode())
    for folder in (ROOT / "packages/tracer/src/deskcheck_tracer", Path(__file__).parent):
        for path in sorted(folder.glob("*.py")):
            digest.update(path.read_bytes() if path.name in _TAKES_PART else b"")
    return digest.hexdigest()[:12]


_TAKES_PART = {
    "monitor.py", "recording.py", "tape.py", "frames.py", "lines.py", "calls.py", "raised.py", "recursion.py",
    "state.py", "threads.py", "engine.py", "values.py", "storage.py", "writer.py", "watch.py", "picture.py",
    "parts.py", "update.py", "words.py", "atoms.py", "named.py", "foreign.py", "purity.py", "compiled.py", "stream.py",
    "effects.py", "layout.py", "stdio.py", "trace.py", "bypass.py", "originals.py", "reliance.py", "special.py",
    "settrace.py", "compare.py", "programs.py",
}  # fmt: skip

if __name__ == "__main__":
    os.environ.setdefault("DESKCHECK_DATA", str(ROOT.parent / "shared" / "data"))
    sys.exit(main(sys.argv[1:]))
