"""How good the inputs are that hypothesis draws for real functions: `python benchmarks/inputs.py DATA`.

DATA is the folder of public data (codeio, mbpp, humaneval). Each function gets TRIES inputs from its text alone; they
are recorded in the jail. Told are: the share of functions with an input that runs to its end, the inputs that take a
new path (at most KEEP), the share of the statements of the program's functions that the tries reach, and the CPU time
to draw. For codeio its own input generators are measured beside. The inference was tuned on a third of the functions,
whose hash is a multiple of three: `--tuned` measures them, otherwise the others are measured, which nobody looked at.
"""

from __future__ import annotations

import argparse
import ast
import gzip
import hashlib
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deskcheck_tracer import Limits, Sandbox, Trace
from deskcheck_tracer.series import read_run
from deskcheck_tracer.trace import EndReason, EventKind
from deskcheck_trainer.nlex.inputs import InputPlan, candidates
from deskcheck_trainer.nlex.novelty import new_paths
from deskcheck_trainer.nlex.recording import with_calls
from deskcheck_trainer.nlex.sources import Explore
from deskcheck_trainer.nlex.strategies import drawn_calls

TRIES, KEEP, BATCH = 20, 5, 64
PLAN = InputPlan(tries=TRIES, keep=KEEP)
LIMITS = Limits(cpu_s=1.0, wall_s=3.0)


@dataclass(frozen=True)
class Measured:
    """One function on its inputs."""

    item: Explore
    tried: int
    ran: int
    """Inputs on which it returned."""
    kept: int
    """Inputs along new paths, at most KEEP."""
    reached: float
    """Share of the statements in functions."""
    errors: tuple[str, ...]


def codeio(data: Path) -> Iterator[Explore]:
    """Programs with input generators."""
    with gzip.open(data / "codeio/codeio.jsonl.gz", "rt") as file:
        for number, line in enumerate(file):
            row = json.loads(line)
            source, generator = row["code_sample"], row["input_generator"]
            yield Explore(source=source, entry_point="main_solution", generator=generator, origin=f"codeio#{number}")


def solutions(path: Path) -> Iterator[Explore]:
    """Reference solutions of MBPP and HumanEval."""
    for line in path.read_text().splitlines():
        row = json.loads(line)
        prompt = row["prompt"].split("\n    '''")[0] + "\n"  # MBPP indents its docstrings otherwise than its bodies
        source = prompt + row["canonical_solution"]
        yield Explore(source=source, entry_point=row["entry_point"], origin=row["task_id"])


def tuned(item: Explore) -> bool:
    """Whether the inference was improved with this function in sight."""
    return int.from_bytes(hashlib.sha256(item.source.encode()).digest()[:4]) % 3 == 0


def statements(source: str) -> set[int]:
    """First lines of the statements inside functions, docstrings apart."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    inside = [n for f in functions for statement in f.body for n in ast.walk(statement) if isinstance(n, ast.stmt)]
    return {n.lineno for n in inside if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))}


def measure(items: Sequence[Explore], calls: Sequence[Sequence[str]], sandbox: Sandbox) -> list[Measured]:
    """Record every function on its inputs."""
    return [measured(item, record(item, own, sandbox)) for item, own in zip(items, calls, strict=True)]


def record(item: Explore, calls: Sequence[str], sandbox: Sandbox) -> list[Trace]:
    """All inputs in one process; those that it did not come to, each in its own."""
    programs = [one.program for one in with_calls(item, calls)]
    files = sandbox.series(programs, LIMITS) if programs else []
    read = [read_run(file, program) if file else None for file, program in zip(files, programs, strict=True)]
    again = iter(sandbox.trace_many([p for p, trace in zip(programs, read, strict=True) if not trace], LIMITS))
    return [trace or next(again) for trace in read]


def measured(item: Explore, traces: list[Trace]) -> Measured:
    """The figures of one function."""
    sound = [trace for trace in traces if trace.end.reason is EndReason.finished]
    wanted = statements(item.source)
    lines = {event.line for trace in sound for event in trace.events if event.kind is EventKind.line}
    share = len(lines & wanted) / len(wanted) if wanted else 0.0
    errors = tuple(f"{t.end.reason}: {t.end.detail}"[:150] for t in traces if t not in sound)
    return Measured(item, len(traces), len(sound), sum(new_paths(sound, KEEP)), share, errors)


def drawn(items: Sequence[Explore]) -> tuple[list[list[str]], list[float]]:
    """The inputs of each function, and how long each took to draw (s)."""
    calls, seconds = [], []
    for item in items:
        begin = time.process_time()
        calls.append(drawn_calls(item.source, item.entry_point, TRIES, "0"))
        seconds.append(time.process_time() - begin)
    return calls, seconds


def tell(name: str, found: Sequence[Measured], note: str) -> None:
    """One line of figures."""
    ran = [m.ran for m in found]
    share = sum(r > 0 for r in ran) / len(found)
    half = 1.96 * (share * (1 - share) / len(found)) ** 0.5
    tried = sum(m.tried for m in found) or 1
    print(
        f"{name}: {len(found)} functions, {share:.1%} +-{half:.1%} run on an input,"
        f" {sum(ran) / tried:.1%} of inputs run, {statistics.mean(m.kept for m in found):.2f} kept,"
        f" {statistics.mean(m.reached for m in found):.1%} of statements reached{note}",
        flush=True,
    )


def main() -> None:
    """Measure one set after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="*", default=["codeio", "mbpp", "humaneval"])
    parser.add_argument("--tuned", action="store_true")
    parser.add_argument("--limit", type=int, default=300, help="functions of a set, the first after the split")
    parser.add_argument("--failed", type=Path, help="write what never ran, one JSON a line")
    parser.add_argument("--degraded", action="store_true", help="the limits that this kernel grants")
    options = parser.parse_args()
    sources = {
        "codeio": lambda: codeio(options.data),
        "mbpp": lambda: solutions(options.data / "mbpp/mbpp_sanitized_codet.jsonl"),
        "humaneval": lambda: solutions(options.data / "humaneval/HumanEval.jsonl"),
    }
    sandbox = Sandbox(workers=1, imports=("numpy",), degraded=options.degraded)
    for name in options.sets:
        items = [item for item in sources[name]() if tuned(item) is options.tuned][: options.limit]
        compare(name, items, sandbox, options.failed)
    sandbox.close()


def compare(name: str, items: Sequence[Explore], sandbox: Sandbox, failed: Path | None) -> None:
    """Drawn inputs, and those of the set's own generators."""
    calls, seconds = drawn(items)
    found, given = [], []
    for i in range(0, len(items), BATCH):
        part = items[i : i + BATCH]
        found += measure(part, calls[i : i + BATCH], sandbox)
        if name == "codeio":
            given += measure(part, candidates(part, PLAN, sandbox, Limits()), sandbox)
    ms = [1000 * s for s in seconds]
    note = f"; drawn in {statistics.median(ms):.1f} ms (median), {statistics.quantiles(ms, n=20)[-1]:.1f} ms (95 %)"
    tell(f"{name}, drawn", found, note)
    if given:
        tell(f"{name}, own generators", given, "")
    if failed is not None:
        with failed.open("a") as file:
            for m, own in zip(found, calls, strict=True):
                if not m.ran:
                    file.write(json.dumps({"source": m.item.source, "calls": own[:4], "errors": m.errors[:4]}) + "\n")


if __name__ == "__main__":
    main()
